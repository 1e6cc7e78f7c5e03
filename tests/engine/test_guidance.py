from collections.abc import Generator
from contextlib import contextmanager

import pytest
import torch

from tests.engine.stub import StubModel
from webui.core.participants import Call, Cond, Embedding, Participant, Step
from webui.engine.guidance import Given, Guider
from webui.engine.options import Options
from webui.models.family import ImageConditioning

SIGMA = 2.0


def embedding(value: float, tokens: int = 77) -> Embedding:
    return Embedding(torch.full((tokens, 1), value))


def cond(role, value, image=0, weight=1.0, tokens=77) -> Cond:
    return Cond(role, image, weight, ((99, embedding(value, tokens)),))


def predicted(x: torch.Tensor, value: float) -> torch.Tensor:
    return StubModel().predict_x0(x, SIGMA, [embedding(value)])


@pytest.fixture
def x():
    return torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))


def test_branches_are_summed_away_from_the_negative(x):
    conds = [
        cond("positive", 0.3),
        cond("positive", 0.6, weight=-0.5),
        cond("negative", 0.1),
    ]
    model = StubModel()
    denoised = Guider(Given(model, conds), scale=7, total=1)(x, SIGMA)
    u = predicted(x, 0.1)
    expected = u + 7 * (predicted(x, 0.3) - u) - 3.5 * (predicted(x, 0.6) - u)
    torch.testing.assert_close(denoised, expected, rtol=1e-5, atol=1e-5)
    assert [len(row) for _, row in model.calls] == [3], "one call for all branches"


def test_each_picture_of_a_batch_has_its_own_branches(x):
    pair = torch.cat([x, x * 2])
    conds = [
        cond("positive", 0.3, image=0),
        cond("positive", 0.5, image=1),
        cond("negative", 0.1, image=0),
        cond("negative", 0.2, image=1),
    ]
    both = Guider(Given(StubModel(), conds), scale=5, total=1)(pair, SIGMA)
    alone = [cond("positive", 0.5), cond("negative", 0.2)]
    second = Guider(Given(StubModel(), alone), scale=5, total=1)(x * 2, SIGMA)
    assert torch.equal(both[1:], second)


def test_texts_of_different_length_go_in_calls_of_their_own(x):
    model = StubModel()
    conds = [cond("positive", 0.3, tokens=154), cond("negative", 0.1)]
    denoised = Guider(Given(model, conds), scale=7, total=1)(x, SIGMA)
    assert [len(row) for _, row in model.calls] == [1, 1]
    u = predicted(x, 0.1)
    torch.testing.assert_close(denoised, u + 7 * (predicted(x, 0.3) - u), rtol=1e-5, atol=1e-5)


def test_scale_one_leaves_the_negative_out_unless_it_is_needed(x):
    conds = [cond("positive", 0.3), cond("negative", 0.1)]
    model = StubModel()
    guider = Guider(Given(model, conds), scale=1, total=2)
    assert torch.equal(guider(x, SIGMA), predicted(x, 0.3))
    assert [len(row) for _, row in model.calls] == [1]
    guider.needs_uncond()
    guider(x, SIGMA)
    assert [len(row) for _, row in model.calls] == [1, 2]
    assert torch.equal(guider.uncond(), predicted(x, 0.1))


def test_scale_one_with_weights_that_do_not_sum_to_one_needs_it(x):
    conds = [cond("positive", 0.3, weight=0.5), cond("negative", 0.1)]
    denoised = Guider(Given(StubModel(), conds), scale=1, total=1)(x, SIGMA)
    expected = (predicted(x, 0.1) + predicted(x, 0.3)) / 2
    torch.testing.assert_close(denoised, expected, rtol=1e-5, atol=1e-5)


class Recorder(Participant):
    def __init__(self, name: str, order: int, log: list[str]) -> None:
        self.name, self.order, self.log = name, order, log

    def before(self, step: Step) -> None:
        self.log.append(f"{self.name} before {step.index}/{step.total}")
        step.x = step.x * 2

    def after(self, step: Step) -> None:
        self.log.append(f"{self.name} after {step.index}")
        assert step.denoised is not None
        step.denoised = step.denoised + 1

    @contextmanager
    def patched(self, model) -> Generator[None]:
        self.log.append(f"{self.name} in")
        try:
            yield
        finally:
            self.log.append(f"{self.name} out")


def test_participants_act_in_order_and_may_replace(x):
    log: list[str] = []
    conds = [cond("positive", 0.3), cond("negative", 0.1)]
    people = [Recorder("late", 5, log), Recorder("early", -5, log)]
    guider = Guider(Given(StubModel(), conds), 1, total=3, participants=people)
    denoised = guider(x, SIGMA)
    assert torch.equal(denoised, predicted(x * 4, 0.3) + 1 + 1)
    assert log == ["early before 0/3", "late before 0/3", "early after 0", "late after 0"]


def test_patches_are_undone_in_reverse_also_after_an_exception():
    log: list[str] = []
    people = [Recorder("a", 1, log), Recorder("b", 2, log)]
    guider = Guider(Given(StubModel(), [cond("positive", 0.3)]), 1, 1, people)
    with pytest.raises(ZeroDivisionError), guider.patched():
        raise ZeroDivisionError
    assert log == ["a in", "b in", "b out", "a out"]


