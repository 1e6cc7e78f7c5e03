"""The detail pass: what is found, how masks are made of it, and what is asked to be drawn."""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from tests.extensions.control import ROOT, loaded
from webui.cli.words import worded
from webui.core.errors import UserError
from webui.core.participants import ModelFile, Services
from webui.core.plugins import Extensions
from webui.core.requests import Txt2Img
from webui.library.catalog import Catalog
from webui.worker.services import model_file

SKIN_TONES = [(255, 219, 172), (224, 172, 105), (198, 134, 66), (141, 85, 36)]


def module(name: str) -> Any:
    loaded()
    return importlib.import_module(f"easel_extensions.detail.{name}")


def head(tone=SKIN_TONES[0], at=(60, 50), axes=(18, 24), size=(160, 120)) -> Image.Image:
    """A head with eyes and a mouth on a blue-grey wall."""
    pixels = np.full((size[1], size[0], 3), (90, 110, 140), np.uint8)
    cv2.ellipse(pixels, at, axes, 0, 0, 360, tone, -1)
    for x in (-7, 7):
        cv2.circle(pixels, (at[0] + x, at[1] - 6), 2, (40, 30, 30), -1)
    cv2.line(pixels, (at[0] - 6, at[1] + 10), (at[0] + 6, at[1] + 10), (150, 40, 40), 2)
    return Image.fromarray(pixels)


def drawn(image: Image.Image, numbers=(0,), request: Txt2Img | None = None, **options):
    """The picture after the pass, and (mask, values) of what was asked for."""
    asked: list[tuple[np.ndarray, dict]] = []

    def inpaint(picture, mask, values):
        asked.append((np.asarray(mask), dict(values)))
        return Image.composite(Image.new("RGB", picture.size, "lime"), picture, mask)

    request = request or Txt2Img(prompt="a man", negative_prompt="ugly", seed=1)
    given = {"detail": {"enabled": True, **options}}
    services = Services(check=lambda: None, inpaint=inpaint)
    (one,) = loaded().participants("job", request.with_(extensions=given), services)
    one.start(numbers)
    for _ in numbers:
        made = one.image(image)
    return made, asked, one.parameters()


@pytest.mark.parametrize("tone", SKIN_TONES)
def test_a_face_is_found_in_every_tone_of_skin(tone):
    (find,) = module("finds").skin(head(tone))
    rows, columns = np.nonzero(find.mask)
    assert abs(rows.mean() - 50) < 3 and abs(columns.mean() - 60) < 3
    assert abs(find.share * 160 * 120 - np.pi * 18 * 24) < 250
    assert find.score > 0.8


def test_faces_are_found_in_large_pictures_and_none_where_none_are():
    (find,) = module("finds").skin(head().resize((1600, 1200)))
    assert find.mask.shape == (1200, 1600)
    assert 0.06 < find.share < 0.08
    walls = Image.new("RGB", (160, 120), (90, 110, 140))
    assert module("finds").skin(walls) == []
    arm = head(axes=(6, 45))
    assert module("finds").skin(arm) == [], "far longer than wide"
    assert module("finds").skin(Image.new("RGB", (1, 1))) == []


def test_what_is_found_is_drawn_anew_and_nothing_else():
    before = head()
    after, ((mask, values),), said = drawn(before, dilate=0)
    assert values == {"number": 0, "strength": 0.4, "padding": 32, "mask_blur": 4}
    changed = (np.asarray(before) != np.asarray(after)).any(-1)
    assert changed[50, 60] and not changed[mask == 0].any()
    assert said["Detail model"] == "skin" and said["Detail denoising strength"] == "0.4"


def test_nothing_found_leaves_the_picture_as_it_is():
    before = Image.new("RGBA", (64, 64), (0, 0, 255, 20))
    after, asked, _ = drawn(before)
    assert after is before and asked == []
    assert drawn(head(), confidence=0.999)[1] == []


