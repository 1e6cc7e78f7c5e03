"""Nothing grows: models and LoRAs come and go, and the worker's memory stays what it was.

The short forms are for every run of the tests; the whole one, 50 switches of each pool, is run by
`EASEL_SOAK=50 pytest tests/worker/test_soak.py`.
"""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
WHOLE = int(os.environ.get("EASEL_SOAK", "0"))
MODELS = 3
SETTLED = 5
"""Switches after which all that is made once is there; the last one is to the same model."""
MOST = 1.05
"""What the memory may come to, relative to what it was then."""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("pool", "switches"),
    [
        pytest.param("all", 11, id="all-short"),
        pytest.param("all", WHOLE or 30, id="all", marks=pytest.mark.slow),
        pytest.param("one", WHOLE or 30, id="one", marks=pytest.mark.slow),
    ],
)
def test_switching_models_with_loras_leaves_the_memory_as_it_was(tmp_path, pool, switches):
    """In a process of its own, as a worker is.

    pool: whether all the models stay in memory, or each makes room for the next.
    """
    command = [sys.executable, "-m", "tests.worker.test_soak", str(tmp_path), str(switches), pool]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert len(lines) == switches
    for what, settled, last in zip(
        ("process", "tensors"), lines[SETTLED - 1], lines[-1], strict=True
    ):
        told = f"{what}: {settled / 1e6:.2f} MB after {SETTLED}, {last / 1e6:.2f} after {switches}"
        print(told)
        assert last <= settled * MOST, told


def soak(folder: Path, switches: int, pool: str) -> None:
    """Draw with one model after the other, each with a LoRA, and print the bytes in use:
    of the process, and of its tensors."""
    import torch

    from tests.models.adapters.makers import kohya, networks_of, write
    from tests.tiny import write_tiny
    from tests.worker.test_runner import Server, run
    from tests.worker.test_thrift import REQUEST
    from webui.core.plugins import Extensions
    from webui.core.settings import Settings
    from webui.engine.upscalers import Upscalers
    from webui.library.catalog import Catalog
    from webui.library.store import Store
    from webui.models.manager import ModelManager, Wanted
    from webui.worker.line import Control
    from webui.worker.runner import Runner

    torch.set_num_threads(1)
    cpu = torch.device("cpu")
    infos = {}
    for number in range(MODELS):
        made = write_tiny(folder / str(number), seed=number, family=("sd1", "sdxl")[number % 2])
        infos[str(number)] = made.folder_info

    class Shelf(Catalog):
        def get(self, name=None):
            return infos[str(name)]

        def hash(self, id):
            return None

    manager = ModelManager(cpu, machine=lambda: (64 * 10**9, 10**6 if pool == "one" else 10**12))
    for name, info in infos.items():
        networks = networks_of(manager.get(info, lambda *done: None, (), Wanted()))
        write(folder / "loras" / f"style{name}.safetensors", kohya(networks, seed=int(name)))
        del networks
    server = Server(Control())
    server.send = lambda report, data=b"": None
    shelf = Shelf([folder], folder / "none", folder / "index.sqlite")
    tools = Upscalers((), cpu), Store(folder / "pictures"), Extensions((), "worker")
    runner = Runner(shelf, manager, *tools, server.send, server.control)
    settings = Settings(live_preview=False, memory_budget=100)
    for switch in range(switches):
        name = str(switch % MODELS)
        words = {"prompt": f"picture {switch} <lora:style{name}:0.7>", "model": name}
        request = REQUEST.with_(**words, steps=2, batch_count=1, batch_size=1)
        runner.run(run(request=request, settings=settings))
        print(in_use(), tensors(), flush=True)


def in_use() -> int:
    """Bytes of this process, without what the allocator keeps for later."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    return psutil.Process(os.getpid()).memory_info().rss


def tensors() -> int:
    """Bytes of all tensors: beside what the libraries take, those of tiny models do not show."""
    import torch

    found = [one for one in gc.get_objects() if isinstance(one, torch.Tensor)]
    whole = {one.untyped_storage().data_ptr(): one.untyped_storage().nbytes() for one in found}
    return sum(whole.values())


if __name__ == "__main__":
    soak(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
