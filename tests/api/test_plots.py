import io
from typing import Any

from PIL import Image

from tests.doors import Client
from webui.library.pictures import encode

STEPS = {"axis": "Steps", "values": "4-12 [3]"}


def plan(client: Client, **values: Any) -> Any:
    body = {"base": {"prompt": "a fox"}, **values}
    return client("POST", "/api/v1/plots/plan", json=body)


def test_axes_of_a_kind(client: Client):
    found = {one["id"]: one for one in client.get("/plots/axes")["axes"]}
    assert found["steps"] | {"title": None} == {
        **{"id": "steps", "kind": "integer", "title": None, "label": "Steps"},
        **{"min": 1, "max": 150, "choices": [], "cost": 0},
    }
    assert found["steps"]["title"] == {"en": "Steps", "pl": "Kroki"}
    assert {"value": "Euler a", "title": {}} in found["sampler"]["choices"]
    assert found["vae"]["choices"][0]["value"] is None
    assert "strength" not in found
    of_pictures = client.get("/plots/axes?kind=img2img")["axes"]
    assert "strength" in {one["id"] for one in of_pictures}
    response = client("GET", "/api/v1/plots/axes?kind=film")
    assert response.status_code == 422
    assert response.json()["problems"][0]["code"] == "plot_kind"


def test_how_many_pictures_a_plot_would_have(client: Client):
    answer = plan(client, x=STEPS, y={"axis": "CFG Scale", "values": "3,7"}).json()
    assert answer == {
        "columns": ["Steps: 4", "Steps: 8", "Steps: 12"],
        "rows": ["CFG scale: 3", "CFG scale: 7"],
        "layers": [""],
        **{"cells": 6, "pictures": 6, "sheets": 1},
    }
    base = {"kind": "img2img", "batch_count": 2, "loopback": {"loops": 3}}
    answer = plan(client, base=base, z={"axis": "Steps", "values": "4,8"}).json()
    assert (answer["cells"], answer["pictures"], answer["sheets"]) == (2, 12, 3)
    answer = plan(client, x={"axis": "Batch count", "values": "1-3"}).json()
    assert answer["pictures"] == 6


def test_what_is_wrong_with_it(client: Client):
    for values, field in (
        ({}, "x.axis"),
        ({"x": {"axis": "Steps", "values": "few"}}, "x.values"),
        ({"y": {"axis": "Nothing", "values": "1"}}, "y.axis"),
        ({"x": STEPS, "y": STEPS}, "y.axis"),
        ({"x": STEPS, "base": None}, "base"),
        ({"x": "Steps"}, "x"),
    ):
        response = plan(client, **values)
        assert response.status_code == 422
        assert response.json()["problems"][0]["field"] == field


def test_a_sheet_tells_of_its_axes(client: Client):
    text = (
        "a\nSteps: 4, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 64x64, Script: X/Y/Z plot,"
        ' X Type: Steps, X Values: "4,8", Version: v1.10.1'
    )
    data = encode(Image.new("RGB", (8, 8)), "png", 90, text)
    assert Image.open(io.BytesIO(data)).size == (8, 8)
    answer = client("POST", "/api/v1/infotext", content=data).json()
    assert answer["fields"]["plot"] == {"x": {"axis": "Steps", "values": "4,8"}}
