from webui.core.offers import FLOW, UPSCALERS, ModelInfo, Offers, ToolInfo


def test_what_needs_no_file_is_always_offered():
    names = [one.name for one in Offers().upscalers]
    assert names[:2] == ["Latent", "Latent (antialiased)"]
    assert names[-3:] == ["None", "Lanczos", "Nearest"]
    assert {one.kind for one in UPSCALERS if one.name.startswith("Latent")} == {"latent"}
    assert len(set(names)) == 9


def test_optical_flow_is_always_offered():
    assert [one.name for one in Offers().interpolators] == [FLOW]


def test_a_tool_answers_to_its_titles():
    assert ToolInfo(name="x", title={"en": "One", "pl": "Jeden"}).aliases == ("One", "Jeden")


def test_the_same_file_kept_in_other_bits_is_other_weights():
    plain = ModelInfo(id="x", path="x.safetensors", format="safetensors")
    small = plain.stored("4bit")
    assert (plain.stored(None), plain.card.storage) == (plain, None)
    assert small.weights == ("x.safetensors", "4bit")
    assert small.weights != plain.weights == plain.stored("native").weights
    assert small.card.loading != plain.card.loading == plain.stored("native").card.loading
