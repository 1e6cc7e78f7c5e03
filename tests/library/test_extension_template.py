import pytest

from webui.core.errors import UserError
from webui.core.extension import read_manifest
from webui.library.extension_template import write_extension


def test_what_is_written_can_be_read(tmp_path):
    home = write_extension(tmp_path, "soft_light")
    assert read_manifest(home).title["en"] == "Soft light"
    assert {one.name for one in home.rglob("*.py")} == {
        *("options.py", "server.py", "worker.py", "test_soft_light.py")
    }
    with pytest.raises(UserError, match="already"):
        write_extension(tmp_path, "soft_light")


@pytest.mark.parametrize("name", ["Soft", "1x", "a-b", "", "../x", "_x"])
def test_names_that_do_not_do(tmp_path, name):
    with pytest.raises(UserError):
        write_extension(tmp_path, name)
