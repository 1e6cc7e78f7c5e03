"""Maps that networks make: the annotators of controlnet_aux, with weights that the user has.

The package is optional and loaded only when a map is asked for. Nothing is fetched: weights lie in
`models/annotators`, and whoever lacks one is told which. Names are those of A1111's extension.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from pydantic import BaseModel, Field

from webui.ext import TOLD, Preprocessor, Services, UserError

from .opening import opened, placed, stoppable
from .poses import detected, draw_pose, read_pose

KIND = "annotator"
"""Of models, see `webui.core.kinds`."""
PACKAGE = "controlnet_aux"
_SMALLEST = 64
"""Pixels along the shorter side; the annotators round to multiples of it."""
_BROKEN = (
    OSError,
    RuntimeError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    EOFError,
    pickle.UnpicklingError,
)
"""What torch and the annotators raise for a file of weights that is none of theirs."""

WEIGHTS: Mapping[str, str] = {
    "ControlNetHED": "annotator-hed",
    "table5_pidinet": "annotator-pidinet",
    "sk_model": "annotator-lineart",
    "sk_model2": "annotator-lineart-coarse",
    "netG": "annotator-lineart-anime",
    "mlsd_large_512_fp32": "annotator-mlsd",
    "body_pose_model": "annotator-openpose-body",
    "hand_pose_model": "annotator-openpose-hand",
    "facenet": "annotator-openpose-face",
    "dpt_hybrid-midas-501f0c75": "annotator-midas",
    "ZoeD_M12_N": "annotator-zoe",
    "res101": "annotator-leres",
    "latest_net_G": "annotator-leres-boost",
    "scannet": "annotator-normalbae",
    "sam_vit_h_4b8939": "annotator-segment-anything",
    "5_model": "annotator-teed",
    "MTEED": "annotator-anyline",
}
"""File in `models/annotators`, without ending -> its name in the list of well-known models."""


class Lines(BaseModel):
    """Of straight lines (M-LSD)."""

    thr_v: float = Field(
        default=0.1,
        ge=0.01,
        le=2,
        title="Value threshold",
        json_schema_extra={"titles": {"pl": "Próg wartości"}},
    )
    thr_d: float = Field(
        default=0.1,
        ge=0.01,
        le=20,
        title="Distance threshold",
        json_schema_extra={"titles": {"pl": "Próg odległości"}},
    )


class Removed(BaseModel):
    """Shares of the depths that are left out (LeReS), in percent."""

    thr_a: float = Field(
        default=0,
        ge=0,
        le=100,
        title="Remove near",
        json_schema_extra={"titles": {"pl": "Usuń bliskie"}},
    )
    thr_b: float = Field(
        default=0,
        ge=0,
        le=100,
        title="Remove background",
        json_schema_extra={"titles": {"pl": "Usuń tło"}},
    )


class Steps(BaseModel):
    """Of soft edges (TEED): into how many grays they are made; 0: as they are."""

    safe_steps: int = Field(
        default=2,
        ge=0,
        le=10,
        title="Safe steps",
        json_schema_extra={"titles": {"pl": "Stopnie szarości"}},
    )


@dataclass(frozen=True)
class Annotator:
    """A row of the menu.

    Attributes:
        name, en, pl: of the row.
        detector: class in the package.
        files: argument of its `from_pretrained` -> file, a key of `WEIGHTS`.
        given: to the detector on each call, beside the user's options.
        options: the user's, passed by their names.
        sides: arguments that take the shorter side in pixels.
        part: which of several maps is meant.
    """

    name: str
    en: str
    pl: str
    detector: str
    files: Mapping[str, str]
    given: Mapping[str, Any] = field(default_factory=dict[str, Any])
    options: type[BaseModel] | None = None
    sides: tuple[str, ...] = ("detect_resolution", "image_resolution")
    part: int | None = None


def mapped(
    one: Annotator, picture: Image.Image, options: BaseModel | None, services: Services
) -> Image.Image:
    """The map of an RGB picture, of the same size.

    Raises:
        UserError: the package or weights are missing, or the weights are others.
    """
    files = {argument: _file(one, stem, services) for argument, stem in one.files.items()}
    key = (KIND, one.detector, *files.values())
    detector = services.kept(key, partial(_opened, one, files))
    if hasattr(detector, "poses"):
        detector.poses = []
    sides = dict.fromkeys(one.sides, max(_SMALLEST, min(picture.size)))
    own = options.model_dump() if options else {}
    with placed(detector, services.device), stoppable(services.check):
        made = detector(picture, **sides, **one.given, **own)
    shown: Image.Image = made if one.part is None else made[one.part]
    fitted = shown.convert("RGB").resize(picture.size, Image.Resampling.BILINEAR)
    if found := getattr(detector, "poses", None):
        pose = detected(found, picture.size, body=one.given["include_body"])
        fitted = draw_pose(read_pose(pose))
        fitted.info[TOLD] = {"Pose": pose}
    return fitted


def _file(one: Annotator, stem: str, services: Services) -> Path:
    try:
        return services.model(KIND, stem).path
    except UserError as error:
        if not error.problem.code.startswith("file_unknown"):
            raise
        raise UserError(
            "annotator_missing", name=one.name, file=stem, known=WEIGHTS[stem]
        ) from error


def _opened(one: Annotator, files: Mapping[str, Path]) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):  # of what it does not need, a dozen
            import controlnet_aux  # pyright: ignore[reportMissingImports]  # seconds, and optional
    except ImportError as error:
        raise UserError("annotator_package", name=one.name, package=PACKAGE) from error
    first = next(iter(files.values()))
    try:
        return opened(getattr(controlnet_aux, one.detector), files)
    except _BROKEN as error:
        reason = str(error).strip().partition("\n")[0][:200] or type(error).__name__
        raise UserError(
            "annotator_unread", name=one.name, file=first.name, reason=reason
        ) from error


_HED = {"filename": "ControlNetHED"}
_PIDI = {"filename": "table5_pidinet"}
_LINES = {"filename": "sk_model", "coarse_filename": "sk_model2"}
_POSE = {
    "filename": "body_pose_model",
    "hand_filename": "hand_pose_model",
    "face_filename": "facenet",
}
_MIDAS = {"filename": "dpt_hybrid-midas-501f0c75"}
_LERES = {"filename": "res101", "pix2pix_filename": "latest_net_G"}
_SOFT = {"safe": False, "scribble": False}
_SAFE = {"safe": True, "scribble": False}
_SCRIBBLE = {"safe": False, "scribble": True}


def _pose(name: str, en: str, pl: str, body: bool, hand: bool, face: bool) -> Annotator:
    given = {"include_body": body, "include_hand": hand, "include_face": face}
    return Annotator(name, f"Pose ({en})", f"Poza ({pl})", "OpenposeDetector", _POSE, given)


ANNOTATORS = (
    Annotator(
        "softedge_hed", "Soft edges (HED)", "Miękkie krawędzie (HED)", "HEDdetector", _HED, _SOFT
    ),
    Annotator(
        "softedge_hedsafe",
        "Soft edges (HED, few grays)",
        "Miękkie krawędzie (HED, mało szarości)",
        "HEDdetector",
        _HED,
        _SAFE,
    ),
    Annotator("scribble_hed", "Scribble (HED)", "Szkic (HED)", "HEDdetector", _HED, _SCRIBBLE),
    Annotator(
        "softedge_pidinet",
        "Soft edges (PiDiNet)",
        "Miękkie krawędzie (PiDiNet)",
        "PidiNetDetector",
        _PIDI,
        _SOFT,
    ),
    Annotator(
        "softedge_pidisafe",
        "Soft edges (PiDiNet, few grays)",
        "Miękkie krawędzie (PiDiNet, mało szarości)",
        "PidiNetDetector",
        _PIDI,
        _SAFE,
    ),
    Annotator(
        "scribble_pidinet",
        "Scribble (PiDiNet)",
        "Szkic (PiDiNet)",
        "PidiNetDetector",
        _PIDI,
        _SCRIBBLE,
    ),
    Annotator(
        "softedge_teed",
        "Soft edges (TEED)",
        "Miękkie krawędzie (TEED)",
        "TEEDdetector",
        {"filename": "5_model"},
        options=Steps,
        sides=("detect_resolution",),
    ),
    Annotator(
        "softedge_anyline",
        "Lines (Anyline)",
        "Linie (Anyline)",
        "AnylineDetector",
        {"filename": "MTEED"},
        sides=("detect_resolution",),
    ),
    Annotator(
        "lineart_realistic",
        "Line art (realistic)",
        "Rysunek liniowy (realistyczny)",
        "LineartDetector",
        _LINES,
        {"coarse": False},
    ),
    Annotator(
        "lineart_coarse",
        "Line art (coarse)",
        "Rysunek liniowy (zgrubny)",
        "LineartDetector",
        _LINES,
        {"coarse": True},
    ),
    Annotator(
        "lineart_anime",
        "Line art (anime)",
        "Rysunek liniowy (anime)",
        "LineartAnimeDetector",
        {"filename": "netG"},
    ),
    Annotator(
        "mlsd",
        "Straight lines (M-LSD)",
        "Proste linie (M-LSD)",
        "MLSDdetector",
        {"filename": "mlsd_large_512_fp32"},
        options=Lines,
    ),
    _pose("openpose", "body", "ciało", True, False, False),
    _pose("openpose_hand", "body and hands", "ciało i dłonie", True, True, False),
    _pose("openpose_face", "body and face", "ciało i twarz", True, False, True),
    _pose("openpose_faceonly", "face", "twarz", False, False, True),
    _pose("openpose_full", "body, hands and face", "ciało, dłonie i twarz", True, True, True),
    Annotator("depth_midas", "Depth (MiDaS)", "Głębia (MiDaS)", "MidasDetector", _MIDAS),
    Annotator(
        "normal_midas",
        "Normals (MiDaS)",
        "Normalne (MiDaS)",
        "MidasDetector",
        _MIDAS,
        {"depth_and_normal": True},
        part=1,
    ),
    Annotator(
        "depth_zoe",
        "Depth (ZoeDepth)",
        "Głębia (ZoeDepth)",
        "ZoeDetector",
        {"filename": "ZoeD_M12_N"},
    ),
    Annotator(
        "depth_leres",
        "Depth (LeReS)",
        "Głębia (LeReS)",
        "LeresDetector",
        _LERES,
        {"boost": False},
        Removed,
    ),
    Annotator(
        "depth_leres++",
        "Depth (LeReS++)",
        "Głębia (LeReS++)",
        "LeresDetector",
        _LERES,
        {"boost": True},
        Removed,
    ),
    Annotator(
        "normal_bae",
        "Normals (BAE)",
        "Normalne (BAE)",
        "NormalBaeDetector",
        {"filename": "scannet"},
    ),
    Annotator(
        "segment_anything",
        "Segments (Segment Anything)",
        "Segmenty (Segment Anything)",
        "SamDetector",
        {"filename": "sam_vit_h_4b8939"},
    ),
)
PREPROCESSORS = tuple(
    Preprocessor(
        one.name, {"en": one.en, "pl": one.pl}, partial(mapped, one), one.options, networks=True
    )
    for one in ANNOTATORS
)
