"""A plot as a request."""

import pytest
from pydantic import ValidationError

from webui.core.plot import Plot
from webui.core.requests import REQUEST


def test_sheets_of_a_plot() -> None:
    plot = Plot(base={"prompt": "a"})
    assert plot.images == 1
    assert plot.with_(layers=("a", "b")).images == 3
    assert plot.with_(layers=("a", "b"), together=False).images == 2
    assert plot.with_(layers=("a",)).images == 1


def test_it_is_a_request_like_others() -> None:
    values = {"kind": "plot", "base": {"prompt": "a"}, "x": {"axis": "Steps", "values": "1-5"}}
    request = REQUEST.validate_python(values)
    assert isinstance(request, Plot)
    assert REQUEST.validate_json(request.model_dump_json()) == request
    with pytest.raises(ValidationError):
        Plot.model_validate({**values, "margin": 501})
    with pytest.raises(ValidationError):
        Plot.model_validate({**values, "x": {"axis": "Steps"}})
