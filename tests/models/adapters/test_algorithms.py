"""Each algorithm against its published formula, written the long way."""

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d

from tests.models.adapters.makers import lora_of, rand
from webui.models.adapters.algorithms import bias_change, change, changes_bias, changes_weight
from webui.models.adapters.weights import Misfit, Weights

LINEAR, CONV = (6, 8), (6, 8, 3, 3)


def weights(numbers=None, **tensors) -> Weights:
    return Weights(tensors, numbers or {})


def near(one, other) -> bool:
    return torch.allclose(one, torch.as_tensor(other), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [LINEAR, (6, 8, 1, 1)])
def test_lora_of_a_matrix(shape):
    down, up, original = rand(2, 8), rand(6, 2), rand(*shape, seed=1)
    made = change(weights({"alpha": 3}, down=down, up=up), original)
    assert made.shape == original.shape
    long = np.zeros((6, 8))
    for out in range(6):
        for into in range(8):
            for rank in range(2):
                long[out, into] += up[out, rank] * down[rank, into] * 3 / 2
    assert near(made.reshape(6, 8), long.astype(np.float32))


def test_lora_of_a_convolution_is_two_convolutions():
    down, up, x = rand(2, 8, 3, 3), rand(6, 2, 1, 1), rand(1, 8, 7, 7, seed=3)
    made = change(weights({"alpha": 1}, down=down, up=up), rand(*CONV))
    assert near(conv2d(x, made), 0.5 * conv2d(conv2d(x, down), up))


def test_lora_with_a_core_is_three_convolutions():
    down, mid, up = rand(2, 8, 1, 1), rand(2, 2, 3, 3), rand(6, 2, 1, 1)
    x = rand(1, 8, 7, 7, seed=3)
    made = change(weights(down=down, mid=mid, up=up), rand(*CONV))
    assert near(conv2d(x, made), conv2d(conv2d(conv2d(x, down), mid), up))


def test_dyn_takes_the_first_ranks_and_keeps_the_scale():
    down, up = rand(4, 8), rand(6, 4)
    cut = change(weights({"alpha": 2, "dyn": 3}, down=down, up=up), rand(*LINEAR))
    assert near(cut, 0.5 * up[:, :3] @ down[:3])
    all_of_them = weights({"alpha": 2, "dyn": 9}, down=down, up=up)
    assert near(change(all_of_them, rand(*LINEAR)), 0.5 * up @ down)


def test_a_scale_takes_the_place_of_alpha():
    down, up = rand(4, 8), rand(6, 4)
    made = change(weights({"alpha": 2, "scale": 3}, down=down, up=up), rand(*LINEAR))
    assert near(made, 3 * up @ down)


@pytest.mark.parametrize("shape", [LINEAR, CONV])
def test_loha(shape):
    into = int(np.prod(shape[1:]))
    a = {f"hada_w{one}_a": rand(6, 2, seed=one) for one in (1, 2)}
    b = {f"hada_w{one}_b": rand(2, into, seed=one) for one in (1, 2)}
    made = change(weights({"alpha": 1}, **a, **b), rand(*shape))
    first, second = (a[f"hada_w{one}_a"] @ b[f"hada_w{one}_b"] for one in (1, 2))
    assert near(made, (first * second * 0.5).reshape(shape))


def core_of(core, out, into):
    """A convolution from its core, number by number."""
    long = torch.zeros(out.shape[1], into.shape[1], *core.shape[2:])
    for o in range(out.shape[1]):
        for i in range(into.shape[1]):
            for r in range(core.shape[0]):
                for s in range(core.shape[1]):
                    long[o, i] += core[r, s] * out[r, o] * into[s, i]
    return long


