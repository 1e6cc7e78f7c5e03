"""Whole runs equal to A1111's processing loop with a stub network.

The stub is the one that ../shared/golden/a1111/README.md describes.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from tests.engine.pipeline import Case, Model, arrays, cases, run
from webui.engine.latents import to_images
from webui.engine.recipes import over
from webui.prompt.infotext import build_infotext

NOT_OFFERED = re.compile(
    r", (?:Pad conds(?: v0)?|NGMS(?: all steps)?|Skip Early CFG|Sigma (?:churn|tmin|tmax|noise)"
    r"|Eta(?: DDIM)?|SGM noise multiplier|Discard penultimate sigma|Downcast alphas_cumprod"
    r"|Noise Schedule|Schedule (?:rho|min sigma|max sigma)): [^,\n]*"
)
"""Settings that no request can change, and so no picture needs to name."""


def tolerance(case: Case) -> float:
    sampler = case["parameters"]["sampler_name"]
    least = {"UniPC": 1e-4, "DPM adaptive": 1e-3}.get(sampler, 2e-5)
    return max(least, 4 * (case["max_difference_32_64"] or 0.0))


def case_ids() -> list[Any]:
    try:
        return [pytest.param(case, id=f"{case['id']} {case['name']}") for case in cases()]
    except pytest.skip.Exception as reason:
        return [pytest.param(None, marks=pytest.mark.skip(reason=str(reason)))]


@pytest.fixture(scope="session")
def expected():
    return arrays()


@pytest.fixture(autouse=True)
def levels_are_cut(monkeypatch):
    """A1111 cuts fractions of a level off where we take the nearest one.

    One level of difference would become eleven where colours are corrected by histograms.
    """
    monkeypatch.setattr(over, "to_images", partial(to_images, cut=True))


@pytest.mark.parametrize("case", case_ids())
def test_equals_the_reference(case, expected):
    drawn, models = run(case, expected)
    latents = last_decoded(models["model-name"].latents, len(drawn))
    wanted = expected[f"latent_{case['id']}"]
    assert latents.shape == wanted.shape
    assert np.abs(latents - wanted).max() <= tolerance(case)
    if f"image_{case['id']}" in expected:
        levels = np.asarray(drawn[0].image, np.int16) - expected[f"image_{case['id']}"]
        assert np.abs(levels).max() <= 1
    assert [one.seed for one in drawn] == case["all_seeds"]
    check_calls(models, case)
    check_texts([build_infotext(one.parameters) for one in drawn], case)


def check_calls(models: dict[str, Model], case: Case) -> None:
    """The same timesteps and words in the same order, however rows are put into calls."""
    calls = models["model-name"].calls
    ours, theirs = by_timestep(calls), by_timestep([(t, c) for t, _, c in case["calls"]])
    apart = 0.15 if case["parameters"]["sampler_name"] == "DPM adaptive" else 0.01
    assert [t for t, _ in ours] == pytest.approx([t for t, _ in theirs], abs=apart)
    if case["parameters"]["cfg_scale"] != 1:  # we leave out what cannot count
        for (_, mine), (_, expected) in zip(ours, theirs, strict=True):
            assert mine == pytest.approx(expected, abs=2e-4)
    read = {text for model in models.values() for texts in model.texts for text in texts}
    assert read - {""} == {text for texts in case["texts_encoded"] for text in texts} - {""}


def by_timestep(calls: list[tuple[float, list[float]]]) -> list[tuple[float, list[float]]]:
    """Calls at the same timestep, one after the other, as one."""
    grouped: list[tuple[float, list[float]]] = []
    for t, words in calls:
        if grouped and abs(grouped[-1][0] - t) < 0.01:
            grouped[-1] = t, sorted([*grouped[-1][1], *words])
        else:
            grouped.append((t, sorted(words)))
    return grouped


def last_decoded(latents: list[torch.Tensor], images: int) -> Any:
    """Of the last pass of each picture."""
    same = [one for one in latents if one.shape == latents[-1].shape]
    return torch.cat(same)[-images:].numpy()


def check_texts(ours: list[str], case: Case) -> None:
    for text, theirs in zip(ours, case["infotexts"], strict=True):
        text = re.sub(r"Version: [^,\n]*", "Version: v1.10.1", text)
        assert text == NOT_OFFERED.sub("", theirs)


def test_there_are_all_cases():
    assert len(cases()) == 166