def test_each_call_of_the_network_tells_its_rows_and_takes_residuals(x):
    """Texts of different length go in two calls: each is told, with its own rows."""
    told: list[tuple[list[str], list[int], int]] = []

    class Adds(Participant):
        def before(self, step: Step) -> None:
            step.residuals["everywhere"] = 1.0

        def call(self, call: Call) -> None:
            told.append((list(call.roles), list(call.images), len(call.x)))
            assert call.model is model and len(call.embeddings) == len(call.x)
            call.residuals["own"] = float(len(told))

    class Model(StubModel):
        def predict_x0(self, x, sigma, embeddings, residuals=None, concat=None):
            given.append(residuals)
            return super().predict_x0(x, sigma, embeddings)

    given: list[dict[str, float]] = []
    model = Model()
    conds = [cond("positive", 0.3, tokens=154), cond("negative", 0.1)]
    guider = Guider(Given(model, conds), 7, 1, [Adds()])
    guider(x, SIGMA)
    assert told == [(["positive"], [0], 1), (["negative"], [0], 1)]
    assert given == [{"everywhere": 1.0, "own": 1.0}, {"everywhere": 1.0, "own": 2.0}]


def test_after_a_step_its_parts_are_there(x):
    parts: list[Step] = []

    class Looks(Participant):
        def after(self, step: Step) -> None:
            parts.append(step)

    conds = [cond("positive", 0.3, weight=0.5), cond("negative", 0.1)]
    Guider(Given(StubModel(), conds), 7, 1, [Looks()])(x, SIGMA)
    (step,) = parts
    assert step.scale == 7
    assert step.uncond is not None and step.prompted is not None and step.denoised is not None
    torch.testing.assert_close(step.uncond, predicted(x, 0.1))
    halfway = step.uncond + 0.5 * (predicted(x, 0.3) - step.uncond)
    torch.testing.assert_close(step.prompted, halfway)
    guided = step.uncond + step.scale * (step.prompted - step.uncond)
    torch.testing.assert_close(step.denoised, guided, rtol=1e-5, atol=1e-5)


def test_the_check_comes_before_the_model(x):
    model = StubModel()

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Guider(Given(model, [cond("positive", 0.3)]), 1, 1, check=stop)(x, SIGMA)
    assert model.calls == []


def test_a_schedule_follows_the_calls(x):
    changing = Cond("positive", 0, 1.0, ((1, embedding(0.3)), (3, embedding(0.6))))
    model = StubModel()
    guider = Guider(Given(model, [changing]), 1, 4)
    for _ in range(4):
        guider(x, SIGMA)
    assert [row for _, row in model.calls] == [[0.3], [0.3], [0.6], [0.6]]


def test_an_edit_model_is_led_by_picture_and_prompt(x):
    """InstructPix2Pix: e + image_scale (u - e) + scale (c - u), e without picture and prompt."""

    class Editor(StubModel):
        image_conditioning: ImageConditioning = "edit"

        def predict_x0(self, x, sigma, embeddings, residuals=None, concat=None):
            seen = 0 if concat is None else concat.mean((1, 2, 3), keepdim=True)
            return super().predict_x0(x, sigma, embeddings) + seen

    conds = [cond("positive", 0.3), cond("negative", 0.1)]
    given = Given(Editor(), conds, torch.full((1, 4, 8, 8), 2.0))
    denoised = Guider(given, 7, 1, image_scale=1.5)(x, SIGMA)
    c, u, e = predicted(x, 0.3) + 2, predicted(x, 0.1) + 2, predicted(x, 0.1)
    torch.testing.assert_close(denoised, e + 1.5 * (u - e) + 7 * (c - u), rtol=1e-5, atol=1e-5)
    plain = Guider(given, 7, 1, image_scale=1.0)(x, SIGMA)
    torch.testing.assert_close(plain, u + 7 * (c - u), rtol=1e-5, atol=1e-5)
    assert [len(row) for _, row in given.model.calls] == [3, 2], "1 needs no third part"


def test_when_another_model_takes_over_the_patches_move_to_it(x):
    log: list[str] = []

    class Later:
        def due(self, index: int, sigma: float) -> bool:
            return index == 2

        def given(self) -> Given:
            log.append("loaded")
            return Given(second, [cond("positive", 0.6)])

    first, second = StubModel(), StubModel()
    people = [Recorder("a", 0, log)]
    guider = Guider(Given(first, [cond("positive", 0.3)]), 1, 4, people, takeover=Later())
    with guider.patched():
        for _ in range(4):
            guider(x, SIGMA)
    assert [row for _, row in first.calls] == [[0.3], [0.3]]
    assert [row for _, row in second.calls] == [[0.6], [0.6]]
    changes = [line for line in log if line.endswith((" in", " out", "loaded"))]
    assert changes == ["a in", "a out", "loaded", "a in", "a out"]


def test_options_leave_the_negative_prompt_out_of_some_calls(x):
    conds = [cond("positive", 0.3), cond("negative", 0.1)]

    def rows(sigma: float, **options) -> list[int]:
        model = StubModel()
        guider = Guider(Given(model, conds), 7, 4, options=Options(**options))
        for _ in range(4):
            guider(x, sigma)
        return [len(row) for _, row in model.calls]

    assert rows(1.0, negative_minimum_sigma=2.0) == [2, 1, 2, 1]
    assert rows(3.0, negative_minimum_sigma=2.0) == [2, 2, 2, 2]
    assert rows(1.0, negative_minimum_sigma=2.0, negative_minimum_always=True) == [1, 1, 1, 1]
    assert rows(1.0, skip_early=0.25) == [1, 1, 2, 2]
