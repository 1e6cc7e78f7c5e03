"""A run that writes a model: from names to a file that is in the catalog and can be drawn with."""

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors import safe_open
from safetensors.torch import load_file

from tests.checkpoints import KEYS, SD1_KEYS, write_weights
from tests.gguf_files import rounded
from tests.gguf_files import write_weights as write_gguf
from tests.models.families.drawing import euler, load
from tests.models.merging.makers import EMA, MIDDLE, TEXT, VAE, weights, write
from tests.tiny import write_tiny
from tests.worker.test_runner import Server, TwoModels
from webui.core.errors import UserError
from webui.core.merge import Convert, Merge
from webui.core.offers import ModelInfo
from webui.core.plugins import Extensions
from webui.core.wire import Cancel, Ended, Run
from webui.engine.upscalers import Upscalers
from webui.library.catalog import Catalog
from webui.models.families.sd1 import SD1
from webui.worker.line import Control
from webui.worker.merge import UNFINISHED, Watch, make_model
from webui.worker.runner import Runner

MERGE = Merge(model_a="one", model_b="two", multiplier=0.25, file_name="mine")


class Cancelled(Exception):
    pass


@pytest.fixture
def home(tmp_path) -> Path:
    for seed, name in enumerate(("one", "two", "three")):
        write(tmp_path / "checkpoints" / f"{name}.safetensors", weights(seed))
    return tmp_path


@pytest.fixture
def shelf(home) -> Catalog:
    return Catalog([home], home / "none", home / "index.sqlite")


def quiet(told=None) -> Watch:
    told = [] if told is None else told
    return Watch(lambda: None, lambda done, total: told.append((done, total)))


def files(home: Path) -> set[str]:
    return {path.name for path in (home / "checkpoints").rglob("*") if path.is_file()}


def test_a_merge_lies_among_the_checkpoints_and_is_in_the_catalog_at_once(home, shelf):
    told: list[tuple[int, int]] = []
    path = make_model(MERGE, shelf, quiet(told))
    assert path == home / "checkpoints" / "mine.safetensors"
    one, two, mine = weights(0), weights(1), load_file(path)
    assert torch.allclose(mine[MIDDLE], 0.75 * one[MIDDLE] + 0.25 * two[MIDDLE])
    entry = shelf.find("checkpoint", "mine")
    assert entry and (entry.problem, entry.family, entry.title) == (None, "sd1", "mine")
    total = sum(tensor.nbytes for tensor in mine.values())
    assert told[0] == (0, total) and told[-1] == (total, total)
    assert [done for done, _ in told] == sorted(done for done, _ in told) and len(told) > 3
    with safe_open(path, framework="pt") as file:
        recipe = json.loads(file.metadata()["sd_merge_recipe"])
        models = json.loads(file.metadata()["sd_merge_models"])
    assert recipe["primary_model_hash"] == shelf.find("checkpoint", "one").sha256
    assert [one["name"] for one in models.values()] == ["one", "two"]


def test_nothing_is_overwritten(home, shelf):
    first = make_model(MERGE, shelf, quiet())
    before = first.read_bytes()
    second = make_model(MERGE.with_(multiplier=1, folder="sub"), shelf, quiet())
    third = make_model(MERGE.with_(multiplier=1), shelf, quiet())
    assert second == home / "checkpoints" / "sub" / "mine.safetensors"
    assert third.name == "mine-1.safetensors" and first.read_bytes() == before


def test_cancel_leaves_nothing_behind(home, shelf):
    before = files(home)

    def check():
        if any(path.name.endswith(UNFINISHED) for path in (home / "checkpoints").iterdir()):
            raise Cancelled

    with pytest.raises(Cancelled):
        make_model(MERGE, shelf, Watch(check, lambda done, total: None))
    assert files(home) == before


