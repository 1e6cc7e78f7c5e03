import pytest

from webui.core.errors import UserError
from webui.library.header import Header, check_length, check_types


def test_types_that_can_be_read_and_others():
    check_types(Header({}, {}, {}, types={"a": "F16", "b": "Q4_K"}), "x")
    with pytest.raises(UserError, match="x stores numbers as IQ1_S"):
        check_types(Header({}, {}, {}, types={"a": "F16", "b": "IQ1_S"}), "x")


@pytest.mark.parametrize("types", [{"a.weight_scale_2": "F32"}, {"a.weight_scale": "U8"}])
def test_factors_of_small_blocks_are_not_read_as_something_else(types):
    check_types(Header({}, {}, {}, types={"a.weight_scale": "F32"}), "x")
    with pytest.raises(UserError, match="x stores numbers as NVFP4/MXFP8"):
        check_types(Header({}, {}, {}, types={"a.weight": "U8", **types}), "x")


def test_a_file_may_be_longer_but_not_shorter():
    check_length("x", 5, 5)
    check_length("x", 6, 5)
    with pytest.raises(UserError, match="x is cut off, it has 4 of 5 bytes"):
        check_length("x", 4, 5)
