"""Noise levels that fall by the same factor at each step."""

from typing import Any

import torch

from webui.ext import Schedule, ScheduleInfo, hookimpl


def by_factors(table: Any, n: int, options: Any) -> torch.Tensor:
    low, high = float(table.sigmas[0]), float(table.sigmas[-1])
    return torch.cat([torch.logspace(0, 1, n, base=low / high) * high, torch.zeros(1)])


@hookimpl
def register_schedules() -> list[Schedule]:
    return [Schedule(ScheduleInfo(name="Example factors"), by_factors)]
