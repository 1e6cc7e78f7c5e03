"""The menus are there before the worker."""

from pathlib import Path

from webui.core.offers import UPSCALERS, Offers, UpscalerInfo
from webui.core.sampling import SAMPLERS, SamplerInfo
from webui.jobs.menus import Menus

OFFERS = Offers(samplers=(*SAMPLERS, SamplerInfo(name="New")), device="cpu")


def test_they_are_kept_from_the_last_run(tmp_path: Path) -> None:
    path = tmp_path / "offers.json"
    menus = Menus(path)
    assert menus.offers == Offers()
    menus.update(OFFERS)
    assert menus.offers == OFFERS
    assert Menus(path).offers == OFFERS


def test_a_broken_file_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "offers.json"
    for broken in (b"", b"{", b'{"samplers": 5}', b"\xff"):
        path.write_bytes(broken)
        assert Menus(path).offers == Offers()


def test_a_file_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    menus = Menus(tmp_path / "file" / "offers.json")
    menus.update(OFFERS)
    assert menus.offers == OFFERS


def test_upscalers_that_were_added_since_are_offered_too(tmp_path: Path) -> None:
    menus = Menus(tmp_path / "offers.json", [tmp_path])
    told = (*UPSCALERS, UpscalerInfo(name="old", scale=4))
    menus.update(OFFERS.model_copy(update={"upscalers": told}))
    (tmp_path / "ESRGAN").mkdir()
    for name in ("old.pth", "new.pth"):
        (tmp_path / "ESRGAN" / name).touch()
    assert menus.offers.upscalers == (*told, UpscalerInfo(name="new"))
    assert menus.offers.samplers == OFFERS.samplers
