from pathlib import Path

from webui.core.settings import HIDDEN, Settings, load_settings, save_settings


def test_saved_and_read_back(tmp_path):
    path = tmp_path / "state" / "settings.json"
    settings = Settings(language="pl", image_format="webp", extensions={"x": {"y": 1}})
    save_settings(path, settings)
    assert load_settings(path) == settings
    assert [file.name for file in path.parent.iterdir()] == ["settings.json"]


def test_a_missing_or_broken_file_gives_the_defaults(tmp_path):
    path = tmp_path / "settings.json"
    assert load_settings(path) == Settings()
    for broken in (b"{", b"[1]", b"5", b"\xff"):
        path.write_bytes(broken)
        assert load_settings(path) == Settings()
    assert load_settings(path / "below a file") == Settings()


def test_values_that_no_longer_fit_do_not_take_the_rest_with_them(tmp_path):
    path = tmp_path / "settings.json"
    text = '{"language": "pl", "image_quality": 900, "gone": 1}'
    path.write_text(text, encoding="utf-8")
    assert load_settings(path) == Settings(language="pl")


def test_folders_of_models():
    given = ("~/models", " ", "/a/b ", "~nobody-is-called-so/x", "here")
    home, absolute, strange, here = Settings(model_folders=given).folders_of_models
    assert home == Path.home() / "models" and absolute == Path("/a/b").absolute()
    assert strange.name == "x" and here == Path.cwd() / "here"


def test_secrets_are_told_to_the_file_only(tmp_path):
    path = tmp_path / "settings.json"
    settings = Settings.model_validate({"hub_token": "secret"})
    save_settings(path, settings)
    assert load_settings(path) == settings
    assert "secret" in path.read_text(encoding="utf-8")
    assert "secret" not in settings.model_dump_json() + repr(settings) + str(settings.model_dump())
    assert settings.model_dump(mode="json")["hub_token"] == HIDDEN
