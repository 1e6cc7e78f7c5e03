import json

import pytest

from tests.models.merging.makers import INPUT, weights, write
from tests.tiny import write_tiny
from webui.core.errors import UserError
from webui.library.entries import Entry
from webui.models.checkpoint import CONFIGS
from webui.models.merging.converting import card_of_folder, in_layout
from webui.models.merging.sources import open_source


def entry(path) -> Entry:
    return Entry(
        id="x", kind="checkpoint", name="x", path=str(path), folder="", format="safetensors"
    )


def test_what_has_the_layout_stays_as_it_is(tmp_path):
    tiny = write_tiny(tmp_path)
    for path, layout in ((tiny.folder, "folder"), (tiny.file, "single")):
        source = open_source(path)
        assert in_layout(layout, source, entry(path), "sd1", CONFIGS) == (source, None)


def test_how_a_file_was_trained_stands_in_the_folder(tmp_path):
    (tmp_path / "configs").mkdir()
    tiny = write_tiny(tmp_path)
    tiny.folder.rename(tmp_path / "configs" / "sd1")
    tiny.file.with_name("tiny-file.yaml").write_text("parameterization: v")
    card = {"zero_terminal_snr": True, "title": "mine", "steps": 4}
    tiny.file.with_name("tiny-file.easel.json").write_text(json.dumps(card))
    source = open_source(tiny.file)
    whole, describe = in_layout("folder", source, entry(tiny.file), "sd1", tmp_path / "configs")
    assert whole.folder and describe is not None
    describe(tmp_path / "made")
    file = tmp_path / "made" / "scheduler" / "scheduler_config.json"
    schedule = json.loads(file.read_text())
    assert schedule["prediction_type"] == "v_prediction" and schedule["rescale_betas_zero_snr"]
    kept = {"zero_terminal_snr": True, "steps": 4}
    assert json.loads((tmp_path / "made" / "easel.json").read_text()) == kept
    assert card_of_folder(tmp_path / "made") == {**kept, "prediction": "v_prediction"}


def test_a_file_that_lacks_weights_is_told(tmp_path):
    path = write(tmp_path / "half.safetensors", weights(1))
    assert INPUT in open_source(path).weights
    with pytest.raises(UserError) as caught:
        in_layout("folder", open_source(path), entry(path), "sd1", CONFIGS)
    assert caught.value.problem.code == "model_part_missing"
