"""A worker without a model, for tests of the doors: flat pictures, as fast or slow as asked.

What it does is said in the prompt: `slow` takes 20 s a picture, `steady` 2 s, `broken` fails,
`dies` ends the process, `hangs` gives no sign of life any more. The colour of a picture follows
from its seed. An animation says it in the first of its prompts; its frames take no time.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time

from PIL import Image

from webui.core.animation import Animation
from webui.core.errors import UserError
from webui.core.events import Progress
from webui.core.memory import Memory
from webui.core.offers import Offers, PreprocessorInfo
from webui.core.requests import Preprocess
from webui.core.wire import (
    COMMAND,
    Beat,
    Cancel,
    Ended,
    Made,
    News,
    Ready,
    Run,
    Skip,
    read_frame,
    write_frame,
)
from webui.library.pictures import encode
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of

STEPS = 4
_GB = 10**9
MEMORY = Memory(kind="cuda", free=2 * _GB, total=8 * _GB, ram_free=16 * _GB, ram_total=16 * _GB)
"""What it says it has."""
_LOW = {"type": "integer", "title": "Low", "default": 100, "minimum": 1, "maximum": 255}
PREPROCESSORS = (
    PreprocessorInfo(name="canny", title={"en": "Edges"}, options={"properties": {"low": _LOW}}),
    PreprocessorInfo(name="openpose", title={"en": "Pose"}),
)
"""What it says it makes maps with."""
_NECK = [0.0] * 3 + [20.0, 30.0, 1] + [0.0] * 48
_POSE = {"people": [{"pose_keypoints_2d": _NECK}], "canvas_width": 64, "canvas_height": 96}
"""What it finds in every picture in which poses are looked for."""


def prompt_of(request) -> str:
    if isinstance(request, Animation):
        return str(next(iter(dict(request.settings["prompts"]).values()), ""))
    return getattr(request, "prompt", "")


def sizes_and_seed(request) -> tuple[int, int, int]:
    if isinstance(request, Animation):
        plan = plan_of(settings_of(request.settings))
        return (*plan.size, plan.start_seed)
    width, height = (getattr(request, side, None) or 64 for side in ("width", "height"))
    return width, height, getattr(request, "seed", None) or 0


class Worker:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.runs: queue.Queue[Run] = queue.Queue()
        self.cancelled: set[int] = set()
        self.out = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)

    def send(self, message, data: bytes = b"") -> None:
        with self.lock:
            write_frame(self.out, message, data)

    def read(self) -> None:
        while frame := read_frame(sys.stdin.buffer):
            command = COMMAND.validate_python(frame[0])
            if isinstance(command, Run):
                self.runs.put(command)
            elif isinstance(command, Cancel | Skip):
                self.cancelled.add(command.token)
        os._exit(0)

    def beat(self) -> None:
        while True:
            self.send(Beat(memory=MEMORY))
            time.sleep(0.5)

    def run(self, run: Run) -> Ended:
        request = run.request
        prompt = prompt_of(request)
        if "dies" in prompt:
            os._exit(3)
        if "hangs" in prompt:
            with self.lock:  # which beats need, too
                time.sleep(600)
        if "broken" in prompt:
            problem = UserError("unexpected", reason="the prompt said so").problem
            return Ended(token=run.token, outcome="failed", problem=problem)
        width, height, seed = sizes_and_seed(request)
        for index in range(request.images):
            if index not in run.done and not self.draw(run, index, width, height, seed + index):
                return Ended(token=run.token, outcome="cancelled")
        return Ended(token=run.token, outcome="finished")

    def draw(self, run: Run, index: int, width: int, height: int, seed: int) -> bool:
        request = run.request
        prompt = prompt_of(request)
        rounds = 100 if "slow" in prompt else 10 if "steady" in prompt else 1
        quick = isinstance(request, Animation) and rounds == 1
        for step in range(STEPS * rounds if not quick else 1):
            if run.token in self.cancelled:
                return False
            progress = Progress(
                job=run.job,
                phase="sampling",
                step=step % STEPS + 1,
                steps=STEPS,
                image=index,
                images=request.images,
                preview="data:image/webp;base64,AAAA",
            )
            self.send(News(token=run.token, progress=progress))
            time.sleep(0.05 if rounds > 1 else 0 if quick else 0.001)
        color = (seed % 256, seed // 256 % 256, 99)
        infotext = f"{prompt}\nSteps: 4, Sampler: Euler a, Seed: {seed}, Size: 64x64"
        if isinstance(request, Preprocess) and request.preprocessor == "openpose":
            infotext = f"Preprocessor: openpose, Pose: {json.dumps(json.dumps(_POSE))}"
        data = encode(Image.new("RGB", (width, height), color), "png", 90, infotext)
        made = Made(
            token=run.token,
            index=index,
            width=width,
            height=height,
            seed=seed,
            seconds=0.5,
            infotext=infotext,
        )
        self.send(made, data)
        return True


def main() -> None:
    worker = Worker()
    threading.Thread(target=worker.read, daemon=True).start()
    threading.Thread(target=worker.beat, daemon=True).start()
    worker.send(Ready(offers=Offers(device="fake", preprocessors=PREPROCESSORS)))
    while True:
        worker.send(worker.run(worker.runs.get()))


if __name__ == "__main__":
    main()
