import hashlib
import io
import os
from pathlib import Path

import pytest
from PIL import Image

from webui.core.errors import UnknownId, UserError
from webui.library.store import Store


def file(width: int = 6, height: int = 4, format: str = "PNG", **options: object) -> bytes:
    data = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(data, format, **options)
    return data.getvalue()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "pictures")


def test_what_is_put_in_comes_out_byte_for_byte_under_its_hash(store: Store) -> None:
    data = file()
    stored = store.put(data)
    assert stored.id == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert (stored.width, stored.height, stored.media_type) == (6, 4, "image/png")
    assert store.data(stored.id) == data
    assert store.get(stored.id) == stored
    assert store.put(data) == stored


def test_the_size_is_that_of_the_picture_the_right_way_up(store: Store) -> None:
    exif = Image.Exif()
    exif[274] = 6
    stored = store.put(file(format="JPEG", exif=exif))
    assert (stored.width, stored.height, stored.media_type) == (4, 6, "image/jpeg")


@pytest.mark.parametrize(
    "data", [b"", b"no picture", file(64, 64)[:-40], file(64, 64, "JPEG")[:300]]
)
def test_what_is_no_whole_picture_is_not_kept(store: Store, data: bytes, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        store.put(data)
    kinds = ("picture_empty", "picture_unknown", "picture_broken", "picture_cut_off")
    assert caught.value.problem.code in kinds
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize("ref", ["sha256:" + "0" * 64, "sha256:../../etc/passwd", "", "x" * 9999])
def test_what_is_not_there_is_said(store: Store, ref: str) -> None:
    with pytest.raises(UnknownId):
        store.data(ref)
    with pytest.raises(UnknownId):
        store.get(ref)


def test_what_nobody_names_goes_after_its_time(store: Store, tmp_path: Path) -> None:
    kept, fresh, old = (store.put(file(8, side)) for side in (8, 9, 10))
    for stored in (kept, old):
        hash = stored.id.removeprefix("sha256:")
        os.utime(tmp_path / "pictures" / hash[:2] / hash, (1, 1))
    assert store.collect({kept.id}, older_than=3600) == 1
    assert store.data(kept.id)
    assert store.data(fresh.id)
    with pytest.raises(UnknownId):
        store.data(old.id)


def test_a_picture_given_again_is_fresh(store: Store, tmp_path: Path) -> None:
    data = file()
    hash = store.put(data).id.removeprefix("sha256:")
    os.utime(tmp_path / "pictures" / hash[:2] / hash, (1, 1))
    store.put(data)
    assert store.collect((), older_than=3600) == 0