def test_words_of_each_picture_and_each_find():
    two = Image.new("RGB", (320, 120))
    two.paste(head(), (0, 0))
    two.paste(head(axes=(12, 15)), (160, 0))
    request = Txt2Img(prompt="x", batch_count=4, prompts=("a", "b", "c", "d"), seed=1)
    given = {"prompt": "[PROMPT], smile [SEP] a cat", "steps": 7, "cfg_scale": 0.5}
    _, asked, _ = drawn(two, (2, 3), request, **given)
    assert [values["prompt"] for _, values in asked] == ["c, smile", "a cat", "d, smile", "a cat"]
    assert [values["number"] for _, values in asked] == [2, 2, 3, 3]
    assert asked[0][1]["steps"] == 7 and asked[0][1]["cfg_scale"] == 1
    assert asked[0][0].sum() > asked[1][0].sum(), "the larger one comes first"
    assert len(drawn(two, count=1)[1]) == 1
    (both,) = drawn(two, merge=True)[1]
    assert both[0][:, :160].any() and both[0][:, 160:].any()
    assert len(drawn(two, smallest=0.02)[1]) == 1 == len(drawn(two, largest=0.02)[1])


def test_several_passes():
    _, asked, said = drawn(head(), more=[{"strength": 0.7, "labels": "hand"}, {"strength": 0.8}])
    assert [values["strength"] for _, values in asked] == [0.4], "lime is no skin"
    assert said["Detail labels 2"] == "hand" and said["Detail denoising strength 3"] == "0.8"


def test_masks_grow_shrink_and_move():
    finds, touching, options = module("finds"), module("touching"), module("options")
    find = finds.Find(finds.boxed((10.2, 20, 30, 40), (64, 64)), 1.0)

    def box(**changes) -> tuple[int, int, int, int] | None:
        masks = touching.masks_of([find], options.Pass(**changes))
        return Image.fromarray(masks[0]).getbbox() if masks else None

    assert box(dilate=0) == (10, 20, 30, 40)
    assert box(dilate=3) == (7, 17, 33, 43)
    assert box(dilate=-3) == (13, 23, 27, 37)
    assert box(dilate=-20) is None
    assert box(dilate=0, right=5, down=-4) == (15, 16, 35, 36)
    assert finds.boxed((-5, -5, 900, 3), (8, 8)).sum() == 255 * 24


@torch.inference_mode()
def test_a_network_of_transformers_finds_what_it_is_trained_to(tmp_path):
    from transformers import YolosConfig, YolosForObjectDetection, YolosImageProcessor

    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = YolosConfig(
            hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
            image_size=[32, 32], num_detection_tokens=3, id2label={0: "face", 1: "hand"},
        )  # fmt: skip
        network = YolosForObjectDetection(config)
        for last, bias in (
            (network.class_labels_classifier.layers[-1], [0.0, 9.0, -9.0]),
            (network.bbox_predictor.layers[-1], [0.0, 0.0, 0.0, -1.0986]),
        ):
            torch.nn.init.zeros_(last.weight)
            last.bias.copy_(torch.tensor(bias))
    network.save_pretrained(tmp_path / "yolos")
    YolosImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path / "yolos")
    file = ModelFile("yolos", tmp_path / "yolos", "diffusers")
    kept: dict = {}
    services = Services(
        model=lambda kind, name: file if kind == "detector" else None,
        kept=lambda key, make: kept.setdefault(key, kept.get(key) or make()),
        device="cpu",
    )
    found = module("detectors").detector("yolos", services)(head(), 0.5)
    assert {find.label for find in found} == {"hand"} and len(found) == 3
    assert Image.fromarray(found[0].mask).getbbox() == (40, 45, 120, 75)
    options = module("options")
    assert module("touching").masks_of(found, options.Pass(labels="face")) == []
    assert len(module("touching").masks_of(found, options.Pass(labels="Hand"))) == 3
    assert module("detectors").detector("yolos", services)(head(), 0.9999) == []


