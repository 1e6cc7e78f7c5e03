from webui.core.offers import UPSCALERS, Offers, ToolInfo


def test_what_needs_no_file_is_always_offered():
    names = [one.name for one in Offers().upscalers]
    assert names[:2] == ["Latent", "Latent (antialiased)"]
    assert names[-3:] == ["None", "Lanczos", "Nearest"]
    assert {one.kind for one in UPSCALERS if one.name.startswith("Latent")} == {"latent"}
    assert len(set(names)) == 9


def test_a_tool_answers_to_its_titles():
    assert ToolInfo(name="x", title={"en": "One", "pl": "Jeden"}).aliases == ("One", "Jeden")
