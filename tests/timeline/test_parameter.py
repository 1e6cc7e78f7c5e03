from webui.timeline.parameter import parameter


def test_a_parameter_in_one_line():
    made = parameter("fps", "number", 15, "video", low=1, high=240)
    assert (made.name, made.kind, made.default, made.low, made.least) == (
        "fps",
        "number",
        15,
        1,
        None,
    )
