from webui.cli.making import _METHODS, _PRECISIONS, _TAKEN, MAKING
from webui.core.merge import Convert, Merge
from webui.core.requests import KINDS


def test_each_command_is_a_request_with_the_choices_that_it_has():
    assert [KINDS[name] for name in MAKING] == [Merge, Convert]
    choices = {
        name: one.get("enum") for name, one in Merge.model_json_schema()["properties"].items()
    }
    assert (choices["method"], choices["vae"]) == (list(_METHODS), list(_TAKEN))
    precision = Merge.model_json_schema()["properties"]["precision"]["anyOf"][0]
    assert precision["enum"] == list(_PRECISIONS)
