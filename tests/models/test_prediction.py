import math

import pytest
import torch
from diffusers import EulerDiscreteScheduler

from webui.core.errors import UserError
from webui.models.prediction import Prediction
from webui.models.sigmas import SigmaTable

# diffusers' scheduler hands a tensor to numpy in a way that numpy 2 will give up
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CONFIG = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}


@pytest.mark.parametrize("target", ["epsilon", "v_prediction"])
def test_equals_diffusers(target):
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type=target,
        timestep_spacing="linspace",
    )
    scheduler.set_timesteps(10)
    prediction = Prediction.from_config({**CONFIG, "prediction_type": target}, "x")
    generator = torch.Generator().manual_seed(1)
    for t, sigma in zip(scheduler.timesteps, scheduler.sigmas[:-1].tolist(), strict=True):
        x = torch.randn(2, 4, 3, 3, generator=generator) * sigma
        output = torch.randn(x.shape, generator=generator)
        assert math.isclose(prediction.timestep(sigma), float(t), abs_tol=2e-3)
        assert torch.allclose(prediction.scaled(x, sigma), scheduler.scale_model_input(x, t))
        clean = scheduler.step(output, t, x).pred_original_sample
        assert torch.allclose(prediction.denoised(x, output, sigma), clean, rtol=1e-5, atol=1e-5)


def test_a_perfect_network_gives_the_clean_picture():
    clean, noise, sigma = torch.randn(1, 4, 2, 2), torch.randn(1, 4, 2, 2), 2.0
    x = clean + sigma * noise
    alpha = 1 / math.sqrt(1 + sigma**2)
    velocity = alpha * noise - sigma * alpha * clean
    table = SigmaTable.scaled_linear()
    assert torch.allclose(Prediction(table, "epsilon").denoised(x, noise, sigma), clean, atol=1e-6)
    assert torch.allclose(Prediction(table, "v").denoised(x, velocity, sigma), clean, atol=1e-6)


def test_timesteps_lie_between_the_levels():
    prediction = Prediction.from_config({}, "x")
    sigmas = prediction.table.sigmas
    assert math.isclose(
        prediction.timestep(float((sigmas[7] * sigmas[8]).sqrt())), 7.5, abs_tol=0.01
    )
    assert prediction.timestep(1e9) == 999


def test_tables():
    def sigmas(**config: object) -> torch.Tensor:
        return Prediction.from_config({**CONFIG, **config}, "x").table.sigmas

    assert torch.equal(sigmas(), SigmaTable.scaled_linear().sigmas)
    assert len(sigmas(num_train_timesteps=100)) == 100
    assert torch.equal(sigmas(beta_schedule="linear"), SigmaTable.linear(0.00085, 0.012).sigmas)
    assert len(sigmas(trained_betas=[0.1, 0.2, 0.3])) == 3
    assert sigmas(rescale_betas_zero_snr=True)[-1] > 4000


@pytest.mark.parametrize(
    "config", [{"prediction_type": "sample"}, {"beta_schedule": "squaredcos_cap_v2"}]
)
def test_what_is_not_known_is_named(config):
    with pytest.raises(
        UserError, match=f"a model was trained with .*{next(iter(config.values()))}"
    ):
        Prediction.from_config(config, "a model")
