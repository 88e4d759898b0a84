"""One row, or one block of rows, against one query: the arrays that kernels read, the hard filters, the value, the bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from matching.compiled import kernel
from matching.formula import (
    AGE_MAX,
    AGE_OPEN,
    PREFERENCE_MAX,
    WAGE_MAX,
    age_points,
    fresh_points,
    place_points,
    preference_points,
    text_points,
    wage_points,
)

Array = npt.NDArray[Any]
whole = cast("Callable[[Any], int]", np.int64)  # the type of a kernel's numbers: narrow or unsigned ones are widened first
BLOCK_SHIFT: Final = 10
BLOCK: Final = 1 << BLOCK_SHIFT
NEVER: Final = 0xFFFFFFFF  # expiry of a job without one; times are unsigned 32 bits
HOURS_UNKNOWN: Final = 127
BY_SCORE: Final = 0
BY_DISTANCE: Final = 1
BY_WAGE: Final = 2
BY_NEWEST: Final = 3
NOWHERE: Final = -99_999_999  # distance value of a job without a point: behind every distance on earth


class Hot(NamedTuple):
    """What the kernels read: ``n`` jobs in ``b`` blocks of 1,024, ``t`` terms, ``g`` groups, ``p`` postings, ``w`` tag words."""

    record: Array  # int32 [n, 8], see columns.py
    job_id: Array  # int64 [n]
    region: Array  # int64 [n], division code of twelve digits, 0 none
    employer: Array  # int64 [n]
    tags: Array  # uint64 [n, w], bit of tag i: word i // 64, bit i % 64
    low: Array  # int32 [b, 3], least coordinates of the placed jobs of a block
    high: Array  # int32 [b, 3], greatest
    bounds: Array  # int64 [b, 6]: newest, last expiry, highest pay, highest pay to sort by, kinds (bits), has placed jobs
    term_starts: Array  # uint32 [t + 1]
    group_block: Array  # uint32 [g]
    group_starts: Array  # uint32 [g + 1]
    group_max: Array  # uint8 [g]
    post_row: Array  # uint16 [p]
    post_impact: Array  # uint8 [p]


class Facet(NamedTuple):
    """What only counting by trade and county reads."""

    trade_starts: Array  # uint32 [n + 1]
    trades: Array  # uint32
    county: Array  # uint32 [n], index into the segment's counties


class Asked(NamedTuple):
    """One query as numbers, for one segment (term and tag numbers are the segment's own)."""

    mode: int  # BY_*
    now: int
    kinds: int  # bits wanted, 0 all
    settlements: int  # bits of settlement numbers 1..4 wanted, 0 all
    hours: int  # most hours a day in quarters, 127 any
    floor: int  # least pay, 0 any
    wish: int  # pay that ranks, 0 none
    age: int  # that leaves out, -1 not said
    ranked_age: int  # that ranks, -1 none
    sex: int  # 0 not said, 1 male, 2 female
    placed: int  # 1 when there is a point
    x: int
    y: int
    z: int
    reach: int  # radius in chord units, -1 none
    since: int  # least time of publication
    words: int  # 1 when at least one term must match
    any_tags: int  # 1 when one of the tags of row 1 is needed
    wanted_tags: int  # how many benefits rank
    after: int  # 1 when only what sorts behind (after_value, after_time, after_id) counts
    after_value: int
    after_time: int
    after_id: int
    term: Array  # int64 [terms], numbers in the segment
    weight: Array  # int64 [terms]
    group: Array  # int64 [terms], terms of one group stand together and only the best of them counts
    regions: Array  # int64 [r, 2], from and below
    tags: Array  # uint64 [4, w]: all, any, none, wanted
    blocked: Array  # int64, employers


@kernel
def _popcount(bits: Any) -> int:
    count = 0
    while bits:
        bits &= bits - np.uint64(1)
        count += 1
    return count


@kernel
def _chord2(hot: Hot, row: int, asked: Asked) -> int:
    dx = (whole(hot.record[row, 0]) >> 7) - asked.x
    dy = (whole(hot.record[row, 1]) >> 7) - asked.y
    dz = (whole(hot.record[row, 2]) >> 7) - asked.z
    return dx * dx + dy * dy + dz * dz


@kernel
def _root(square: int) -> int:
    """Whole square root; exact below 2**52, the largest square here is 2**48."""
    return whole(math.sqrt(float(square)))


@kernel
def chord_to(hot: Hot, row: int, asked: Asked) -> int:
    """Distance in chord units, -1 when the person or the job has no point."""
    if asked.placed == 0 or (hot.record[row, 0] & 32) == 0:
        return -1
    return _root(_chord2(hot, row, asked))


@kernel
def limits_of(hot: Hot, row: int, sex: int) -> tuple[int, int]:
    ages = whole(hot.record[row, 7])
    men_low, men_high = ages & 127, (ages >> 7) & 127
    women_low, women_high = (ages >> 14) & 127, (ages >> 21) & 127
    if sex == 1:
        return men_low, men_high
    if sex == 2:
        return women_low, women_high
    return min(men_low, women_low), max(men_high, women_high)


@kernel
def passes(hot: Hot, dead: Array, row: int, asked: Asked) -> bool:
    """All hard filters but the words."""
    if dead[row >> 6] >> np.uint64(row & 63) & np.uint64(1):
        return False
    record = hot.record
    if (whole(record[row, 4]) & NEVER) <= asked.now:
        return False
    facts = whole(record[row, 0])
    if asked.kinds != 0 and (asked.kinds >> (facts & 3)) & 1 == 0:
        return False
    if (whole(record[row, 3]) & NEVER) < asked.since:
        return False
    if asked.reach >= 0:
        if (facts & 32) == 0:
            return False
        if _chord2(hot, row, asked) > asked.reach * asked.reach:
            return False
    if asked.settlements != 0 and (asked.settlements >> ((facts >> 2) & 7)) & 1 == 0:
        return False
    if asked.floor > 0 and max(record[row, 5], record[row, 6]) < asked.floor:
        return False
    if asked.hours < HOURS_UNKNOWN:
        hours = whole(record[row, 1]) & 127
        if hours != HOURS_UNKNOWN and hours > asked.hours:
            return False
    if asked.age >= 0:
        if asked.age < 18 and (record[row, 2] & 1) != 0:
            return False
        if (facts & 64) != 0:
            low, high = limits_of(hot, row, asked.sex)
            if asked.age < low or (asked.age > high and high != AGE_OPEN):
                return False
    if len(asked.regions) > 0:
        inside = False
        for i in range(len(asked.regions)):
            if asked.regions[i, 0] <= hot.region[row] < asked.regions[i, 1]:
                inside = True
                break
        if not inside:
            return False
    has_any = asked.any_tags == 0
    for word in range(hot.tags.shape[1]):
        bits = hot.tags[row, word]
        if bits & asked.tags[0, word] != asked.tags[0, word] or bits & asked.tags[2, word] != np.uint64(0):
            return False
        if bits & asked.tags[1, word] != np.uint64(0):
            has_any = True
    if not has_any:
        return False
    blocked = False
    for i in range(len(asked.blocked)):
        blocked = blocked or hot.employer[row] == asked.blocked[i]
    return not blocked


@kernel
def met_tags(hot: Hot, row: int, asked: Asked) -> int:
    met = 0
    if asked.wanted_tags > 0:
        for word in range(hot.tags.shape[1]):
            met += _popcount(hot.tags[row, word] & asked.tags[3, word])
    return met


@kernel
def value_of(hot: Hot, row: int, asked: Asked, total: int) -> int:
    """By what a job is sorted, larger first; ``total`` is its text sum (``formula.py``)."""
    record = hot.record
    published = whole(record[row, 3]) & NEVER
    if asked.mode == BY_NEWEST:
        return published
    low, high = whole(record[row, 5]), whole(record[row, 6])
    if asked.mode == BY_WAGE:
        return low if low > 0 else high
    chord = chord_to(hot, row, asked)
    if asked.mode == BY_DISTANCE:
        if asked.placed == 0:
            return 0
        return NOWHERE if chord < 0 else -(chord * 6_371_009 // 8_388_608)
    score = text_points(total) + wage_points(asked.wish, low, high) + fresh_points(asked.now, published)
    if chord >= 0:
        score += place_points(chord)
    if asked.ranked_age >= 0:
        age_low, age_high = limits_of(hot, row, asked.sex)
        score += age_points(asked.ranked_age, age_low, age_high)
    return score + preference_points(met_tags(hot, row, asked), asked.wanted_tags)


@kernel
def _nearest(hot: Hot, block: int, asked: Asked) -> int:
    """Square of a distance that no placed job of the block undercuts (its box of coordinates)."""
    square = 0
    point = (asked.x, asked.y, asked.z)
    for axis in range(3):
        below = whole(hot.low[block, axis]) - point[axis]
        above = point[axis] - whole(hot.high[block, axis])
        gap = max(below, above, 0)
        square += gap * gap
    return square


@kernel
def may_hold(hot: Hot, block: int, asked: Asked) -> bool:
    """False when the facts about the whole block rule out all of its jobs."""
    bounds = hot.bounds
    if bounds[block, 1] <= asked.now or bounds[block, 0] < asked.since:
        return False
    if asked.floor > 0 and bounds[block, 2] < asked.floor:
        return False
    if asked.kinds != 0 and bounds[block, 4] & asked.kinds == 0:
        return False
    if asked.reach >= 0:
        return bounds[block, 5] != 0 and _nearest(hot, block, asked) <= asked.reach * asked.reach
    return True


@kernel
def bound_of(hot: Hot, block: int, asked: Asked, total: int) -> int:
    """No job of the block has a larger value; ``total`` bounds the text sum."""
    bounds = hot.bounds
    if asked.mode == BY_NEWEST:
        return whole(bounds[block, 0])
    if asked.mode == BY_WAGE:
        return whole(bounds[block, 3])
    near = asked.placed != 0 and bounds[block, 5] != 0
    if asked.mode == BY_DISTANCE:
        if asked.placed == 0:
            return 0
        return -(_root(_nearest(hot, block, asked)) * 6_371_009 // 8_388_608) if near else NOWHERE
    score = text_points(total) + fresh_points(asked.now, bounds[block, 0])
    if near:
        score += place_points(_root(_nearest(hot, block, asked)))
    if asked.wish > 0:
        score += WAGE_MAX
    if asked.ranked_age >= 0:
        score += AGE_MAX
    if asked.wanted_tags > 0:
        score += PREFERENCE_MAX
    return score
