"""How long the catalog takes over many models: read anew, after a restart, page by page.

    python benchmarks/catalog.py --models 10000

The files are made in a temporary folder: LoRAs as kohya's trainer writes them, with its notes and
a sidecar, of 792 tensors each, whose numbers are holes that take no room on most disks. They are
of 24 ranks, as people train and collect them; with `--distinct`, no two have the same table of
weights. Every time is with the files' pages in the system's cache, as a second start has them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from math import prod
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from webui.jobs.prompting import named_models  # noqa: E402
from webui.library.catalog import Catalog  # noqa: E402
from webui.library.disk import disk_report  # noqa: E402

MODULES = 264
"""Of a LoRA of Stable Diffusion 1; each has two matrices and a number."""
RANKS = range(4, 100, 4)
WIDTH = 768


@cache
def table(rank: int, mark: str) -> tuple[str, int]:
    """The tensors as JSON, and how many bytes of numbers they are."""
    tensors: dict[str, object] = {}
    end = 0
    for module in range(MODULES):
        block, part = divmod(module, 24)
        place = f"down_blocks_{block}_attentions_0_transformer_blocks_0"
        name = f"lora_unet_{place}_attn2_to_k_{part}{mark}"
        shapes = {"lora_down.weight": [rank, WIDTH], "lora_up.weight": [320, rank], "alpha": []}
        for tensor, shape in shapes.items():
            offsets = [end, end + 2 * prod(shape)]
            tensors[f"{name}.{tensor}"] = {"dtype": "F16", "shape": shape, "data_offsets": offsets}
            end = offsets[1]
    return json.dumps(tensors, separators=(",", ":")), end


def head(number: int, distinct: bool) -> tuple[bytes, int]:
    """The beginning of a file, and how many bytes of numbers follow."""
    tags = {f"tag {tag}": 100 - tag for tag in range(100)}
    notes = {
        "ss_output_name": f"trained {number}",
        "ss_base_model_version": "sd_v1",
        "ss_tag_frequency": json.dumps({"10_concept": tags}),
    }
    tensors, numbers = table(RANKS[number % len(RANKS)], f"_{number}" if distinct else "")
    data = f'{{"__metadata__":{json.dumps(notes)},{tensors[1:]}'.encode()
    return len(data).to_bytes(8, "little") + data, numbers


def make(folder: Path, count: int, distinct: bool) -> None:
    """Lay the files, a hundred in a folder."""
    for number in range(count):
        begin, numbers = head(number, distinct)
        path = folder / str(number // 100) / f"model {number}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(begin)
            file.truncate(len(begin) + numbers)
        notes = {"activation text": f"word {number}", "preferred weight": 0.8}
        path.with_suffix(".json").write_text(json.dumps(notes), encoding="utf-8")


def timed(what: str, action: Callable[[], object]) -> None:
    """Do it, and print how long it took."""
    start = time.perf_counter()
    action()
    print(f"{what:34} {time.perf_counter() - start:8.3f} s", flush=True)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--distinct", action="store_true")
    options = parser.parse_args()
    count = options.models
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loras = folder / "models" / "loras"
        timed(f"lay {count} files", lambda: make(loras, count, options.distinct))

        def opened() -> Catalog:
            return Catalog([folder / "models"], folder / "none", folder / "index.sqlite")

        catalog = opened()
        timed("read all headers", catalog.entries)
        timed("look again, nothing changed", lambda: catalog.find("lora", "model 7"))
        timed("one page", catalog.entries)
        timed("search", lambda: catalog.entries(search="word 77", sort="newest"))
        timed("search again", lambda: catalog.entries(search="word 78", sort="newest"))
        timed("find one by name", lambda: catalog.find("lora", "trained 7"))
        listing = catalog.listing()
        timed("what the disk takes", lambda: disk_report(listing, {}))
        prompt = "a lake <lora:trained 7:1>, <lora:model 8:0.5>"
        timed("what a prompt names", lambda: named_models(prompt, "blurry", catalog))
        used = {row.id: float(number) for number, row in enumerate(listing.rows)}
        timed("one page, used last", lambda: catalog.entries(sort="used", used=used))
        again = opened()
        timed("the checkpoints, after a restart", again.models)
        timed("all, after a restart", again.entries)
        assert again.entries().total == count


if __name__ == "__main__":
    main()
