import pytest
import torch
from diffusers import AutoencoderKLWan, UNet2DConditionModel
from torch import nn

from tests.tiny import UNETS
from tests.tiny_flows import autoencoder
from webui.models.memory.saving import Slices, Tiles


@pytest.fixture(scope="module")
def vae():
    torch.manual_seed(0)
    return autoencoder().eval()


def decoded(vae, side: int) -> torch.Tensor:
    torch.manual_seed(1)
    with torch.inference_mode():
        return vae.decode(torch.randn(1, 16, side // 8, side // 8)).sample


def test_a_picture_no_larger_than_a_tile_is_the_same_to_the_bit(vae):
    expected = decoded(vae, 256)
    tiles = Tiles(vae)
    tiles.use(256)
    assert torch.equal(decoded(vae, 256), expected)
    tiles.use(None)


def test_a_larger_one_is_nearly_the_same_and_without_tiles_it_is_the_same_again(vae):
    expected = decoded(vae, 384)
    tiles = Tiles(vae)
    tiles.use(256)
    tiled = decoded(vae, 384)
    assert 0 < (tiled - expected).abs().mean() < 0.2 * expected.abs().mean()
    tiles.use(None)
    assert torch.equal(decoded(vae, 384), expected)
    assert vae.tile_sample_min_size == 64, "its own"


def test_an_autoencoder_of_the_other_kind_gets_sides_and_strides():
    wan = AutoencoderKLWan(base_dim=4, z_dim=4, dim_mult=[1, 1, 1, 1], num_res_blocks=1)
    own = (wan.tile_sample_min_height, wan.tile_sample_stride_height)
    tiles = Tiles(wan)
    tiles.use(512)
    assert wan.use_tiling
    assert (wan.tile_sample_min_height, wan.tile_sample_stride_width) == (512, 384)
    tiles.use(None)
    assert (wan.tile_sample_min_height, wan.tile_sample_stride_height) == own
    assert not wan.use_tiling


def test_what_knows_no_tiles_stays_as_it_is():
    Tiles(nn.Linear(1, 1)).use(512)


def test_sliced_attention_gives_the_same_and_the_processors_come_back():
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(32, 64), layers_per_block=1, **UNETS["sd1"]
    ).eval()
    x, words = torch.randn(2, 4, 8, 8), torch.randn(2, 77, 32)
    own = dict(unet.attn_processors)
    slices = Slices(unet)
    assert slices.possible
    with torch.inference_mode():
        expected = unet(x, 500, words).sample
        slices.use(True)
        sliced = unet(x, 500, words).sample
    assert set(map(type, unet.attn_processors.values())) != set(map(type, own.values()))
    torch.testing.assert_close(sliced, expected, rtol=1e-4, atol=1e-5)
    slices.use(False)
    assert unet.attn_processors == own
    assert not Slices(nn.Linear(1, 1)).possible
