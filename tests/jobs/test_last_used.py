"""When models were last used: read from the requests of the ledger, each of them once."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.checkpoints import write_weights
from tests.jobs.setting import OWNER, paths_in
from tests.library.test_trash import write_file
from webui.core.requests import Txt2Img
from webui.jobs.last_used import LastUsed
from webui.jobs.ledger import Ledger
from webui.jobs.records import Asked
from webui.library.catalog import Catalog

LORA = {"lora_unet_down_blocks_1_attentions_0_attn2_to_k.lora_down.weight": (4, 768)}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    models = paths_in(tmp_path).models
    write_file(models / "checkpoints" / "dream.safetensors")
    write_weights(models / "loras" / "sub" / "Dog.safetensors", LORA)
    write_weights(models / "embeddings" / "easy.neg.safetensors", {"emb_params": (3, 768)})
    (models / "checkpoints" / "quick.easel.toml").write_text('name = "quick"\nbase = "dream"\n')
    return Catalog.of(paths_in(tmp_path))


def times(catalog: Catalog, *requests: dict[str, Any]) -> dict[str, float]:
    """Name -> when, where the first request came at 1, the second at 2 …"""
    asked = [Asked(n, float(n), json.dumps(one)) for n, one in enumerate(requests, 1)]
    used = LastUsed(lambda after, limit: [one for one in asked if one.number > after][:limit])
    listing = catalog.listing()
    assert used.times(listing) == used.times(listing)
    return {listing.by_id[id].name: at for id, at in used.times(listing).items()}


def test_what_requests_name_counts_and_the_last_time(catalog: Catalog) -> None:
    told = times(
        catalog,
        {"kind": "txt2img", "model": "dream", "prompt": "<lora:DOG:1>"},
        {"kind": "txt2img", "model": "easel-demo", "refiner": {"model": "Dream"}},
        {"kind": "animation", "settings": {"prompts": {"0": "<lora:sub/dog>"}}},
        {"kind": "txt2img", "negative_prompt": "(Easy.Neg:1.2), easy", "model": "gone"},
        {"kind": "hash", "model": "dream"},
        {"kind": "txt2img", "prompt": "easyXneg dream", "model": None},
    )
    assert told == {"dream": 2, "easel-demo": 2, "sub/Dog": 3, "easy.neg": 4}


def test_what_a_definition_is_made_of_is_used_with_it(catalog: Catalog) -> None:
    assert times(catalog, {"model": "quick"}) == {"quick": 1, "dream": 1}


def test_strange_requests_are_no_trouble(catalog: Catalog) -> None:
    used = LastUsed(lambda after, _: [] if after else [Asked(1, 1.0, "["), Asked(2, 1.0, "5")])
    assert used.times(catalog.listing()) == {}


def test_the_ledger_tells_what_is_new(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    with ledger.write() as writing:
        for number in range(3):
            writing.add_job(f"{number}" * 32, OWNER, Txt2Img(prompt=f"x{number}"), 0, float(number))
    with ledger.read() as reading:
        first, second = reading.asked_after(0, 2)
        [third] = reading.asked_after(second.number, 2)
        assert reading.asked_after(third.number, 2) == []
    assert (first.at, third.at) == (0.0, 2.0) and "x2" in third.request
    ledger.close()
