"""The compiled search: the best k jobs of a segment, exactly, and the parts of a found job.

Superblocks come best bound first, in each its blocks best bound first, and both are passed over when the upper bound of the whole
score (largest impacts, nearest corner of the box, newest advert, highest pay) cannot enter the best k. Inside a block, rows lie
newest first, so that the bound also says behind which row nothing is new enough; and a row's record is only read when its text
and freshness with the most of all the rest would do. Every comparison is between whole numbers, so pruning never changes the
answer.
"""

from __future__ import annotations

from typing import Final

from matching.compiled import (
    inner,
    kernel,
    prefetch,
)
from matching.formula import (
    DAY,
    FRESH_MAX,
    FRESH_STEP,
    IMPACT_MAX,
    WEIGHT_SCALE,
    fresh_points,
    text_points,
)
from matching.layout import (
    BLOCK,
    BLOCK_SHIFT,
    BY_NEWEST,
    BY_SCORE,
    FACT_NEWEST,
    HALF_DAY,
    SUPER,
    SUPER_SHIFT,
    Array,
    Asked,
    Hot,
    Rows,
    whole,
)
from matching.lookup import (
    carries_barred,
    impact_of,
)
from matching.ranking import (
    enter,
    offer,
    parts_of,
)
from matching.rows import (
    bound_of,
    may_hold,
    published_of,
    unpack,
)
from matching.scratch import (
    BUCKETS,
    Field,
    Room,
    Work,
    carve,
)
from matching.sums import block_ceilings, number_groups, renew_stamps, sum_chunk, superblock_ceilings

_NO_THRESHOLD: Final = -(1 << 62)
_TOGETHER: Final = 4  # blocks: their sums stay in the nearest cache
_TEXT_POINT: Final = IMPACT_MAX * WEIGHT_SCALE  # of a text sum make one point


@inner
def _try_row(hot: Hot, dead: Array, row: int, asked: Asked, total: int, segment: int, best: Array, count: int) -> int:
    if not offer(hot.rows, dead, row, asked, total, best, count):
        return count
    if len(asked.barred) > 0 and carries_barred(hot.posts, row, asked):
        return count
    return enter(hot.rows, row, asked, total, segment, best, count)


