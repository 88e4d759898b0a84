"""Points on the globe as whole numbers, and the order of jobs in space.

A point is a unit vector times 2**23, rounded: the square of a chord between two points fits 64 bits exactly, so comparing
distances has no rounding at all. One unit is 0.76 m, finer than any phone's position.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from matching.formula import EARTH_KM, UNIT

_ORDER = 16  # Hilbert curve over 65,536 x 65,536 cells: about 300 x 600 m at the equator


def unit_vector(lat: float, lng: float) -> tuple[int, int, int]:
    """Degrees (either datum) to a vector of whole numbers of length 2**23."""
    phi, lam = math.radians(lat), math.radians(lng)
    return (
        round(math.cos(phi) * math.cos(lam) * UNIT),
        round(math.cos(phi) * math.sin(lam) * UNIT),
        round(math.sin(phi) * UNIT),
    )


def is_point(lat: float | None, lng: float | None) -> bool:
    """Whether both are there and on the globe; what is not is treated as a job without a place, never as a place."""
    return lat is not None and lng is not None and abs(lat) <= 90.0 and abs(lng) <= 180.0


def chord_of(km: float) -> int:
    """Kilometres along the ground to chord units; beyond half the globe everything is within."""
    return math.floor(2.0 * math.sin(min(km / EARTH_KM, math.pi) / 2.0) * UNIT)


def km_of(chord: int) -> float:
    """Chord units to kilometres along the ground."""
    return 2.0 * EARTH_KM * math.asin(min(1.0, chord / UNIT / 2.0))


def metres_of(chord: int) -> int:
    """Chord units to whole straight-line metres: the value by which a list sorted by distance is ordered."""
    return chord * 6_371_009 // UNIT


def curve(record: npt.NDArray[np.int32], region: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Position of every job along a Hilbert curve over the globe: near on the curve is near on the ground.

    Made from the stored vectors (``record`` columns 0-2, times 128). Jobs without a point stand behind all others, county by
    county. Only the order of rows hangs on this, never an answer, so floating point is welcome here.
    """
    x, y, z = (record[:, column].astype(np.float64) / 128.0 for column in range(3))
    side = 1 << _ORDER
    east = np.clip((np.arctan2(y, x) / np.pi + 1.0) / 2.0 * side, 0, side - 1).astype(np.int64)
    north = np.clip((np.arcsin(np.clip(z / UNIT, -1.0, 1.0)) / np.pi + 0.5) * side, 0, side - 1).astype(np.int64)
    position = np.zeros(len(record), dtype=np.int64)
    step = side >> 1
    while step:
        right, upper = (east & step) != 0, (north & step) != 0
        position += step * step * ((3 * right) ^ upper)
        flip = right & ~upper
        east, north = np.where(flip, side - 1 - east, east), np.where(flip, side - 1 - north, north)
        east, north = np.where(upper, east, north), np.where(upper, north, east)
        step >>= 1
    placed = (record[:, 0] & 32) != 0
    return np.where(placed, position, (1 << 40) + region)
