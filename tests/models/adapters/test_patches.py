import copy

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from hypothesis import given, settings
from hypothesis import strategies as some
from torch import nn

from tests.models.adapters.makers import kohya, rand, same, weights_of, write
from tests.tiny import write_tiny
from webui.models.adapters import patches as module
from webui.models.adapters.names import _KINDS, NUMBERS
from webui.models.adapters.patches import Joined, Patches
from webui.models.adapters.reading import Adapter, read_adapter
from webui.models.adapters.weights import Weights
from webui.models.families import FAMILIES

CPU = torch.device("cpu")


class Net(nn.Module):
    """Two layers and a norm, in half precision."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(3)
            self.first = nn.Linear(6, 4)
            self.second = nn.Conv2d(6, 4, 3, bias=False)
            self.norm = nn.LayerNorm(4)
        self.half().requires_grad_(False)


def adapter(name: str = "a", seed: int = 0, **more: Weights) -> Adapter:
    weights = {
        ("unet", "first"): Weights({"down": rand(2, 6, seed=seed), "up": rand(4, 2, seed=seed)}),
        ("text_encoder", "first"): Weights({"diff": rand(4, 6, seed=seed + 9)}),
        **{("unet", layer): one for layer, one in more.items()},
    }
    return Adapter(name, weights)


@pytest.fixture
def nets():
    return {"unet": Net(), "text_encoder": Net()}


def state(nets):
    return {
        f"{part}.{name}": value.clone()
        for part, net in nets.items()
        for name, value in net.state_dict().items()
    }


def test_what_is_joined_is_the_sum_in_full_precision(nets):
    before, one, two = state(nets), adapter(), adapter("b", 5)
    patches = Patches(nets)
    patches.use([Joined(one, 0.5, -2.0), Joined(two, 0.0, 0.25)])
    now = state(nets)

    def product(which):
        weights = which.layers["unet", "first"]
        return weights["up"] @ weights["down"]

    expected = before["unet.first.weight"].float() - 2 * product(one) + 0.25 * product(two)
    assert torch.equal(now["unet.first.weight"], expected.half())
    text = before["text_encoder.first.weight"].float()
    stored = one.layers["text_encoder", "first"]["diff"]
    assert torch.equal(now["text_encoder.first.weight"], (text + 0.5 * stored).half())
    touched = {"unet.first.weight", "text_encoder.first.weight"}
    assert {name for name in now if not torch.equal(now[name], before[name])} == touched
    patches.use([])
    assert same(state(nets), before)
    assert patches.kept_bytes == 0


def test_the_same_adapter_twice_counts_twice(nets):
    one, patches = adapter(), Patches(nets)
    patches.use([Joined(one, 0.5, 0.5), Joined(one, 0.25, 0.25)])
    twice = state(nets)
    patches.use([Joined(one, 0.75, 0.75)])
    for name, value in state(nets).items():
        assert torch.allclose(twice[name], value, atol=2e-3)


@pytest.mark.parametrize("strength", [1e-30, -1.0, 1000.0, 1e30])
def test_any_strength_is_undone_to_the_bit(nets, strength):
    before, patches = state(nets), Patches(nets)
    patches.use([Joined(adapter(), strength, strength)])
    patches.use([])
    assert same(state(nets), before)


def test_no_strength_changes_nothing_and_keeps_nothing(nets):
    before, told = state(nets), []
    patches = Patches(nets, told.append)
    patches.use([Joined(adapter(), 0.0, 0.0)])
    assert same(state(nets), before)
    assert told == [] and patches.kept_bytes == 0


def test_only_what_differs_is_worked_out_again(nets, monkeypatch):
    calls, real = [], module.change
    monkeypatch.setattr(module, "change", lambda *both: calls.append(both[1]) or real(*both))
    told = []
    patches = Patches(nets, told.append)

    def worked_out():
        number = sum(not original.is_meta for original in calls)
        calls.clear()
        return number

    one, two = adapter(), Adapter("b", {("unet", "second"): Weights({"diff": rand(4, 6, 3, 3)})})
    patches.use([Joined(one)])
    assert worked_out() == 2 and sorted(told) == ["text_encoder", "unet"]
    patches.use([Joined(one)])
    assert worked_out() == 0 and len(told) == 2
    patches.use([Joined(one), Joined(two)])
    assert worked_out() == 1 and told[2:] == ["unet"]
    patches.use([Joined(one, unet=0.5), Joined(two)])
    assert worked_out() == 1 and told[3:] == ["unet"]
    patches.use([Joined(two)])
    assert worked_out() == 0


def test_coming_and_going_adds_nothing_up(nets):
    patches, one, two = Patches(nets), adapter(), adapter("b", 5)
    wanted = [Joined(one, 0.3, 0.3), Joined(two, 0.9, 0.9)]
    patches.use(wanted)
    first = state(nets)
    for number in range(20):
        patches.use([Joined(two, 0.1 * number), Joined(one)][: number % 3])
        patches.use(wanted)
    assert same(state(nets), first)


def test_after_an_exception_nothing_is_joined(nets, monkeypatch):
    before, told = state(nets), []
    patches = Patches(nets, told.append)
    patches.use([Joined(adapter(), 0.5, 0.5)])
    told.clear()
    real = module.change
    layers = []

    def breaks(weights, original):
        if not original.is_meta:
            layers.append(original)
            if len(layers) == 2:
                raise torch.OutOfMemoryError("full")
        return real(weights, original)

    monkeypatch.setattr(module, "change", breaks)
    with pytest.raises(torch.OutOfMemoryError):
        patches.use([Joined(adapter("b", 5), 0.5, 0.5)])
    assert same(state(nets), before)
    assert set(told) == {"unet", "text_encoder"}
    monkeypatch.undo()
    patches.use([Joined(adapter("b", 5), 0.5, 0.5)])
    patches.use([])
    assert same(state(nets), before)


def test_it_works_while_no_gradients_are_recorded(nets):
    before, patches = state(nets), Patches(nets)
    with torch.inference_mode():
        patches.use([Joined(adapter())])
        assert not nets["unet"].first.weight.is_inference()
    patches.use([])
    assert same(state(nets), before)


def test_layers_that_do_not_fit_are_told(nets):
    patches = Patches(nets)
    one = adapter(
        second=Weights({"down": rand(2, 6), "up": rand(4, 2)}),
        third=Weights({"diff": rand(4, 6)}),
        norm=Weights({"w_norm": rand(4), "b_norm": rand(4)}),
    )
    match = patches.match(one)
    assert set(match.unknown) == {("unet", "second"), ("unet", "third")}
    assert len(match.fitting) == 3
    no_bias = Adapter("b", {("unet", "second"): Weights({"diff_b": rand(4)})})
    assert patches.match(no_bias).unknown == (("unet", "second"),)
    before = state(nets)
    patches.use([Joined(one)])
    now = state(nets)
    assert torch.equal(now["unet.second.weight"], before["unet.second.weight"])
    assert not torch.equal(now["unet.norm.bias"], before["unet.norm.bias"])


def test_a_later_adapter_that_turns_finds_what_earlier_ones_left(nets):
    first = Adapter("a", {("unet", "first"): Weights({"diff": rand(4, 6)})})
    turn = Adapter("b", {("unet", "first"): Weights({"weight": torch.ones(6)}, {"on_input": 1})})
    before = state(nets)["unet.first.weight"].float()
    patches = Patches(nets)
    patches.use([Joined(first), Joined(turn)])
    assert torch.equal(nets["unet"].first.weight, (2 * (before + rand(4, 6))).half())


ALGORITHMS = {
    "lora": {"down": (2, 6), "up": (4, 2)},
    "loha": {"hada_w1_a": (4, 2), "hada_w1_b": (2, 6), "hada_w2_a": (4, 2), "hada_w2_b": (2, 6)},
    "lokr": {"lokr_w1": (2, 2), "lokr_w2_a": (2, 1), "lokr_w2_b": (1, 3)},
    "oft": {"oft_blocks": (2, 2, 2), "rescale": (4, 1)},
    "boft": {"oft_blocks": (2, 2, 2, 2)},
    "glora": {"a1": (6, 2), "a2": (2, 6), "b1": (4, 2), "b2": (2, 6)},
    "ia3": {"weight": (4,)},
    "full": {"diff": (4, 6), "diff_b": (4,)},
    "dora": {"down": (2, 6), "up": (4, 2), "dora_scale": (1, 6)},
}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_joins_and_leaves(nets, algorithm):
    before, patches = state(nets), Patches(nets)
    tensors = {name: rand(*shape) for name, shape in ALGORITHMS[algorithm].items()}
    one = Adapter("a", {("unet", "first"): Weights(tensors, {"alpha": 1.0})})
    assert not patches.match(one).unknown
    patches.use([Joined(one)])
    value = before["unet.first.weight"].float()
    expected = (value + module.change(one.layers["unet", "first"], value)).half()
    assert torch.equal(nets["unet"].first.weight, expected)
    assert not torch.equal(expected, before["unet.first.weight"])
    patches.use([])
    assert same(state(nets), before)


SHAPES = some.lists(some.integers(0, 4), max_size=4).map(tuple)
TENSORS = some.dictionaries(some.sampled_from(sorted({*_KINDS.values()})), SHAPES, max_size=5)


@settings(max_examples=60, deadline=None)
@given(TENSORS, some.sampled_from(["first", "second", "norm"]))
def test_tensors_of_any_shape_fit_or_do_not(shapes, layer):
    nets = {"unet": Net()}
    before, patches = state(nets), Patches(nets)
    tensors = {name: torch.ones(shape) for name, shape in shapes.items() if name not in NUMBERS}
    one = Adapter("a", {("unet", layer): Weights(tensors, {"alpha": 1.0, "on_input": 1.0})})
    patches.use([Joined(one, 0.5, 0.5)])
    for name, value in state(nets).items():
        assert value.shape == before[name].shape
    patches.use([])
    assert same(state(nets), before)


# -- against diffusers and peft ------------------------------------------------------------------

PIPELINES = {"sd1": StableDiffusionPipeline, "sdxl": StableDiffusionXLPipeline}


pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:FutureWarning")
"""diffusers and peft call what transformers is about to drop."""


@pytest.fixture(scope="module", params=list(PIPELINES))
def both(request, tmp_path_factory):
    """A tiny model as ours and as diffusers'."""
    pytest.importorskip("peft", reason="diffusers loads LoRAs with peft")
    tiny = write_tiny(tmp_path_factory.mktemp(request.param), family=request.param)
    model = FAMILIES[request.param].load(tiny.folder_info, CPU, lambda done, total: None)
    return model, PIPELINES[request.param].from_pretrained(tiny.folder)


