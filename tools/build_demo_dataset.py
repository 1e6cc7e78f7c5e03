"""Makes the data set of the demo model from free emoji sets.

    python tools/build_demo_dataset.py [--state DIR] [--seed N]

Needs npm, and the Python packages of the extra `train`. It gets the packages named in
`tools/demo/sources.toml` with `npm pack`, draws the subjects of `tools/demo/subjects.toml` and
puts them together as `tools/demo/words.toml` says. What is there already is not made again,
except the data set itself.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.demo.compose import Composer
from tools.demo.dataset import write_dataset
from tools.demo.packages import fetch_packages
from tools.demo.sprites import build_sprites, load_sprites, save_sprites
from tools.demo.state import default_state
from tools.demo.words import load_library


def build(state: Path, seed: int) -> int:
    """Make the data set in `state/data`; returns the number of pictures."""
    library = load_library()
    cut_outs = state / "sprites.npz"
    if not cut_outs.exists():
        fetch_packages(state, library.sources)
        save_sprites(build_sprites(library, state), cut_outs)
    return write_dataset(Composer(library, load_sprites(cut_outs), seed), state / "data")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--state", type=Path, default=default_state(), help="where all is kept")
    parser.add_argument("--seed", type=int, default=0, help="another number, other pictures")
    options = parser.parse_args(arguments)
    print(f"{build(options.state, options.seed)} pictures in {options.state / 'data'}")


if __name__ == "__main__":
    main()
