"""IP-Adapters against diffusers' pipelines on tiny random models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from diffusers.image_processor import IPAdapterMaskProcessor
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from tests.extensions.control import (
    COMPLETE,
    MAP_REF,
    MASK_REF,
    ROOT,
    SEED,
    drawn,
    picture,
)
from tests.models.families.drawing import EULER, NEGATIVE, PROMPT, SCALE, STEPS, load, relative
from tests.tiny import Tiny, write_tiny
from webui.core.errors import UserError
from webui.core.participants import ModelFile
from webui.core.plugins import Extensions
from webui.core.requests import Txt2Img
from webui.core.settings import Settings
from webui.models.families.sd1 import SD1
from webui.models.families.sdxl import SDXL

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
SECOND_REF = f"sha256:{'c' * 64}"
PICTURES = {MAP_REF: picture(), SECOND_REF: picture(9)}
WIDE, PROJECTED, SIDE = 32, 24, 32


def plain(width: int) -> dict[str, torch.Tensor]:
    shapes = {"proj.weight": (width * 4, PROJECTED), "proj.bias": (width * 4,)}
    return _random({**shapes, "norm.weight": (width,), "norm.bias": (width,)})


def plus(width: int) -> dict[str, torch.Tensor]:
    inside, heads = 32, 64
    shapes: dict[str, tuple[int, ...]] = {
        "latents": (1, 5, inside),
        "proj_in.weight": (inside, WIDE),
        "proj_in.bias": (inside,),
        "proj_out.weight": (width, inside),
        "proj_out.bias": (width,),
        "norm_out.weight": (width,),
        "norm_out.bias": (width,),
    }
    for layer in (f"layers.{place}" for place in range(4)):
        for norm in ("0.norm1", "0.norm2", "1.0"):
            shapes[f"{layer}.{norm}.weight"] = shapes[f"{layer}.{norm}.bias"] = (inside,)
        shapes[f"{layer}.0.to_q.weight"] = (heads, inside)
        shapes[f"{layer}.0.to_kv.weight"] = (2 * heads, inside)
        shapes[f"{layer}.0.to_out.weight"] = (inside, heads)
        shapes[f"{layer}.1.1.weight"] = (4 * inside, inside)
        shapes[f"{layer}.1.3.weight"] = (inside, 4 * inside)
    return _random(shapes)


def _random(shapes: dict[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    dice = torch.Generator().manual_seed(len(shapes))
    return {name: torch.randn(*shape, generator=dice) * 0.3 for name, shape in shapes.items()}


def write_adapter(tiny: Tiny, folder: Path, make: Any) -> ModelFile:
    """An IP-Adapter for a model, with its image encoder beside it."""
    unet = UNet2DConditionModel.from_pretrained(tiny.folder / "unet")
    names = [one for one in unet.attn_processors if one.endswith("attn2.processor")]
    layers: dict[str, tuple[int, ...]] = {}
    for place, name in enumerate(names):
        shape = unet.get_submodule(name.removesuffix(".processor")).to_k.weight.shape
        for part in ("to_k_ip", "to_v_ip"):
            layers[f"{2 * place + 1}.{part}.weight"] = tuple(shape)
    projection = make(unet.config.cross_attention_dim)
    tensors = {f"image_proj.{name}": one for name, one in projection.items()}
    tensors |= {f"ip_adapter.{name}": one for name, one in _random(layers).items()}
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / f"{make.__name__}.safetensors")
    return ModelFile(make.__name__, folder / f"{make.__name__}.safetensors", "safetensors")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> CLIPVisionModelWithProjection:
    config = CLIPVisionConfig(
        hidden_size=WIDE, projection_dim=PROJECTED, num_hidden_layers=3, num_attention_heads=16,
        intermediate_size=37, image_size=SIDE, patch_size=8, hidden_act="gelu",
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(4)
        return CLIPVisionModelWithProjection(config).eval()


@pytest.fixture(scope="module")
def files(tiny, encoder, tmp_path_factory) -> dict[str, ModelFile]:
    folder = tmp_path_factory.mktemp("ip")
    encoder.save_pretrained(folder / "image_encoder")
    save_file(encoder.state_dict(), folder / "clip.safetensors")
    return {
        "plain": write_adapter(tiny, folder, plain),
        "plus": write_adapter(tiny, folder, plus),
        "clip": ModelFile("clip", folder / "clip.safetensors", "safetensors"),
    }


def asked(prompt: str = PROMPT, **unit: Any) -> Txt2Img:
    given = {"enabled": True, "model": "plain", "weight": 0.8, "images": [MAP_REF], **unit}
    return Txt2Img.model_validate(
        {**COMPLETE, "prompt": prompt, "extensions": {"ip_adapter": given}}
    )


def theirs(kind: Any, folder: Path, encoder: Any, weights: list[Path], scale: Any, **more: Any):
    pipe = kind.from_pretrained(
        folder,
        local_files_only=True,
        image_encoder=encoder,
        feature_extractor=CLIPImageProcessor(size=SIDE, crop_size=SIDE),
    )
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config, **EULER)
    pipe.set_progress_bar_config(disable=True)
    pipe.load_ip_adapter(
        [str(one.parent) for one in weights],
        subfolder=[""] * len(weights),
        weight_name=[one.name for one in weights],
        image_encoder_folder=None,
        local_files_only=True,
    )
    pipe.set_ip_adapter_scale(scale)
    return pipe(
        PROMPT,
        negative_prompt=NEGATIVE,
        num_inference_steps=STEPS,
        guidance_scale=SCALE,
        width=64,
        height=64,
        generator=torch.Generator("cpu").manual_seed(SEED),
        output_type="latent",
        **more,
    ).images


@torch.inference_mode()
@pytest.mark.parametrize("kind", ["plain", "plus"])
def test_it_equals_diffusers(tiny, files, encoder, kind):
    model = load(SD1(), tiny.folder_info)
    made, result = drawn(model, asked(model=kind), files, PICTURES)
    path = files[kind].path
    wanted = theirs(
        StableDiffusionPipeline, tiny.folder, encoder, [path], 0.8, ip_adapter_image=picture()
    )
    assert relative(made, wanted) < 1e-5
    before, _ = drawn(model, asked(enabled=False), files, PICTURES)
    assert relative(before, wanted) > 1e-2, "it has a say"
    assert torch.equal(drawn(model, asked(weight=0), files, PICTURES)[0], before)
    told = result.parameters.values["IP-Adapter 0"]
    assert told == f"Model: {kind}, Weight: 0.8, Start: 0.0, End: 1.0"
    again, _ = drawn(model, asked(model=kind, encoder="clip"), files, PICTURES)
    torch.testing.assert_close(again, made, rtol=1e-4, atol=1e-4)


@torch.inference_mode()
def test_sdxl_with_two_adapters_and_two_pictures(tmp_path, encoder):
    xl = write_tiny(tmp_path, family="sdxl")
    encoder.save_pretrained(tmp_path / "ip" / "image_encoder")
    files = {make.__name__: write_adapter(xl, tmp_path / "ip", make) for make in (plain, plus)}
    model = load(SDXL(), xl.folder_info)
    second = {"model": "plus", "weight": 0.5, "images": [SECOND_REF]}
    request = asked(images=[MAP_REF, SECOND_REF], more=[second])
    made, _ = drawn(model, request, files, PICTURES)
    wanted = theirs(
        StableDiffusionXLPipeline,
        xl.folder,
        encoder,
        [files["plain"].path, files["plus"].path],
        [0.8, 0.5],
        ip_adapter_image=[[picture(), picture(9)], picture(9)],
    )
    assert relative(made, wanted) < 1e-5


@torch.inference_mode()
def test_masks_equal_diffusers(tiny, files, encoder):
    model = load(SD1(), tiny.folder_info)
    left = Image.fromarray(np.repeat([[255] * 32 + [0] * 32], 64, axis=0).astype(np.uint8))
    made, _ = drawn(model, asked(mask=MASK_REF), files, {**PICTURES, MASK_REF: left})
    listed, _ = drawn(model, asked(masks=[MASK_REF]), files, {**PICTURES, MASK_REF: left})
    assert torch.equal(listed, made), "as clients gave it before"
    mask = IPAdapterMaskProcessor().preprocess([left], height=64, width=64)
    wanted = theirs(
        StableDiffusionPipeline,
        tiny.folder,
        encoder,
        [files["plain"].path],
        [[0.8]],
        ip_adapter_image=[[picture()]],
        cross_attention_kwargs={"ip_adapter_masks": [mask.reshape(1, 1, 64, 64)]},
    )
    assert relative(made, wanted) < 1e-5


@torch.inference_mode()
def test_a_weight_and_a_mask_of_each_picture_equal_diffusers(tiny, files, encoder):
    model = load(SD1(), tiny.folder_info)
    columns = [[255] * 32 + [0] * 32, [0] * 32 + [255] * 32]
    halves = [Image.fromarray(np.repeat([one], 64, axis=0).astype(np.uint8)) for one in columns]
    refs = (MASK_REF, f"sha256:{'e' * 64}")
    shown = [
        {"image": ref, "weight": weight, "mask": mask}
        for ref, weight, mask in zip((MAP_REF, SECOND_REF), (1.0, 0.5), refs, strict=True)
    ]
    pictures = {**PICTURES, **dict(zip(refs, halves, strict=True))}
    made, result = drawn(model, asked(images=shown), files, pictures)
    masks = IPAdapterMaskProcessor().preprocess(halves, height=64, width=64)
    wanted = theirs(
        StableDiffusionPipeline,
        tiny.folder,
        encoder,
        [files["plain"].path],
        [[0.8, 0.4]],
        ip_adapter_image=[[picture(), picture(9)]],
        cross_attention_kwargs={"ip_adapter_masks": [masks.reshape(1, 2, 64, 64)]},
    )
    assert relative(made, wanted) < 1e-5
    assert "IP-Adapter 1" not in result.parameters.values, "one unit, whatever it is made of"


def test_units_are_read_from_what_pictures_say():
    server = Extensions([ROOT / "extensions"], "server")
    told = {
        "IP-Adapter 1": "Model: b, c, Encoder: clip, Weight: 0.5, Start: 0.1, End: 0.9",
        "IP-Adapter 0": "Model: a, Weight: 0.8, Start: 0.0, End: 1.0",
    }
    assert server.read_parameters(told)["ip_adapter"] == {
        **{"enabled": True, "model": "a", "weight": 0.8, "start": 0.0, "end": 1.0},
        "more": [
            {"model": "b, c", "encoder": "clip", "weight": 0.5, "start": 0.1, "end": 0.9},
        ],
    }
    assert "ip_adapter" not in server.read_parameters({"IP-Adapter 0": "Weight: much"})


@torch.inference_mode()
def test_it_counts_between_start_and_end_and_is_undone_to_the_bit(tiny, files):
    model = load(SD1(), tiny.folder_info)
    before, _ = drawn(model, asked(enabled=False), files, {})
    whole, _ = drawn(model, asked(), files, PICTURES)
    early, _ = drawn(model, asked(end=0.4), files, PICTURES)
    assert relative(early, before) > 1e-3 and relative(early, whole) > 1e-3
    assert torch.equal(drawn(model, asked(start=0.95), files, PICTURES)[0], before)
    assert torch.equal(drawn(model, asked(enabled=False), files, {})[0], before)


@torch.inference_mode()
def test_pictures_that_the_prompt_names_are_shown(tiny, files):
    model = load(SD1(), tiny.folder_info)
    server = Extensions([ROOT / "extensions"], "server")
    request = asked("a red apple on a table {image}", images=[]).with_(references={"1": MAP_REF})
    assert server.serve_references(request)
    assert not server.serve_references(asked())
    assert not server.serve_references(request.with_(extensions={}))
    made, _ = drawn(model, request, files, PICTURES)
    assert torch.equal(made, drawn(model, asked(), files, PICTURES)[0])


def test_what_is_missing_is_said_before_the_job_waits():
    server = Extensions([ROOT / "extensions"], "server")
    for changed, sentence in (
        ({"model": ""}, "Image prompt 1 has no IP-Adapter"),
        ({"images": []}, "Image prompt 1 has no picture: write {image}"),
        ({"more": [{"model": "x"}]}, "Image prompt 2 has no picture"),
    ):
        with pytest.raises(UserError, match=sentence):
            server.rewrite(asked(**changed), Settings())
    (problem,) = server.problems_with({"ip_adapter": {"start": 0.8, "end": 0.2}})
    assert "starts after its end" in problem.message


@torch.inference_mode()
@pytest.mark.parametrize("change", ["kind", "misfit", "cut", "no encoder", "other encoder", "flow"])
def test_what_cannot_be_used_is_named(tiny, files, encoder, tmp_path, change):
    model = load(SD1(), tiny.folder_info)
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(files["plain"].path.read_bytes())
    sentence = {
        "kind": "is no IP-Adapter of a known kind",
        "misfit": "made for another kind of model",
        "cut": "bad cannot be read",
        "no encoder": "bad needs its image encoder",
        "other encoder": "is not the image encoder that bad reads",
        "flow": "made for another kind of model",
    }[change]
    if change == "kind":
        save_file({"image_proj.x": torch.zeros(1), "ip_adapter.x": torch.zeros(1)}, bad)
    elif change == "misfit":
        xl = write_tiny(tmp_path, family="sdxl")
        write_adapter(xl, tmp_path, plain).path.rename(bad)
    elif change == "cut":
        bad.write_bytes(bad.read_bytes()[:5000])
    elif change == "other encoder":
        config = CLIPVisionConfig.from_dict({**encoder.config.to_dict(), "projection_dim": 7})
        CLIPVisionModelWithProjection(config).save_pretrained(tmp_path / "image_encoder")
    elif change == "flow":
        del model.unet
    with pytest.raises(UserError, match=f"ip_adapter.*{sentence}"):
        drawn(model, asked(), {"plain": ModelFile("bad", bad, "safetensors")}, PICTURES)
