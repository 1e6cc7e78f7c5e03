"""Everything a door needs, made once, and the user's settings as they are now."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from webui.core.explain import explain, unknown_field
from webui.core.finding import safe_mode
from webui.core.offers import Offers
from webui.core.paths import Paths
from webui.core.plugins import Extensions
from webui.core.quarantine import Quarantine
from webui.core.settings import HIDDEN, SECRETS, Settings, load_settings, save_settings
from webui.jobs.checks import Refused
from webui.jobs.queue import Jobs
from webui.library.catalog import Catalog


class SettingsStore:
    """The settings: read by anybody at any time, changed whole and checked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._settings = load_settings(path)
        self._listeners: list[Callable[[Settings], None]] = []

    def get(self) -> Settings:
        """As they are now."""
        return self._settings

    def update(self, /, **changes: Any) -> Settings:
        """Change some.

        Raises:
            Refused: a value does not fit; nothing is changed.
            UserError: the file cannot be written; nothing is changed.
        """
        known = Settings.model_fields
        strange = [unknown_field(name, known, "settings") for name in changes.keys() - known.keys()]
        if strange:
            raise Refused(strange)
        kept = {name for name in SECRETS if changes.get(name) == HIDDEN}
        changes = {name: value for name, value in changes.items() if name not in kept}
        with self._lock:
            try:
                new = Settings.model_validate({**self._settings.model_dump(), **changes})
            except ValidationError as error:
                raise Refused(explain(error, Settings, "settings")) from error
            save_settings(self._path, new)
            self._settings = new
            for listener in self._listeners:
                listener(new)
        return new

    def listen(self, listener: Callable[[Settings], None]) -> None:
        """Tell somebody each time they change (with the store locked: be short)."""
        self._listeners.append(listener)


@dataclass(frozen=True)
class Services:
    """What the doors work with.

    Attributes:
        store: changes the settings.
        catalog: the models on disk.
        extensions: their server's side.
    """

    paths: Paths
    store: SettingsStore
    catalog: Catalog
    extensions: Extensions
    jobs: Jobs

    @classmethod
    def of(cls, paths: Paths) -> Self:
        """Make all; `jobs.start()` then starts the worker.

        Raises:
            UserError: the data folder cannot be used.
        """
        store = SettingsStore(paths.settings)
        extensions = Extensions(
            paths.extension_folders,
            "server",
            store.get().disabled_extensions,
            paths.data,
            quarantine=Quarantine(paths.quarantine),
            safe=safe_mode(os.environ),
        )
        store.listen(lambda settings: extensions.switch(settings.disabled_extensions))
        catalog = Catalog.of(paths, extensions.architectures)
        jobs = Jobs(paths, store.get, catalog, extensions)
        return cls(paths, store, catalog, extensions, jobs)

    @property
    def settings(self) -> Settings:
        """As they are now."""
        return self.store.get()

    @property
    def offers(self) -> Offers:
        """What the worker has, as far as is known."""
        return self.jobs.offers
