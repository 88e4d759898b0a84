"""One row, or one block of rows, against one query: the hard filters, the value, the bounds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

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
from matching.layout import (
    BY_APPLICATIONS,
    BY_DISTANCE,
    BY_NEWEST,
    BY_SCORE,
    BY_WAGE,
    FACT_APPLICATIONS,
    FACT_EXPIRY,
    FACT_KINDS,
    FACT_NEWEST,
    FACT_PAY,
    FACT_PLACED,
    FACT_REGION_HIGH,
    FACT_REGION_LOW,
    FACT_SETTLEMENTS,
    FACT_SORT_PAY,
    HOURS_UNKNOWN,
    NEVER,
    NOWHERE,
    SCALARS,
    SECTIONS,
    Array,
    Asked,
    Blocks,
    Rows,
    whole,
)


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
def popcount(bits: Any) -> int:
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
        if root(_chord2(rows, row, asked)) > asked.reach:
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
            met += popcount(rows.tag_sets[chosen, word] & asked.tags[3 * width + word])
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
    if asked.reach >= 0 and (facts[block, FACT_PLACED] == 0 or root(_nearest(blocks, block, asked)) > asked.reach):
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
            met += popcount(blocks.tags[block, word] & asked.tags[3 * width + word])
        score += preference_points(met, asked.wanted_tags)
    return score
