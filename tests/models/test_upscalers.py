import pickle
import warnings

import pytest
import torch
from spandrel.architectures.DnCNN import DnCNN

from tests.upscaler_files import NETWORKS, write_network
from webui.core.errors import UserError
from webui.models.upscalers import UpscalerNetwork, load_upscaler

CPU = torch.device("cpu")
PIXELS = torch.rand(1, 3, 32, 24, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_a_network_does_what_it_did_before_it_was_saved(tmp_path, kind, ending):
    made = write_network(tmp_path / f"x.{ending}", kind, scale=2)
    loaded = load_upscaler(tmp_path / f"x.{ending}", CPU)
    with torch.inference_mode():
        expected = made(PIXELS).clamp(0, 1)
    assert loaded.scale == 2
    result = loaded(PIXELS)
    assert result.shape == (1, 3, 64, 48) and result.dtype == torch.float32
    torch.testing.assert_close(result, expected, atol=1e-5, rtol=0)
    assert result.std() > 1e-4


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_smallest_picture(tmp_path, kind):
    write_network(tmp_path / "x.pth", kind, scale=4)
    assert load_upscaler(tmp_path / "x.pth", CPU)(PIXELS[..., :1, :1]).shape == (1, 3, 4, 4)


def test_a_network_of_gray_pictures_takes_each_channel(tmp_path):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = DnCNN(in_nc=1, out_nc=1, nc=8, nb=8, act_mode="R").eval()
    torch.save(made.state_dict(), tmp_path / "gray.pth")
    loaded = load_upscaler(tmp_path / "gray.pth", CPU)
    with torch.inference_mode():
        expected = torch.cat([made(one) for one in PIXELS.split(1, 1)], 1).clamp(0, 1)
    assert loaded.scale == 1
    torch.testing.assert_close(loaded(PIXELS), expected, atol=1e-5, rtol=0)


class _Runs:
    def __reduce__(self):
        return print, ("it ran",)


def _broken(path, kind):
    """Write a file that is wrong in one way."""
    write_network(path)
    whole = path.read_bytes()
    if kind == "cut off":
        path.write_bytes(whole[: len(whole) // 2])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "a page":
        path.write_bytes(b"<html>404</html>")
    elif kind == "code":
        torch.save({"conv.weight": _Runs()}, path)
    elif kind == "bare code":
        path.write_bytes(pickle.dumps(_Runs(), protocol=2))
    elif kind == "script":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.jit.script(torch.nn.Linear(2, 2)).save(path)
    elif kind == "a list":
        torch.save([torch.zeros(1)], path)
    elif kind == "foreign":
        torch.save({"unet.weight": torch.zeros(3)}, path)
    elif kind == "no tensors":
        torch.save({"conv_first.weight": "x", "body.0.rdb1.conv1.weight": 1}, path)
    elif kind == "half of it":
        weights = torch.load(path, weights_only=True)["params_ema"]
        torch.save(dict(list(weights.items())[:-1]), path)
    elif kind == "absent":
        path.unlink()


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("cut off", "model_damaged"),
        ("empty", "model_damaged"),
        ("a page", "model_damaged"),
        ("code", "model_pickle"),
        ("bare code", "model_pickle"),
        ("script", "model_pickle"),
        ("a list", "upscaler_unknown_kind"),
        ("foreign", "upscaler_unknown_kind"),
        ("no tensors", "upscaler_unknown_kind"),
        ("half of it", "model_damaged"),
        ("absent", "model_unreadable"),
    ],
)
@pytest.mark.parametrize("ending", ["pth", "pt"])
def test_what_is_wrong_is_named_and_never_run(tmp_path, capsys, kind, code, ending):
    path = tmp_path / f"x.{ending}"
    _broken(path, kind)
    with pytest.raises(UserError) as caught:
        load_upscaler(path, CPU)
    assert caught.value.problem.code == code
    assert path.name in str(caught.value)
    assert "it ran" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "code"),
    [(lambda data: data[:-9], "model_cut_off"), (lambda data: b"<html>404</html>", "model_")],
)
def test_a_broken_safetensors_file(tmp_path, change, code):
    path = tmp_path / "x.safetensors"
    write_network(path)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(UserError) as caught:
        load_upscaler(path, CPU)
    assert caught.value.problem.code.startswith(code)


class _Descriptor:
    """Of a network that half precision is too coarse for."""

    scale, input_channels, supports_half = 1, 3, True

    def __init__(self) -> None:
        self.model = torch.nn.Conv2d(3, 3, 1)
        self.seen: list[torch.dtype] = []

    def __call__(self, pixels):
        self.seen.append(pixels.dtype)
        return pixels if pixels.dtype == torch.float32 else pixels * float("nan")


def test_where_half_precision_does_not_do_the_network_goes_over_to_full(monkeypatch):
    monkeypatch.setattr("webui.models.upscalers.network_dtype", lambda device, name: torch.float16)
    descriptor = _Descriptor()
    network = UpscalerNetwork("x", descriptor, CPU)
    assert network.dtype == torch.float16
    few = network.bytes_a_pixel
    torch.testing.assert_close(network(PIXELS), PIXELS)
    network(PIXELS)
    assert descriptor.seen == [torch.float16, torch.float32, torch.float32]
    assert network.bytes_a_pixel == 2 * few


def test_numbers_that_are_no_picture():
    descriptor = _Descriptor()
    network = UpscalerNetwork("x.pth", descriptor, CPU)
    with pytest.raises(UserError, match="x.pth came to numbers"):
        network(PIXELS * float("nan"))
