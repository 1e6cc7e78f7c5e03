"""What every bundled extension says of itself in a picture's parameters fills its panel again."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from tests.extensions.control import COMPLETE, MAP_REF, ROOT, loaded, services
from webui.core.plugins import Extensions
from webui.core.requests import Txt2Img

CHOSEN: dict[str, dict[str, Any]] = {
    "cfg_rescale": {"share": 0.7},
    "detail": {"enabled": True, "labels": "cat, dog", "more": [{"count": 2}, {"down": -8}]},
    "dynamic_thresholding": {
        **{"enabled": True, "mimic_scale": 3.0, "separate": False, "phi": 0.5},
        **{"mimic_mode": "Power Up", "scheduler_value": 2.0},
    },
    "freeu": {"enabled": True, "version": "1", "b1": 1.5, "s2": 0.3, "start": 0.1, "end": 0.6},
    "reference": {"enabled": True, "fidelity": 0.8, "end": 0.5, "images": [MAP_REF]},
    "regional": {"enabled": True, "split": "rows", "shares": "2,1", "first": "base", "base": 0.4},
}
PICTURES = {MAP_REF: Image.new("RGB", (8, 8))}


@pytest.mark.parametrize("name", CHOSEN)
def test_it_is_read_back(name: str):
    values = {**COMPLETE, "prompt": "a cat", "extensions": {name: CHOSEN[name]}}
    found = loaded().participants("job", Txt2Img.model_validate(values), services({}, PICTURES))
    (one,) = (taking for taking in found if taking.parameters())
    read = Extensions([ROOT / "extensions"], "server").read_parameters(one.parameters())
    assert set(read) == {name}
    wanted = {field: one for field, one in CHOSEN[name].items() if field not in ("images", "more")}
    assert {field: read[name].get(field) for field in wanted} == wanted
    for place, row in enumerate(CHOSEN[name].get("more", ())):
        assert row.items() <= read[name]["more"][place].items()
