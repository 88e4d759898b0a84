"""One row, or one block of rows, against one query: the arrays that kernels read, the hard filters, the value, the bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from matching.compiled import inner
from matching.formula import (
    AGE_MAX,
    AGE_OPEN,
    FAIR_MAX,
    age_points,
    fair_points,
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
SUPER_SHIFT: Final = 5  # blocks of a superblock
SUPER: Final = 1 << SUPER_SHIFT
NEVER: Final = 0xFFFFFFFF  # expiry of a job without one; times are unsigned 32 bits
HOURS_UNKNOWN: Final = 127
BY_SCORE: Final = 0
BY_DISTANCE: Final = 1
BY_WAGE: Final = 2
BY_NEWEST: Final = 3
BY_APPLICATIONS: Final = 4
NOWHERE: Final = -99_999_999  # distance value of a job without a point: behind every distance on earth


class Rows(NamedTuple):
    """``n`` jobs, one row each. Numbers that repeat stand once in a table beside the column of their positions in it."""

    record: Array  # int32 [n, 8], see columns.py
    job_id: Array  # uint32 or int64 [n]
    region: Array  # uint16 or uint32 [n], position in regions
    employer: Array  # uint16 or uint32 [n], position in employers
    tag_set: Array  # uint16 or uint32 [n], position in tag_sets
    applications: Array  # uint16 [n], counted, at most 65,535
    older: Array  # uint8 [n], whole half-days that the job is older than the newest of its block, at most 255
    regions: Array  # int64, division codes of twelve digits, 0 none
    employers: Array  # int64
    tag_sets: Array  # uint64 [s, w], bit of tag i: word i // 64, bit i % 64


class Blocks(NamedTuple):
    """Facts about the rows of a block (or of a superblock) that rule it out or bound what is in it."""

    low: Array  # int32 [b, 3], least coordinates of the placed jobs
    high: Array  # int32 [b, 3], greatest
    facts: Array  # int64 [b, 10], columns FACT_*
    tags: Array  # uint64 [b, w], every tag that one of them has


HALF_DAY: Final = 43_200
OLDER_MOST: Final = 255
FACT_NEWEST: Final = 0
FACT_EXPIRY: Final = 1  # the last one
FACT_PAY: Final = 2  # the highest
FACT_SORT_PAY: Final = 3  # the highest of what is sorted by
FACT_KINDS: Final = 4  # bits
FACT_PLACED: Final = 5  # 1 when one of them has a point
FACT_REGION_LOW: Final = 6  # least division code
FACT_REGION_HIGH: Final = 7
FACT_SETTLEMENTS: Final = 8  # bits
FACT_APPLICATIONS: Final = 9  # fewest
FACTS: Final = 10


class Posts(NamedTuple):
    """Inverted lists in three steps: term, superblock, block. ``t`` terms, ``s`` entries, ``g`` groups, ``p`` postings."""

    term_starts: Array  # uint32 [t + 1] into the superblock entries
    super_no: Array  # uint16 [s]
    super_max: Array  # uint8 [s], largest impact
    super_group: Array  # uint32 [s + 1] into the groups
    super_post: Array  # uint32 [s + 1] into the postings
    group: Array  # uint32 [g]: block in the superblock (5 bits), largest impact (6), start behind the superblock's (21)
    post: Array  # uint16 [p]: row in the block (10 bits, rising in a group), impact (6)


class Hot(NamedTuple):
    """A segment as the search reads it."""

    rows: Rows
    blocks: Blocks
    supers: Blocks
    posts: Posts


GROUP_START: Final = 11  # shift of a group's start
GROUP_IMPACT: Final = 63


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
    placed: int  # 1 when the place ranks
    x: int
    y: int
    z: int
    reach: int  # radius in chord units, -1 none
    since: int  # least time of publication
    words: int  # 1 when at least one term must match
    tagged: int  # 1 when tags filter or rank
    any_tags: int  # 1 when one of the tags of row 1 is needed
    wanted_tags: int  # how many benefits rank
    fair: int  # seed of fair exposure, -1 none
    after: int  # 1 when only what sorts behind (after_value, after_time, after_id) counts
    after_value: int
    after_time: int
    after_id: int
    term: Array  # int64 [terms], numbers in the segment
    weight: Array  # int64 [terms]
    group: Array  # int64 [terms], terms of one group stand together and only the best of them counts
    barred: Array  # int64, terms that a job must not carry
    regions: Array  # int64 [2 r], from and below, pair by pair
    blocked: Array  # int64, employers
    tags: Array  # uint64 [4 w]: all, any, none, wanted


SCALARS: Final = 25
SECTIONS: Final = 7  # lengths of the arrays above stand behind the scalars


@inner
def unpack(packed: Array) -> Asked:
    """An :class:`Asked` out of one int64 array: its scalars, the lengths of its seven arrays, these end to end.

    One array crosses from Python into compiled code in 0.1 µs; thirty arguments would cost more than many a search.
    """
    p = packed
    a = SCALARS + SECTIONS
    b = a + p[SCALARS]
    c = b + p[SCALARS + 1]
    d = c + p[SCALARS + 2]
    e = d + p[SCALARS + 3]
    f = e + p[SCALARS + 4]
    g = f + p[SCALARS + 5]
    h = g + p[SCALARS + 6]
    return Asked(
        p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11], p[12], p[13], p[14], p[15], p[16], p[17], p[18],
        p[19], p[20], p[21], p[22], p[23], p[24], p[a:b], p[b:c], p[c:d], p[d:e], p[e:f], p[f:g], p[g:h].view(np.uint64),
    )  # fmt: skip


@inner
def _popcount(bits: Any) -> int:
    count = 0
    while bits:
        bits &= bits - np.uint64(1)
        count += 1
    return count


@inner
def _chord2(rows: Rows, row: int, asked: Asked) -> int:
    dx = (whole(rows.record[row, 0]) >> 7) - asked.x
    dy = (whole(rows.record[row, 1]) >> 7) - asked.y
    dz = (whole(rows.record[row, 2]) >> 7) - asked.z
    return dx * dx + dy * dy + dz * dz


@inner
def root(square: int) -> int:
    """Whole square root; exact below 2**52, the largest square here is 2**48."""
    return whole(math.sqrt(float(square)))


@inner
def chord_to(rows: Rows, row: int, asked: Asked) -> int:
    """Distance in chord units, -1 when the person or the job has no point."""
    if asked.placed == 0 or (rows.record[row, 0] & 32) == 0:
        return -1
    return root(_chord2(rows, row, asked))


@inner
def limits_of(rows: Rows, row: int, sex: int) -> tuple[int, int]:
    ages = whole(rows.record[row, 7])
    men_low, men_high = ages & 127, (ages >> 7) & 127
    women_low, women_high = (ages >> 14) & 127, (ages >> 21) & 127
    if sex == 1:
        return men_low, men_high
    if sex == 2:
        return women_low, women_high
    return min(men_low, women_low), max(men_high, women_high)


@inner
def published_of(rows: Rows, row: int) -> int:
    return whole(rows.record[row, 3]) & NEVER


@inner
def passes(rows: Rows, dead: Array, row: int, asked: Asked) -> bool:
    """All hard filters but the words."""
    if dead[row >> 6] >> np.uint64(row & 63) & np.uint64(1):
        return False
    record = rows.record
    if (whole(record[row, 4]) & NEVER) <= asked.now:
        return False
    facts = whole(record[row, 0])
    if asked.kinds != 0 and (asked.kinds >> (facts & 3)) & 1 == 0:
        return False
    if published_of(rows, row) < asked.since:
        return False
    if asked.reach >= 0:
        if (facts & 32) == 0:
            return False
        if _chord2(rows, row, asked) > asked.reach * asked.reach:
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
            low, high = limits_of(rows, row, asked.sex)
            if asked.age < low or (asked.age > high and high != AGE_OPEN):
                return False
    if len(asked.regions) > 0:
        code = rows.regions[rows.region[row]]
        inside = False
        for i in range(0, len(asked.regions), 2):
            if asked.regions[i] <= code < asked.regions[i + 1]:
                inside = True
                break
        if not inside:
            return False
    if asked.tagged != 0:
        width = rows.tag_sets.shape[1]
        chosen = rows.tag_set[row]
        has_any = asked.any_tags == 0
        for word in range(width):
            bits = rows.tag_sets[chosen, word]
            if bits & asked.tags[word] != asked.tags[word] or bits & asked.tags[2 * width + word] != np.uint64(0):
                return False
            if bits & asked.tags[width + word] != np.uint64(0):
                has_any = True
        if not has_any:
            return False
    if len(asked.blocked) > 0:
        employer = rows.employers[rows.employer[row]]
        for i in range(len(asked.blocked)):
            if employer == asked.blocked[i]:
                return False
    return True


@inner
def met_tags(rows: Rows, row: int, asked: Asked) -> int:
    met = 0
    if asked.wanted_tags > 0:
        width = rows.tag_sets.shape[1]
        chosen = rows.tag_set[row]
        for word in range(width):
            met += _popcount(rows.tag_sets[chosen, word] & asked.tags[3 * width + word])
    return met


@inner
def fair_of(rows: Rows, row: int, asked: Asked) -> int:
    return fair_points(asked.fair, (whole(rows.record[row, 2]) >> 1) & 63, (whole(rows.record[row, 7]) >> 28) & 15)


@inner
def score_of(rows: Rows, row: int, asked: Asked, total: int) -> int:
    """The whole score; ``total`` is the text sum (``formula.py``)."""
    low, high = whole(rows.record[row, 5]), whole(rows.record[row, 6])
    score = text_points(total) + wage_points(asked.wish, low, high) + fresh_points(asked.now, published_of(rows, row))
    chord = chord_to(rows, row, asked)
    if chord >= 0:
        score += place_points(chord)
    if asked.ranked_age >= 0:
        age_low, age_high = limits_of(rows, row, asked.sex)
        score += age_points(asked.ranked_age, age_low, age_high)
    if asked.fair >= 0:
        score += fair_of(rows, row, asked)
    return score + preference_points(met_tags(rows, row, asked), asked.wanted_tags)


@inner
def value_of(rows: Rows, row: int, asked: Asked, total: int) -> int:
    """By what a job is sorted, larger first."""
    if asked.mode == BY_SCORE:
        return score_of(rows, row, asked, total)
    if asked.mode == BY_NEWEST:
        return published_of(rows, row)
    if asked.mode == BY_WAGE:
        low, high = whole(rows.record[row, 5]), whole(rows.record[row, 6])
        return low if low > 0 else high
    if asked.mode == BY_APPLICATIONS:
        return -whole(rows.applications[row])
    if asked.placed == 0:
        return 0
    chord = chord_to(rows, row, asked)
    return NOWHERE if chord < 0 else -(chord * 6_371_009 // 8_388_608)


@inner
def _nearest(blocks: Blocks, block: int, asked: Asked) -> int:
    """Square of a distance that no placed job of the block undercuts (its box of coordinates)."""
    square = 0
    point = (asked.x, asked.y, asked.z)
    for axis in range(3):
        below = whole(blocks.low[block, axis]) - point[axis]
        above = point[axis] - whole(blocks.high[block, axis])
        gap = max(below, above, 0)
        square += gap * gap
    return square


@inner
def may_hold(blocks: Blocks, block: int, asked: Asked) -> bool:
    """False when the facts about the whole block rule out all of its jobs."""
    facts = blocks.facts
    if asked.reach >= 0 and (facts[block, FACT_PLACED] == 0 or _nearest(blocks, block, asked) > asked.reach * asked.reach):
        return False
    if facts[block, FACT_EXPIRY] <= asked.now or facts[block, FACT_NEWEST] < asked.since:
        return False
    if asked.floor > 0 and facts[block, FACT_PAY] < asked.floor:
        return False
    if asked.kinds != 0 and facts[block, FACT_KINDS] & asked.kinds == 0:
        return False
    if asked.settlements != 0 and facts[block, FACT_SETTLEMENTS] & asked.settlements == 0:
        return False
    if len(asked.regions) > 0:
        inside = False
        for i in range(0, len(asked.regions), 2):
            if asked.regions[i] <= facts[block, FACT_REGION_HIGH] and facts[block, FACT_REGION_LOW] < asked.regions[i + 1]:
                inside = True
                break
        if not inside:
            return False
    if asked.tagged != 0:
        width = blocks.tags.shape[1]
        has_any = asked.any_tags == 0
        for word in range(width):
            bits = blocks.tags[block, word]
            if bits & asked.tags[word] != asked.tags[word]:
                return False
            if bits & asked.tags[width + word] != np.uint64(0):
                has_any = True
        return has_any
    return True


@inner
def bound_of(blocks: Blocks, block: int, asked: Asked, total: int) -> int:
    """No job of the block has a larger value; ``total`` bounds the text sum."""
    facts = blocks.facts
    if asked.mode == BY_NEWEST:
        return whole(facts[block, FACT_NEWEST])
    if asked.mode == BY_WAGE:
        return whole(facts[block, FACT_SORT_PAY])
    if asked.mode == BY_APPLICATIONS:
        return -whole(facts[block, FACT_APPLICATIONS])
    near = asked.placed != 0 and facts[block, FACT_PLACED] != 0
    if asked.mode == BY_DISTANCE:
        if asked.placed == 0:
            return 0
        return -(root(_nearest(blocks, block, asked)) * 6_371_009 // 8_388_608) if near else NOWHERE
    score = text_points(total) + fresh_points(asked.now, facts[block, FACT_NEWEST])
    if near:
        score += place_points(root(_nearest(blocks, block, asked)))
    if asked.wish > 0:
        # Pay from a lowest that none exceeds, or not stated: no row has more points than the higher of the two.
        score += max(wage_points(asked.wish, facts[block, FACT_PAY], facts[block, FACT_PAY]), wage_points(asked.wish, 0, 0))
    if asked.ranked_age >= 0:
        score += AGE_MAX
    if asked.fair >= 0:
        score += FAIR_MAX
    if asked.wanted_tags > 0:
        width = blocks.tags.shape[1]
        met = 0
        for word in range(width):
            met += _popcount(blocks.tags[block, word] & asked.tags[3 * width + word])
        score += preference_points(met, asked.wanted_tags)
    return score
