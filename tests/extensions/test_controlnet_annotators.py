"""Annotators: a fake of controlnet_aux with the same signatures, and the package where it is."""

from __future__ import annotations

import importlib
import sys
import warnings
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.extensions.control import loaded, module, picture
from webui.core.errors import UnknownId, UserError
from webui.core.guarding import ExtensionError
from webui.core.hookspecs import TOLD
from webui.core.participants import ModelFile, Services
from webui.library.known import known_named

SMALL = (
    *("softedge_hed", "softedge_hedsafe", "scribble_hed", "softedge_teed", "softedge_anyline"),
    *("softedge_pidinet", "softedge_pidisafe", "scribble_pidinet", "mlsd"),
    *("lineart_realistic", "lineart_coarse"),
)
"""Real ones whose networks are small; the others take up to a minute and gigabytes."""


class Detector:
    """A detector as the package has them: opened from a folder, called with sides."""

    def __init__(self, opened: tuple[str, dict[str, str]]) -> None:
        self.opened, self.places, self.called = opened, list[str](), dict[str, Any]()

    @classmethod
    def from_pretrained(cls, folder: str, **files: str) -> Detector:
        for path in files.values():
            if Path(path).read_bytes() == b"broken":
                raise RuntimeError("Error(s) in loading state_dict:\nand more")
        return cls((folder, files))

    def to(self, device: str) -> Detector:
        self.places.append(device)
        return self

    def __call__(self, input_image: Image.Image, **given: Any) -> Any:
        self.called = given
        made = Image.new("L", (64, 128), 200)
        return (made, Image.new("L", (64, 128), 90)) if given.get("depth_and_normal") else made


class Shelf:
    """Files of weights, and what was kept."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.kept = folder, dict[Any, Any]()
        self.asked, self.stops, self.device = 0, False, "cpu"

    def model(self, kind: str, name: str) -> ModelFile:
        path = self.folder / f"{name}.pth"
        if kind != "annotator" or not path.exists():
            raise UnknownId("file_unknown", name=name, kind=kind)
        return ModelFile(name, path, "pth")

    def keep(self, key: Any, make: Any) -> Any:
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    def check(self) -> None:
        self.asked += 1
        if self.stops:
            raise KeyboardInterrupt  # as a cancelled job: none of those that the package catches

    def services(self) -> Services:
        return Services(model=self.model, kept=self.keep, check=self.check, device=self.device)

    def fill(self, name: str, data: bytes = b"weights") -> None:
        for stem in row(name).files.values():
            (self.folder / f"{stem}.pth").write_bytes(data)


def row(name: str) -> Any:
    return next(one for one in module("annotators").ANNOTATORS if one.name == name)


def made(name: str, shelf: Shelf, image: Image.Image, **options: object) -> Image.Image:
    (one,) = [one for one in loaded().preprocessors() if one.name == name]
    assert one.networks
    return one.function(image, one.options(**options) if one.options else None, shelf.services())


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """One for all tests of the package itself."""
    pytest.importorskip("controlnet_aux", reason="the extra `controlnet` is not installed")
    return Shelf(tmp_path_factory.mktemp("real"))


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A stand-in for controlnet_aux."""
    fake = ModuleType("controlnet_aux")
    for one in module("annotators").ANNOTATORS:
        setattr(fake, one.detector, type(one.detector, (Detector,), {}))
    monkeypatch.setitem(sys.modules, "controlnet_aux", fake)
    return fake


def test_all_of_the_package_are_in_the_menu_once() -> None:
    names = [one.name for one in loaded().preprocessors()]
    assert len(set(names)) == len(names)
    wanted = {
        "softedge_hed",
        "lineart_anime",
        "mlsd",
        "openpose_full",
        "depth_zoe",
        "depth_leres++",
    }
    assert wanted | {"normal_bae", "segment_anything", "softedge_teed"} <= set(names)


def test_weights_can_be_had_by_the_name_that_is_said() -> None:
    annotators = module("annotators")
    asked = {stem for one in annotators.ANNOTATORS for stem in one.files.values()}
    assert asked == set(annotators.WEIGHTS)
    for stem, name in annotators.WEIGHTS.items():
        known = known_named(name)
        assert known is not None and (known.stem, known.kind) == (stem, "annotator")


def test_every_one_is_opened_from_its_files_and_called_as_its_row_says(
    package: ModuleType, shelf: Shelf
) -> None:
    shelf.device = "meta"
    for one in module("annotators").ANNOTATORS:
        shelf.fill(one.name)
        shown = made(one.name, shelf, picture(size=96).resize((96, 160)))
        assert (shown.mode, shown.size) == ("RGB", (96, 160))
        assert shown.getpixel((0, 0)) == ((90,) * 3 if one.name == "normal_midas" else (200,) * 3)
        (detector,) = [kept for key, kept in shelf.kept.items() if key[1] == one.detector]
        folder, files = detector.opened
        assert folder == str(shelf.folder)
        assert detector.places[-2:] == ["meta", "cpu"], "it is on the device for its call alone"
        assert {name: Path(path).stem for name, path in files.items()} == dict(one.files)
        assert {name: detector.called[name] for name in one.given} == dict(one.given)
        assert [detector.called[side] for side in one.sides] == [96] * len(one.sides)


def test_options_reach_the_detector_and_it_is_kept(package: ModuleType, shelf: Shelf) -> None:
    shelf.fill("mlsd")
    made("mlsd", shelf, picture(), thr_v=0.5)
    (detector,) = shelf.kept.values()
    assert (detector.called["thr_v"], detector.called["thr_d"]) == (0.5, 0.1)
    made("mlsd", shelf, picture(), thr_d=3)
    assert shelf.kept == {next(iter(shelf.kept)): detector}
    assert detector.called["thr_d"] == 3


