"""Kinds of maps, and their numbers in unions."""

import pytest

from tests.extensions.control import loaded, module

NOT_KNOWN = {"shuffle"}
"""No union knows such a map."""


def number(family: str, preprocessor: str, chosen: int | None = None) -> int | None:
    kinds = module("kinds")
    unit = module("units").Unit(preprocessor=preprocessor, control_type=chosen)
    return kinds.number_for(unit, getattr(kinds, family))


def test_of_every_preprocessor_the_kind_is_known() -> None:
    made_by = module("kinds").made_by
    unknown = {one.name for one in loaded().preprocessors() if made_by(one.name) is None}
    assert unknown == NOT_KNOWN


@pytest.mark.parametrize(
    ("preprocessor", "unet", "flux"),
    [
        ("openpose_full", 0, 4),
        ("openpose_json", 0, 4),
        ("depth_leres++", 1, 2),
        ("depth_file", 1, 2),
        ("softedge_hed", 2, 0),
        ("scribble_xdog", 2, 0),
        ("canny", 3, 0),
        ("lineart_anime", 3, 0),
        ("mlsd", 3, 0),
        ("normal_bae", 4, None),
        ("segmentation", 5, None),
        ("segment_anything", 5, None),
        ("tile_resample", 6, 1),
        ("blur_gaussian", 6, 3),
        ("recolor_luminance", None, 5),
        ("inpaint", 7, None),
        ("shuffle", None, None),
        ("none", None, None),
    ],
)
def test_numbers_are_those_that_the_networks_learnt(
    preprocessor: str, unet: int | None, flux: int | None
) -> None:
    assert (number("UNET", preprocessor), number("FLUX", preprocessor)) == (unet, flux)


def test_what_the_user_chooses_counts() -> None:
    assert number("UNET", "canny", 0) == 0
    assert number("UNET", "none", 7) == 7
    unit = module("units").Unit
    of_canny = unit(made_by="canny"), unit(made_by="canny", preprocessor="depth_file")
    assert [module("kinds").number_for(one, module("kinds").UNET) for one in of_canny] == [3, 1]
    assert number("UNET", "canny", 8) is None
    kinds = module("kinds")
    older = module("networks").numbered(kinds.UNET, 6)
    tile = module("units").Unit(preprocessor="tile_resample")
    assert kinds.number_for(tile, older) is None
    newer = module("networks").numbered(kinds.FLUX, 9)
    assert newer[7:] == ("", "")
    assert kinds.number_for(module("units").Unit(control_type=8), newer) == 8
    assert kinds.number_for(module("units").Unit(), newer) is None
