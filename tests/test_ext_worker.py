"""What extensions' worker modules may use beside `webui.ext`, and that the documentation has it."""

from tests.test_ext import DOCS
from webui import ext_worker


def test_exports_exist_and_are_documented():
    for name in ext_worker.__all__:
        assert hasattr(ext_worker, name)
        assert name in DOCS, name
