import re
from pathlib import Path
from typing import Any

import pytest

from webui.core.download import Download
from webui.library.cards import CARDS
from webui.library.entries import Entry
from webui.library.known import find_known, from_known, known_models, known_named, with_places
from webui.library.sources import Address, HubFile, read_source

HUB, CIVITAI = "https://huggingface.co", "https://civitai.com"


def entry(kind: str, name: str, **more: Any) -> Entry:
    path = f"/models/{name}.safetensors"
    return Entry(
        id="1" * 16, kind=kind, name=name, path=path, folder="/models", format="safetensors", **more
    )


def test_every_one_has_a_name_of_its_own_and_can_be_asked_for():
    each = [(one, name) for one in known_models() for name in (one.name, one.title)]
    meant = {(name.casefold(), one.name) for one, name in each}
    assert len({name for name, _ in meant}) == len(meant) > 80
    for one in known_models():
        assert re.fullmatch(r"[a-z0-9-]+", one.name), one.name
        source = read_source(one.source, HUB, CIVITAI)
        assert isinstance(source, HubFile | Address), one.source
        assert one.pickle == one.source.endswith((".pth", ".pt")), one.name
        request = Download.model_validate({"kind": "download", **one.download})
        assert (request.source, request.to) == (one.source, one.kind)
        assert "/" not in one.stem and Path(one.stem).suffix not in (".safetensors", ".gguf")


def test_no_name_means_something_else_on_the_net():
    """A name of the list has no slash and no colon: no other source is written so."""
    assert all(not set(one.name) & set("/:@") for one in known_models())


def test_families_are_those_of_the_cards_or_on_their_way():
    coming = {"z-image", "qwen-image"}
    assert {one.family for one in known_models() if one.family} <= {*CARDS, *coming}


def test_words_are_looked_for_in_all_that_is_said():
    assert [one.name for one in find_known("lightning", "lora")] == [
        "lightning-4-lora",
        "lightning-8-lora",
    ]
    assert {one.name for one in find_known("FLUX non-commercial")} >= {"flux-dev", "flux-fill"}
    assert find_known("no such thing") == []
    assert find_known() == list(known_models())


def test_a_name_or_a_title_fills_in_a_download():
    values = {"kind": "download", "source": "lcm-lora-sdxl", "precision": None}
    filled = from_known(values)
    assert filled == {
        "kind": "download",
        "source": "latent-consistency/lcm-lora-sdxl/pytorch_lora_weights.safetensors",
        "to": "lora",
        "file_name": "lcm-lora-sdxl",
    }
    assert from_known({"source": "FLUX.1 schnell"})["source"] == "black-forest-labs/FLUX.1-schnell"
    assert from_known({"source": "realesrgan-x4plus"})["allow_pickle"] is True


def test_the_name_of_its_file_will_do():
    found = known_named("SDXL_lightning_4step_lora")
    assert found and found.name == "lightning-4-lora"
    stems = [one.stem.casefold() for one in known_models()]
    assert len(set(stems)) == len(stems)


def test_what_the_user_says_goes_before_the_list():
    filled = from_known({"source": "sdxl", "file_name": "mine", "to": "unknown"})
    assert (filled["file_name"], filled["to"]) == ("mine", "unknown")
    assert filled["source"].endswith("/sd_xl_base_1.0.safetensors")


@pytest.mark.parametrize("source", ["owner/name", "https://x.y/z", 5, None])
def test_any_other_source_stays_what_it_is(source: Any):
    assert from_known({"source": source}) == {"source": source}


def test_what_is_there_is_found_by_its_file():
    lora = entry("lora", "speed/sdxl_lightning_4step_lora")
    other = entry("vae", "sdxl_lightning_8step_lora")
    found = with_places(find_known("", "lora"), [lora, other])
    assert [one.name for one in found if one.here] == ["lightning-4-lora"]
    assert next(one for one in found if one.here).here == lora.id


def test_a_network_alone_counts_when_it_became_a_checkpoint():
    whole = entry("checkpoint", "flux1-dev-Q4_K_S")
    (found,) = with_places([known_named("flux-dev-gguf")], [whole])  # pyright: ignore
    assert found.here == whole.id


def test_what_is_broken_is_not_there():
    broken = entry("lora", "lcm-lora-sdxl", problem={"code": "model_cut_off", "message": ""})
    assert not any(one.here for one in with_places(find_known(), [broken]))