def test_loha_with_cores():
    parts = {}
    for one in (1, 2):
        parts |= {f"hada_w{one}_a": rand(2, 6, seed=one), f"hada_w{one}_b": rand(2, 8, seed=one)}
        parts[f"hada_t{one}"] = rand(2, 2, 3, 3, seed=one)
    made = change(weights({"alpha": 4}, **parts), rand(*CONV))
    halves = [
        core_of(parts[f"hada_t{one}"], parts[f"hada_w{one}_a"], parts[f"hada_w{one}_b"])
        for one in (1, 2)
    ]
    assert near(made, halves[0] * halves[1] * 2)


@pytest.mark.parametrize("first", ["whole", "low"])
@pytest.mark.parametrize("second", ["whole", "low"])
@pytest.mark.parametrize("shape", [LINEAR, CONV])
def test_lokr(first, second, shape):
    kernel, parts = shape[2:], {}
    if first == "whole":
        parts["lokr_w1"] = w1 = rand(2, 2)
    else:
        parts |= {"lokr_w1_a": rand(2, 1), "lokr_w1_b": rand(1, 2, seed=5)}
        w1 = parts["lokr_w1_a"] @ parts["lokr_w1_b"]
    if second == "whole":
        parts["lokr_w2"] = w2 = rand(3, 4, *kernel)
    else:
        columns = 4 * int(np.prod(kernel))
        parts |= {"lokr_w2_a": rand(3, 2), "lokr_w2_b": rand(2, columns, seed=5)}
        w2 = (parts["lokr_w2_a"] @ parts["lokr_w2_b"]).reshape(3, 4, *kernel)
    made = change(weights({"alpha": 6}, **parts), rand(*shape))
    scale = {"whole": {"whole": 1, "low": 3}, "low": {"whole": 6, "low": 3}}[first][second]
    long = np.kron(w1.reshape(2, 2, *[1] * len(kernel)).numpy(), w2.numpy()) * scale
    assert near(made, long)


def test_lokr_with_a_core():
    core, a, b, w1 = rand(2, 2, 3, 3), rand(2, 3), rand(2, 4, seed=5), rand(2, 2)
    parts = {"lokr_w1": w1, "lokr_t2": core, "lokr_w2_a": a, "lokr_w2_b": b}
    made = change(weights({"alpha": 2}, **parts), rand(*CONV))
    assert near(made, np.kron(w1[..., None, None].numpy(), core_of(core, a, b).numpy()))


def cayley(block):
    skew = block - block.T
    eye = torch.eye(len(block))
    return (eye + skew) @ torch.linalg.inv(eye - skew)


@pytest.mark.parametrize("shape", [LINEAR, CONV])
def test_oft_turns_blocks_of_outputs(shape):
    blocks, original, factor = rand(2, 3, 3), rand(*shape), rand(6, 1, seed=4)
    rotations = [cayley(block) for block in blocks]
    assert all(near(one @ one.T, torch.eye(3)) for one in rotations)
    turned = torch.block_diag(*rotations).T @ original.flatten(1)
    made = change(weights(oft_blocks=blocks), original)
    assert near(made + original, turned.reshape(shape))
    assert near(made.add(original).flatten(1).norm(dim=0), original.flatten(1).norm(dim=0))
    scaled = change(weights(oft_blocks=blocks, rescale=factor), original)
    assert near(scaled + original, (factor * turned).reshape(shape))
    early = change(weights(oft_diag=torch.stack(rotations)), original)
    assert near(early, made)


def test_alpha_bounds_how_far_oft_turns():
    blocks, original = rand(2, 3, 3), rand(*LINEAR)
    alpha = 0.01
    skew = blocks - blocks.transpose(1, 2)
    short = skew * (alpha * 6 / skew.norm())
    made = change(weights({"alpha": alpha}, oft_blocks=blocks), original)
    assert near(made, change(weights(oft_blocks=short / 2), original))
    assert near(
        change(weights({"alpha": 9}, oft_blocks=blocks), original),
        change(weights(oft_blocks=blocks), original),
    )


