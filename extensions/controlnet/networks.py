"""ControlNets and T2I-Adapters: read from a file or a folder, and called for rows of a step.

What a network of a UNet puts out is added to the UNet's own (Zhang et al., "Adding conditional
control to text-to-image diffusion models", 2023; Mou et al., "T2I-Adapter", 2023); what one of a
transformer puts out, to the transformer's blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from webui.ext import Call

from .kinds import FLUX, UNET

Added = dict[str, list[Tensor]]
"""What is added inside: the network's argument -> tensors, the outermost first."""

SOFT = 0.825
"""By how much each layer further out counts less where the prompt matters more (A1111's)."""
SOFT_ADAPTER = (0.25, 0.62, 0.825, 1.0)


class Network(Protocol):
    """One that has been read."""

    @property
    def module(self) -> torch.nn.Module: ...

    @property
    def kinds(self) -> Sequence[str]:
        """Kinds of map that a union knows, by their numbers; none: it knows but one."""
        ...

    def shown(self, map: Tensor, call: Call) -> Any:
        """The map in the form in which the network takes it; made once for a size.

        Args:
            map: (1, 3, H, W) in 0..1; below 0 where an inpainting network is to make things up.
        """
        ...

    def added(self, call: Call, shown: Any, kind: int | None, soft: bool) -> Added:
        """What it adds for the rows of a call.

        Args:
            kind: number of the map's for a union, None for others.
            soft: the outer layers count less, so that the prompt matters more.
        """
        ...


def numbered(names: Sequence[str], count: int | None) -> tuple[str, ...]:
    """Kinds of a union by their numbers; those without a name too."""
    return tuple(names[i] if i < len(names) else "" for i in range(count or 0))


def expanded(shown: Tensor, call: Call) -> Tensor:
    return shown.expand(len(call.x), *shown.shape[1:])


def softened(layers: Sequence[Tensor], soft: bool) -> list[Tensor]:
    """Outer layers weighted down, the innermost whole."""
    if not soft:
        return list(layers)
    last = len(layers) - 1
    return [layer * SOFT ** (last - place) for place, layer in enumerate(layers)]


def inputs_of(call: Call) -> dict[str, Any]:
    """What the model's own network is given, told the same scale of distilled guidance."""
    inputs = dict(call.model.network_inputs(call.x, call.step.sigma, call.embeddings))
    scale = call.residuals.get("guidance")
    if inputs.get("guidance") is not None and isinstance(scale, float):
        inputs["guidance"] = torch.full_like(inputs["guidance"], scale)
    return inputs


class UNetControl:
    """A ControlNet of Stable Diffusion 1, 2 or XL, or a union of several."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.kinds = numbered(UNET, module.config.get("num_control_type"))
        self._pooled = bool(module.config.get("global_pool_conditions"))

    def shown(self, map: Tensor, call: Call) -> Tensor:
        if self.kinds:
            map = map.clamp(min=0)  # a union learnt black where things are to be made up
        return map.to(call.model.device, call.model.dtype)

    def added(self, call: Call, shown: Any, kind: int | None, soft: bool) -> Added:
        inputs = {**inputs_of(call), "controlnet_cond": expanded(shown, call)}
        if kind is not None:
            inputs |= self._told(inputs, len(call.x), kind)
        down, middle = self.module(**inputs, return_dict=False)
        layers = softened([*down, middle], soft)
        if self._pooled:
            layers = [layer.mean(dim=(2, 3), keepdim=True) for layer in layers]
        return {
            "down_block_additional_residuals": layers[:-1],
            "mid_block_additional_residual": layers[-1:],
        }

    def _told(self, inputs: Mapping[str, Any], rows: int, kind: int) -> dict[str, Any]:
        """A union of networks is told which one is meant."""
        which = torch.zeros(rows, len(self.kinds)).to(inputs["sample"])
        which[:, kind] = 1
        shown = [inputs["controlnet_cond"]]
        return {"controlnet_cond": shown, "control_type": which, "control_type_idx": [kind]}


class Adapter:
    """A T2I-Adapter, which looks at the map alone, once."""

    kinds = ()

    def __init__(self, module: Any) -> None:
        self.module = module

    def shown(self, map: Tensor, call: Call) -> list[Tensor]:
        channels = self.module.config["in_channels"]
        given = map if channels == 3 else map.mean(dim=1, keepdim=True)
        return self.module(given.to(call.model.device, call.model.dtype))

    def added(self, call: Call, shown: Any, kind: int | None, soft: bool) -> Added:
        scales = SOFT_ADAPTER[-len(shown) :] if soft else (1.0,) * len(shown)
        layers = [expanded(layer, call) * scale for layer, scale in zip(shown, scales, strict=True)]
        return {"down_intrablock_additional_residuals": layers}


class SD3Control:
    """A ControlNet of Stable Diffusion 3, which sees the map as latents."""

    kinds = ()

    def __init__(self, module: Any, transformer: Any) -> None:
        self.module = module
        self._config = module.config
        if not self._config["use_pos_embed"]:
            module.pos_embed = module._get_pos_embed_from_transformer(transformer)

    def shown(self, map: Tensor, call: Call) -> Tensor:
        latents = call.model.encode(map)
        if self._config["force_zeros_for_pooled_projection"]:
            # those of InstantX were trained without the shift of the latents
            vae = call.model.autoencoder.vae.config
            latents = latents + (vae["shift_factor"] or 0.0) * vae["scaling_factor"]
        return latents.to(call.model.device, call.model.dtype)

    def added(self, call: Call, shown: Any, kind: int | None, soft: bool) -> Added:
        inputs = inputs_of(call)
        if self._config["force_zeros_for_pooled_projection"]:
            inputs["pooled_projections"] = torch.zeros_like(inputs["pooled_projections"])
        if self._config["joint_attention_dim"] is None:
            inputs["encoder_hidden_states"] = None
        if not self._config["use_pos_embed"]:
            inputs["hidden_states"] = self.module.pos_embed(inputs["hidden_states"])
        (layers,) = self.module(**inputs, controlnet_cond=expanded(shown, call), return_dict=False)
        return {"block_controlnet_hidden_states": list(layers)}


class FluxControl:
    """A ControlNet of Flux.1, or a union, which sees the map as packed latents."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.kinds = numbered(FLUX, module.config.get("num_mode"))

    def shown(self, map: Tensor, call: Call) -> Tensor:
        if self.module.input_hint_block is not None:
            return map.to(call.model.device, call.model.dtype) * 2 - 1
        latents = call.model.encode(map).to(call.model.device, torch.float32)
        packed = call.model.network_inputs(latents, call.step.sigma, call.embeddings[:1])
        return packed["hidden_states"]

    def added(self, call: Call, shown: Any, kind: int | None, soft: bool) -> Added:
        inputs = inputs_of(call)
        if not self.module.config["guidance_embeds"]:
            inputs.pop("guidance", None)
        if kind is not None:
            which = torch.full((len(call.x), 1), kind, device=call.model.device)
            inputs["controlnet_mode"] = which.long()
        blocks, single = self.module(
            **inputs, controlnet_cond=expanded(shown, call), return_dict=False
        )
        return {
            "controlnet_block_samples": list(blocks or ()),
            "controlnet_single_block_samples": list(single or ()),
        }
