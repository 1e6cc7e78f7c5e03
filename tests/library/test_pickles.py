import pickle
import shutil
import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest
import torch

from webui.core.errors import UserError
from webui.library.pickles import read_pickle


def save(path: Path, value: object, old: bool = False) -> Path:
    torch.save(value, path, _use_new_zipfile_serialization=not old)
    return path


class Evil:
    def __reduce__(self):
        return shutil.copyfile, ("a.pt", "evil")


@pytest.mark.parametrize("old", [False, True])
def test_names_of_weights(tmp_path, old):
    weights = OrderedDict({"first_stage_model.x": torch.zeros(2, 3, dtype=torch.bfloat16)})
    value = {"state_dict": weights, "epoch": 3, "żółw": torch.nn.Parameter(torch.ones(1))}
    told = read_pickle(save(tmp_path / "a.ckpt", value, old), "a.ckpt")
    assert {"state_dict", "first_stage_model.x", "żółw"} <= set(told.names)
    assert told.foreign is None


@pytest.mark.parametrize("old", [False, True])
def test_what_is_not_weights_is_named_and_not_run(tmp_path, monkeypatch, old):
    monkeypatch.chdir(tmp_path)
    path = save(tmp_path / "a.pt", {"a": torch.zeros(1), "b": Evil()}, old)
    assert read_pickle(path, "a.pt").foreign == "shutil.copyfile"
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("protocol", range(2, 6))
def test_any_protocol(tmp_path, protocol):
    path = tmp_path / "a.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps({"x": Evil(), "y": 1}, protocol))
    told = read_pickle(path, "a.pt")
    assert told.foreign == "shutil.copyfile"
    assert {"x", "y"} <= set(told.names)


def test_a_name_that_is_put_together_from_texts_said_before(tmp_path):
    hidden = (
        b"\x80\x04\x8c\x06shutil\x94\x8c\x08copyfile\x94\x8c\x05torch\x94\x8c\x04Size\x94"
        b"000h\x00h\x01\x93."
    )
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("a/data.pkl", hidden)
    assert read_pickle(tmp_path / "a.pt", "a.pt").foreign == "shutil.copyfile"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"PK\x03\x04 and nothing",
        b"<html>not found</html>",
        b"\x80\x02}q\x00.",
        pickle.dumps({"a": 1}),
        b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
        bytes(1000),
    ],
)
def test_what_is_no_file_of_torchs(tmp_path, data):
    path = tmp_path / "a.pt"
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"a\.pt is damaged"):
        read_pickle(path, "a.pt")


def test_a_zip_without_a_pickle(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(UserError, match="damaged"):
        read_pickle(tmp_path / "a.pt", "a.pt")


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_pickle(tmp_path / "absent.pt", "absent.pt")