@inner
def _ordered(bounds: Array, count: int, order: Array, starts: Array) -> None:
    """Positions of the first ``count`` of ``bounds`` into ``order``, largest first (few: exactly; many: in 256 steps).

    What comes first only matters for speed: the exact test follows at each block.
    """
    if count <= SUPER:
        for i in range(count):
            at = i
            while at > 0 and bounds[order[at - 1]] < bounds[i]:
                order[at] = order[at - 1]
                at -= 1
            order[at] = i
        return
    least, most = bounds[0], bounds[0]
    for i in range(count):
        least, most = min(least, bounds[i]), max(most, bounds[i])
    span = most - least + 1
    for i in range(len(starts)):
        starts[i] = 0
    for i in range(count):
        starts[(most - bounds[i]) * BUCKETS // span + 1] += 1
    for i in range(BUCKETS):
        starts[i + 1] += starts[i]
    for i in range(count):
        bucket = (most - bounds[i]) * BUCKETS // span
        order[starts[bucket]] = i
        starts[bucket] += 1


@inner
def _new_enough(rows: Rows, start: int, end: int, least: int) -> int:
    """First row from ``start`` that was published before ``least``; rows of a block lie newest first."""
    low, high = start, end
    while low < high:
        middle = (low + high) >> 1
        if published_of(rows, middle) >= least:
            low = middle + 1
        else:
            high = middle
    return low


@inner
def _rest_of(asked: Asked, rows: Rows, work: Work, start: int, row: int) -> int:
    """The most that a row of the superblock from ``start`` has beside its text; freshness from one byte, without its record."""
    block = row >> BLOCK_SHIFT
    return whole(work.bare[block]) + fresh_points(asked.now, work.newest[block] - whole(rows.older[start + row]) * HALF_DAY)


@inner
def _try_chunk(
    hot: Hot, dead: Array, asked: Asked, work: Work, field: Field, start: int, chunk: Array, segment: int, best: Array, count: int
) -> int:
    """Let the rows of some blocks of the superblock from row ``start`` compete; the new number of entries."""
    scored = asked.mode == BY_SCORE
    need = 0
    if scored and count == len(best):
        most = work.rests[chunk[0]]
        for each in range(len(chunk)):
            most = max(most, work.rests[chunk[each]])
        need = (best[0, 0] - most) * _TEXT_POINT
    found = sum_chunk(hot.posts, asked, work, field, chunk, need)
    kept = 0
    for j in range(found):
        row = whole(field.touched[j])
        if scored and count == len(best):
            text = text_points(whole(field.totals[row]))
            if text + _rest_of(asked, hot.rows, work, start, row) < best[0, 0]:
                field.totals[row] = 0
                continue
        prefetch(hot.rows.record, start + row)  # each is a line of memory of its own: asked for together they come together
        field.touched[kept] = row
        kept += 1
    for j in range(kept):
        row = whole(field.touched[j])
        total = whole(field.totals[row])
        field.totals[row] = 0
        if scored and count == len(best) and text_points(total) + _rest_of(asked, hot.rows, work, start, row) < best[0, 0]:
            continue
        count = _try_row(hot, dead, start + row, asked, total, segment, best, count)
    return count


@inner
def _least_new(asked: Asked, bound: int, newest: int, threshold: int) -> int:
    """The earliest publication with which a row of a block with this ``bound`` can still reach ``threshold``."""
    if asked.mode == BY_NEWEST:
        return max(threshold, asked.since)
    if asked.mode != BY_SCORE:
        return asked.since
    missing = threshold - (bound - fresh_points(asked.now, newest))
    if missing <= 0:
        return asked.since
    days = (FRESH_MAX - missing) // FRESH_STEP
    return max(asked.since, asked.now - (days + 1) * DAY + 1)


@inner
def _open_blocks(hot: Hot, asked: Asked, work: Work, number: int) -> int:
    """List the blocks of a superblock that may hold a match, in ``work.blocks`` by best bound first; how many."""
    base, few = number << SUPER_SHIFT, 0
    for block in range(min(len(hot.blocks.facts) - base, SUPER)):
        ceiling = work.ceilings[block] if asked.words != 0 else 0
        if (asked.words != 0 and ceiling == 0) or not may_hold(hot.blocks, base + block, asked):
            continue
        bound = bound_of(hot.blocks, base + block, asked, ceiling)
        work.newest[block] = hot.blocks.facts[base + block, FACT_NEWEST]
        # What the rest of a score can add at most, so that weak texts are dropped without reading the record.
        work.rests[block] = bound - text_points(ceiling)
        work.bare[block] = work.rests[block] - fresh_points(asked.now, work.newest[block])
        at = few
        while at > 0 and work.bounds[at - 1] < bound:
            work.bounds[at], work.blocks[at] = work.bounds[at - 1], work.blocks[at - 1]
            at -= 1
        work.bounds[at], work.blocks[at] = bound, block
        few += 1
    return few


@kernel
def best_of_segment(hot: Hot, dead: Array, packed: Array, room: Room, segment: int, best: Array, count: int) -> int:
    """Let the jobs of one segment compete for the best ``len(best)``.

    ``best`` is int64 [k, 5]: value, published_at, job_id, segment, row; the first ``count`` entries are a heap filled by the
    segments before. ``dead`` is uint64 [n / 64 + 1]; ``packed`` an int64 query (``rows.unpack``); ``room`` is of
    ``scratch.room_for``. Returns the new count.
    """
    asked = unpack(packed)
    n = len(hot.rows.job_id)
    super_count = len(hot.supers.facts)
    work = carve(room.numbers, len(asked.term), super_count)
    field = Field(room.totals, room.held, room.touched)
    number_groups(asked, work)
    for number in range(super_count):
        work.super_ceilings[number] = work.super_held[number] = 0
    if asked.words != 0:
        superblock_ceilings(hot.posts, asked, work)
    chosen = 0
    for number in range(super_count):
        ceiling = work.super_ceilings[number]
        if (asked.words != 0 and ceiling == 0) or not may_hold(hot.supers, number, asked):
            continue
        work.supers[chosen] = number
        work.super_bounds[chosen] = bound_of(hot.supers, number, asked, ceiling)
        chosen += 1
    _ordered(work.super_bounds, chosen, work.super_order, work.buckets)
    together = 1  # blocks looked at in one go: one while the threshold rises, more and more while it stands
    for s in range(chosen):
        number, bound = work.supers[work.super_order[s]], work.super_bounds[work.super_order[s]]
        full = count == len(best)
        if full and (bound < best[0, 0] or (bound == best[0, 0] and hot.supers.facts[number, FACT_NEWEST] < best[0, 1])):
            continue
        if asked.words != 0:
            block_ceilings(hot.posts, number, asked, work)
        few = _open_blocks(hot, asked, work, number)
        start = number << (SUPER_SHIFT + BLOCK_SHIFT)
        at = 0
        while at < few:
            full = count == len(best)
            threshold = best[0, 0] if full else _NO_THRESHOLD
            taken = 0
            while taken < together and at < few and work.bounds[at] >= threshold:
                block = work.blocks[at]
                if work.bounds[at] > threshold or work.newest[block] >= best[0, 1]:
                    first = start + (block << BLOCK_SHIFT)
                    end = min(n, first + BLOCK)
                    least = _least_new(asked, work.bounds[at], work.newest[block], threshold)
                    if least > 0:
                        end = _new_enough(hot.rows, first, end, least)
                    work.ends[block] = end - first
                    work.chunk[taken] = block
                    taken += 1
                at += 1
            if taken == 0:
                break
            if asked.words == 0:
                for each in range(taken):
                    first = start + (work.chunk[each] << BLOCK_SHIFT)
                    for row in range(first, first + work.ends[work.chunk[each]]):
                        count = _try_row(hot, dead, row, asked, 0, segment, best, count)
            else:
                renew_stamps(work, field)
                count = _try_chunk(hot, dead, asked, work, field, start, work.chunk[:taken], segment, best, count)
            if count == len(best):
                together = min(_TOGETHER, 2 * together) if best[0, 0] == threshold else 1
    return count


@kernel
def explain_rows(hot: Hot, picks: Array, packed: Array, parts: Array) -> None:
    """The parts of found jobs. ``picks`` int64 [r] rows, ``parts`` int64 [r, 9]: text place wage age fresh preference fair,
    chord (-1 none), bits of met terms."""
    asked = unpack(packed)
    for i in range(len(picks)):
        row = picks[i]
        total, met, held = 0, 0, 0
        for t in range(len(asked.term)):
            if t > 0 and asked.group[t] != asked.group[t - 1]:
                held = 0
            impact = impact_of(hot.posts, asked.term[t], row)
            if impact > 0:
                points = asked.weight[t] * impact
                if points > held:
                    total += points - held
                    held = points
                met |= 1 << t
        parts_of(hot.rows, row, asked, total, met, parts, i)
