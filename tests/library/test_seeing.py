from pathlib import Path
from types import SimpleNamespace
from typing import Any

from webui.library.seeing import flow_network, word_finder


class Shelf:
    def __init__(self, *paths: Path, problem: Any = None) -> None:
        self.there = [
            SimpleNamespace(name=path.stem, path=str(path), problem=problem) for path in paths
        ]

    def entries(self, kind: str | None = None, *, limit: int | None = 100) -> Any:
        return SimpleNamespace(entries=self.there if kind == "annotator" else [])


def written(folder: Path, kind: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(f'{{"model_type": "{kind}"}}')
    (folder / "model.safetensors").write_bytes(b"x")
    return folder


def test_a_clipseg_is_told_by_its_config(tmp_path: Path) -> None:
    other, seg = written(tmp_path / "other", "segformer"), written(tmp_path / "seg", "clipseg")
    assert word_finder(Shelf(other, seg)) == seg
    assert word_finder(Shelf(seg / "model.safetensors")) == seg
    assert word_finder(Shelf(other)) is None and word_finder(Shelf()) is None
    assert word_finder(Shelf(seg, problem="cut off")) is None
    (seg / "config.json").write_text("[]")
    assert word_finder(Shelf(seg)) is None


def test_raft_is_told_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "raft_small_C_T_V2-01064c6d.pth"
    file.write_bytes(b"x")
    assert flow_network(Shelf(tmp_path / "hed.pth", file)) == file
    assert flow_network(Shelf(tmp_path / "hed.pth")) is None
