import pytest
import torch
from diffusers import AutoencoderKL

from webui.core.errors import UserError
from webui.models.autoencoder import Autoencoder


@pytest.fixture
def autoencoder(tiny):
    vae = AutoencoderKL.from_pretrained(tiny.folder, subfolder="vae", local_files_only=True)
    return Autoencoder(vae.requires_grad_(False).eval())


def latents(count: int) -> torch.Tensor:
    return torch.randn(count, 4, 4, 6, generator=torch.Generator().manual_seed(1))


def test_decodes_as_diffusers_does(autoencoder):
    pixels = autoencoder.decode(latents(1))
    assert autoencoder.stride == 8
    assert pixels.shape == (1, 3, 32, 48)
    raw = autoencoder.vae.decode(latents(1) / autoencoder.vae.config.scaling_factor).sample
    assert torch.equal(pixels, (raw / 2 + 0.5).clamp(0, 1))
    assert pixels.std() > 0


def test_a_picture_does_not_depend_on_the_others(autoencoder):
    together = autoencoder.decode(latents(3))
    for place in range(3):
        assert torch.equal(together[place], autoencoder.decode(latents(3)[place : place + 1])[0])
    encoded = autoencoder.encode(together)
    assert torch.equal(encoded[1:2], autoencoder.encode(together[1:2]))


def test_encodes_as_diffusers_does(autoencoder):
    pixels = torch.rand(1, 3, 32, 48)
    encoded = autoencoder.encode(pixels)
    wanted = autoencoder.vae.encode(pixels * 2 - 1).latent_dist.mean
    assert torch.allclose(encoded, wanted * autoencoder.vae.config.scaling_factor)
    assert encoded.shape == (1, 4, 4, 6)


def test_draws_from_the_distribution_with_noise(autoencoder):
    pixels, noise = torch.rand(2, 3, 32, 48), torch.randn(2, 4, 4, 6)
    wanted = autoencoder.vae.encode(pixels * 2 - 1).latent_dist
    encoded = autoencoder.encode(pixels, noise) / autoencoder.scale
    assert torch.allclose(encoded, wanted.mean + wanted.std * noise, atol=1e-5)
    assert torch.equal(autoencoder.encode(pixels, noise * 0), autoencoder.encode(pixels))
    assert not torch.allclose(encoded, wanted.mean, atol=1e-2)


def test_a_picture_too_large_for_half_precision_is_encoded_in_another(autoencoder):
    autoencoder.vae.encoder.conv_in.weight.mul_(3e5)
    autoencoder.vae.half()
    assert autoencoder.encode(torch.rand(1, 3, 32, 48)).isfinite().all()
    assert autoencoder.vae.dtype == torch.bfloat16
    autoencoder.vae.quant_conv.bias.fill_(torch.nan)
    with pytest.raises(UserError, match="in every precision"):
        autoencoder.encode(torch.rand(1, 3, 32, 48))


def test_numbers_too_large_for_half_precision_are_computed_in_another(autoencoder):
    autoencoder.vae.decoder.conv_in.weight.mul_(3e4)
    autoencoder.vae.half()
    pixels = autoencoder.decode(latents(1))
    assert autoencoder.vae.dtype == torch.bfloat16
    assert pixels.isfinite().all() and pixels.std() > 0


def test_what_is_no_picture_in_any_precision_is_an_error(autoencoder):
    with pytest.raises(UserError, match="numbers that are no picture"):
        autoencoder.decode(torch.full((1, 4, 4, 4), torch.nan))
    autoencoder.vae.decoder.conv_out.bias.fill_(torch.inf)
    with pytest.raises(UserError, match="in every precision"):
        autoencoder.decode(latents(1))


def full_in(autoencoder, *types: torch.dtype, black: bool = False) -> list[torch.dtype]:
    """Let the decoder come to no numbers (or to black) in some precisions."""
    tried: list[torch.dtype] = []

    def spoil(module, given, pixels):
        tried.append(pixels.dtype)
        if pixels.dtype in types:
            return torch.full_like(pixels, -1.5 if black else torch.nan)
        return pixels

    autoencoder.vae.decoder.register_forward_hook(spoil)
    return tried


@pytest.mark.parametrize("black", [False, True])
def test_bfloat16_is_tried_before_float32(autoencoder, black):
    autoencoder.vae.half()
    tried = full_in(autoencoder, torch.float16, black=black)
    assert autoencoder.precise is None
    assert autoencoder.decode(latents(1)).std() > 0
    assert (tried, autoencoder.precise) == ([torch.float16, torch.bfloat16], "bfloat16")
    autoencoder.decode(latents(1))
    assert tried[2:] == [torch.bfloat16], "it stays there"


def test_float32_has_all_the_digits_that_float16_had(autoencoder):
    autoencoder.vae.half()
    before = [one.float() for one in autoencoder.vae.parameters()]
    tried = full_in(autoencoder, torch.float16, torch.bfloat16)
    with torch.inference_mode():
        autoencoder.decode(latents(1))
    assert tried == [torch.float16, torch.bfloat16, torch.float32]
    assert autoencoder.precise == "float32"
    after = list(autoencoder.vae.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_picture_that_is_to_be_black_is_black_in_its_own_precision(autoencoder):
    autoencoder.vae.half()
    tried = full_in(autoencoder, torch.float16, torch.bfloat16, torch.float32, black=True)
    assert autoencoder.decode(latents(1)).max() == 0
    assert len(tried) == 3
    assert (autoencoder.vae.dtype, autoencoder.precise) == (torch.float16, None)
