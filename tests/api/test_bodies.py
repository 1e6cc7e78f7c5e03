import asyncio
import math
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from webui.api.bodies import Bytes, DescribedRoute, JsonObject
from webui.core.errors import UserError

router = APIRouter(route_class=DescribedRoute)
seen: list[Any] = []


@router.post("/json")
def take_json(values: JsonObject) -> None:
    """Takes an object.

    And looks at it.
    """
    seen.append(values)


@router.post("/bytes")
def take_bytes(data: Bytes) -> int:
    """Takes bytes."""
    return len(data)


def post(path: str, content: bytes, kind: str | None) -> httpx.Response:
    app = FastAPI()
    app.include_router(router)

    async def asking() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost"
        ) as client:
            headers = {} if kind is None else {"content-type": kind}
            return await client.post(path, content=content, headers=headers)

    return asyncio.run(asking())


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"]
)
def test_an_object_of_json_is_taken_as_it_is(kind):
    seen.clear()
    content = '{"a": NaN, "ż": 12345678901234567890123, "self": {"b": [1.5]}}'.encode()
    assert post("/json", content, kind).status_code == 200
    [values] = seen
    assert math.isnan(values["a"])
    assert values["ż"] == 12345678901234567890123
    assert values["self"] == {"b": [1.5]}


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (b"{}", None, "not_json_type"),
        (b"{}", "text/json", "not_json_type"),
        (b"{]", "application/json", "not_json"),
        (b"5", "application/json", "not_json"),
    ],
)
def test_what_is_none_is_refused(content, kind, code):
    with pytest.raises(UserError) as error:
        post("/json", content, kind)
    assert error.value.problem.code == code


def test_bytes_are_taken_whatever_they_are_called():
    assert post("/bytes", b"\0" * 1000, "image/png").json() == 1000
    assert post("/bytes", b"", None).json() == 0


def test_a_route_is_described_by_its_docstring():
    app = FastAPI()
    app.include_router(router)
    told = app.openapi()["paths"]["/json"]["post"]
    assert (told["summary"], told["description"]) == ("Takes an object", "And looks at it.")
