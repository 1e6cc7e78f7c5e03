"""Extensions in the frames of an animation: one object of each that takes part, from first to last.

What an extension is told of a frame is a request for that frame alone, with the values that its
schedules and films have there. A run that goes on after a kill begins with new objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from webui.core.participants import JobView, Participant, Services
from webui.core.plugins import Extensions
from webui.core.requests import AnyRequest
from webui.engine.recipes.tools import Pictures


class Framed:
    """Who takes part in the frames of a job for the values of extensions."""

    def __init__(self, extensions: Extensions, job: str, services: Services) -> None:
        """Ask nobody yet.

        Args:
            services: what extensions may ask for in a job.
        """
        self._extensions = extensions
        self._job = job
        self._services = services
        self._there: dict[str, tuple[Participant, JobView]] = {}

    def at(self, request: AnyRequest, picture: Pictures, mask: Pictures) -> Sequence[Participant]:
        """Those of one frame, see `Tools.extended`; who cannot go on from the one before is new.

        Raises:
            ExtensionError: one of them raised.
        """
        services = replace(self._services, picture=picture, mask=mask)
        names = [name for name in self._extensions.folders() if name in request.extensions]
        found = [self._one(name, request, services) for name in names]
        return [one for one in found if one is not None]

    def _one(self, name: str, request: AnyRequest, services: Services) -> Participant | None:
        view = JobView(self._job, request, request.extensions[name], services)
        if name in self._there:
            there, before = self._there[name]
            if there.frame(view, before):
                self._there[name] = there, view
                return there
            del self._there[name]
        new = self._extensions.participants(self._job, request, services, name.__eq__)
        for one in new:
            self._there[name] = one, view
        return new[0] if new else None
