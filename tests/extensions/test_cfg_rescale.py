"""CFG rescale against diffusers' pipelines, for noise and for velocity."""

from __future__ import annotations

import pytest
import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline

from tests.extensions.control import COMPLETE, SEED, drawn
from tests.models.families.drawing import EULER, NEGATIVE, PROMPT, SCALE, STEPS, load, relative
from tests.tiny import write_tiny
from webui.core.requests import Txt2Img
from webui.models.families.sd1 import SD1

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@torch.inference_mode()
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_it_equals_diffusers(tiny, tmp_path, prediction):
    written = tiny if prediction == "epsilon" else write_tiny(tmp_path, prediction)
    model = load(SD1(), written.folder_info)
    request = Txt2Img.model_validate({**COMPLETE, "extensions": {"cfg_rescale": {"share": 0.7}}})
    made, result = drawn(model, request, {}, {})
    pipe = StableDiffusionPipeline.from_pretrained(written.folder, local_files_only=True)
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config, **EULER)
    pipe.set_progress_bar_config(disable=True)
    wanted = pipe(
        PROMPT,
        negative_prompt=NEGATIVE,
        num_inference_steps=STEPS,
        guidance_scale=SCALE,
        guidance_rescale=0.7,
        width=64,
        height=64,
        generator=torch.Generator("cpu").manual_seed(SEED),
        output_type="latent",
    ).images
    assert relative(made, wanted) < 1e-5
    plain, _ = drawn(model, request.with_(extensions={}), {}, {})
    assert relative(plain, wanted) > 1e-2, "it has a say"
    assert result.parameters.values["CFG Rescale"] == "0.7"


@torch.inference_mode()
def test_it_stays_out_without_guidance(tiny):
    model = load(SD1(), tiny.folder_info)
    request = Txt2Img.model_validate({**COMPLETE, "cfg_scale": 1})
    with_it = request.with_(extensions={"cfg_rescale": {"share": 1}})
    assert torch.equal(drawn(model, with_it, {}, {})[0], drawn(model, request, {}, {})[0])
