"""FreeU against diffusers' own on tiny models."""

from __future__ import annotations

import importlib

import pytest
import torch
from diffusers.utils.torch_utils import fourier_filter

from tests.extensions.control import COMPLETE, drawn, loaded
from tests.models.families.drawing import load, noise, relative
from tests.tiny import write_tiny
from webui.core.errors import UserError
from webui.core.participants import Step
from webui.core.requests import Txt2Img
from webui.models.families.sd1 import SD1
from webui.models.families.sdxl import SDXL

FACTORS = {"b1": 1.4, "b2": 1.6, "s1": 0.7, "s2": 0.3}


def asked(**options) -> Txt2Img:
    given = {"freeu": {"enabled": True, **FACTORS, **options}}
    return Txt2Img.model_validate({**COMPLETE, "extensions": given})


@torch.inference_mode()
@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_version_1_equals_diffusers_and_is_undone_to_the_bit(tiny, tmp_path, family):
    written = tiny if family == "sd1" else write_tiny(tmp_path, family=family)
    model = load(SD1() if family == "sd1" else SDXL(), written.folder_info)
    (one,) = loaded().participants("job", asked(version="1"))
    words = model.encode_texts(["a red apple"])

    def answer() -> torch.Tensor:
        return model.predict_x0(noise(), 3.0, words)

    plain = answer()
    with one.patched(model):
        one.before(Step(0, 1, noise(), 3.0))
        made = answer()
    assert torch.equal(answer(), plain)
    model.unet.enable_freeu(**FACTORS)
    wanted = answer()
    model.unet.disable_freeu()
    assert relative(made, wanted) < 1e-5
    assert relative(plain, wanted) > 1e-3, "it has a say"
    with pytest.raises(ZeroDivisionError), one.patched(model):
        raise ZeroDivisionError
    assert torch.equal(answer(), plain)


def test_version_2_strengthens_most_where_most_is():
    loaded()
    module = importlib.import_module("easel_extensions.freeu.freeu")
    backbone = torch.arange(24.0).reshape(1, 2, 3, 4)
    mean = backbone[0].mean(dim=0)
    wanted = 1 + 0.5 * (mean - mean.min()) / (mean.max() - mean.min())
    torch.testing.assert_close(module._strength(backbone, 1.5, "2")[0, 0], wanted)
    assert module._strength(backbone, 1.5, "1") == 1.5
    flat = module._strength(torch.ones(1, 2, 3, 4), 1.5, "2")
    assert torch.equal(flat, torch.ones(1, 1, 3, 4)), "nothing stands out"


@pytest.mark.parametrize("size", [(8, 8), (5, 7), (1, 1), (2, 3)])
def test_the_filter_is_diffusers(size):
    loaded()
    module = importlib.import_module("easel_extensions.freeu.freeu")
    skip = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))
    if min(size) > 1:
        torch.testing.assert_close(module.filtered(skip, 0.3), fourier_filter(skip, 1, 0.3))
    assert module.filtered(skip.half(), 0.3).dtype == torch.float16
    torch.testing.assert_close(module.filtered(skip, 1.0), skip)


@torch.inference_mode()
def test_in_a_job_it_counts_between_start_and_end(tiny):
    model = load(SD1(), tiny.folder_info)
    plain, _ = drawn(model, asked(enabled=False), {}, {})
    whole, result = drawn(model, asked(), {}, {})
    early, _ = drawn(model, asked(end=0.4), {}, {})
    assert relative(whole, plain) > 1e-3
    assert 1e-4 < relative(early, plain) and relative(early, whole) > 1e-4
    assert torch.equal(drawn(model, asked(start=0.95), {}, {})[0], plain)
    assert result.parameters.values["FreeU"] == "backbone 1.4 skip 0.7, backbone 1.6 skip 0.3"


def test_a_model_without_a_unet_is_named():
    class Flow:
        class info:
            id = "some flow"

    (one,) = loaded().participants("job", asked())
    with pytest.raises(UserError, match="not with some flow"), one.patched(Flow()):
        pass