def said(name: str, shelf: Shelf) -> str:
    with pytest.raises(ExtensionError) as raised:
        made(name, shelf, picture())
    assert isinstance(raised.value.__cause__, UserError)
    return str(raised.value.__cause__)


def test_whoever_lacks_weights_is_told_which(package: ModuleType, shelf: Shelf) -> None:
    assert "needs ControlNetHED: download annotator-hed" in said("softedge_hed", shelf)
    (shelf.folder / "sk_model.pth").write_bytes(b"")
    assert "annotator-lineart-coarse" in said("lineart_coarse", shelf)


def test_whoever_lacks_the_package_is_told_so(
    monkeypatch: pytest.MonkeyPatch, shelf: Shelf
) -> None:
    monkeypatch.setitem(sys.modules, "controlnet_aux", None)
    shelf.fill("mlsd")
    assert "pip install controlnet_aux" in said("mlsd", shelf)


def test_weights_of_something_else_are_one_sentence(package: ModuleType, shelf: Shelf) -> None:
    shelf.fill("mlsd", b"broken")
    text = said("mlsd", shelf)
    assert "mlsd_large_512_fp32.pth (Error(s) in loading state_dict:)" in text
    assert "\n" not in text


def package_part(name: str) -> Any:
    return importlib.import_module(f"controlnet_aux.{name}")


def weights(stem: str) -> Any:
    """What a file of that name holds, random."""
    if stem == "ControlNetHED":
        return package_part("hed").ControlNetHED_Apache2().state_dict()
    if stem == "table5_pidinet":
        made = package_part("pidi.model").pidinet().state_dict()
        return {"state_dict": {f"module.{name}": one for name, one in made.items()}}
    if stem in ("sk_model", "sk_model2"):
        return package_part("lineart").Generator(3, 1, 3).state_dict()
    if stem == "mlsd_large_512_fp32":
        return package_part("mlsd.models.mbv2_mlsd_large").MobileV2_MLSD_Large().state_dict()
    return package_part("teed.ted").TED().state_dict()


@pytest.mark.parametrize("size", [(128, 200), (65, 65)], ids=["portrait", "odd"])
@pytest.mark.parametrize("name", SMALL)
def test_the_real_package_makes_maps_with_random_weights(
    name: str, size: tuple[int, int], real: Shelf
) -> None:
    for stem in row(name).files.values():
        if not (real.folder / f"{stem}.pth").exists():
            torch.manual_seed(0)
            torch.save(weights(stem), real.folder / f"{stem}.pth")
    with warnings.catch_warnings(action="ignore"):  # the package's own
        shown = made(name, real, picture(size=128).resize(size))
    assert (shown.mode, shown.size) == ("RGB", size)
    levels = np.asarray(shown)
    assert (levels[..., 0] == levels[..., 1]).all()


def test_a_job_that_is_cancelled_ends_between_two_layers(real: Shelf) -> None:
    torch.manual_seed(0)
    torch.save(weights("5_model"), real.folder / "5_model.pth")
    real.asked = 0
    with warnings.catch_warnings(action="ignore"):
        made("softedge_teed", real, picture(size=64))
    layers, real.asked, real.stops = real.asked, 0, True
    try:
        with pytest.raises(KeyboardInterrupt):
            made("softedge_teed", real, picture(size=64))
    finally:
        real.stops = False
    assert real.asked == 1 < layers
    torch.nn.Linear(1, 1)(torch.zeros(1))
    assert real.asked == 1, "nothing else is watched"


class Finding(Detector):
    """One that finds a person, as the package's detector of poses does."""

    def detect_poses(self, picture: Any, include_hand: bool, include_face: bool) -> list[Any]:
        point = SimpleNamespace(x=0.5, y=0.25)
        body = SimpleNamespace(keypoints=[point, None] + [SimpleNamespace(x=-1 / 96, y=0.1)] * 16)
        hand = [point] * 21 if include_hand else None
        face = [point] * 70 if include_face else None
        return [SimpleNamespace(body=body, left_hand=hand, right_hand=None, face=face)]

    def __call__(self, input_image: Image.Image, **given: Any) -> Image.Image:
        found = self.detect_poses(input_image, given["include_hand"], given["include_face"])
        assert found == [], "it has nothing to draw: for hands it would need matplotlib"
        return super().__call__(input_image, **given)


def test_what_a_detector_of_poses_finds_is_told_with_the_map(
    package: ModuleType, shelf: Shelf
) -> None:
    package.OpenposeDetector = Finding  # pyright: ignore[reportAttributeAccessIssue]
    shelf.fill("openpose_hand")
    shown = made("openpose_hand", shelf, picture(size=96).resize((96, 160)))
    pose = module("poses").read_pose(shown.info[TOLD]["Pose"])
    assert (pose.width, pose.height) == (96, 160)
    (person,) = pose.people
    assert person.body == ((48, 40), *[None] * 17)
    assert person.hands == (((48, 40),) * 21, ())
    assert (shown.size, shown.getpixel((48, 40))) == ((96, 160), (0, 0, 255)), "a hand's point"
    face = made("openpose_faceonly", shelf, picture(size=96))
    (person,) = module("poses").read_pose(face.info[TOLD]["Pose"]).people
    assert (person.body, person.face) == ((None,) * 18, ((48, 24),) * 70)
    assert (face.getpixel((48, 24)), face.getpixel((9, 9))) == ((255, 255, 255), (0, 0, 0))
    shelf.fill("mlsd")
    assert TOLD not in made("mlsd", shelf, picture(size=96)).info
