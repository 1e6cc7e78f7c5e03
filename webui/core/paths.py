"""Where things lie. One value, made once from the command line, handed down to who needs it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import platformdirs

PACKAGE = Path(__file__).parents[1]
CLONE = PACKAGE.parent


def home() -> Path:
    """The clone where there is one, else the user's data folder of this platform."""
    if (CLONE / "launch.py").is_file():
        return CLONE
    return Path(platformdirs.user_data_dir("easel", appauthor=False))


@dataclass(frozen=True)
class Paths:
    """Every folder and file the program uses.

    Attributes:
        data: what the program keeps (`state/`), and by default `models/` and `outputs/`.
        models: folder of the user's models.
        outputs: results.
    """

    data: Path
    models: Path
    outputs: Path

    @classmethod
    def choose(
        cls, data: Path | None = None, models: Path | None = None, outputs: Path | None = None
    ) -> Paths:
        """Resolve what the command line says; what is left out lies in the data folder."""
        base = (data or home()).expanduser().resolve()
        return cls(
            data=base,
            models=(models or base / "models").expanduser().resolve(),
            outputs=(outputs or base / "outputs").expanduser().resolve(),
        )

    @property
    def model_folders(self) -> tuple[Path, ...]:
        """Where models are looked for: the user's folder, then the one that ships."""
        shipped = CLONE / "models"
        return (self.models,) if shipped in (self.models,) else (self.models, shipped)

    @property
    def shipped_model(self) -> Path:
        """The model that draws before the user has added any."""
        return CLONE / "models" / "checkpoints" / "easel-demo"

    @property
    def extension_folders(self) -> tuple[Path, ...]:
        """Bundled extensions, then the user's where the data lies elsewhere."""
        bundled, own = CLONE / "extensions", self.data / "extensions"
        return (bundled,) if own == bundled else (bundled, own)

    @property
    def state(self) -> Path:
        return self.data / "state"

    @property
    def animations(self) -> Path:
        """Where animations stand that are not finished, a folder each."""
        return self.state / "animations"

    @property
    def ledger(self) -> Path:
        return self.state / "ledger.sqlite"

    @property
    def lock(self) -> Path:
        """Held by the one process that runs jobs on this data folder."""
        return self.state / "supervisor.lock"

    @property
    def server(self) -> Path:
        """Address and key of the running server, for the shell; readable by the owner only."""
        return self.state / "server.json"

    @property
    def settings(self) -> Path:
        return self.state / "settings.json"

    @property
    def presets(self) -> Path:
        """Settings that the user keeps for models."""
        return self.state / "presets.json"

    @property
    def index(self) -> Path:
        """What the headers of the models told, and their hashes; made anew where it is missing."""
        return self.state / "models.sqlite"

    @property
    def offers(self) -> Path:
        return self.state / "offers.json"

    @property
    def pictures(self) -> Path:
        """Pictures that requests begin with, under their hashes."""
        return self.state / "pictures"

    @property
    def thumbnails(self) -> Path:
        return self.state / "thumbnails"

    @property
    def sounds(self) -> Path:
        """What was heard in sounds; made anew where it is missing."""
        return self.state / "sounds"

    @property
    def own_extensions(self) -> Path:
        """Where the user's extensions are installed."""
        return self.data / "extensions"

    @property
    def installs(self) -> Path:
        """What is known of installed extensions, and their versions before."""
        return self.state / "extensions"

    @property
    def quarantine(self) -> Path:
        """Which extensions are left out, as they failed."""
        return self.state / "quarantine.json"

    @property
    def worker_call(self) -> Path:
        """Which extension's code the worker is in."""
        return self.state / "worker_call"

    @property
    def worker_trace(self) -> Path:
        """Where the worker's code stood when it crashed, or gave no sign of life."""
        return self.state / "worker_trace"

    @property
    def worker_record(self) -> Path:
        """Process id of the worker, so that one left over can be ended."""
        return self.state / "worker.json"

    @property
    def worker_log(self) -> Path:
        return self.state / "worker.log"
