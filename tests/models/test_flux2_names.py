"""Names of Flux.2's makers are turned as diffusers turns them."""

import torch
from diffusers.loaders.single_file_utils import convert_flux2_transformer_checkpoint_to_diffusers

from tests.tiny_flux2 import flux2_layout, write_flux2
from tests.tiny_newer import weights_of
from webui.models.flux2_names import flux2_names


def test_all_names(tmp_path):
    own = weights_of(write_flux2(tmp_path / "tiny", guidance_embeds=True), "transformer")
    layout = flux2_layout(own)
    made = flux2_names(layout, None)
    wanted = convert_flux2_transformer_checkpoint_to_diffusers(dict(layout))
    assert made.keys() == wanted.keys() == own.keys()
    assert all(torch.equal(made[name], wanted[name]) for name in made)
    assert all(torch.equal(made[name], own[name]) for name in made)


def test_a_name_that_is_not_known_stays():
    tensors = {"double_blocks.0.new.weight": torch.ones(1), "other.bias": torch.ones(1)}
    assert flux2_names(tensors, None).keys() == {"transformer_blocks.0.new.weight", "other.bias"}
