import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from webui.ui import gradio_import

ROOT = Path(__file__).parents[2]
PROBE = """
import sys, webui.ui.shell
print([name for name in ("torch", "diffusers", "transformers") if name in sys.modules])
"""


def test_the_page_loads_no_model_library():
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_gradio_finds_no_file_to_put_a_stub_beside_and_nobody_else_notices():
    def create_or_modify_pyi() -> str:
        return gradio_import._getfile_without_stubs(Path)  # pyright: ignore[reportPrivateUsage]

    with pytest.raises(OSError, match="stub"):
        create_or_modify_pyi()
    assert gradio_import._getfile_without_stubs(Path) == inspect.getfile(Path)  # pyright: ignore[reportPrivateUsage]
    assert inspect.getfile is gradio_import._getfile  # pyright: ignore[reportPrivateUsage]


def test_analytics_are_off():
    assert gradio_import.gr.Blocks().analytics_enabled is False
