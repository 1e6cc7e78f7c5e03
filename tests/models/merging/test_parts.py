import pytest
import torch

from tests.models.merging.makers import EMA, VAE, made, weights, write
from webui.core.errors import UserError
from webui.models.merging.mixing import plan_copy
from webui.models.merging.parts import baked, extracted, pruned
from webui.models.merging.sources import open_source

OWN = VAE.removeprefix("first_stage_model.")


@pytest.fixture
def source(tmp_path):
    def opened(tensors, name="a"):
        return open_source(write(tmp_path / f"{name}.safetensors", tensors))

    return opened


def test_averages_are_left_out(source):
    model = source({**weights(1), EMA: torch.ones(1)})
    assert made(list(pruned(plan_copy(model, None)))).keys() == weights(1).keys()


def test_the_autoencoder_alone_has_the_names_of_its_own_files(source):
    found = made(list(extracted(plan_copy(source(weights(1)), None), "a")))
    assert found.keys() == {OWN} and torch.equal(found[OWN], weights(1)[VAE])
    without = {name: tensor for name, tensor in weights(1).items() if name != VAE}
    with pytest.raises(UserError, match="it has no vae"):
        list(extracted(plan_copy(source(without, "b"), None), "a"))


@pytest.mark.parametrize("prefix", ["", "first_stage_model."])
@pytest.mark.parametrize("has_one", [True, False])
def test_another_autoencoder_takes_its_place(source, prefix, has_one):
    other = {prefix + OWN: torch.full((8,), 3.0), "loss.x": torch.ones(1)}
    model = weights(1, dtype=torch.float16)
    if not has_one:
        del model[VAE]
    plan = list(plan_copy(source(model), None))
    found = made(list(baked(plan, source(other, "vae"), None)))
    assert found.keys() == {*model, VAE}
    assert torch.equal(found[VAE].float(), torch.full((8,), 3.0))
    assert found[VAE].dtype == (torch.float16 if has_one else torch.float32)
    assert (
        made(list(baked(plan, source(other, "vae"), torch.bfloat16)))[VAE].dtype == torch.bfloat16
    )


@pytest.mark.parametrize(
    ("tensors", "code"),
    [
        ({OWN: torch.ones(9)}, "merge_vae_other"),
        ({"decoder.mid_block.resnets.0.norm1.weight": torch.ones(8)}, "merge_vae_layout"),
        ({"text.weight": torch.ones(8)}, "vae_none"),
    ],
)
def test_one_that_does_not_fit_is_explained(source, tensors, code):
    plan = list(plan_copy(source(weights(1)), None))
    with pytest.raises(UserError, match="vae.safetensors") as caught:
        list(baked(plan, source(tensors, "vae"), None))
    assert caught.value.problem.code == code


def test_folders_take_one_in_their_own_layout(source):
    name = "decoder.mid_block.resnets.0.norm1.weight"
    plan = list(plan_copy(source({f"vae/{name}": torch.ones(8), "unet/a.b": torch.ones(1)}), None))
    found = made(list(baked(plan, source({name: torch.zeros(8)}, "vae"), None)))
    assert found.keys() == {f"vae/{name}", "unet/a.b"} and not found[f"vae/{name}"].any()
