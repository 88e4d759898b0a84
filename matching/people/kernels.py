"""The compiled loops: the best k workers of a pool for a job, and the parts of a found worker's score.

A block is looked at only while the bound of its whole score can enter the best k, best bound first; inside it only who is met
by a term without which nobody enters (MaxScore), and whose strip of 64 neighbours is near enough. What bounds the text besides
the largest weights of a block: the weights of one wish add up to no more than the block's largest sum, so who is met only by
the words of a description, which are the many and weak, cannot get more than that sum times their impact.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching.compiled import inner, maker
from matching.formula import IMPACT_MAX, WEIGHT_SCALE, place_points, text_points, wage_points
from matching.layout import BLOCK, BLOCK_SHIFT, whole
from matching.people.rows import (
    STRIP_SHIFT,
    TIMES,
    Offer,
    Pool,
    age_part,
    chord_to,
    other_bound,
    passes,
    place_bound,
    preference_of,
    rest_of,
    text_of,
)

Array = npt.NDArray[Any]
_BUCKETS: Final = 512
_POINT: Final = IMPACT_MAX * WEIGHT_SCALE  # a text sum of so much is one point


@inner
def _strong(offer: Offer) -> int:
    """How many terms have at least three quarters of the largest impact: those of the title, the skills, the occupation."""
    count = 0
    while count < len(offer.term) - 1 and 4 * offer.impact[count] >= 3 * offer.impact[0]:
        count += 1
    return count


@inner
def _meet(pool: Pool, offer: Offer, blocks: Array, place: Array) -> int:
    """The blocks that anybody may be found in: columns of ``blocks`` are their numbers, and bounds of place points and of all but
    text and place; ``place`` is where a block stands there, -1 for none. How many there are.
    """
    chosen = 0
    for block in range(len(pool.bounds)):
        place[block] = -1
        near = place_bound(pool.low[block], pool.high[block], pool.bounds[block, 1], offer)
        other = other_bound(pool, block, offer) if near >= 0 else -1
        if other >= 0:
            blocks[chosen, 0] = block
            blocks[chosen, 1] = near
            blocks[chosen, 2] = other
            place[block] = chosen
            chosen += 1
    return chosen


@inner
def _bound(pool: Pool, offer: Offer, blocks: Array, place: Array, groups: Array, sums: Array) -> None:
    """The groups of every chosen block by term into ``groups`` (-1 none), the bounds of the whole scores into ``blocks``.

    Three bounds of a text sum, all of them true: every term at its largest weight; all weights at the largest impact; and,
    with ``weak`` the impact of the best term behind the strong ones, all weights at ``weak`` and strong terms at their largest
    weight for what their impact has above it. ``sums`` is zero, [2, blocks].
    """
    strong = _strong(offer)
    weak = offer.impact[strong]
    for t in range(len(offer.term)):
        term, impact = offer.term[t], offer.impact[t]
        above = max(impact - weak, 0)
        for group in range(whole(pool.term_starts[term]), whole(pool.term_starts[term + 1])):
            at = place[pool.group_block[group]]
            if at >= 0:
                groups[at, t] = group
                weight = whole(pool.group_max[group])
                sums[0, at] += weight * impact
                sums[1, at] += weight * above
    for at in range(len(groups)):
        weights = pool.bounds[blocks[at, 0], 6]
        total = min(sums[0, at], weights * offer.impact[0], sums[1, at] + weights * weak)
        blocks[at, 3] = blocks[at, 1] + blocks[at, 2] + text_points(total)


@inner
def _before(best: Array, at: int, score: int, active: int, worker_id: int) -> bool:
    """Whether entry ``at`` of ``best`` sorts before (score, active, worker_id)."""
    if best[at, 0] != score:
        return bool(best[at, 0] > score)
    if best[at, 1] != active:
        return bool(best[at, 1] > active)
    return bool(best[at, 2] < worker_id)


@inner
def _insert(best: Array, count: int, score: int, active: int, worker_id: int, row: int) -> int:
    """Keep the best ``len(best)`` in order; the new number of entries."""
    low, high = 0, count
    while low < high:
        middle = (low + high) >> 1
        if _before(best, middle, score, active, worker_id):
            low = middle + 1
        else:
            high = middle
    if low == len(best):
        return count
    for at in range(min(count, len(best) - 1), low, -1):
        for column in range(4):
            best[at, column] = best[at - 1, column]
    best[low, 0] = score
    best[low, 1] = active
    best[low, 2] = worker_id
    best[low, 3] = row
    return min(count + 1, len(best))


@inner
def _is_shown(offer: Offer, score: int, active: int, worker_id: int) -> bool:
    """Whether a key stands on the pages before."""
    if offer.after == 0:
        return False
    if score != offer.after_score:
        return score > offer.after_score
    if active != offer.after_time:
        return active > offer.after_time
    return worker_id <= offer.after_id


@maker
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


@inner
def _try_row(pool: Pool, absent: Array, row: int, offer: Offer, ceiling: int, best: Array, count: int) -> int:
    """Let one worker compete, whose text points are at most ``ceiling``. The rest takes one record, the text a whole wish."""
    rest = rest_of(pool, row, offer)
    if rest < 0 or (count == len(best) and ceiling + rest < best[count - 1, 0]):
        return count
    score = rest + text_of(pool, whole(pool.wish_of[row]), offer)
    active, worker_id = whole(pool.record[row, 6]) & TIMES, whole(pool.worker_id[row])
    if count == len(best) and _before(best, count - 1, score, active, worker_id):
        return count
    if _is_shown(offer, score, active, worker_id) or not passes(pool, absent, row, offer):
        return count
    return _insert(best, count, score, active, worker_id, row)


@inner
def _gather(pool: Pool, offer: Offer, groups: Array, essential: int, spare: Array) -> int:
    """Who of a block carries one of the first ``essential`` terms: their places into row 2 of ``spare``; how many they are.

    Rows 0 and 1 of ``spare``, by place and zero before, are two sums of weight times impact over the terms met: all terms, and
    of the essential ones what their impact has above the best of the others. (Where several words of one group are met, both
    are larger than the text sum.)
    """
    found, less = 0, offer.impact[essential] if essential < len(offer.term) else 0
    for t in range(len(offer.term)):
        if t == essential and found == 0:
            break
        if groups[t] < 0:
            continue
        impact = offer.impact[t]
        above = max(impact - less, 0)
        for at in range(whole(pool.group_starts[groups[t]]), whole(pool.group_starts[groups[t] + 1])):
            place, weight = whole(pool.post_row[at]), whole(pool.post_weight[at])
            if spare[0, place] == 0:
                if t >= essential:
                    continue
                spare[0, place] = 1  # so that term 0, which adds nothing, is noticed once too
                spare[2, found] = place
                found += 1
            spare[0, place] += weight * impact
            spare[1, place] += weight * above
    return found


@inner
def _near(pool: Pool, block: int, offer: Offer, near: int, strips: Array) -> int:
    """Bounds of the place points of the strips of a block whose own bound is ``near``; the largest, -1 when none is in reach."""
    first = block << (BLOCK_SHIFT - STRIP_SHIFT)
    count = min(BLOCK >> STRIP_SHIFT, len(pool.strip_reach) - first)
    most = -1
    for i in range(count):
        at = first + i
        strips[i] = 0 if near == 0 else place_bound(pool.strip_low[at], pool.strip_high[at], pool.strip_reach[at], offer)
        most = max(most, strips[i])
    return most


@inner
def _try_block(
    pool: Pool, absent: Array, offer: Offer, bounds: Array, groups: Array, spare: Array, best: Array, count: int
) -> int:
    """Let the workers of one block compete; ``bounds``: its number, of place points, of all but text and place, of all."""
    block, other = bounds[0], bounds[2]
    near = _near(pool, block, offer, bounds[1], spare[3])
    if near < 0:
        return count
    weights, essential, less = pool.bounds[block, 6], len(offer.term), 0
    if count == len(best):
        if bounds[3] - bounds[1] + near < best[count - 1, 0]:
            return count
        # All weights of a wish at the impact of the last terms are not enough: nobody enters by these alone.
        needed = (best[count - 1, 0] - other - near) * _POINT
        while essential > 0 and weights * offer.impact[essential - 1] < needed:
            essential -= 1
            less = weights * offer.impact[essential]
    found = _gather(pool, offer, groups, essential, spare)
    start = block << BLOCK_SHIFT
    for j in range(found):
        place = spare[2, j]
        total = spare[0, place] if essential == len(offer.term) else min(spare[0, place], spare[1, place] + less)
        spare[0, place] = 0
        spare[1, place] = 0
        near = spare[3, place >> STRIP_SHIFT]
        ceiling = text_points(total)
        if near >= 0 and (count < len(best) or ceiling + other + near >= best[count - 1, 0]):
            count = _try_row(pool, absent, start + place, offer, ceiling, best, count)
    return count


@inner
def _best_first(
    pool: Pool, absent: Array, offer: Offer, blocks: Array, order: Array, groups: Array, spare: Array, best: Array
) -> int:
    count = 0
    for i in range(len(order)):
        at = order[i]
        block, bound = blocks[at, 0], blocks[at, 3]
        if count == len(best):
            least = best[count - 1, 0]
            if bound < least or (bound == least and pool.bounds[block, 0] < best[count - 1, 1]):
                continue
        count = _try_block(pool, absent, offer, blocks[at], groups[at], spare, best, count)
    return count


@maker
def best_of_pool(pool: Pool, absent: Array, offer: Offer, best: Array) -> int:
    """Fill ``best``, int64 [k, 4]: score, active_at, worker_id, row, in order; the number of entries.

    ``absent`` is uint64 [n / 64 + 1], bit set: never in an answer.
    """
    blocks = np.empty((len(pool.bounds), 4), dtype=np.int64)
    place = np.empty(len(pool.bounds), dtype=np.int32)
    chosen = _meet(pool, offer, blocks, place)
    if chosen == 0:
        return 0
    groups = np.full((chosen, len(offer.term)), -1, dtype=np.int32)
    _bound(pool, offer, blocks, place, groups, np.zeros((2, chosen), dtype=np.int64))
    spare = np.zeros((4, BLOCK), dtype=np.int64)
    return _best_first(pool, absent, offer, blocks, _ordered(blocks[:, 3], chosen), groups, spare, best)


@maker
def explain_rows(pool: Pool, rows: Array, offer: Offer, parts: Array) -> None:
    """The parts of found workers: int64 [rows, 7], text place wage age fresh preference, chord (-1 none)."""
    for i in range(len(rows)):
        row = rows[i]
        chord = chord_to(pool, row, offer)
        parts[i, 0] = text_of(pool, whole(pool.wish_of[row]), offer)
        parts[i, 1] = place_points(chord) if chord >= 0 else 0
        parts[i, 2] = wage_points(whole(pool.record[row, 4]), offer.low, offer.high)
        parts[i, 3] = age_part(pool, row, offer)
        parts[i, 4] = offer.fresh
        parts[i, 5] = preference_of(pool, row, offer)
        parts[i, 6] = chord
