"""The compiled loops: the best k jobs of a segment, the number of matches with their facets, and the parts of a found job.

All take one segment (``Hot``), its tombstones and one query (``Asked``). A block of 1,024 rows is looked at only when the upper
bound of its whole score (largest impacts, nearest corner of its box, newest advert) can still enter the best k; blocks come
best bound first. Every comparison is between whole numbers, so pruning never changes the answer.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching.compiled import kernel
from matching.formula import age_points, fresh_points, place_points, preference_points, text_points, wage_points
from matching.rows import (
    BLOCK,
    BLOCK_SHIFT,
    BY_SCORE,
    NEVER,
    Asked,
    Facet,
    Hot,
    bound_of,
    chord_to,
    limits_of,
    may_hold,
    met_tags,
    passes,
    value_of,
    whole,
)

Array = npt.NDArray[Any]
_BUCKETS: Final = 512


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
def _gather(hot: Hot, block: int, asked: Asked, totals: Array, held: Array, touched: Array) -> int:
    """Text sums of one block into ``totals`` (by row): of every group of terms the best weight times impact.

    ``held`` is what the group at hand has given each row so far; both are zero before, ``held`` is zero again after. Returns
    the number of rows touched, which stand in ``touched``.
    """
    count = 0
    for i in range(len(asked.term)):
        if i > 0 and asked.group[i] != asked.group[i - 1]:
            for j in range(count):
                held[touched[j]] = 0
        group = _group(hot, asked.term[i], block)
        if group < 0:
            continue
        weight = asked.weight[i]
        for at in range(whole(hot.group_starts[group]), whole(hot.group_starts[group + 1])):
            row = whole(hot.post_row[at])
            if totals[row] == 0:
                touched[count] = row
                count += 1
            points = weight * whole(hot.post_impact[at])
            if points > held[row]:
                totals[row] += points - held[row]
                held[row] = points
    for j in range(count):
        held[touched[j]] = 0
    return count


@kernel
def _ceilings(hot: Hot, asked: Asked) -> Array:
    """For every block the text sum that none of its rows exceeds; 0 where no asked term stands."""
    ceiling = np.zeros(len(hot.bounds), dtype=np.int64)
    held = np.zeros(len(hot.bounds), dtype=np.int64)
    for i in range(len(asked.term)):
        if i > 0 and asked.group[i] != asked.group[i - 1]:
            held[:] = 0
        weight, term = asked.weight[i], asked.term[i]
        for group in range(whole(hot.term_starts[term]), whole(hot.term_starts[term + 1])):
            block = hot.group_block[group]
            points = weight * whole(hot.group_max[group])
            if points > held[block]:
                ceiling[block] += points - held[block]
                held[block] = points
    return ceiling


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
    value = value_of(hot, row, asked, total)
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
    if not passes(hot, dead, row, asked):
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
    ceiling = _ceilings(hot, asked)
    blocks = np.empty(block_count, dtype=np.int64)
    bounds = np.empty(block_count, dtype=np.int64)
    chosen = 0
    for block in range(block_count):
        if (asked.words != 0 and ceiling[block] == 0) or not may_hold(hot, block, asked):
            continue
        blocks[chosen] = block
        bounds[chosen] = bound_of(hot, block, asked, ceiling[block])
        chosen += 1
    if chosen == 0:
        return count
    order = _ordered(bounds, chosen)
    totals = np.zeros(BLOCK, dtype=np.int64)
    held = np.zeros(BLOCK, dtype=np.int64)
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
        found = _gather(hot, block, asked, totals, held, touched)
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
    held = np.zeros(BLOCK, dtype=np.int64)
    touched = np.empty(BLOCK, dtype=np.int64)
    matches = 0
    for block in range(block_count):
        if (asked.words != 0 and holds[block] == 0) or not may_hold(hot, block, asked):
            continue
        start = block << BLOCK_SHIFT
        found = min(rows - start, BLOCK)
        if asked.words != 0:
            found = _gather(hot, block, asked, totals, held, touched)
        for j in range(found):
            row = start + j
            if asked.words != 0:
                totals[touched[j]] = 0
                row = start + touched[j]
            if not passes(hot, dead, row, asked):
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
        total, met, held = 0, 0, 0
        for t in range(len(asked.term)):
            if t > 0 and asked.group[t] != asked.group[t - 1]:
                held = 0
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
                points = asked.weight[t] * whole(hot.post_impact[low])
                if points > held:
                    total += points - held
                    held = points
                met |= 1 << t
        chord = chord_to(hot, row, asked)
        published = whole(hot.record[row, 3]) & NEVER
        parts[i, 0] = text_points(total)
        parts[i, 1] = place_points(chord) if chord >= 0 else 0
        parts[i, 2] = wage_points(asked.wish, whole(hot.record[row, 5]), whole(hot.record[row, 6]))
        low_age, high_age = limits_of(hot, row, asked.sex)
        parts[i, 3] = age_points(asked.ranked_age, low_age, high_age)
        parts[i, 4] = fresh_points(asked.now, published)
        parts[i, 5] = preference_points(met_tags(hot, row, asked), asked.wanted_tags)
        parts[i, 6] = chord
        parts[i, 7] = met
