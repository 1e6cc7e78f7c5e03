from pathlib import Path

from webui.core import paths
from webui.core.paths import CLONE, Paths


def test_all_in_the_clone_by_default():
    chosen = Paths.choose()
    assert (chosen.data, chosen.models, chosen.outputs) == (
        CLONE,
        CLONE / "models",
        CLONE / "outputs",
    )
    assert chosen.model_folders == (CLONE / "models",)
    assert chosen.extension_folders == (CLONE / "extensions",)


def test_a_data_folder_elsewhere_keeps_what_ships(tmp_path):
    chosen = Paths.choose(data=tmp_path, outputs=tmp_path / "pictures")
    assert chosen.model_folders == (tmp_path / "models", CLONE / "models")
    assert chosen.extension_folders == (CLONE / "extensions", tmp_path / "extensions")
    assert chosen.outputs == tmp_path / "pictures"
    assert chosen.ledger.is_relative_to(tmp_path / "state")


def test_without_a_clone_the_users_data_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "CLONE", tmp_path / "site-packages")
    assert paths.home() == Path(paths.platformdirs.user_data_dir("easel", appauthor=False))
