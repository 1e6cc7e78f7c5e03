"""Who does the jobs that need no model, by their kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from webui.core.events import Job
from webui.core.paths import Paths
from webui.jobs.chores import Chore
from webui.jobs.filming import filmer
from webui.jobs.hashing import hasher
from webui.jobs.sheets import Read, sheet_maker
from webui.library.catalog import Catalog
from webui.library.downloads import Downloads
from webui.library.store import Store


def doers_of(
    paths: Paths, find: Callable[[str], Job], read: Read, store: Store, catalog: Catalog
) -> Mapping[str, Chore]:
    """All of them.

    Args:
        find: looks up a job by its id.
        read: a result's file by its id.
        store: has the sounds that were sent.
    """
    return {
        "download": downloader(paths),
        "film": filmer(find, store),
        "hash": hasher(catalog),
        "plot": sheet_maker(find, read),
    }


def downloader(paths: Paths) -> Chore:
    """Brings models to a data folder."""
    downloads = Downloads(paths.models)
    return lambda request, errand: downloads.run(request, errand, errand.settings)
