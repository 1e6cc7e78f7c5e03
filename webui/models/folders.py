"""Networks that see (depth, words), from folders as transformers has them, and what they see at a
picture's size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from torch import Tensor

from webui.core.errors import UserError


def opened(folder: Path, network: Any, processor: Any, code: str) -> tuple[Any, Any]:
    """A network and what makes its inputs; nothing is looked up elsewhere.

    Args:
        network, processor: their classes.
        code: of the sentence that says that it cannot be read.

    Raises:
        UserError: what is in the folder is none, or is not whole.
    """
    try:
        return tuple(
            one.from_pretrained(folder, local_files_only=True) for one in (network, processor)
        )
    except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else "?"
        raise UserError(code, name=folder.name, reason=reason) from error


def at_size(seen: Tensor, levels: npt.NDArray[np.uint8], mode: str) -> npt.NDArray[np.float32]:
    """What a network saw, (1, h, w), at the size of its picture: (H, W).

    levels: (H, W, 3).
    """
    sized = torch.nn.functional.interpolate(
        seen[:, None].float(), levels.shape[:2], mode=mode, align_corners=False
    )
    return sized[0, 0].cpu().numpy()
