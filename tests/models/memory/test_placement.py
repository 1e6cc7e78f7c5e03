from pathlib import Path

import pytest
import torch

from tests.models.adapters.makers import kohya, networks_of, rand, same, weights_of, write
from tests.tiny import write_tiny
from tests.tiny_flows import info_of, write_flux, write_sd3
from tests.tiny_flux2 import write_flux2
from tests.tiny_newer import write_qwen_image, write_z_image
from webui.core.memory import Rung
from webui.models.adapters.patches import Joined
from webui.models.adapters.reading import read_adapter
from webui.models.autoencoders import QwenAutoencoder
from webui.models.families import FAMILIES
from webui.models.memory.placement import Placeable, size_of

CPU, META = torch.device("cpu"), torch.device("meta")
MOVED = [Rung(place=place) for place in ("device", "parts", "layers", "cpu")]
"""Rungs that change nothing of what is drawn."""


FLOWS = {
    "sd3": write_sd3,
    "flux": write_flux,
    "z-image": write_z_image,
    "qwen-image": write_qwen_image,
    "flux2": write_flux2,
}


@pytest.fixture(scope="module", params=["sd1", "sdxl", *FLOWS])
def info(request, tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp(request.param)
    if request.param in FLOWS:
        return info_of(FLOWS[request.param](folder / "tiny"), request.param)
    return write_tiny(folder, family=request.param).folder_info


@pytest.fixture
def model(info):
    return FAMILIES[info.family].load(info, CPU, lambda *done: None)


def drawn(model) -> list[torch.Tensor]:
    """All that a model does once."""
    torch.manual_seed(1)
    x = torch.randn(1, model.latent.channels, 8, 8)
    with model.running():
        words = model.encode_texts(["a (red:1.2) apple"])
        away = model.predict_x0(x, 0.7, words)
        return [words[0].tokens, away, model.decode(x), model.encode(torch.rand(1, 3, 64, 64))]


def equal(one, other) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("rung", MOVED, ids=lambda rung: rung.place)
def test_wherever_the_weights_are_the_same_is_drawn_to_the_bit(model, rung):
    expected = drawn(model)
    assert isinstance(model, Placeable)
    for _ in range(2):
        model.placement.use(rung, CPU)
        assert model.placement.rung == rung
        assert equal(drawn(model), expected)
    model.placement.park()
    assert equal(drawn(model), expected)


def test_from_each_rung_to_each(model):
    expected = drawn(model)
    for first in MOVED:
        for second in MOVED:
            model.placement.use(first, CPU)
            model.placement.use(second, CPU)
            assert equal(drawn(model), expected), (first, second)


def lora(model, folder: Path) -> Joined:
    if hasattr(model, "unet"):
        tensors = kohya(networks_of(model))
    else:
        tensors = {}
        for name, layer in model.transformer.named_modules():
            if isinstance(layer, torch.nn.Linear):
                tensors[f"transformer.{name}.lora_A.weight"] = rand(2, layer.in_features)
                tensors[f"transformer.{name}.lora_B.weight"] = rand(layer.out_features, 2)
    return Joined(read_adapter(write(folder / "style.safetensors", tensors), "style"))


@pytest.mark.parametrize("rung", MOVED, ids=lambda rung: rung.place)
def test_a_lora_joins_and_goes_to_the_bit(model, rung, tmp_path):
    joined, plain = lora(model, tmp_path), drawn(model)
    model.adapt([joined])
    expected = drawn(model)
    assert not equal(expected, plain)
    model.adapt([])
    model.placement.use(rung, CPU)
    drawn(model)
    model.adapt([joined])
    assert equal(drawn(model), expected)
    model.adapt([])
    assert equal(drawn(model), plain)
    model.adapt([joined])  # and it stays joined when the model moves
    model.placement.park()
    assert equal(drawn(model), expected)


def test_a_lora_goes_to_the_bit_from_8_bits_too(model, tmp_path):
    joined = lora(model, tmp_path)
    model.placement.use(Rung(place="fp8"), CPU)
    assert model.placement.rounded
    assert model.dtype == torch.float32, "in which it computes"
    plain = drawn(model)
    model.adapt([joined])
    assert not equal(drawn(model), plain)
    model.adapt([])
    assert equal(drawn(model), plain)


def test_half_precision_becomes_whole_for_the_processor_and_half_again_to_the_bit(tmp_path):
    made = write_tiny(tmp_path)
    model = FAMILIES["sd1"].load(made.folder_info, CPU, lambda *done: None)
    for network in (*networks_of(model).values(), model.autoencoder.vae):
        network.half()
    model.placement.park()
    before = weights_of(model)
    model.placement.use(Rung(place="cpu"), CPU)
    assert model.dtype == torch.float32 == model.autoencoder.vae.dtype
    assert drawn(model)[1].isfinite().all()
    model.placement.park()
    assert model.dtype == torch.float16
    assert same(weights_of(model), before)


@pytest.mark.parametrize("place", ["device", "parts", "layers"])
def test_another_autoencoder_takes_the_place_of_the_first(model, place):
    model.placement.use(Rung(place=place, tile=256), CPU)
    own = model.autoencoder
    drawn(model)
    torch.manual_seed(5)
    other = type(own.vae).from_config(own.vae.config).eval()
    model.use_autoencoder(type(own)(other))
    assert other.use_tiling and not own.vae.use_tiling
    assert model.placement.rung == Rung(place=place, tile=256)
    changed = drawn(model)
    model.use_autoencoder(own)
    assert not equal(drawn(model), changed)
    assert not other.use_tiling


def test_sizes_are_those_of_the_weights(model):
    sizes = model.placement.sizes()
    texts = [size_of(encoder.model) for encoder in model.encoders]
    assert (sizes.text, sizes.longest) == (sum(texts), max(texts))
    assert sizes.vae == size_of(model.autoencoder.vae)
    assert sizes.network == size_of(model.unet if hasattr(model, "unet") else model.transformer)


def test_what_does_not_fit_ends_in_the_machines_memory(model, monkeypatch):
    expected = drawn(model)
    kind = type(model.autoencoder.vae)
    original = kind.to

    def full(self, device, *more):
        if str(device) == "cpu:0":
            raise torch.OutOfMemoryError
        return original(self, device, *more)

    monkeypatch.setattr(kind, "to", full)
    with pytest.raises(torch.OutOfMemoryError):
        model.placement.use(Rung(), torch.device("cpu:0"))
    monkeypatch.undo()
    model.placement.use(Rung(place="layers"), CPU)
    assert equal(drawn(model), expected)


@pytest.mark.parametrize("place", ["device", "parts", "fp8"])
@pytest.mark.parametrize("part", ["text", "network", "vae"])
def test_all_that_meets_on_another_device_is_there(model, place, part):
    """On a device without numbers (meta): what is still in the machine's memory would be told.

    Layers one by one are not among these: torch does not let a weight go there and come back.
    """
    words = model.encode_texts(["a red apple"])
    model.placement.use(Rung(place=place), META)
    assert model.device == META
    latents = torch.zeros((1, model.latent.channels, 8, 8), device=META)
    with model.running():
        if part == "text":  # one: what has lost its numbers cannot make room for the next
            ids = torch.tensor([[3, 4, 1]], device=META if place == "device" else CPU)
            assert model.encoders[0].model(input_ids=ids).last_hidden_state.is_meta
        elif part == "network":
            assert model.predict_x0(latents, 0.7, words).is_meta
        else:
            vae = model.autoencoder.vae
            film = (1,) if type(model.autoencoder) is QwenAutoencoder else ()
            size = 1, vae.config.get("latent_channels") or vae.config["z_dim"], *film, 8, 8
            given = torch.zeros(size, device=META if place == "device" else CPU)
            assert vae.decode(given).sample.is_meta
            pixels = torch.zeros(1, 3, *film, 64, 64, device=given.device)
            assert vae.encode(pixels).latent_dist.mean.is_meta
    kept = [one.is_meta for one in model.placement._networks["unet"].parameters()]
    assert any(kept) == (place == "device" or part == "network")
