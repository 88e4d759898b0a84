"""The coarse cells of the map in which jobs and circles are looked up by the peers that have no spatial index of their own."""

from __future__ import annotations

import math
from typing import Final

from matching.asking import Plan

FINE: Final = 8  # cells a degree, about 14 km high
COARSE: Final = 1
_FINE_UP_TO_KM: Final = 60.0
KM_A_DEGREE: Final = 111.19


def box(plan: Plan) -> tuple[float, float, float, float] | None:
    """South, north, west and east of the circle of a plan; None without a radius."""
    query = plan.query
    if query.lat is None or query.lng is None or query.radius_km is None:
        return None
    high = query.radius_km / KM_A_DEGREE + 0.001
    wide = high / max(0.05, math.cos(math.radians(min(89.0, abs(query.lat) + high))))
    return query.lat - high, query.lat + high, query.lng - wide, query.lng + wide


def cells_of(lat: float, lng: float) -> list[str]:
    """Names of the fine and the coarse cell of a point, none for a job without one."""
    if math.isnan(lat):
        return []
    return [f"c{step}x{math.floor(lat * step) + 1000}x{math.floor(lng * step) + 2000}" for step in (FINE, COARSE)]


def cells_of_plan(plan: Plan) -> list[str]:
    """Names of the cells that the circle of a plan may touch; none without a radius."""
    around = box(plan)
    if around is None or plan.query.radius_km is None:
        return []
    step = FINE if plan.query.radius_km <= _FINE_UP_TO_KM else COARSE
    south, north, west, east = (math.floor(edge * step) for edge in around)
    return [f"c{step}x{y + 1000}x{x + 2000}" for y in range(south, north + 1) for x in range(west, east + 1)]
