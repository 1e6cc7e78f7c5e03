from webui.timeline.problems import FormulaError, finding, found_in


def test_a_formula_error_becomes_a_sentence_with_the_setting_and_the_place():
    error = FormulaError("formula_name", 3, name="x", names="t, s").moved(2)
    found = found_in("angle", error, 1)
    assert (found.parameter, found.position) == ("angle", 6)
    assert found.problem.message == "angle, character 7: there is nothing called “x” here; " + (
        "there are t, s."
    )
    assert found.problem.values["name"] == "x" and found.problem.field == "angle"


def test_a_finding_may_mean_a_whole_setting():
    assert finding("zoom", "schedule_empty", 0).position == 0
