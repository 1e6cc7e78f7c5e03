import pytest
from pydantic import BaseModel

from webui.api import models
from webui.core.events import Job
from webui.core.offers import Offers

SHAPES = [
    one for one in vars(models).values() if isinstance(one, type) and issubclass(one, BaseModel)
]


@pytest.mark.parametrize("shape", [one for one in SHAPES if one.__module__ == models.__name__])
def test_every_shape_and_field_is_explained_or_named_for_what_it_is(shape: type[BaseModel]):
    assert shape.__doc__
    schema = shape.model_json_schema()
    assert schema["description"] and schema["properties"]


def test_lists_of_jobs_and_offers_survive_the_way_through_json():
    assert models.JobList.model_validate_json(models.JobList(jobs=()).model_dump_json()).jobs == ()
    offers = Offers()
    told = models.OfferList(
        models=(),
        samplers=offers.samplers,
        schedules=offers.schedules,
        upscalers=offers.upscalers,
        captioners=offers.captioners,
        restorers=offers.restorers,
        interpolators=offers.interpolators,
        preprocessors=offers.preprocessors,
        device="cpu",
        default_model=None,
    )
    assert models.OfferList.model_validate_json(told.model_dump_json()) == told
    assert models.JobList.model_fields["jobs"].annotation == tuple[Job, ...]
