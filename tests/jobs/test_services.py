"""The settings as a store, and all services as one."""

from pathlib import Path

import pytest

from webui.core.errors import UserError
from webui.core.finding import SAFE
from webui.core.paths import CLONE, Paths
from webui.core.settings import Settings
from webui.jobs.checks import Refused
from webui.jobs.services import Services, SettingsStore


def test_settings_are_changed_whole_kept_and_told(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.json")
    told: list[Settings] = []
    store.listen(told.append)
    assert store.get() == Settings()
    new = store.update(language="pl", image_quality="80")
    assert (new.language, new.image_quality) == ("pl", 80)
    assert store.get() == new == SettingsStore(tmp_path / "settings.json").get()
    assert told == [new]


def test_a_change_that_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.json")
    with pytest.raises(Refused) as caught:
        store.update(language="pl", image_quality=0, preview_every="x")
    assert [one.field for one in caught.value.problems] == ["image_quality", "preview_every"]
    with pytest.raises(Refused, match="no field langage: did you mean language"):
        store.update(langage="pl")
    with pytest.raises(Refused, match="no field self"):
        store.update(**{"self": 1})
    assert store.get() == Settings()
    assert not (tmp_path / "settings.json").exists()


def test_a_change_that_cannot_be_kept_is_no_change(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = SettingsStore(tmp_path / "file" / "settings.json")
    with pytest.raises(UserError, match="could not be saved"):
        store.update(language="pl")
    assert store.get().language == "auto"


def test_all_there_is(tmp_path: Path) -> None:
    services = Services.of(Paths.choose(data=tmp_path))
    jobs = services.jobs
    try:
        assert services.settings is services.store.get()
        assert services.offers == jobs.offers
        assert services.catalog.get(None).id == "easel-demo"
        bundled = sorted(one.parent.name for one in CLONE.glob("extensions/*/extension.toml"))
        assert [one.name for one in services.extensions.infos()] == bundled
        services.store.update(disabled_extensions=["wildcards"], image_format="webp")
        states = {one.name: one.state for one in services.extensions.infos()}
        assert states == {**dict.fromkeys(bundled, "enabled"), "wildcards": "disabled"}
        job = jobs.submit({"prompt": "{a|b}"}, "owner")
        assert (job.request.image_format, job.request.prompt) == ("webp", "{a|b}")
        services.store.update(disabled_extensions=[])
        assert jobs.submit({"prompt": "{a|a}"}, "owner").request.prompts == ("a",)
    finally:
        jobs.close()


def test_safe_leaves_out_every_extension_and_draws_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SAFE, "1")
    services = Services.of(Paths.choose(data=tmp_path))
    try:
        infos = services.extensions.infos()
        assert {one.state for one in infos} == {"disabled"}
        assert {one.problem and one.problem.code for one in infos} == {"extension_safe"}
        job = services.jobs.submit({"prompt": "{a|a}"}, "owner")
        assert (job.request.prompt, job.request.prompts) == ("{a|a}", ())
    finally:
        services.jobs.close()
