import pytest
from pydantic import ValidationError

from webui.core.errors import UserError
from webui.core.events import EVENT, FINAL, Failed, ImageDone, Job, JobState, Picture, WorkerState
from webui.core.requests import Txt2Img

PROBLEM = UserError("extension_twice", name="x").problem
PICTURE = Picture(
    id="p", job="j", index=0, width=8, height=8, seed=1, seconds=0.1, infotext="a", problem=PROBLEM
)


@pytest.mark.parametrize(
    "event",
    [
        ImageDone(job="j", picture=PICTURE),
        Failed(job="j", problem=PROBLEM),
        WorkerState(state="dead"),
    ],
)
def test_events_survive_the_way_through_json(event):
    assert EVENT.validate_json(event.model_dump_json()) == event


def test_an_event_of_no_known_kind_is_refused():
    with pytest.raises(ValidationError):
        EVENT.validate_python({"kind": "exploded", "job": "j"})


def test_an_interrupted_job_is_not_over():
    assert {state for state in JobState if state not in FINAL} == {
        JobState.QUEUED,
        JobState.RUNNING,
        JobState.INTERRUPTED,
    }
    job = Job(id="j", owner="o", request=Txt2Img(prompt="x"), state=JobState.QUEUED, created=1.0)
    assert Job.model_validate_json(job.model_dump_json()) == job
