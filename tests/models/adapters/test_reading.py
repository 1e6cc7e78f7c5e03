import pytest
import torch

from tests.models.adapters.makers import lora_of, rand, write
from webui.core.errors import UserError
from webui.models.adapters.reading import read_adapter

LAYER = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"


def named(tensors, layer=LAYER):
    return {f"{layer}.{kind}": tensor for kind, tensor in tensors.items()}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_tensors_are_sorted_by_layer_and_numbers_are_read(tmp_path, dtype):
    made = {name: tensor.to(dtype) for name, tensor in lora_of((4, 6)).items()}
    path = write(tmp_path / "a.safetensors", {**named(made), "strange.thing": rand(2)})
    adapter = read_adapter(path, "mine")
    ((layer, weights),) = adapter.layers.items()
    assert layer == ("unet", LAYER.removeprefix("lora_unet_"))
    assert set(weights.tensors) == {"down", "up"} and weights.numbers == {"alpha": 1.0}
    assert torch.equal(weights["up"], made["lora_up.weight"]) and weights["up"].dtype == dtype
    assert (adapter.name, adapter.strange) == ("mine", 1)
    assert adapter.bytes == (2 * 6 + 4 * 2) * (4 if dtype == torch.float32 else 2)


def test_what_is_read_does_not_hang_on_the_file(tmp_path):
    path = write(tmp_path / "a.safetensors", named(lora_of((4, 6))))
    weights = next(iter(read_adapter(path, "a").layers.values()))
    before = weights["up"].clone()
    path.write_bytes(b"\xff" * path.stat().st_size)
    assert torch.equal(weights["up"], before)


def test_files_that_torch_wrote_are_read_as_weights_only(tmp_path):
    tensors = named(lora_of((4, 6)))
    torch.save(tensors, tmp_path / "a.pt")
    torch.save({"state_dict": tensors}, tmp_path / "b.ckpt")
    for name in ("a.pt", "b.ckpt"):
        weights = next(iter(read_adapter(tmp_path / name, "a").layers.values()))
        assert torch.equal(weights["up"], tensors[f"{LAYER}.lora_up.weight"])


class Bomb:
    """Sets off when it is unpickled."""

    def __reduce__(self):
        return pytest.fail, ("code of a file was run",)


def test_nothing_of_a_file_is_run(tmp_path):
    torch.save({**named(lora_of((4, 6))), "x": Bomb()}, tmp_path / "bomb.pt")
    with pytest.raises(UserError, match="bomb.pt"):
        read_adapter(tmp_path / "bomb.pt", "bomb")


@pytest.mark.parametrize("name", ["a.safetensors", "a.pt"])
def test_files_that_hold_no_adapter(tmp_path, name):
    path = tmp_path / name
    for data in (b"", b"not at all", b"\xff" * 99):
        path.write_bytes(data)
        with pytest.raises(UserError, match=name):
            read_adapter(path, "a")
    with pytest.raises(UserError, match=name):
        read_adapter(tmp_path / "gone" / name, "a")


def test_a_checkpoint_is_no_adapter(tmp_path):
    names = ("model.diffusion_model.input_blocks.0.0.weight", "unet.conv_in.weight", "x.alpha")
    path = write(tmp_path / "big.safetensors", {name: rand(2, 2) for name in names})
    with pytest.raises(UserError, match=r"big.safetensors is no LoRA"):
        read_adapter(path, "big")


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf])
def test_numbers_that_are_none(tmp_path, wrong):
    made = lora_of((4, 6))
    made["lora_up.weight"][1, 1] = wrong
    with pytest.raises(UserError, match="not numbers"):
        read_adapter(write(tmp_path / "a.safetensors", named(made)), "a")


def test_what_diffusers_notes_of_the_scales(tmp_path):
    tensors = {
        f"unet.{layer}.lora_{which}.weight": rand(4, 4)
        for layer in ("conv_in", "mid_block.attentions.0.proj_in")
        for which in "AB"
    }
    notes = {
        "unet.lora_alpha": 8,
        "unet.use_rslora": True,
        "unet.alpha_pattern": {"proj_in": 2},
    }
    path = write(tmp_path / "a.safetensors", tensors, {"lora_adapter_metadata": notes})
    layers = read_adapter(path, "a").layers
    assert layers["unet", "conv_in"].scale(4) == 8 / 2
    assert layers["unet", "mid_block_attentions_0_proj_in"].scale(4) == 2 / 2
    for broken in ("{", "[]", '{"unet.lora_alpha": "x"}'):
        write(path, tensors, {"lora_adapter_metadata": broken})
        assert read_adapter(path, "a").layers["unet", "conv_in"].scale(4) == 1
