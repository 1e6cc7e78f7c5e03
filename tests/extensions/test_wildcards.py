import subprocess
import sys
from pathlib import Path

import pytest

from webui.core.guarding import ExtensionError
from webui.core.plugins import Extensions
from webui.core.requests import Txt2Img
from webui.core.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def extensions(tmp_path):
    return Extensions([ROOT / "extensions"], "server", data=tmp_path)


def test_each_picture_draws_by_its_seed(extensions):
    request = Txt2Img(prompt="a {red|green|blue} __animal__", seed=5, batch_count=6)
    rewritten = extensions.rewrite(request, Settings())
    assert len(rewritten.prompts) == 6
    assert len(set(rewritten.prompts)) > 2
    assert rewritten == extensions.rewrite(request, Settings())
    second = extensions.rewrite(request.with_(seed=6, batch_count=1), Settings())
    assert second.prompts[0] == rewritten.prompts[1]


def test_a_prompt_without_them_is_left_alone(extensions):
    request = Txt2Img(prompt="a red apple", seed=1)
    assert extensions.rewrite(request, Settings()) is request


def test_options(extensions):
    off = Txt2Img(prompt="{a|b}", seed=1, extensions={"wildcards": {"enabled": False}})
    assert extensions.rewrite(off, Settings()) is off
    same = Txt2Img(
        prompt="{a|b|c|d}", seed=1, batch_count=8, extensions={"wildcards": {"same": True}}
    )
    assert len(set(extensions.rewrite(same, Settings()).prompts)) == 1


def test_the_users_files_come_first(extensions, tmp_path):
    (tmp_path / "wildcards").mkdir()
    (tmp_path / "wildcards" / "animal.txt").write_text("unicorn\n", encoding="utf-8")
    request = Txt2Img(prompt="x", negative_prompt="__animal__", seed=1)
    assert extensions.rewrite(request, Settings()).negative_prompts == ("unicorn",)


def test_an_unknown_wildcard_is_named(extensions):
    with pytest.raises(ExtensionError, match="__nothing__"):
        extensions.rewrite(Txt2Img(prompt="__nothing__", seed=1), Settings())


def test_no_bundled_server_module_imports_torch():
    code = (
        "import sys; from pathlib import Path; from webui.core.plugins import Extensions;"
        "found = Extensions([Path('extensions')], 'server');"
        "print({i.state for i in found.infos()}, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "{'enabled'} False"
