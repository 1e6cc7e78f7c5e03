import pytest

from tests.engine.stub import StubModel
from webui.core.errors import UserError
from webui.engine.features.refiner import Refiner, check_fits
from webui.engine.guidance import Given
from webui.engine.options import Options
from webui.engine.plan import plan


def refiner(switch_at: float, sampler: str = "Euler", **options) -> Refiner:
    model = StubModel()
    run = plan(sampler, "Automatic", 12, model.sigmas, Options(**options))
    return Refiner(switch_at, run, model.sigmas, lambda: Given(model, []))


def first_call(one: Refiner, sampler_calls: int = 12) -> int | None:
    sigmas = [float(sigma) for sigma in one.plan.sigmas]
    due = [one.due(index, sigmas[index]) for index in range(sampler_calls)]
    return due.index(True) if True in due else None


def test_it_takes_over_by_the_noise_level():
    assert [first_call(refiner(share)) for share in (0.01, 0.5, 0.8, 1.0)] == [1, 6, 9, None]


def test_or_by_the_count_of_calls():
    by_steps = [refiner(share, refiner_by_steps=True) for share in (0.01, 0.5, 0.8)]
    assert [first_call(one) for one in by_steps] == [1, 6, 10]
    second_order = refiner(0.8, "Heun", refiner_by_steps=True)
    assert [second_order.due(index, 1.0) for index in (19, 20)] == [False, True]


def test_it_remembers_that_it_did():
    one = refiner(0.5)
    assert not one.taken_over
    one.given()
    assert one.taken_over


def test_latents_of_another_kind_are_refused():
    wide = StubModel(name="wide")
    wide.latent = type(wide.latent)(16, 8, wide.latent.preview)
    check_fits(StubModel(), StubModel(), "refiner.model")
    with pytest.raises(UserError, match="wide") as raised:
        check_fits(StubModel(), wide, "refiner.model")
    assert raised.value.problem.field == "refiner.model"
