import pytest

from webui.core.offers import UPSCALERS
from webui.library.upscalers import upscaler_files, upscalers


def put(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def test_names_come_from_files_in_all_known_folders(tmp_path):
    put(tmp_path, "upscalers/4x-Nice.pth", "ESRGAN/b.pt", "SwinIR/deep/c.safetensors")
    put(tmp_path, "upscale_models/A.PTH", "GFPGAN/face.pth", "upscalers/notes.txt", "DAT/.d.pth")
    found = upscaler_files([tmp_path])
    assert list(found) == ["4x-Nice", "A", "b", "c"]
    assert found["c"] == tmp_path / "SwinIR" / "deep" / "c.safetensors"


def test_every_file_has_a_name_of_its_own(tmp_path):
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    put(own, "upscalers/x.pth", "upscalers/x.safetensors", "ESRGAN/X.pth", "upscalers/Lanczos.pth")
    put(shipped, "upscalers/x.pth")
    found = upscaler_files([own, shipped])
    assert set(found) == {"x", "x.safetensors", "X.pth", "x (2)", "Lanczos.pth"}
    assert found["x"] == own / "upscalers" / "x.pth"
    assert len(set(found.values())) == 5


def test_a_file_that_appears_is_there_on_the_next_look(tmp_path):
    assert upscalers([tmp_path]) == UPSCALERS
    put(tmp_path, "upscalers/new.pth")
    path = tmp_path / "upscalers" / "new.pth"
    assert [(info.name, info.kind, info.scale) for info in upscalers([tmp_path])][-1] == (
        "new",
        "picture",
        None,
    )
    assert upscalers([tmp_path], {path: 4})[-1].scale == 4


def test_a_file_that_two_links_lead_to_is_there_once(tmp_path):
    put(tmp_path, "upscalers/x.pth")
    try:
        (tmp_path / "ESRGAN").symlink_to(tmp_path / "upscalers", target_is_directory=True)
        (tmp_path / "upscalers" / "gone.pth").symlink_to(tmp_path / "absent")
    except OSError:
        pytest.skip("this system lets nobody make links")
    assert list(upscaler_files([tmp_path])) == ["x"]


def test_a_name_that_is_no_text_is_left_out(tmp_path):
    (tmp_path / "upscalers").mkdir()
    try:
        (tmp_path / "upscalers" / "\udcff.pth").write_bytes(b"")
    except (OSError, UnicodeError):
        pytest.skip("this system has no such names")
    assert upscaler_files([tmp_path]) == {}