def fused(pipeline, strength: float) -> dict[str, torch.Tensor]:
    """The weights of diffusers' UNet with what it has loaded, which is then taken out again."""
    pipeline.fuse_lora(components=["unet"], lora_scale=strength)
    weights = {
        f"unet.{name.replace('.base_layer', '')}": value.clone()
        for name, value in pipeline.unet.state_dict().items()
        if "lora_" not in name
    }
    pipeline.unfuse_lora(components=["unet"])
    pipeline.unload_lora_weights()
    return weights


def compare(ours: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert expected and expected.keys() <= ours.keys()
    for name, value in expected.items():
        assert (ours[name] - value).norm() <= 1e-5 * value.norm(), name


def test_kohyas_file_is_what_diffusers_makes_of_it(both, tmp_path):
    model, pipeline = both
    path = write(tmp_path / "k.safetensors", kohya({"unet": model.unet}))
    before = weights_of(model)
    pipeline.load_lora_weights(path.parent, weight_name=path.name)
    expected = fused(pipeline, 0.7)
    adapter = read_adapter(path, "k")
    assert adapter.strange == 0 and not model.match(adapter).unknown
    model.adapt([Joined(adapter, 0.7, 0.7)])
    now = weights_of(model)
    assert sum(not torch.equal(before[name], now[name]) for name in now) == len(adapter.layers)
    compare(now, expected)
    model.adapt([])
    assert same(weights_of(model), before)


def test_diffusers_own_file_is_read_as_diffusers_reads_it(both, tmp_path):
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    model, pipeline = both
    config = LoraConfig(
        r=3,
        lora_alpha=5,
        target_modules=["to_q", "to_out.0", "proj_in", "conv1"],
        init_lora_weights=False,
        use_rslora=True,
    )
    pipeline.unet.add_adapter(config, "made")
    saved = get_peft_model_state_dict(pipeline.unet, adapter_name="made")
    note = pipeline.unet.peft_config["made"].to_dict()
    pipeline.unet.delete_adapters("made")
    pipeline.save_lora_weights(tmp_path, unet_lora_layers=saved, unet_lora_adapter_metadata=note)
    pipeline.load_lora_weights(tmp_path)
    expected = fused(pipeline, 1.0)
    adapter = read_adapter(tmp_path / "pytorch_lora_weights.safetensors", "made")
    assert adapter.strange == 0 and not model.match(adapter).unknown
    model.adapt([Joined(adapter)])
    compare(weights_of(model), expected)
    model.adapt([])


def test_a_text_encoders_is_what_peft_makes_of_it(both, tmp_path):
    import peft

    model, _ = both
    for encoder in model.encoders:
        config = peft.LoraConfig(
            r=2, lora_alpha=3, target_modules=["q_proj", "fc1"], init_lora_weights=False
        )
        wrapped = peft.get_peft_model(copy.deepcopy(encoder.model), config)
        tensors = {
            name.replace("base_model.model.", f"{encoder.part}."): tensor
            for name, tensor in peft.get_peft_model_state_dict(wrapped).items()
        }
        notes = {"lora_adapter_metadata": {f"{encoder.part}.lora_alpha": 3}}
        adapter = read_adapter(write(tmp_path / "t.safetensors", tensors, notes), "t")
        expected = wrapped.merge_and_unload().state_dict()
        model.adapt([Joined(adapter, unet=0)])
        compare(weights_of(model), {f"{encoder.part}.{key}": one for key, one in expected.items()})
        model.adapt([])
