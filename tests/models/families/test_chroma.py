"""Chroma gives what diffusers' pipeline of it gives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import ChromaPipeline

from tests.models.adapters.makers import rand, same, write
from tests.models.families.drawing import load, relative
from tests.models.families.flowing import NEGATIVE, PROMPT, SCALE, STEPS, flow_noise, straight
from tests.tiny_flows import info_of
from tests.tiny_newer import write_chroma, write_chroma_file
from webui.core.errors import UserError
from webui.library.recognition import recognise_file, recognise_folder
from webui.models.adapters.patches import Joined
from webui.models.adapters.reading import read_adapter
from webui.models.families.chroma import Chroma
from webui.models.families.flux import packed, unpacked

pytestmark = pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning")
"""Of diffusers about its own import."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_chroma(tmp_path_factory.mktemp("chroma") / "tiny")


def by_diffusers(folder: Path, size: tuple[int, int], scale: float) -> torch.Tensor:
    """What the pipeline masks is cut off: its mask is one of numbers, which weakens, not hides."""
    pipe = ChromaPipeline.from_pretrained(folder, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    height, width = size
    texts = {}
    for begin, text in (("", PROMPT), ("negative_", NEGATIVE)):
        words, mask = pipe._get_t5_prompt_embeds(text)
        seen = int(mask.sum())
        texts[f"{begin}prompt_embeds"] = words[:, :seen]
        texts[f"{begin}prompt_attention_mask"] = mask[:, :seen]
    made = pipe(
        **texts,
        num_inference_steps=STEPS,
        sigmas=[1 - step / STEPS for step in range(STEPS)],
        guidance_scale=scale,
        latents=packed(flow_noise(height=height, width=width)),
        height=height * 8,
        width=width * 8,
        output_type="latent",
    )
    return unpacked(torch.as_tensor(made.images), height, width)


@pytest.mark.parametrize(("size", "scale"), [((8, 8), SCALE), ((12, 6), 3.0)])
def test_a_folder_draws_what_diffusers_draws(folder, size, scale):
    model = load(Chroma(), info_of(folder, "chroma"))
    wanted = by_diffusers(folder, size, scale)
    assert relative(straight(model, size=size, scale=scale), wanted) < 1e-5
    assert relative(straight(model, "blue", size=size, scale=scale), wanted) > 1e-4


def test_a_folder_as_it_is_published_is_of_its_own_family(tmp_path):
    folder = write_chroma(tmp_path / "tiny")
    config = {"shift": 1.0, "use_dynamic_shifting": False, "use_beta_sigmas": True}
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(config))
    kind = recognise_folder(folder)
    assert (kind.family, kind.variant, kind.card.schedule) == ("chroma", None, "Beta")
    assert load(Chroma(), info_of(folder, "chroma")).noise_levels(8, 8).shift == 1


def test_a_single_file_draws_what_its_folder_draws(folder, tmp_path):
    path = write_chroma_file(folder, tmp_path / "models" / "chroma-tiny.safetensors")
    kind = recognise_file(path)
    assert (kind.family, kind.variant) == ("chroma", None) and not kind.card.distilled
    configs = tmp_path / "configs"
    for part in ("transformer", "vae", "text_encoder", "tokenizer", "scheduler"):
        shutil.copytree(folder / part, configs / part)
    config = json.loads((configs / "transformer" / "config.json").read_text())
    config |= {"num_layers": 19, "num_single_layers": 38, "in_channels": 1}
    (configs / "transformer" / "config.json").write_text(json.dumps(config))
    made = straight(load(Chroma(configs), info_of(path, "chroma")))
    assert torch.equal(made, straight(load(Chroma(), info_of(folder, "chroma"))))


def test_an_encoder_of_another_width_is_refused(tmp_path):
    folder = write_chroma(tmp_path / "tiny", joint_attention_dim=64)
    with pytest.raises(UserError) as refused:
        load(Chroma(), info_of(folder, "chroma"))
    assert refused.value.problem.code == "model_damaged"


def test_a_lora_of_a_fused_layer(folder, tmp_path):
    model = load(Chroma(), info_of(folder, "chroma"))
    block = model.transformer.single_transformer_blocks[1]
    before = {name: one.clone() for name, one in model.transformer.state_dict().items()}
    down, up = rand(2, 32), rand(7 * 32, 2)
    name = "lora_unet_single_blocks_1_linear1"
    tensors = {f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up}
    model.adapt([Joined(read_adapter(write(tmp_path / "a.safetensors", tensors), "a"))])
    layers = (block.attn.to_q, block.attn.to_k, block.attn.to_v, block.proj_mlp)
    begin = "single_transformer_blocks.1."
    names = [f"{begin}attn.to_{one}.weight" for one in "qkv"] + [f"{begin}proj_mlp.weight"]
    made = torch.cat([one.weight for one in layers])
    torch.testing.assert_close(made, torch.cat([before[one] for one in names]) + up @ down)
    model.adapt([])
    assert same(model.transformer.state_dict(), before)
