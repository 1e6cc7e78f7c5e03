import base64
from pathlib import Path

import pytest

from tests.checkpoints import write_weights
from webui.core.errors import UserError
from webui.core.paths import CLONE, Paths
from webui.library.catalog import Catalog
from webui.library.layouts import Shelf
from webui.library.places import Place, places
from webui.library.previews import mark_of, picture_of
from webui.library.telling import Memory, Told, tell


def write(folder: Path, thumbnail: str) -> tuple[Place, Told]:
    write_weights(
        folder / "a.safetensors", {"x": (1,)}, metadata={"modelspec.thumbnail": thumbnail}
    )
    (place,) = places(Shelf(folder))
    return place, tell(place, Memory())


def test_the_file_beside_comes_before_what_is_inside(tmp_path):
    place, told = write(tmp_path, "data:image/jpeg;base64," + base64.b64encode(b"in").decode())
    assert picture_of(place, told) == b"in" and mark_of(place, told)
    (tmp_path / "a.png").write_bytes(b"beside")
    (beside,) = places(Shelf(tmp_path))
    assert picture_of(beside, told) == b"beside"
    assert mark_of(beside, told) != mark_of(place, told)
    (tmp_path / "a.png").unlink()
    with pytest.raises(UserError, match=r"a\.png cannot be read"):
        picture_of(beside, told)


@pytest.mark.parametrize("text", ["", "http://example.com/x.png", "data:text/html;base64,aGk="])
def test_what_is_no_picture(tmp_path, text):
    place, told = write(tmp_path, text)
    assert picture_of(place, told) is None and mark_of(place, told) is None


@pytest.mark.parametrize(
    "text", ["data:image/png;base64,*", "data:image/png;base64,", "data:image/"]
)
def test_a_broken_picture_inside(tmp_path, text):
    place, told = write(tmp_path, text)
    assert picture_of(place, told) is None
    place.path.unlink()
    assert picture_of(place, told) is None


def test_the_shipped_model_has_a_picture(tmp_path):
    paths = Paths.choose()
    catalog = Catalog([CLONE / "models"], paths.shipped_model, tmp_path / "models.sqlite")
    demo = catalog.find("checkpoint", "easel-demo")
    assert demo is not None and demo.preview
    assert (catalog.picture(demo.id) or b"")[8:12] == b"WEBP"
