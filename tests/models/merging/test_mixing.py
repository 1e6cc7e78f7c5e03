import numpy as np
import pytest
import torch

from tests.models.merging.makers import (
    BETAS,
    EMA,
    INPUT,
    MIDDLE,
    OUTPUT,
    PLACES,
    TEXT,
    VAE,
    made,
    weights,
    write,
)
from webui.core.errors import UserError
from webui.core.merge import MergeMethod
from webui.models.merging.mixing import Mix, plan_copy, plan_merge
from webui.models.merging.sources import open_source

LEARNED = (INPUT, MIDDLE, OUTPUT, TEXT, VAE)


@pytest.fixture
def merge(tmp_path):
    def merged(mix, *models, to=None):
        sources = [
            open_source(write(tmp_path / f"{letter}.safetensors", tensors))
            for letter, tensors in zip("abc", models, strict=False)
        ]
        return made(list(plan_merge(mix, sources, to)))

    return merged


def close(found, expected):
    return np.allclose(found.double().numpy(), expected.double().numpy(), rtol=1e-5, atol=1e-6)


def test_what_was_learned_is_merged_and_the_rest_is_as_it_is(merge):
    a, b = weights(1), weights(2)
    found = merge(Mix(multiplier=0.3), a, b)
    assert found.keys() == a.keys()
    for name in LEARNED:
        assert close(found[name], 0.7 * a[name] + 0.3 * b[name])
    for name in (PLACES, BETAS):
        assert torch.equal(found[name], a[name])


