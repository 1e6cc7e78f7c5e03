"""Large pictures drawn tile by tile, wherever pictures are drawn."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.extensions.control import COMPLETE, MAP_REF, ROOT, drawn, picture
from tests.models.families.drawing import load
from webui.core.plugins import Extensions
from webui.core.requests import Img2Img, Txt2Img
from webui.models.families.sd1 import SD1


def asked(kind: Any = Txt2Img, tile: int = 64, **fields: Any) -> Any:
    given = {"tiled_diffusion": {"enabled": tile > 0, "tile": tile, "overlap": 16}}
    return kind.model_validate({**COMPLETE, "steps": 2, "extensions": given, **fields})


def shapes(model: Any, request: Any) -> tuple[torch.Tensor, list[tuple[int, int]]]:
    """The latents, and the sizes (width, height) at which the network was called."""
    seen: list[tuple[int, int]] = []
    hook = model.unet.register_forward_pre_hook(
        lambda unet, args, named: seen.append(tuple(named["sample"].shape[:1:-1])),
        with_kwargs=True,
    )
    try:
        latents, _ = drawn(model, request, {}, {MAP_REF: picture().resize((128, 64))})
    finally:
        hook.remove()
    assert "predict_x0" not in vars(model), "undone"
    return latents, seen


@torch.inference_mode()
def test_what_fits_into_a_tile_is_the_same_to_the_bit(tiny):
    model = load(SD1(), tiny.folder_info)
    assert torch.equal(shapes(model, asked())[0], shapes(model, asked(tile=0))[0])


@torch.inference_mode()
@pytest.mark.parametrize("kind", [Txt2Img, Img2Img])
def test_what_is_larger_is_looked_at_in_tiles(tiny, kind):
    model = load(SD1(), tiny.folder_info)
    more = {"width": 128, **({"image": MAP_REF} if kind is Img2Img else {})}
    latents, seen = shapes(model, asked(kind, **more))
    whole, once = shapes(model, asked(kind, tile=0, **more))
    assert set(seen) == {(8, 8)} and set(once) == {(16, 8)}
    assert len(seen) == 3 * len(once), "three tiles that share 16 pixels each"
    assert latents.shape == whole.shape and not torch.allclose(latents, whole)


@torch.inference_mode()
def test_of_a_hires_fix_only_the_large_pass_is(tiny):
    model = load(SD1(), tiny.folder_info)
    latents, seen = shapes(model, asked(hires={"scale": 2, "steps": 2}))
    first = [one for one, after in zip(seen, seen[1:], strict=False) if one == after]
    assert set(seen) == {(8, 8)} and latents.shape[2:] == (16, 16) and first
    assert len(seen) == 2 + 2 * 9, "2 calls of the first pass, nine tiles in each of the second"


@torch.inference_mode()
def test_it_is_undone_after_a_failure_too(tiny):
    model = load(SD1(), tiny.folder_info)

    def fail(*given: Any) -> None:
        raise RuntimeError("torn")

    hook = model.unet.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="torn"):
        drawn(model, asked(width=128), {}, {})
    hook.remove()
    assert "predict_x0" not in vars(model)


def test_values_that_do_not_fit_are_refused():
    server = Extensions([ROOT / "extensions"], "server")
    for wrong in ({"tile": 65}, {"tile": -8}, {"overlap": -1}):
        assert server.problems_with({"tiled_diffusion": wrong}), wrong
