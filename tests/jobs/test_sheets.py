"""Sheets of finished cells."""

import io
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from PIL import Image

from webui.core.errors import UnknownId, UserError
from webui.core.events import Job, JobState, Picture
from webui.core.plot import Plot
from webui.core.requests import Txt2Img
from webui.core.settings import Settings
from webui.core.wire import Made
from webui.jobs.chores import Errand
from webui.jobs.sheets import sheet_maker
from webui.library.pictures import read_infotext

SIZE = (64, 48)


@dataclass
class Desk:
    """What the chore asks of an errand."""

    settings: Settings = Settings()
    token: int = 1
    came: dict[int, tuple[Made, Image.Image]] = field(default_factory=dict[int, Any])
    checks: int = 0

    def made(self, made: Made, data: bytes) -> None:
        assert read_infotext(data).infotext == made.infotext
        self.came[made.index] = made, Image.open(io.BytesIO(data)).convert("RGB")

    def check(self) -> None:
        self.checks += 1

    def tell(self, phase: str, done: int, total: int | None) -> None:
        assert phase == "drawing_sheet" and total and done <= total


def picture(id: str, number: int = 0) -> Picture:
    text = f"a fox\nSteps: 4, Seed: {id}, Size: 64x48, Version: easel"
    named = {"id": f"{id}-{number}", "job": id, "index": number, "seed": int(id)}
    return Picture(**cast(Any, named), width=64, height=48, seconds=1, infotext=text)


def job(id: str, pictures: int = 1, **more: Any) -> Job:
    values = {"state": JobState.FINISHED, "created": 0, **more}
    made = tuple(picture(id, number) for number in range(pictures))
    return Job(id=id, owner="a", request=Txt2Img(prompt="x", seed=int(id)), pictures=made, **values)


def data(id: str) -> bytes:
    """A picture whose red says which cell it is of."""
    file = io.BytesIO()
    Image.new("RGB", SIZE, (int(id.partition("-")[0]) * 20, 0, 200)).save(file, "PNG")
    return file.getvalue()


def sheets(plot: Plot, jobs: dict[str, Job], read: Any = data, **settings: Any) -> tuple[Desk, str]:
    desk = Desk(Settings(**settings))
    ids = tuple(jobs)
    said = sheet_maker(lambda id: jobs[id], read)(
        plot.model_copy(update={"jobs": ids}), cast(Errand, desk)
    )
    return desk, said


def of(*ids: int) -> dict[str, Job]:
    return {str(id): job(str(id)) for id in ids}


BARE = Plot.model_validate({"base": {"prompt": "a"}, "legend": False})


def test_cells_stand_in_their_places() -> None:
    plot = BARE.with_(columns=("a", "b"), rows=("c", "d", "e"), margin=2)
    desk, said = sheets(plot, of(0, 1, 2, 3, 4, 5))
    made, image = desk.came[0]
    assert image.size == (made.width, made.height) == (64 * 2 + 2, 48 * 3 + 4)
    reds = [image.getpixel((66 * x, 50 * y))[0] for y in range(3) for x in range(2)]  # pyright: ignore
    assert reds == [0, 20, 40, 60, 80, 100]
    assert said == "" and desk.checks == 6


def test_one_sheet_a_layer_and_all_as_one() -> None:
    z = {"axis": "Seed", "values": "1,2"}
    plot = BARE.with_(columns=("a", "b"), layers=("y", "z"), z=z, legend=True)
    desk, _ = sheets(plot, of(1, 2, 3, 4))
    assert sorted(desk.came) == [0, 1, 2]
    whole, first, second = (desk.came[number] for number in range(3))
    assert whole[1].width == first[1].width + second[1].width
    assert whole[1].height > first[1].height
    assert "Z Type: Seed" in whole[0].infotext and "Z Type" not in first[0].infotext
    assert "Seed: 3" in second[0].infotext and second[0].seed == 3
    desk, _ = sheets(plot.with_(together=False), of(1, 2, 3, 4))
    assert sorted(desk.came) == [0, 1]


def test_gaps_say_why() -> None:
    problem = UserError("unexpected", reason="as told").problem
    jobs = {
        "1": job("1"),
        "2": job("2", 0, state=JobState.FAILED, problem=problem),
        "3": job("3", 0, state=JobState.CANCELLED),
        "4": job("4", 0),
    }
    plot = BARE.with_(columns=("a", "b", "c", "d"))
    desk, said = sheets(plot, jobs, language="pl")
    assert said == "Pola bez obrazu: 3 z 4."
    assert sheets(plot.with_(language="pl"), jobs, language="en")[1] == said
    image = desk.came[0][1]
    assert image.size == (64 * 4, 48)
    assert {image.getpixel((64 * at + 4, 4)) for at in (1, 2, 3)} == {(0xE4, 0xE4, 0xE8)}


def test_a_file_that_is_gone_is_a_gap_too() -> None:
    def read(id: str) -> bytes:
        if id.startswith("2"):
            raise UnknownId("picture_gone", file="x", folder="y")
        return b"no picture" if id.startswith("3") else data(id)

    desk, _ = sheets(BARE.with_(columns=("a", "b", "c")), of(1, 2, 3), read)
    image = desk.came[0][1]
    assert image.getpixel((0, 0)) == (20, 0, 200)
    assert image.getpixel((68, 4)) == image.getpixel((132, 4)) == (0xE4, 0xE4, 0xE8)


def test_several_pictures_of_a_cell() -> None:
    jobs = {"1": job("1", 3), "2": job("2")}
    desk, _ = sheets(BARE.with_(columns=("a", "b")), jobs)
    assert desk.came[0][1].size == (128 * 2, 96)


def test_no_sheet_without_a_picture() -> None:
    with pytest.raises(UserError, match="No cell of the plot"):
        sheets(BARE.with_(columns=("a",)), {"1": job("1", 0)})


def test_the_format_is_that_of_the_settings() -> None:
    desk, _ = sheets(BARE, of(1), image_format="webp")
    assert desk.came[0][0].format == "webp"
