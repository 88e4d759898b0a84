"""The compiled loops: the best k jobs of a segment, the number of matches with their facets, and the parts of a found job.

All take one segment (``Hot``), its tombstones and one query (``Asked``). A block of 1,024 rows is looked at only when the upper
bound of its whole score (largest impacts, nearest corner of its box, newest advert) can still enter the best k; blocks come
best bound first. Every comparison is between whole numbers, so pruning never changes the answer.
"""

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
_BUCKETS: Final = 512


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
    age: int  # -1 not said
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
def _chord(hot: Hot, row: int, asked: Asked) -> int:
    """Distance in chord units, -1 when the person or the job has no point."""
    if asked.placed == 0 or (hot.record[row, 0] & 32) == 0:
        return -1
    return _root(_chord2(hot, row, asked))


@kernel
def _limits(hot: Hot, row: int, sex: int) -> tuple[int, int]:
    ages = whole(hot.record[row, 7])
    men_low, men_high = ages & 127, (ages >> 7) & 127
    women_low, women_high = (ages >> 14) & 127, (ages >> 21) & 127
    if sex == 1:
        return men_low, men_high
    if sex == 2:
        return women_low, women_high
    return min(men_low, women_low), max(men_high, women_high)


@kernel
def _passes(hot: Hot, dead: Array, row: int, asked: Asked) -> bool:
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
            low, high = _limits(hot, row, asked.sex)
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
def _met_tags(hot: Hot, row: int, asked: Asked) -> int:
    met = 0
    if asked.wanted_tags > 0:
        for word in range(hot.tags.shape[1]):
            met += _popcount(hot.tags[row, word] & asked.tags[3, word])
    return met


