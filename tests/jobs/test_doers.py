"""Every chore has somebody who does it."""

from pathlib import Path

from tests.jobs.setting import make_jobs, paths_in
from webui.core.requests import KINDS
from webui.jobs.doers import doers_of
from webui.jobs.lanes import CHORES, lane_of
from webui.library.catalog import Catalog


def test_who_does_which(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    jobs = make_jobs(paths)
    doers = doers_of(paths, jobs.get, jobs.picture_data, jobs.store, Catalog.of(paths))
    jobs.close()
    assert set(doers) == {kind for kind in KINDS if lane_of(kind) == CHORES}
