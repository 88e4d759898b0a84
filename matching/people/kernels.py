"""The compiled loops: the best k workers of a pool for a job, and the parts of a found worker's score.

A block is looked at only while the bound of its whole score can enter the best k, best bound first. What bounds the text: the
weights of a wish add up to no more than the block's largest sum, so who carries none of a job's terms of large impact cannot
get more than that sum times the next smaller impact. The words of a description, which are the many, are therefore read only
when nothing better is left.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching.compiled import inner, maker
from matching.formula import place_points, text_points, wage_points
from matching.people.rows import (
    BLOCK,
    TIMES,
    Offer,
    Pool,
    age_part,
    chord_to,
    passes,
    preference_of,
    rest_bound,
    rest_of,
    text_of,
    whole,
)

Array = npt.NDArray[Any]
_BUCKETS: Final = 512


@inner
def _group(pool: Pool, term: int, block: int) -> int:
    """Number of the group of ``term`` in ``block``, -1 when nobody there asks for the term."""
    low, high = whole(pool.term_starts[term]), whole(pool.term_starts[term + 1])
    end = high
    while low < high:
        middle = (low + high) >> 1
        if pool.group_block[middle] < block:
            low = middle + 1
        else:
            high = middle
    return low if low < end and pool.group_block[low] == block else -1


@inner
def _strong(offer: Offer) -> int:
    """How many terms have at least three quarters of the largest impact: those of the title, the skills, the occupation."""
    count = 0
    while count < len(offer.term) - 1 and 4 * offer.impact[count] >= 3 * offer.impact[0]:
        count += 1
    return count


@maker
def _ceilings(pool: Pool, offer: Offer, strong: int) -> Array:
    """For every block the text sum that nobody in it exceeds.

    With ``weak`` the impact of the best term behind the strong ones, a sum of weight times impact is the weights times ``weak``
    and, for strong terms, their weight times what their impact has above ``weak``.
    """
    weak, largest = offer.impact[strong], offer.impact[0]
    ceiling = np.empty(len(pool.bounds), dtype=np.int64)
    for block in range(len(ceiling)):
        ceiling[block] = pool.bounds[block, 7] * weak
    for i in range(strong):
        gain, term = offer.impact[i] - weak, offer.term[i]
        for group in range(whole(pool.term_starts[term]), whole(pool.term_starts[term + 1])):
            ceiling[pool.group_block[group]] += whole(pool.group_max[group]) * gain
    for block in range(len(ceiling)):
        ceiling[block] = min(ceiling[block], pool.bounds[block, 7] * largest)
    return ceiling


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
def _try_row(pool: Pool, absent: Array, row: int, offer: Offer, text: int, best: Array, count: int) -> int:
    rest = rest_of(pool, row, offer)
    if rest < 0:
        return count
    score = text + rest
    active = whole(pool.record[row, 6]) & TIMES
    worker_id = whole(pool.worker_id[row])
    if count == len(best) and _before(best, count - 1, score, active, worker_id):
        return count
    if offer.after != 0:
        if score != offer.after_score:
            if score > offer.after_score:
                return count
        elif active != offer.after_time:
            if active > offer.after_time:
                return count
        elif worker_id <= offer.after_id:
            return count
    if not passes(pool, absent, row, offer):
        return count
    return _insert(best, count, score, active, worker_id, row)


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
def _try_run(pool: Pool, absent: Array, run: int, offer: Offer, rest: int, best: Array, count: int) -> int:
    """The workers of one run, the last active first: at equal points nobody behind one active too long ago enters."""
    text = text_of(pool, whole(pool.run_wish[run]), offer)
    for row in range(whole(pool.run_row[run]), whole(pool.run_row[run + 1])):
        if count == len(best):
            least = best[count - 1, 0]
            if text + rest < least:
                break
            if text + rest == least and whole(pool.record[row, 6]) & TIMES < best[count - 1, 1]:
                break
        count = _try_row(pool, absent, row, offer, text, best, count)
    return count


@inner
def _needed(pool: Pool, block: int, offer: Offer, text: int) -> int:
    """How many of the terms, best impact first, must be read to find everybody of a block with at least ``text`` points."""
    count = 0
    while count < len(offer.term) and text_points(pool.bounds[block, 7] * offer.impact[count]) >= text:
        count += 1
    return count


@inner
def _try_block(
    pool: Pool, absent: Array, block: int, offer: Offer, rest: int, gains: Array, touched: Array, best: Array, count: int
) -> int:
    """Let the workers of one block compete; ``gains`` (by run) is zero before and after.

    A run's gain is the sum over the terms read of weight times what their impact has above the best impact not read; with the
    block's largest weight times that impact it bounds the text sum. Only who can enter by it is looked at closely.
    """
    read = _needed(pool, block, offer, best[count - 1, 0] - rest if count == len(best) else 0)
    unread = offer.impact[read] if read < len(offer.term) else 0
    base, found = pool.bounds[block, 7] * unread, 0
    for t in range(read):
        group = _group(pool, offer.term[t], block)
        if group < 0:
            continue
        gain = offer.impact[t] - unread
        for at in range(whole(pool.group_starts[group]), whole(pool.group_starts[group + 1])):
            run = whole(pool.post_run[at])
            if gains[run] == 0:
                gains[run] = 1  # so that a gain of nothing is noticed once too
                touched[found] = run
                found += 1
            gains[run] += gain * whole(pool.post_weight[at])
    first = whole(pool.block_runs[block])
    for j in range(found):
        run = touched[j]
        bound = text_points(base + gains[run]) + rest
        gains[run] = 0
        if count < len(best) or bound >= best[count - 1, 0]:
            count = _try_run(pool, absent, first + run, offer, rest, best, count)
    return count


@inner
def _bounded(pool: Pool, offer: Offer, ceiling: Array, blocks: Array) -> int:
    """Rows of ``blocks``: number of the block, bound of its scores without the text, bound of its scores. How many there are."""
    chosen = 0
    for block in range(len(pool.bounds)):
        rest = rest_bound(pool, block, offer)
        if rest >= 0:
            blocks[0, chosen] = block
            blocks[1, chosen] = rest
            blocks[2, chosen] = rest + text_points(ceiling[block])
            chosen += 1
    return chosen


@inner
def _best_first(
    pool: Pool, absent: Array, offer: Offer, blocks: Array, order: Array, gains: Array, touched: Array, best: Array
) -> int:
    count = 0
    for i in range(len(order)):
        block, rest, bound = blocks[0, order[i]], blocks[1, order[i]], blocks[2, order[i]]
        if count == len(best):
            least = best[count - 1, 0]
            if bound < least or (bound == least and pool.bounds[block, 0] < best[count - 1, 1]):
                continue
        count = _try_block(pool, absent, block, offer, rest, gains, touched, best, count)
    return count


@maker
def best_of_pool(pool: Pool, absent: Array, offer: Offer, best: Array) -> int:
    """Fill ``best``, int64 [k, 4]: score, active_at, worker_id, row, in order; the number of entries.

    ``absent`` is uint64 [n / 64 + 1], bit set: never in an answer.
    """
    ceiling = _ceilings(pool, offer, _strong(offer))
    blocks = np.empty((3, len(pool.bounds)), dtype=np.int64)
    chosen = _bounded(pool, offer, ceiling, blocks)
    if chosen == 0:
        return 0
    order = _ordered(blocks[2], chosen)
    return _best_first(pool, absent, offer, blocks, order, np.zeros(BLOCK, dtype=np.int64), np.empty(BLOCK, dtype=np.int64), best)


@maker
def explain_rows(pool: Pool, rows: Array, offer: Offer, parts: Array) -> None:
    """The parts of found workers: int64 [rows, 7], text place wage age fresh preference, chord (-1 none)."""
    for i in range(len(rows)):
        row = rows[i]
        run = np.searchsorted(pool.run_row, row, side="right") - 1
        chord = chord_to(pool, row, offer)
        parts[i, 0] = text_of(pool, whole(pool.run_wish[run]), offer)
        parts[i, 1] = place_points(chord) if chord >= 0 else 0
        parts[i, 2] = wage_points(whole(pool.record[row, 4]), offer.low, offer.high)
        parts[i, 3] = age_part(pool, row, offer)
        parts[i, 4] = offer.fresh
        parts[i, 5] = preference_of(pool, row, offer)
        parts[i, 6] = chord