@kernel
def _value(hot: Hot, row: int, asked: Asked, total: int) -> int:
    """By what a job is sorted, larger first; ``total`` is its sum of weight times impact."""
    record = hot.record
    published = whole(record[row, 3]) & NEVER
    if asked.mode == BY_NEWEST:
        return published
    low, high = whole(record[row, 5]), whole(record[row, 6])
    if asked.mode == BY_WAGE:
        return low if low > 0 else high
    chord = _chord(hot, row, asked)
    if asked.mode == BY_DISTANCE:
        if asked.placed == 0:
            return 0
        return NOWHERE if chord < 0 else -(chord * 6_371_009 // 8_388_608)
    score = text_points(total) + wage_points(asked.wish, low, high) + fresh_points(asked.now, published)
    if chord >= 0:
        score += place_points(chord)
    if asked.age >= 0:
        age_low, age_high = _limits(hot, row, asked.sex)
        score += age_points(asked.age, age_low, age_high)
    return score + preference_points(_met_tags(hot, row, asked), asked.wanted_tags)


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
def _may_hold(hot: Hot, block: int, asked: Asked) -> bool:
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
def _bound(hot: Hot, block: int, asked: Asked, total: int) -> int:
    """No job of the block has a larger value; ``total`` bounds the sum of weight times impact."""
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
    if asked.age >= 0:
        score += AGE_MAX
    if asked.wanted_tags > 0:
        score += PREFERENCE_MAX
    return score


@kernel
def _group(hot: Hot, term: int, block: int) -> int:
    """Number of the group of ``term`` in ``block``, -1 when the block does not hold the term."""
    low, high = whole(hot.term_starts[term]), whole(hot.term_starts[term + 1])
    end = high
    while low < high:
        middle = (low + high) >> 1
        if hot.group_block[middle] < block:
            low = middle + 1
        else:
            high = middle
    return low if low < end and hot.group_block[low] == block else -1


@kernel
def _gather(hot: Hot, block: int, asked: Asked, totals: Array, touched: Array) -> int:
    """Add weight times impact of every asked term to ``totals`` (by row in the block); the rows touched and their number."""
    count = 0
    for i in range(len(asked.term)):
        group = _group(hot, asked.term[i], block)
        if group < 0:
            continue
        weight = asked.weight[i]
        for at in range(whole(hot.group_starts[group]), whole(hot.group_starts[group + 1])):
            row = whole(hot.post_row[at])
            if totals[row] == 0:
                touched[count] = row
                count += 1
            totals[row] += weight * whole(hot.post_impact[at])
    return count


@kernel
def _behind(best: Array, a: int, value: int, published: int, job_id: int) -> bool:
    """Whether entry ``a`` of ``best`` sorts behind (value, published, job_id)."""
    if best[a, 0] != value:
        return bool(best[a, 0] < value)
    if best[a, 1] != published:
        return bool(best[a, 1] < published)
    return bool(best[a, 2] > job_id)


@kernel
def _put(best: Array, at: int, value: int, published: int, job_id: int, segment: int, row: int) -> None:
    best[at, 0] = value
    best[at, 1] = published
    best[at, 2] = job_id
    best[at, 3] = segment
    best[at, 4] = row


@kernel
def _copy(best: Array, to: int, source: int) -> None:
    for column in range(5):
        best[to, column] = best[source, column]


@kernel
def _push(best: Array, count: int, value: int, published: int, job_id: int, segment: int, row: int) -> int:
    """Keep the best ``len(best)`` in a heap whose root is the worst of them; the new number of entries."""
    k = len(best)
    if count < k:
        at = count
        while at > 0:
            parent = (at - 1) >> 1
            if _behind(best, parent, value, published, job_id):
                break
            _copy(best, at, parent)
            at = parent
        _put(best, at, value, published, job_id, segment, row)
        return count + 1
    if not _behind(best, 0, value, published, job_id):
        return count
    at = 0
    while True:
        child = 2 * at + 1
        if child >= k:
            break
        if child + 1 < k and _behind(best, child + 1, best[child, 0], best[child, 1], best[child, 2]):
            child += 1
        if not _behind(best, child, value, published, job_id):
            break
        _copy(best, at, child)
        at = child
    _put(best, at, value, published, job_id, segment, row)
    return count


@kernel
def _try_row(hot: Hot, dead: Array, row: int, asked: Asked, total: int, segment: int, best: Array, count: int) -> int:
    value = _value(hot, row, asked, total)
    published = whole(hot.record[row, 3]) & NEVER
    job_id = whole(hot.job_id[row])
    if count == len(best) and not _behind(best, 0, value, published, job_id):
        return count
    if asked.after != 0:
        if value != asked.after_value:
            if value > asked.after_value:
                return count
        elif published != asked.after_time:
            if published > asked.after_time:
                return count
        elif job_id <= asked.after_id:
            return count
    if not _passes(hot, dead, row, asked):
        return count
    return _push(best, count, value, published, job_id, segment, row)


@kernel
def _ordered(bounds: Array, count: int) -> Array:
    """Positions of the first ``count`` of ``bounds``, largest first (in 512 steps: the exact test follows at each block)."""
    least, most = bounds[0], bounds[0]
    for i in range(count):
        least, most = min(least, bounds[i]), max(most, bounds[i])
    span = most - least + 1
    starts = np.zeros(_BUCKETS + 1, dtype=np.int64)
    for i in range(count):
        starts[(most - bounds[i]) * _BUCKETS // span + 1] += 1
    for i in range(_BUCKETS):
        starts[i + 1] += starts[i]
    order = np.empty(count, dtype=np.int64)
    for i in range(count):
        bucket = (most - bounds[i]) * _BUCKETS // span
        order[starts[bucket]] = i
        starts[bucket] += 1
    return order


@kernel
def best_of_segment(hot: Hot, dead: Array, asked: Asked, segment: int, best: Array, count: int) -> int:
    """Let the jobs of one segment compete for the best ``len(best)``.

    ``best`` is int64 [k, 5]: value, published_at, job_id, segment, row; the first ``count`` entries are a heap filled by the
    segments before. ``dead`` is uint64 [n / 64 + 1]. Returns the new count.
    """
    rows = len(hot.job_id)
    block_count = len(hot.bounds)
    ceiling = np.zeros(block_count, dtype=np.int64)
    for i in range(len(asked.term)):
        weight = asked.weight[i]
        term = asked.term[i]
        for group in range(whole(hot.term_starts[term]), whole(hot.term_starts[term + 1])):
            ceiling[hot.group_block[group]] += weight * whole(hot.group_max[group])
    blocks = np.empty(block_count, dtype=np.int64)
    bounds = np.empty(block_count, dtype=np.int64)
    chosen = 0
    for block in range(block_count):
        if (asked.words != 0 and ceiling[block] == 0) or not _may_hold(hot, block, asked):
            continue
        blocks[chosen] = block
        bounds[chosen] = _bound(hot, block, asked, ceiling[block])
        chosen += 1
    if chosen == 0:
        return count
    order = _ordered(bounds, chosen)
    totals = np.zeros(BLOCK, dtype=np.int64)
    touched = np.empty(BLOCK, dtype=np.int64)
    for i in range(chosen):
        block = blocks[order[i]]
        bound = bounds[order[i]]
        if count == len(best) and (bound < best[0, 0] or (bound == best[0, 0] and hot.bounds[block, 0] < best[0, 1])):
            continue
        start = block << BLOCK_SHIFT
        if asked.words == 0:
            for row in range(start, min(rows, start + BLOCK)):
                count = _try_row(hot, dead, row, asked, 0, segment, best, count)
            continue
        # What the rest of a score can add at most, so that weak texts are dropped without reading the record.
        rest = bound - text_points(ceiling[block])
        found = _gather(hot, block, asked, totals, touched)
        for j in range(found):
            place = touched[j]
            total = totals[place]
            totals[place] = 0
            if asked.mode == BY_SCORE and count == len(best) and text_points(total) + rest < best[0, 0]:
                continue
            count = _try_row(hot, dead, start + place, asked, total, segment, best, count)
    return count


@kernel
def count_segment(
    hot: Hot, facet: Facet, dead: Array, asked: Asked, kinds: Array, trades: Array, counties: Array, tags: Array
) -> int:
    """Number of matches of a segment; adds them up by kind, trade, county and tag (int64 arrays, segment's own numbers)."""
    rows = len(hot.job_id)
    block_count = len(hot.bounds)
    holds = np.zeros(block_count, dtype=np.uint8)
    for i in range(len(asked.term)):
        term = asked.term[i]
        for group in range(whole(hot.term_starts[term]), whole(hot.term_starts[term + 1])):
            holds[hot.group_block[group]] = 1
    totals = np.zeros(BLOCK, dtype=np.int64)
    touched = np.empty(BLOCK, dtype=np.int64)
    matches = 0
    for block in range(block_count):
        if (asked.words != 0 and holds[block] == 0) or not _may_hold(hot, block, asked):
            continue
        start = block << BLOCK_SHIFT
        found = min(rows - start, BLOCK)
        if asked.words != 0:
            found = _gather(hot, block, asked, totals, touched)
        for j in range(found):
            row = start + j
            if asked.words != 0:
                totals[touched[j]] = 0
                row = start + touched[j]
            if not _passes(hot, dead, row, asked):
                continue
            matches += 1
            kinds[hot.record[row, 0] & 3] += 1
            counties[facet.county[row]] += 1
            for at in range(whole(facet.trade_starts[row]), whole(facet.trade_starts[row + 1])):
                trades[facet.trades[at]] += 1
            for word in range(hot.tags.shape[1]):
                bits = hot.tags[row, word]
                tag = word << 6
                while bits:
                    if bits & np.uint64(1):
                        tags[tag] += 1
                    bits >>= np.uint64(1)
                    tag += 1
    return matches


@kernel
def explain_rows(hot: Hot, rows: Array, asked: Asked, parts: Array) -> None:
    """The parts of found jobs: int64 [rows, 8], text place wage age fresh preference, chord (-1 none), bits of met terms."""
    for i in range(len(rows)):
        row = rows[i]
        block, place = row >> BLOCK_SHIFT, row & (BLOCK - 1)
        total, met = 0, 0
        for t in range(len(asked.term)):
            group = _group(hot, asked.term[t], block)
            if group < 0:
                continue
            low, high = whole(hot.group_starts[group]), whole(hot.group_starts[group + 1])
            end = high
            while low < high:
                middle = (low + high) >> 1
                if hot.post_row[middle] < place:
                    low = middle + 1
                else:
                    high = middle
            if low < end and hot.post_row[low] == place:
                total += asked.weight[t] * whole(hot.post_impact[low])
                met |= 1 << t
        chord = _chord(hot, row, asked)
        published = whole(hot.record[row, 3]) & NEVER
        parts[i, 0] = text_points(total)
        parts[i, 1] = place_points(chord) if chord >= 0 else 0
        parts[i, 2] = wage_points(asked.wish, whole(hot.record[row, 5]), whole(hot.record[row, 6]))
        low_age, high_age = _limits(hot, row, asked.sex)
        parts[i, 3] = age_points(asked.age, low_age, high_age)
        parts[i, 4] = fresh_points(asked.now, published)
        parts[i, 5] = preference_points(_met_tags(hot, row, asked), asked.wanted_tags)
        parts[i, 6] = chord
        parts[i, 7] = met