@pytest.mark.parametrize("where", ["room", "folder", "numbers"])
def test_what_cannot_be_finished_leaves_nothing_behind(home, shelf, where, monkeypatch):
    request = MERGE
    if where == "room":
        usage = shutil.disk_usage(home)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10))
    if where == "folder":
        (home / "checkpoints" / "taken").write_text("a file")
        request = MERGE.with_(folder="taken")
    if where == "numbers":
        broken = {**weights(1), VAE: torch.full((8,), float("nan"))}
        write(home / "checkpoints" / "two.safetensors", broken)
    before = files(home)
    with pytest.raises(UserError) as caught:
        make_model(request, shelf, quiet())
    codes = {"room": "download_no_room", "folder": "cannot_save", "numbers": "merge_not_finite"}
    assert caught.value.problem.code == codes[where]
    if where == "numbers":
        assert caught.value.problem.values == {"file": "two.safetensors", "name": VAE}
    assert files(home) == before


def test_a_file_that_is_cut_off_meanwhile_is_one_sentence(home, shelf):
    shelf.find("checkpoint", "two")
    two = home / "checkpoints" / "two.safetensors"
    two.write_bytes(two.read_bytes()[:-4])
    with pytest.raises(UserError, match="two.safetensors is cut off"):
        make_model(MERGE, shelf, quiet())


def test_a_pickle_becomes_a_safe_file_without_averages(home, shelf):
    held = {**weights(5), EMA: torch.ones(3)}
    torch.save({"state_dict": held}, home / "checkpoints" / "old.ckpt")
    (home / "checkpoints" / "old.yaml").write_text("parameterization: v")
    (home / "checkpoints" / "old.easel.json").write_text('{"steps": 7, "title": "Old"}')
    request = Convert(model="old", prune=True, precision="fp16")
    path = make_model(request, shelf, quiet())
    assert path.name == "old-fp16.safetensors"
    found = load_file(path)
    assert found.keys() == weights(5).keys()
    assert torch.equal(found[TEXT], held[TEXT].half())
    assert path.with_suffix(".yaml").read_text() == "parameterization: v"
    assert json.loads(path.with_name("old-fp16.easel.json").read_text()) == {"steps": 7}
    whole = make_model(Convert(model="old", file_name="whole"), shelf, quiet())
    assert load_file(whole).keys() == held.keys()


def test_pickles_have_blocks_too(home, shelf):
    """Their headers do not tell the family, but their weights do."""
    width = {"model.diffusion_model.input_blocks.1.1.attn2.to_k.weight": torch.ones(8, 768)}
    for seed, name in enumerate(("p one", "p two")):
        torch.save({**weights(seed), **width}, home / "checkpoints" / f"{name}.ckpt")
    request = MERGE.with_(model_a="p one", model_b="p two", blocks="M00:1", multiplier=0)
    found = load_file(make_model(request, shelf, quiet()))
    assert torch.equal(found[MIDDLE], weights(1)[MIDDLE])
    assert torch.equal(found[TEXT], weights(0)[TEXT])
    with pytest.raises(UserError, match="IN12"):
        make_model(request.with_(blocks="IN12:1"), shelf, quiet())


def test_an_autoencoder_is_taken_out_and_put_in(home, shelf):
    vae = make_model(Convert(model="two", extract="vae"), shelf, quiet())
    assert vae.parent == home / "vae" and vae.name == "two-vae.safetensors"
    path = make_model(Convert(model="one", bake_vae="two-vae", file_name="baked"), shelf, quiet())
    found = load_file(path)
    assert torch.equal(found[VAE], weights(1)[VAE]) and torch.equal(found[TEXT], weights(0)[TEXT])


def test_a_part_alone_goes_where_such_parts_are(home, shelf):
    """UNets of their own, as people share them."""
    for name in ("one", "two"):
        unet = {key: one for key, one in weights(0).items() if key.startswith("model.diffusion")}
        write(home / "unet" / f"{name} unet.safetensors", unet)
    request = MERGE.with_(model_a="one unet", model_b="two unet")
    assert make_model(request, shelf, quiet()) == home / "unet" / "mine.safetensors"


