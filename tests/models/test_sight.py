"""What Qwen2.5-VL sees: sizes, names, and when texts are read anew. See also test_qwen_edit.py."""

import pytest
import torch
from diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_plus import calculate_dimensions
from PIL import Image

from tests.tiny_languages import qwen_vl, write_qwen_tokenizer
from webui.models.language import Chat, read_language_tokenizer
from webui.models.sight import PLACE, SeeingEncoder, brought_to, seeing, seeing_names


@pytest.mark.parametrize("size", [(64, 64), (1920, 1080), (333, 1000), (832, 1216)])
@pytest.mark.parametrize("area", [384 * 384, 1024 * 1024])
def test_sizes_are_those_of_diffusers(size, area):
    assert brought_to(area, *size) == calculate_dimensions(area, size[0] / size[1])
    assert brought_to(area, 1, 10_000)[0] == 32


def test_names_of_any_version():
    own = qwen_vl().model.state_dict()
    new = {f"model.{name}": one for name, one in own.items()}
    old = {
        name.removeprefix("language_model.")
        if name.startswith("visual.")
        else name.replace("language_model.", "model."): one
        for name, one in own.items()
    }
    for tensors in (new, old, own):
        found = seeing_names({**tensors, "lm_head.weight": torch.zeros(1)}, None)
        assert found.keys() == own.keys()


def test_texts_are_read_anew_when_another_picture_is_shown(tmp_path):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        whole = qwen_vl().eval()
    network = seeing(whole.config.to_dict()).eval().requires_grad_(False)
    network.load_state_dict(whole.model.state_dict())
    words = read_language_tokenizer(write_qwen_tokenizer(tmp_path / "words"), "m")
    chat = Chat("<|im_start|>user\n", "<|im_end|>", 1000, skip=2)
    reader = SeeingEncoder(network, words, "text_encoder", chat, f"Picture {{}}: {PLACE}", 64 * 64)
    bare = reader.encode("a red apple")
    assert reader.encode("a red apple") is bare and bare.shape[1] == reader.width
    first, second = (Image.new("RGB", (90, 80), colour) for colour in ("red", "blue"))
    reader.look([first])
    seen = reader.encode("a red apple")
    reader.look([first])
    assert reader.encode("a red apple") is seen and len(seen) > len(bare)
    reader.look([second])
    assert not torch.allclose(reader.encode("a red apple"), seen)
    reader.look([first, second])
    assert len(reader.encode("a red apple")) > len(seen)
    reader.look([])
    assert torch.equal(reader.encode("a red apple"), bare)
