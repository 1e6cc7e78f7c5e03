"""Matrices as their files keep them, in few bits, while names are sorted out.

To whoever converts names they look like any tensor. What takes rows apart, puts them together or
in another order, as fused layers want it, works on the bytes, since a row is whole blocks; for
anything else the numbers are decoded, and go on as a plain tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from webui.models.quants import decoded

_ATEN: Any = torch.ops.aten


class Packed(Tensor):
    """(outputs, inputs), of the type that its numbers will be used in.

    Attributes:
        rows: (outputs, bytes) uint8.
        kind: of the numbers, see `library.header`.
        factor: (1,) or (outputs,) float32, what they are multiplied by; or None.
    """

    rows: Tensor
    kind: str
    factor: Tensor | None

    @staticmethod
    def __new__(
        cls, rows: Tensor, kind: str, columns: int, dtype: torch.dtype, factor: Tensor | None = None
    ) -> Packed:
        made: Packed = Tensor._make_wrapper_subclass(  # pyright: ignore[reportAttributeAccessIssue]
            cls, (len(rows), columns), dtype=dtype, device=rows.device
        )
        made.rows, made.kind, made.factor = rows, kind, factor
        return made

    def __repr__(self, *, tensor_contents: object = None) -> str:
        return f"Packed({tuple(self.shape)}, {self.kind})"

    def plain(self) -> Tensor:
        """Its numbers."""
        return unpacked(self.rows, self.kind, self.factor).to(self.dtype)

    def like(self, rows: Tensor, factor: Tensor | None) -> Packed:
        """Other rows of the same kind."""
        return Packed(rows, self.kind, self.shape[1], self.dtype, factor)

    @classmethod
    def __torch_dispatch__(
        cls,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        by_rows = _BY_ROWS.get(func)
        found = by_rows(*args) if by_rows and not kwargs else None
        if found is not None:
            return found
        given = tree_map_only(Packed, Packed.plain, (tuple(args), dict(kwargs or {})))
        return func(*given[0], **given[1])


def unpacked(rows: Tensor, kind: str, factor: Tensor | None) -> Tensor:
    """(outputs, inputs) the numbers of rows; float32 where there is a factor."""
    numbers = decoded(rows, kind)
    return numbers if factor is None else numbers.float() * factor[:, None]


def _detached(one: Packed) -> Packed:
    return one.like(one.rows, one.factor)


def _split(one: Packed, size: int | Sequence[int], axis: int = 0) -> list[Packed] | None:
    if axis != 0:
        return None
    places: Any = torch.arange(len(one)).split(size)
    return [_part(one, slice(int(part[0]), int(part[-1]) + 1)) for part in places]


def _slice(
    one: Packed, axis: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Packed | None:
    return _part(one, slice(start, end, step)) if axis == 0 else None


def _chosen(one: Packed, axis: int, places: Tensor) -> Packed | None:
    return _part(one, places) if axis == 0 else None


def _part(one: Packed, place: slice | Tensor) -> Packed:
    factor = one.factor
    if factor is not None and len(factor) > 1:
        factor = factor[place]
    return one.like(one.rows[place], factor)


def _cat(parts: Sequence[Tensor], axis: int = 0) -> Packed | None:
    packed = [one for one in parts if isinstance(one, Packed)]
    kinds = {(one.kind, one.shape[1], one.factor is None) for one in packed}
    if axis != 0 or len(packed) != len(parts) or len(kinds) != 1:
        return None
    rows = torch.cat([one.rows for one in packed])
    factors = [one.factor.expand(len(one)) for one in packed if one.factor is not None]
    return packed[0].like(rows, torch.cat(factors) if factors else None)


_BY_ROWS: Mapping[Any, Callable[..., Any]] = {
    _ATEN.detach.default: _detached,
    _ATEN.split.Tensor: _split,
    _ATEN.split_with_sizes.default: _split,
    _ATEN.slice.Tensor: _slice,
    _ATEN.index_select.default: _chosen,
    _ATEN.cat.default: _cat,
}
"""What is done to the bytes; None where they do not let it."""