@pytest.mark.parametrize("method", ["weighted_sum", "slerp", "add_difference", "triple_sum"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_no_weight_is_a_to_the_bit(merge, method, dtype):
    models = [weights(seed, dtype=dtype) for seed in (1, 2, 3)]
    found = merge(Mix(method, 0, 0), *models)
    for name, tensor in models[0].items():
        assert found[name].dtype == tensor.dtype and torch.equal(found[name], tensor)


@pytest.mark.parametrize("method", ["weighted_sum", "slerp"])
def test_all_weight_is_b_to_the_bit(merge, method):
    a, b = weights(1, dtype=torch.float16), weights(2, dtype=torch.float16)
    found = merge(Mix(method, 1), a, b)
    assert all(torch.equal(found[name], b[name]) for name in LEARNED)


@pytest.mark.parametrize("m", [-1.0, 0.1, 0.37, 0.9, 2.0])
@pytest.mark.parametrize("method", ["weighted_sum", "slerp", "add_difference", "triple_sum"])
def test_equal_models_stay_what_they_are(merge, method, m):
    a = weights(1, dtype=torch.bfloat16)
    found = merge(Mix(method, m, 0.4), a, a, a)
    assert all(torch.equal(found[name], a[name]) for name in a)


def test_differences(merge):
    a, b, c = (weights(seed) for seed in (1, 2, 3))
    found = merge(Mix("add_difference", 0.8), a, b, c)
    twice = merge(Mix("triple_sum", 0.2, 0.5), a, b, c)
    for name in LEARNED:
        assert close(found[name], a[name] + 0.8 * (b[name] - c[name]))
        assert close(twice[name], 0.3 * a[name] + 0.2 * b[name] + 0.5 * c[name])


def test_numbers_of_few_bits_are_rounded_once(merge):
    a, b, c = (weights(seed, dtype=torch.float16) for seed in (1, 2, 3))
    found = merge(Mix("add_difference", 0.7), a, b, c)
    exact = a[MIDDLE].double() + 0.7 * (b[MIDDLE].double() - c[MIDDLE].double())
    assert (found[MIDDLE] == exact.half()).float().mean() > 0.98
    assert (found[MIDDLE].double() - exact).abs().max() <= 0.51 * 2**-9 * 4


def test_each_block_has_its_own_weight(merge):
    a, b = weights(1), weights(2)
    blocks = {"IN00": 0.0, "M00": 1.0, "BASE": 0.25}
    found = merge(Mix(multiplier=0.5, blocks=blocks, family="sd1"), a, b)
    expected = {INPUT: 0, MIDDLE: 1, OUTPUT: 0.5, TEXT: 0.25, VAE: 0.25}
    for name, m in expected.items():
        assert close(found[name], (1 - m) * a[name] + m * b[name])
    no_base = merge(Mix(multiplier=0.5, blocks={"M00": 1.0}, family="sd1"), a, b)
    assert close(no_base[TEXT], 0.5 * a[TEXT] + 0.5 * b[TEXT])


def test_parts_may_be_those_of_one_model(merge):
    a, b, c = (weights(seed) for seed in (1, 2, 3))
    found = merge(Mix(text_encoder="b", vae="c"), a, b, c)
    assert torch.equal(found[TEXT], b[TEXT]) and torch.equal(found[VAE], c[VAE])
    assert torch.equal(found[PLACES], b[PLACES])
    assert close(found[MIDDLE], (a[MIDDLE] + b[MIDDLE]) / 2)
    own = merge(Mix(text_encoder="a", vae="a"), a, b)
    assert torch.equal(own[TEXT], a[TEXT]) and torch.equal(own[VAE], a[VAE])


def test_what_only_one_has_is_kept_but_for_averages_of_b(merge):
    a, b, c = (weights(seed) for seed in (1, 2, 3))
    a["model.only_a"], b["model.only_b"], b[EMA] = torch.ones(2), torch.ones(3), torch.ones(1)
    a["model.not_c"] = b["model.not_c"] = torch.ones(4)
    found = merge(Mix(), a, b)
    assert found.keys() == {*a, "model.only_b"}
    assert torch.equal(found["model.only_a"], torch.ones(2))
    difference = merge(Mix("add_difference"), a, b, c)
    assert difference.keys() == a.keys()
    assert torch.equal(difference["model.not_c"], torch.ones(4))


@pytest.mark.parametrize("channels", [8, 9])
def test_a_model_with_more_channels_shares_the_first_four(merge, channels):
    a, b, c = weights(1, channels), weights(2), weights(3)
    found = merge(Mix("add_difference", 1), a, b, c)[INPUT]
    assert torch.equal(found[:, 4:], a[INPUT][:, 4:])
    assert close(found[:, :4], a[INPUT][:, :4] + b[INPUT] - c[INPUT])
    both = merge(Mix(multiplier=0.5), a, weights(2, channels))[INPUT]
    assert close(both[:, 4:], (a[INPUT] + weights(2, channels)[INPUT])[:, 4:] / 2)


def test_models_that_do_not_fit_are_explained(merge):
    def code(*models, method: MergeMethod = "weighted_sum"):
        with pytest.raises(UserError, match="a.safetensors|b.safetensors") as caught:
            merge(Mix(method), *models)
        return caught.value.problem.code

    assert code(weights(1), weights(2, 9)) == "merge_order"
    assert code(weights(1, 9), weights(2, 8)) == "merge_shapes"
    wider = {**weights(2), MIDDLE: torch.ones(8, 9)}
    assert code(weights(1), wider) == "merge_shapes"
    assert code(weights(1, 9), weights(2, 9), weights(3), method="add_difference") == "merge_shapes"


def test_types_are_those_of_a_or_what_is_wanted(merge):
    a, b = weights(1, dtype=torch.float16), weights(2)
    assert merge(Mix(vae="b"), a, b)[VAE].dtype == torch.float16
    found = merge(Mix(), a, b, to=torch.bfloat16)
    assert found[MIDDLE].dtype == found[BETAS].dtype == torch.bfloat16
    assert found[PLACES].dtype == torch.int64


def test_a_copy_is_all_there_is(tmp_path):
    source = open_source(write(tmp_path / "a.safetensors", weights(1)))
    found = made(list(plan_copy(source, None)))
    assert all(torch.equal(found[name], tensor) for name, tensor in weights(1).items())
    assert made(list(plan_copy(source, torch.float16)))[VAE].dtype == torch.float16


def test_in_8_bits_are_the_networks_matrices_alone(tmp_path):
    own = {**weights(1), f"{MIDDLE[:-6]}bias": torch.ones(8)}
    source = open_source(write(tmp_path / "a.safetensors", own))
    found = made(list(plan_copy(source, torch.float8_e4m3fn)))
    coarse = {name for name, one in found.items() if one.dtype == torch.float8_e4m3fn}
    assert coarse == {INPUT, MIDDLE, OUTPUT}
    assert {found[name].dtype for name in (TEXT, VAE, f"{MIDDLE[:-6]}bias")} == {torch.float16}
    assert found[PLACES].dtype == torch.int64
    near = found[MIDDLE].float() - own[MIDDLE]
    assert 0 < near.abs().max() <= own[MIDDLE].abs().max() / 16  # 3 digits behind the first
    half = {name: one.half() if one.is_floating_point() else one for name, one in own.items()}
    again = made(list(plan_copy(open_source(write(tmp_path / "b.safetensors", half)), None)))
    assert torch.equal(again[VAE], half[VAE])
