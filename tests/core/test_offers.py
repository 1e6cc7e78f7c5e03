from webui.core.offers import UPSCALERS, Offers, UpscalerInfo


def test_a_file_answers_to_the_name_that_a1111_gives_it() -> None:
    assert UpscalerInfo(name="RealESRGAN_x4plus").aliases == ("R-ESRGAN 4x+",)
    assert UpscalerInfo(name="4x-UltraSharp").aliases == ()


def test_some_upscalers_need_no_file() -> None:
    names = [one.name for one in Offers().upscalers if one.kind == "picture"]
    assert names == ["None", "Lanczos", "Nearest"]
    assert [one.name for one in UPSCALERS if one.kind == "latent"] == [
        "Latent",
        "Latent (antialiased)",
        "Latent (bicubic)",
        "Latent (bicubic antialiased)",
        "Latent (nearest)",
        "Latent (nearest-exact)",
    ]
    assert len({one.name for one in UPSCALERS}) == 9
