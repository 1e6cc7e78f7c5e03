"""Reference-only attention against the algorithm written out as processors of attention."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers.models.attention_processor import AttnProcessor2_0

from tests.extensions.control import COMPLETE, MAP_REF, ROOT, drawn, loaded, picture, services
from tests.models.families.drawing import load, noise, relative
from tests.tiny import write_tiny
from webui.core.errors import UserError
from webui.core.participants import Call, Step
from webui.core.plugins import Extensions
from webui.core.requests import Txt2Img
from webui.core.settings import Settings
from webui.models.families.sd1 import SD1
from webui.models.families.sdxl import SDXL

SECOND_REF = f"sha256:{'c' * 64}"
PICTURES = {MAP_REF: picture(), SECOND_REF: picture(9)}
SIGMA = 3.0


def asked(prompt: str = "a red apple", **options: Any) -> Txt2Img:
    given = {"reference": {"enabled": True, "images": [MAP_REF], **options}}
    return Txt2Img.model_validate({**COMPLETE, "prompt": prompt, "extensions": given})


class Banked(AttnProcessor2_0):
    """The community's algorithm: `write` fills the bank, then it stands beside the layer's own."""

    def __init__(self, fidelity: float) -> None:
        super().__init__()
        self.fidelity = fidelity
        self.bank: list[torch.Tensor] = []
        self.write = True

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, *args, **named):
        usual = super().__call__
        if self.write:
            self.bank.append(hidden_states)
            return usual(attn, hidden_states)
        seen = usual(attn, hidden_states, torch.cat([hidden_states, *self.bank], 1))
        alone = seen.clone()
        alone[1:] = usual(attn, hidden_states[1:])
        return self.fidelity * alone + (1 - self.fidelity) * seen


@torch.inference_mode()
@pytest.mark.parametrize(
    ("family", "refs", "fidelity"),
    [("sd1", [MAP_REF], 0.5), ("sd1", [MAP_REF, SECOND_REF], 0.0), ("sdxl", [MAP_REF], 1.0)],
)
def test_it_is_the_algorithm_written_out(tiny, tmp_path, family, refs, fidelity):
    written = tiny if family == "sd1" else write_tiny(tmp_path, family=family)
    model = load(SD1() if family == "sd1" else SDXL(), written.folder_info)
    words = model.encode_texts(["a red apple", "blue"])
    x = noise(2)
    step = Step(0, 4, x, SIGMA)
    call = Call(step, model, x, words, [0, 0], ["positive", "negative"], {})
    request = asked(images=refs, fidelity=fidelity)
    (one,) = loaded().participants("job", request, services({}, PICTURES))
    before = model.predict_x0(x, SIGMA, words)
    with one.patched(model):
        one.call(call)
        made = model.predict_x0(x, SIGMA, words)
    assert torch.equal(model.predict_x0(x, SIGMA, words), before), "undone to the bit"

    usual = dict(model.unet.attn_processors)
    banked = {name: Banked(fidelity) if "attn1" in name else old for name, old in usual.items()}
    model.unet.set_attn_processor(dict(banked))
    for place, ref in enumerate(refs):
        pixels = torch.from_numpy(torch.ByteTensor(list(PICTURES[ref].tobytes())).numpy())
        pixels = pixels.reshape(1, 64, 64, 3).permute(0, 3, 1, 2) / 255
        dice = torch.Generator().manual_seed(request.seed + place)
        shown = model.encode(pixels) + SIGMA * torch.randn(1, 4, 8, 8, generator=dice)
        model.predict_x0(shown.repeat(2, 1, 1, 1), SIGMA, words)
    for one_of in banked.values():
        one_of.write = False
    wanted = model.predict_x0(x, SIGMA, words)
    assert relative(made, wanted) < 1e-5
    assert relative(before, wanted) > 1e-3, "it has a say"


@torch.inference_mode()
def test_in_a_job_it_counts_between_start_and_end(tiny):
    model = load(SD1(), tiny.folder_info)
    plain, _ = drawn(model, asked(enabled=False), {}, PICTURES)
    whole, result = drawn(model, asked(), {}, PICTURES)
    early, _ = drawn(model, asked(end=0.4), {}, PICTURES)
    assert relative(whole, plain) > 1e-3
    assert relative(early, plain) > 1e-4 and relative(early, whole) > 1e-4
    assert torch.equal(drawn(model, asked(start=0.95), {}, PICTURES)[0], plain)
    assert result.parameters.values["Reference"] == "Style fidelity: 0.5, Start: 0.0, End: 1.0"
    named = asked("a red apple {image}", images=[]).with_(references={"1": MAP_REF})
    assert torch.equal(drawn(model, named, {}, PICTURES)[0], whole)
    hires = asked().with_(hires={"scale": 2, "steps": 2})
    assert drawn(model, hires, {}, PICTURES)[0].shape[-1] == 16


def test_what_is_missing_is_said():
    server = Extensions([ROOT / "extensions"], "server")
    with pytest.raises(UserError, match=r"write \{image\}"):
        server.rewrite(asked(images=[]), Settings())
    assert server.serve_references(asked(images=[]))
    assert not server.serve_references(asked())

    class Flow:
        class info:
            id = "some flow"

    (one,) = loaded().participants("job", asked(), services({}, {}))
    with pytest.raises(UserError, match="not with some flow"), one.patched(Flow()):
        pass