def test_what_a_killed_worker_left_goes_after_a_day(home, shelf):
    old, young = (home / "checkpoints" / f".{name}{UNFINISHED}" for name in ("old", "young"))
    for path in (old, young):
        path.write_bytes(b"x")
    os.utime(old, (1, 1))
    make_model(MERGE, shelf, quiet())
    assert not old.exists() and young.exists()


def test_an_inpainting_model_says_that_it_is_one(home, shelf):
    shapes = {**SD1_KEYS, "model.diffusion_model.input_blocks.0.0.weight": (8, 9, 3, 3)}
    for name in ("paint", "paint too"):
        write_weights(home / "checkpoints" / f"{name}.safetensors", shapes)
    path = make_model(MERGE.with_(model_a="paint", model_b="paint too"), shelf, quiet())
    with safe_open(path, framework="pt") as file:
        assert json.loads(file.metadata()["sd_merge_recipe"])["is_inpainting"]


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    return [write_tiny(tmp_path_factory.mktemp("tiny"), seed=seed) for seed in (1, 2)]


@pytest.mark.parametrize("layout", ["file", "folder"])
def test_a_merge_of_real_networks_loads_and_draws_as_what_it_is(tmp_path, two, layout):
    home = tmp_path / "checkpoints"
    home.mkdir()
    for tiny, name in zip(two, ("one", "two"), strict=True):
        if layout == "file":
            shutil.copy(tiny.file, home / f"{name}.safetensors")
        else:
            shutil.copytree(tiny.folder, home / name)
    shelf = Catalog([tmp_path], tmp_path / "none", tmp_path / "index.sqlite")
    path = make_model(MERGE.with_(blocks="IN00:1"), shelf, quiet())
    info = shelf.get("mine")
    assert info.path == str(path) and info.problem is None
    family = SD1(two[0].folder)
    models = [load(family, one) for one in (*_infos(two, layout), info)]
    a, b, mine = (one.unet.state_dict() for one in models)
    assert torch.allclose(mine["conv_in.weight"], b["conv_in.weight"])
    name = "mid_block.resnets.0.conv1.weight"
    assert torch.allclose(mine[name], 0.75 * a[name] + 0.25 * b[name], atol=1e-6)
    drawn = [euler(one) for one in models]
    assert all(torch.isfinite(one).all() for one in drawn)
    assert not any(torch.equal(one, drawn[2]) for one in drawn[:2])


def _infos(two, layout) -> list[ModelInfo]:
    return [tiny.file_info if layout == "file" else tiny.folder_info for tiny in two]


# -- as a run of the worker


def ended(shelf, server: Server) -> Ended:
    offline = Extensions([], "worker")
    upscalers = Upscalers((), torch.device("cpu"))
    parts = (TwoModels(), upscalers, None, offline, server.send, server.control)
    runner = Runner(shelf, *parts)  # pyright: ignore[reportArgumentType]
    return runner.run(Run(job="j", token=4, request=MERGE))


def test_the_run_ends_with_the_place_of_the_file(home, shelf):
    server = Server(Control())
    path = home / "checkpoints" / "mine.safetensors"
    assert ended(shelf, server) == Ended(token=4, outcome="finished", text=str(path))
    assert path.is_file() and not server.made
    told = [news.progress for news in server.news]
    assert {one.phase for one in told} == {"merging"}
    assert told[-1].step == told[-1].steps == sum(one.nbytes for one in load_file(path).values())