@pytest.mark.parametrize("shape", [(8, 5), (8, 5, 3, 3)])
def test_boft_is_a_butterfly(shape):
    factors, size = 2, 4
    blocks, original = rand(factors, 2, size, size), rand(*shape)
    turned = original.flatten(1)
    for factor in range(factors):
        reach = 2**factor * size // 2
        order = [
            c * 2 * reach + g * reach + k
            for c in range(8 // (2 * reach)) for k in range(reach) for g in range(2)
        ]  # fmt: skip
        shuffle = torch.eye(8)[order]
        rotation = torch.block_diag(*[cayley(block) for block in blocks[factor]])
        turned = shuffle.T @ rotation @ shuffle @ turned
    made = change(weights(oft_blocks=blocks), original)
    assert near(made + original, turned.reshape(shape))


def test_ia3():
    original = rand(*CONV)
    inputs, outputs = rand(8), rand(6)
    by_input = change(weights({"on_input": 1}, weight=inputs), original)
    assert near(by_input, original * inputs[None, :, None, None])
    by_output = change(weights({"on_input": 0}, weight=outputs), original)
    assert near(by_output, original * outputs[:, None, None, None])


def test_glora_of_both_orders():
    original = rand(*LINEAR)
    a1, a2, b1, b2 = rand(8, 2), rand(2, 8), rand(6, 2, seed=7), rand(2, 8, seed=7)
    long = (original @ a1 @ a2 + b1 @ b2) * 1.5
    now = change(weights({"alpha": 3}, a1=a1, a2=a2, b1=b1, b2=b2), original)
    before = change(weights({"alpha": 3}, a1=a2, a2=a1, b1=b2, b2=b1), original)
    assert near(now, long) and near(before, long)


def test_what_is_stored_whole():
    stored, norm = rand(*CONV), rand(6)
    assert near(change(weights(diff=stored), rand(*CONV, seed=2)), stored)
    assert near(change(weights(w_norm=norm), torch.ones(6)), norm)
    assert near(bias_change(weights(diff_b=norm), torch.ones(6)), norm)
    assert near(bias_change(weights(b_norm=norm), torch.ones(6)), norm)
    of_lora = weights({"alpha": 1}, down=rand(2, 8), up=rand(6, 2), up_bias=norm)
    assert near(bias_change(of_lora, torch.ones(6)), norm / 2)
    assert changes_bias(of_lora) and changes_weight(of_lora)
    assert not changes_weight(weights(diff_b=norm))


@pytest.mark.parametrize("shape", [LINEAR, CONV])
@pytest.mark.parametrize("axis", [0, 1])
def test_dora_keeps_the_direction_and_sets_the_magnitude(shape, axis):
    original = rand(*shape)
    lora = {name[5:].split(".")[0]: one for name, one in lora_of(shape).items() if "lora" in name}
    plain = change(weights(**lora), original) + original
    sizes = [1] * len(shape)
    sizes[axis] = shape[axis]
    magnitude = rand(*sizes).abs() + 0.1
    made = change(weights(**lora, dora_scale=magnitude), original) + original
    for place in range(shape[axis]):
        row, of_plain = made.select(axis, place), plain.select(axis, place)
        assert row.norm().item() == pytest.approx(magnitude.flatten()[place].item(), rel=1e-5)
        assert near(row / row.norm(), of_plain / of_plain.norm())


@pytest.mark.parametrize(
    "wrong",
    [
        weights(down=rand(2, 9), up=rand(6, 2)),
        weights(down=rand(2, 8), up=rand(6, 3)),
        weights(up=rand(6, 2)),
        weights(hada_w1_a=rand(6, 2)),
        weights(lokr_w1=rand(2, 2), lokr_w2=rand(3, 3)),
        weights(oft_blocks=rand(2, 2, 2)),
        weights(weight=rand(5)),
        weights(diff=rand(6, 9)),
        weights(down=rand(2, 8), up=rand(6, 2), dora_scale=rand(5)),
        weights(dora_scale=rand(6)),
    ],
)
def test_weights_of_other_layers_are_told_without_numbers(wrong):
    with pytest.raises(Misfit):
        change(wrong, torch.empty(LINEAR, device="meta"))
