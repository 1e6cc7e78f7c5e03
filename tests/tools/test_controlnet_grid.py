"""The grid that the demo model's ControlNet is judged by."""

from PIL import Image

from extensions.controlnet.maps import Canny, canny
from tools.demo.controlnet_grid import SUBJECTS, alikeness, sketch


def test_every_sketch_has_edges_of_its_own() -> None:
    shapes = {shape for shape, _ in SUBJECTS}
    edges = {shape: canny(sketch(shape), Canny()).tobytes() for shape in shapes}
    assert all(any(one) for one in edges.values())
    assert len(set(edges.values())) == len(shapes)


def test_alikeness_is_high_for_the_same_edges_and_low_for_others() -> None:
    disc, house = (canny(sketch(shape), Canny()) for shape in ("disc", "house"))
    assert alikeness(sketch("disc"), disc) > 0.99
    assert alikeness(sketch("disc"), house) < 0.5
    assert alikeness(Image.new("RGB", disc.size), disc) == 0
