import sqlite3

import pytest

from webui.core.events import Picture
from webui.jobs.picture_rows import ALL, count_of, last_of, page_of


@pytest.fixture
def db():
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    db.execute("CREATE TABLE pictures (id TEXT, job TEXT, place INTEGER, state TEXT, json TEXT)")
    for job, count in (("a", 5), ("b", 2)):
        for place in range(count):
            made = picture(job, place)
            row = (made.id, job, place, "done", made.model_dump_json())
            db.execute("INSERT INTO pictures VALUES (?, ?, ?, ?, ?)", row)
    db.execute("INSERT INTO pictures VALUES ('x', 'a', 9, 'pending', '?')")
    return db


def picture(job: str, place: int) -> Picture:
    told = {"width": 8, "height": 8, "seed": 0, "seconds": 0, "infotext": ""}
    return Picture.model_validate({"id": f"{job}{place}", "job": job, "index": place, **told})


def test_the_last_pictures_come_in_their_order(db):
    assert [one.id for one in last_of(db, "a", 2)] == ["a3", "a4"]
    assert [one.id for one in last_of(db, "a", ALL)] == ["a0", "a1", "a2", "a3", "a4"]
    assert last_of(db, "none", ALL) == ()


def test_those_that_are_still_written_do_not_count(db):
    assert (count_of(db, "a"), count_of(db, "b"), count_of(db, "none")) == (5, 2, 0)


def test_a_page_is_some_of_them(db):
    assert [one.id for one in page_of(db, "a", 1, 2)] == ["a1", "a2"]
    assert page_of(db, "a", 5, 2) == []
