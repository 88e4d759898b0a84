"""Points on the globe as whole numbers.

A point is a unit vector times 2**23, rounded: the square of a chord between two points fits 64 bits exactly, so comparing
distances has no rounding at all. One unit is 0.76 m, finer than any phone's position.
"""

from __future__ import annotations

import math

from matching.formula import EARTH_KM, UNIT


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
