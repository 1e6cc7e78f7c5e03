import torch
from PIL import Image

from webui.engine.latents import LATENT_UPSCALERS, encodable, enlarged, to_images, to_pixels


def test_levels_are_rounded_not_cut():
    pixels = torch.tensor([0.0, 0.4999 / 255, 0.5001 / 255, 254.6 / 255, 1.2, -0.1])
    (image,) = to_images(pixels.expand(1, 3, 1, 6))
    assert [image.getpixel((x, 0))[0] for x in range(6)] == [0, 0, 1, 255, 255, 0]
    (image,) = to_images(pixels.expand(1, 3, 1, 6), cut=True)
    assert [image.getpixel((x, 0))[0] for x in range(6)] == [0, 0, 0, 254, 255, 0]


def test_pictures_become_pixels_and_come_back():
    image = Image.effect_noise((9, 7), 90).convert("RGB")
    pixels = to_pixels([image, image])
    assert pixels.shape == (2, 3, 7, 9)
    assert pixels.max() <= 1
    assert to_images(pixels)[1].tobytes() == image.tobytes()


def test_every_latent_upscaler_keeps_the_mean_of_the_whole():
    latents = torch.randn(1, 4, 6, 8, generator=torch.Generator().manual_seed(1))
    for name in LATENT_UPSCALERS:
        larger = enlarged(latents, 16, 12, name)
        assert larger.shape == (1, 4, 12, 16)
        assert abs(float(larger.mean() - latents.mean())) < 0.05, name
    assert torch.equal(enlarged(latents, 16, 12, "Latent (nearest)")[..., ::2, ::2], latents)


def test_what_an_encoder_takes():
    assert encodable(Image.new("RGB", (1, 1)), 8).size == (8, 8)
    assert encodable(Image.new("RGBA", (100, 64)), 8).size == (96, 64)
    assert encodable(Image.new("RGB", (10_000, 64)), 8).size == (2048, 8)
    clear = encodable(Image.new("RGBA", (8, 8)), 8)
    assert (clear.mode, clear.getpixel((0, 0))) == ("RGB", (255, 255, 255))
