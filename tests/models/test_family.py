"""The fake model keeps the contract that real ones keep (see test_sd1.py for those)."""

import torch

from tests.fakes import FAKE, FakeFamily, FakeModel
from webui.models.family import Family, Model


def test_the_fakes_are_what_the_protocols_say():
    family: Family = FakeFamily()
    told: list[tuple[int, int]] = []
    model: Model = family.load(FAKE, torch.device("cpu"), lambda *at: told.append(at))
    assert told[-1] == (100, 100)
    assert model.info is FAKE
    assert bool((model.sigmas[1:] > model.sigmas[:-1]).all())


def test_a_picture_does_not_depend_on_the_others():
    model = FakeModel()
    x = torch.randn(3, 4, 8, 8, generator=torch.Generator().manual_seed(1)) * 5
    words = model.encode_texts(["a", "b", "c"])
    together = model.predict_x0(x, 5.0, words)
    alone = [model.predict_x0(x[i : i + 1], 5.0, words[i : i + 1]) for i in range(3)]
    assert torch.equal(together, torch.cat(alone))
    assert together.dtype == torch.float32
    assert not torch.equal(together[0], model.predict_x0(x[:1], 5.0, words[1:2])[0])


def test_without_noise_the_prediction_is_the_picture():
    model = FakeModel()
    x = torch.rand(1, 4, 8, 8)
    assert torch.allclose(model.predict_x0(x, 1e-4, model.encode_texts(["a"])), x, atol=1e-5)


def test_texts_of_one_call_are_equally_long():
    short, long = FakeModel().encode_texts(["a", "a BREAK b"])
    assert short.tokens.shape == long.tokens.shape == (154, 1)


def test_pixels_and_back():
    model = FakeModel()
    latents = torch.rand(2, 4, 3, 5)
    latents[:, 3] = latents[:, :3].mean(1)
    pixels = model.decode(latents)
    assert pixels.shape == (2, 3, 24, 40)
    assert torch.allclose(model.encode(pixels), latents, atol=1e-6)
