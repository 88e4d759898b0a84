"""Whether two wages can be one: said in the same unit or not, as a range or one end of it."""

from __future__ import annotations

from typing import Final, NamedTuple

APART: Final = -1
UNKNOWN: Final = 0
NEAR: Final = 1
SAME: Final = 2

_EQUAL = 0.02
_OVERLAP = 0.6
_PER_MONTH: Final = {
    ("day", "month"): (20.0, 31.0),
    ("hour", "month"): (160.0, 372.0),
    ("hour", "day"): (7.0, 12.5),
    ("week", "month"): (4.0, 4.6),
    ("month", "year"): (11.5, 14.0),
}
"""How many of the first make one of the second, fewest and most: days of work in a month, hours in a day."""


class Wage(NamedTuple):
    """The two ends in their unit; either may be open."""

    low: float | None
    high: float | None
    unit: str | None


def wages(one: Wage, other: Wage) -> int:
    """``SAME``, ``NEAR``, ``UNKNOWN`` (one says nothing, or units that cannot be compared) or ``APART``. Symmetric."""
    if (one.low is None and one.high is None) or (other.low is None and other.high is None):
        return UNKNOWN
    if one.unit != other.unit:
        return _across(one, other)
    if _equal(one.low, other.low) and _equal(one.high, other.high):
        return SAME
    a_low, a_high, b_low, b_high = _ends(one) + _ends(other)
    if one.high is None or other.high is None or one.low is None or other.low is None:
        # 6000起 beside 6000-7500; 最高7500 beside 6000-7500
        shared = _equal(a_low, b_low) or _equal(a_high, b_high)
        return NEAR if shared else APART
    together, apart = min(a_high, b_high) - max(a_low, b_low), max(a_high, b_high) - min(a_low, b_low)
    if a_low == a_high or b_low == b_high:
        inside = together >= 0 and (a_low != a_high or b_low != b_high)
        return NEAR if inside or apart <= 0.05 * max(a_high, b_high) else APART
    # 6200-9200 beside 6000-9000 in one unit: who copies an advert copies one end at least
    shared = _equal(one.low, other.low) or _equal(one.high, other.high)
    return NEAR if shared and together >= _OVERLAP * apart else APART


def _across(one: Wage, other: Wage) -> int:
    for small, large in ((one, other), (other, one)):
        bounds = _PER_MONTH.get((small.unit or "", large.unit or ""))
        if bounds is None:
            continue
        (s_low, s_high), (l_low, l_high) = _ends(small), _ends(large)
        fits = s_low * bounds[0] <= l_high * 1.02 and l_low <= s_high * bounds[1] * 1.02
        return NEAR if fits else APART
    return UNKNOWN


def _ends(wage: Wage) -> tuple[float, float]:
    low = wage.low if wage.low is not None else wage.high
    high = wage.high if wage.high is not None else wage.low
    return low or 0.0, high or 0.0


def _equal(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _EQUAL * max(abs(one), abs(other))
