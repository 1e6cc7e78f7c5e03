"""The ControlNet that ships with the demo model: found in a fresh clone, and it leads."""

from __future__ import annotations

from pathlib import Path
from statistics import mean

import pytest
import torch

from extensions.controlnet.maps import Canny, canny
from tests.extensions.control import MAP_REF, ROOT, drawn
from tools.demo.controlnet_grid import alikeness, sketch
from webui.core.participants import ModelFile
from webui.core.paths import Paths
from webui.core.requests import Txt2Img
from webui.library.catalog import Catalog
from webui.models.manager import ModelManager

NAME = "easel-demo-canny"
SHIPPED = ROOT / "models" / "controlnet" / NAME
ALL_BYTES, ITS_BYTES = 60_000_000, 12_000_000
SHAPES = {"heart": "a red heart", "egg": "a strawberry", "disc": "a red apple"}


def catalog(folder: Path) -> Catalog:
    """As of a clone whose user has no models yet."""
    return Catalog.of(Paths.choose(folder))


def test_it_is_small_and_names_its_sources() -> None:
    weights = [
        path.stat().st_size for path in (ROOT / "models").rglob("easel-demo*/**/*.safetensors")
    ]
    assert sum(weights) < ALL_BYTES
    assert (SHIPPED / "diffusion_pytorch_model.safetensors").stat().st_size < ITS_BYTES
    card = (SHIPPED / "README.md").read_text(encoding="utf-8")
    for word in ("MIT", "Apache License 2.0", "Microsoft Corporation", "Google Inc."):
        assert word in card


def test_the_menu_has_it_for_models_of_the_demo_models_family(tmp_path: Path) -> None:
    found = catalog(tmp_path).find("controlnet", NAME)
    assert found is not None and found.problem is None
    demo = catalog(tmp_path).get("easel-demo")
    assert demo is not None
    assert (found.name, found.family) == (NAME, demo.family)


@torch.inference_mode()
@pytest.mark.slow
def test_edges_lie_where_the_map_has_them(tmp_path: Path) -> None:
    shelf = catalog(tmp_path)
    info, entry = shelf.get("easel-demo"), shelf.find("controlnet", NAME)
    assert info is not None and entry is not None
    model = ModelManager(torch.device("cpu")).get(info, lambda done, total: None)
    files = {NAME: ModelFile(NAME, Path(entry.path), entry.format, entry.family)}

    def alike(shape: str, weight: float) -> float:
        unit = {"image": MAP_REF, "preprocessor": "canny", "model": NAME, "weight": weight}
        request = Txt2Img.model_validate(
            {
                "prompt": SHAPES[shape], "sampler": "DPM++ 2M", "schedule": "Karras", "steps": 16,
                "cfg_scale": 4, "width": 128, "height": 128, "seed": 0, "variation_seed": 0,
                "noise_source": "cpu", "extensions": {"controlnet": {"units": [unit]}},
            }
        )  # fmt: skip
        _, made = drawn(model, request, files, {MAP_REF: sketch(shape)})
        return alikeness(made.image, canny(sketch(shape), Canny()))

    led, free = (mean(alike(shape, weight) for shape in SHAPES) for weight in (1, 0))
    assert led > free + 0.2
