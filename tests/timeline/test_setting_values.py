import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.timeline.parameters import PARAMETERS
from webui.timeline.setting_values import Doubt, checked

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.sampled_from(sorted(PARAMETERS)), ANYTHING)
def test_any_value_is_taken_or_refused(name, value):
    parameter = PARAMETERS[name]
    try:
        taken, _ = checked(parameter, value)
    except Doubt as doubt:
        assert doubt.code.startswith("settings_")
        return
    again, doubt = checked(parameter, taken)
    assert again == taken or taken != taken
    kinds = {"bool": bool, "int": int, "text": str, "schedule": str, "texts": str, "json": dict}
    assert isinstance(taken, kinds.get(parameter.kind, object))


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_every_default_fits(name):
    value, doubt = checked(PARAMETERS[name], PARAMETERS[name].default)
    assert doubt is None and value == PARAMETERS[name].default
