"""Hashes as a job: of one model or of all that have none, with progress, stopped at once."""

import hashlib
from pathlib import Path

import pytest

from tests.checkpoints import write_weights
from tests.jobs.setting import OWNER, ended, heard, paths_in, running
from tests.jobs.test_checks import refused
from webui.core.errors import UnknownId
from webui.core.events import JobState, Progress
from webui.core.hashing import Hash
from webui.jobs.hashing import PIECE, compute_hashes, models_to_hash
from webui.library import hashes
from webui.library.catalog import Catalog

LORA = {"lora_unet_down_blocks_1_attentions_0_attn2_to_k.lora_down.weight": (4, 768)}


def fill(folder: Path) -> list[Path]:
    loras = paths_in(folder).models / "loras"
    files = [write_weights(loras / f"{name}.safetensors", LORA) for name in ("ant", "bee", "cat")]
    files[2].write_bytes(files[2].read_bytes() + b"x")  # broken, and has hashes all the same
    return files


def test_all_that_have_none(tmp_path: Path) -> None:
    files = fill(tmp_path)
    with running(tmp_path) as jobs:
        job = ended(jobs, jobs.submit({"kind": "hash", "of": "lora"}, OWNER))
        assert (job.state, job.text) == (JobState.FINISHED, "3/3")
        again = ended(jobs, jobs.submit({"kind": "hash", "of": "lora"}, OWNER))
        assert again.text == "0/0"
    catalog = Catalog.of(paths_in(tmp_path))
    told = {one.name: one.sha256 for one in catalog.entries("lora").entries}
    assert told == {one.stem: hashlib.sha256(one.read_bytes()).hexdigest() for one in files}


def test_one_by_its_name_and_none_that_is_not_there(tmp_path: Path) -> None:
    fill(tmp_path)
    catalog = Catalog.of(paths_in(tmp_path))
    assert [one.name for one in models_to_hash(Hash(model="BEE"), catalog)] == ["bee"]
    assert models_to_hash(Hash(model="bee", of="lora"), catalog)
    with pytest.raises(UnknownId):
        models_to_hash(Hash(model="bee", of="vae"), catalog)
    assert refused({"kind": "hash", "model": "bea"}, catalog=catalog) == {
        "model": "There is no model “bea”: did you mean bee?"
    }
    assert "list" in refused({"kind": "hash", "model": "zzz"}, catalog=catalog)["model"]


def test_how_far_it_is_and_what_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = fill(tmp_path)
    files[0].write_bytes(files[0].read_bytes() + bytes(3 * PIECE))
    catalog = Catalog.of(paths_in(tmp_path))
    wanted = models_to_hash(Hash(of="lora"), catalog)
    files[1].unlink()
    told: list[tuple[int, int]] = []
    kept: list[int] = []
    found = compute_hashes(
        wanted, catalog, lambda *far: told.append(far), lambda: kept.append(len(told))
    )
    assert [one.name for one in found] == ["ant", "cat"]
    assert len(kept) == 2
    total = sum(one.bytes for one in wanted)
    assert {of for _, of in told} == {total}
    done = [so_far for so_far, _ in told]
    assert done == sorted(done) and done[0] == 0 and done[-1] == total
    assert len(set(done)) > 4
    assert hashes._PIECE == PIECE  # pyright: ignore[reportPrivateUsage]


def test_it_is_stopped_between_two_pieces(tmp_path: Path) -> None:
    large = fill(tmp_path)[0]
    with large.open("ab") as file:
        file.truncate(3 * 2**30)
    with running(tmp_path) as jobs:
        job = jobs.submit({"kind": "hash", "model": "ant"}, OWNER)
        heard(jobs, OWNER, lambda event: isinstance(event, Progress) and event.job == job.id)
        jobs.cancel(job.id)
        over = ended(jobs, job, 10)
    assert over.state is JobState.CANCELLED
    entry = Catalog.of(paths_in(tmp_path)).find("lora", "ant")
    assert entry is not None and entry.sha256 is None