def test_files_that_cannot_be_used_are_named(tmp_path):
    home = tmp_path / "models" / "detectors"
    (home / "none").mkdir(parents=True)
    (home / "none" / "config.json").write_text("{}", encoding="utf-8")
    save_file({"a": torch.zeros(1)}, home / "none" / "model.safetensors")
    save_file({"a": torch.zeros(1)}, home / "lone.safetensors")
    torch.save({"model": Pass()}, home / "face_yolov8n.pt")
    torch.save({"model": torch.zeros(1)}, home / "weights.pt")
    services = shelf(tmp_path)
    find = module("detectors").detector
    for name, said, polish in (
        ("none", "none is no detector that can be read", "none nie jest detektorem"),
        ("lone", "lone has no config.json beside it", "nie ma config.json"),
        ("face_yolov8n", "runs code when it is read", "uruchamia kod"),
        ("weights", "weights has no config.json beside it", "nie ma config.json"),
    ):
        with pytest.raises(UserError, match=said) as raised:
            find(name, services)
        assert polish in worded(raised.value.problem, "pl")
    with pytest.raises(UserError, match="no nobody among your models|no detector model nobody"):
        find("nobody", services)


class Pass:
    """An object of a class of its own, which no network of ultralytics' is."""


def shelf(folder) -> Services:
    """Models of the real catalogue."""
    catalog = Catalog([folder / "models"], folder / "no", folder / "index.sqlite")
    kept: dict = {}
    return Services(
        model=partial(model_file, catalog),
        kept=lambda key, make: kept.setdefault(key, kept.get(key) or make()),
        device="cpu",
    )


@torch.inference_mode()
def test_any_detector_of_transformers_is_found_by_its_folders_name(tmp_path):
    from transformers import DetrConfig, DetrForObjectDetection, DetrImageProcessor, ResNetConfig

    backbone = ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8], depths=[1, 1], layer_type="basic",
        out_features=["stage2"],
    )  # fmt: skip
    config = DetrConfig(
        use_timm_backbone=False, use_pretrained_backbone=False, backbone_config=backbone,
        d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, num_queries=3,
        id2label={0: "face", 1: "hand"},
    )  # fmt: skip
    home = tmp_path / "models" / "detectors" / "tiny-detr"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        DetrForObjectDetection(config).save_pretrained(home)
    DetrImageProcessor(size={"height": 32, "width": 32}, do_pad=False).save_pretrained(home)
    found = module("detectors").detector("tiny-detr", shelf(tmp_path))(head(), 0.0)
    assert len(found) == 3 and {find.label for find in found} <= {"face", "hand"}
    assert all(find.mask.shape == (120, 160) and 0 <= find.score <= 1 for find in found)


def test_passes_are_read_from_what_pictures_say():
    server = Extensions([ROOT / "extensions"], "server")
    passes = [{"padding": 0, "prompt": "a face, smiling"}, {"labels": "hands", "merge": True}]
    _, _, said = drawn(head(), **passes[0], more=passes[1:])
    read = server.read_parameters(said)["detail"]
    assert read["enabled"] is True
    assert (read["padding"], read["prompt"], read["detector"]) == (0, "a face, smiling", "skin")
    (more,) = read["more"]
    assert (more["labels"], more["merge"], more["padding"]) == ("hands", True, 32)
    theirs = {
        "ADetailer model": "face_yolov8n.pt",
        "ADetailer confidence": "0.5",
        "ADetailer mask only top k largest": "2",
        "ADetailer inpaint only masked": "True",
        "ADetailer version": "24.1",
        "ADetailer model 2nd": "mediapipe_face_full",
        "ADetailer model 3rd": "None",
    }
    assert server.read_parameters(theirs)["detail"] == {
        **{"enabled": True, "detector": "face_yolov8n", "confidence": 0.5, "count": 2},
        "more": [{"detector": "skin"}],
    }
    assert "detail" not in server.read_parameters({"ADetailer model": "None"})