def test_a_run_that_is_cancelled_leaves_nothing_behind(home, shelf):
    before, server = files(home), Server(Control())
    server.on = lambda report: server.control.take(Cancel(token=4))
    assert ended(shelf, server).outcome == "cancelled"
    assert files(home) == before


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_a_folder_becomes_a_file_and_a_folder_again(tmp_path, prediction):
    home = tmp_path / "home"
    tiny = write_tiny(home / "checkpoints", prediction)
    tiny.file.unlink()
    (tiny.folder / "easel.json").write_text('{"steps": 7, "title": "Old"}')
    shutil.copytree(tiny.folder, tmp_path / "configs" / "sd1")
    shelf = Catalog([home], home / "none", home / "index.sqlite")
    single = Convert(model="tiny", layout="single", file_name="one")
    path = make_model(single, shelf, quiet(), tmp_path / "configs")
    assert path.name == "one.safetensors"
    card = json.loads(path.with_name("one.easel.json").read_text())
    trained = {"prediction": "v_prediction"} if prediction == "v_prediction" else {}
    assert card == {"steps": 7, **trained}
    back = make_model(Convert(model="one", layout="folder"), shelf, quiet(), tmp_path / "configs")
    assert back.name == "one-folder" and json.loads((back / "easel.json").read_text()) == card
    schedule = json.loads((back / "scheduler" / "scheduler_config.json").read_text())
    assert schedule["prediction_type"] == prediction
    shelf.expire()
    drawn = []
    for name, configs in (("tiny", None), ("one", tiny.folder), ("one-folder", None)):
        info = shelf.get(name)
        assert info.problem is None and info.family == "sd1"
        drawn.append(euler(load(SD1(configs) if configs else SD1(), info)))
    assert torch.equal(drawn[0], drawn[1]) and torch.equal(drawn[0], drawn[2])
    pipeline = StableDiffusionPipeline.from_pretrained(back, local_files_only=True)
    assert torch.equal(pipeline.unet.conv_in.weight, load(SD1(), info).unet.conv_in.weight)


def test_layouts_that_cannot_be_are_told_before(home, shelf):
    with pytest.raises(UserError, match="leave the layout"):
        make_model(Convert(model="one", layout="folder", extract="vae"), shelf, quiet())
    write_weights(home / "checkpoints" / "second.safetensors", KEYS["sd2"])
    with pytest.raises(UserError, match="sd1, sdxl, sdxl-refiner"):
        make_model(Convert(model="second", layout="folder"), shelf, quiet())


def test_a_gguf_is_merged_and_becomes_a_safe_file(home, shelf):
    matrices = {f"double_blocks.0.img_attn.qkv.{n}.weight": torch.randn(4, 64) for n in "ab"}
    flux = {**matrices, "img_in.bias": torch.randn(5)}
    write_gguf(home / "diffusion_models" / "packed.gguf", flux)
    write(home / "diffusion_models" / "plain.safetensors", flux)
    shelf.expire()
    made = make_model(
        Convert(model="packed", precision="bf16", file_name="unpacked"), shelf, quiet()
    )
    assert made.name == "unpacked.safetensors"
    held = load_file(made)
    assert {one.dtype for one in held.values()} == {torch.bfloat16}
    for name, one in flux.items():
        assert torch.equal(held[name], rounded(one).bfloat16())
    mixed = Merge(model_a="packed", model_b="plain", multiplier=0.5, file_name="mixed")
    half = load_file(make_model(mixed, shelf, quiet()))
    assert (half["img_in.bias"].dtype, half[next(iter(matrices))].dtype) == (
        torch.float32,
        torch.float16,
    )
    for name, one in matrices.items():
        torch.testing.assert_close(half[name].float(), (rounded(one) + one) / 2, atol=2e-3, rtol=0)


def test_models_that_name_their_weights_otherwise_are_refused(home, shelf):
    moved = {f"other.{name}": one for name, one in weights(3).items()}
    write(home / "checkpoints" / "moved.safetensors", {**moved, "betas": torch.ones(10)})
    shelf.expire()
    with pytest.raises(UserError, match="share no weight"):
        make_model(Merge(model_a="one", model_b="moved"), shelf, quiet())


def test_a_folder_that_a_single_file_could_not_describe_stays_one(tmp_path):
    home = tmp_path / "home"
    write_tiny(home / "checkpoints").file.unlink()
    shelf = Catalog([home], home / "none", home / "index.sqlite")
    with pytest.raises(UserError, match="leave it a folder"):
        make_model(Convert(model="tiny", layout="single"), shelf, quiet())
    assert files(home) == {path.name for path in (home / "checkpoints" / "tiny").rglob("*.*")}
