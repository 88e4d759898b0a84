"""The compiled search: the best k jobs of a segment, exactly, and the parts of a found job.

Superblocks come best bound first, in each its blocks best bound first, and both are passed over when the upper bound of the whole
score (largest impacts, nearest corner of the box, newest advert, highest pay) cannot enter the best k. Inside a block, rows lie
newest first, so that the bound also says behind which row nothing is new enough; and a row's record is only read when its text
and freshness with the most of all the rest would do. Every comparison is between whole numbers, so pruning never changes the
answer.
"""

from __future__ import annotations

from typing import Any, Final

import numpy.typing as npt

from matching.compiled import inner, kernel, prefetch
from matching.formula import (
    DAY,
    FRESH_MAX,
    FRESH_STEP,
    IMPACT_MAX,
    WEIGHT_SCALE,
    age_points,
    fresh_points,
    place_points,
    preference_points,
    text_points,
    wage_points,
)
from matching.rows import (
    BLOCK,
    BLOCK_SHIFT,
    BY_NEWEST,
    BY_SCORE,
    FACT_NEWEST,
    GROUP_IMPACT,
    GROUP_START,
    HALF_DAY,
    SUPER,
    SUPER_SHIFT,
    Asked,
    Hot,
    Posts,
    Rows,
    bound_of,
    chord_to,
    fair_of,
    limits_of,
    may_hold,
    met_tags,
    passes,
    published_of,
    unpack,
    value_of,
    whole,
)
from matching.scratch import BUCKETS, Field, Room, Work, carve

Array = npt.NDArray[Any]
_NO_THRESHOLD: Final = -(1 << 62)
_TOGETHER: Final = 4  # blocks: their sums stay in the nearest cache
_POINT_BITS: Final = 20  # weight times impact is at most 16,000 * 63
_POINTS: Final = (1 << _POINT_BITS) - 1
_STAMPS_MOST: Final = (1 << 11) - 4 * 64  # a chunk uses two for each of its terms
_TEXT_POINT: Final = IMPACT_MAX * WEIGHT_SCALE  # of a text sum make one point


@inner
def entry_of(posts: Posts, term: int, number: int) -> int:
    """Position of ``term`` in the superblock, -1 when it does not hold the term."""
    low, high = whole(posts.term_starts[term]), whole(posts.term_starts[term + 1])
    end = high
    while low < high:
        middle = (low + high) >> 1
        if posts.super_no[middle] < number:
            low = middle + 1
        else:
            high = middle
    return low if low < end and posts.super_no[low] == number else -1


@inner
def group_of(posts: Posts, entry: int, block: int) -> int:
    """Position of the group of a ``block`` (0..31) in a superblock entry, -1 when it has none."""
    low, high = whole(posts.super_group[entry]), whole(posts.super_group[entry + 1])
    end = high
    while low < high:
        middle = (low + high) >> 1
        if (whole(posts.group[middle]) & (SUPER - 1)) < block:
            low = middle + 1
        else:
            high = middle
    return low if low < end and (whole(posts.group[low]) & (SUPER - 1)) == block else -1


@inner
def span_of(posts: Posts, entry: int, group: int) -> tuple[int, int]:
    """First and last-plus-one posting of a group."""
    base = whole(posts.super_post[entry])
    first = base + (whole(posts.group[group]) >> GROUP_START)
    if group + 1 < whole(posts.super_group[entry + 1]):
        return first, base + (whole(posts.group[group + 1]) >> GROUP_START)
    return first, whole(posts.super_post[entry + 1])


@inner
def impact_at(posts: Posts, first: int, last: int, place: int) -> int:
    """Impact of the row at ``place`` in its block among postings first..last-1, 0 when it is not there."""
    low, high = first, last
    while low < high:
        middle = (low + high) >> 1
        if (whole(posts.post[middle]) & (BLOCK - 1)) < place:
            low = middle + 1
        else:
            high = middle
    if low < last:
        found = whole(posts.post[low])
        if (found & (BLOCK - 1)) == place:
            return found >> BLOCK_SHIFT
    return 0


@inner
def impact_of(posts: Posts, term: int, row: int) -> int:
    """Impact of ``term`` in a job, 0 when the advert does not carry it."""
    entry = entry_of(posts, term, row >> (BLOCK_SHIFT + SUPER_SHIFT))
    if entry < 0:
        return 0
    group = group_of(posts, entry, (row >> BLOCK_SHIFT) & (SUPER - 1))
    if group < 0:
        return 0
    first, last = span_of(posts, entry, group)
    return impact_at(posts, first, last, row & (BLOCK - 1))


@kernel
def terms_of_row(posts: Posts, row: int, terms: Array, impacts: Array) -> int:
    """Every term of one job (the inverted lists searched from the wrong side, 50 ns a term), with its impact; how many."""
    count = 0
    for term in range(len(posts.term_starts) - 1):
        impact = impact_of(posts, term, row)
        if impact > 0:
            terms[count], impacts[count] = term, impact
            count += 1
    return count


@inner
def carries_barred(posts: Posts, row: int, asked: Asked) -> bool:
    for i in range(len(asked.barred)):  # noqa: SIM110 - compiled
        if impact_of(posts, asked.barred[i], row) > 0:
            return True
    return False


@inner
def _behind(best: Array, a: int, value: int, published: int, job_id: int) -> bool:
    """Whether entry ``a`` of ``best`` sorts behind (value, published, job_id)."""
    if best[a, 0] != value:
        return bool(best[a, 0] < value)
    if best[a, 1] != published:
        return bool(best[a, 1] < published)
    return bool(best[a, 2] > job_id)


@inner
def _put(best: Array, at: int, value: int, published: int, job_id: int, segment: int, row: int) -> None:
    best[at, 0] = value
    best[at, 1] = published
    best[at, 2] = job_id
    best[at, 3] = segment
    best[at, 4] = row


@inner
def _copy(best: Array, to: int, source: int) -> None:
    for column in range(5):
        best[to, column] = best[source, column]


@inner
def _sink(best: Array, k: int, value: int, published: int, job_id: int, segment: int, row: int) -> None:
    """Let an entry take the root's place in the heap of the first ``k``."""
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


@inner
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
    _sink(best, k, value, published, job_id, segment, row)
    return count


@kernel
def sort_best(best: Array, count: int) -> None:
    """The heap as a list, best first (heapsort: the root, always the worst, goes to the end)."""
    for end in range(count - 1, 0, -1):
        value, published, job_id, segment, row = best[end, 0], best[end, 1], best[end, 2], best[end, 3], best[end, 4]
        _copy(best, end, 0)
        _sink(best, end, value, published, job_id, segment, row)


@inner
def offer(rows: Rows, dead: Array, row: int, asked: Asked, total: int, best: Array, count: int) -> bool:
    """Whether a row that passes all filters (but barred words) would enter the best k; what costs least is asked first."""
    value = value_of(rows, row, asked, total)
    published = published_of(rows, row)
    full = count == len(best)
    if full and value < best[0, 0]:
        return False
    job_id = whole(rows.job_id[row])
    if full and not _behind(best, 0, value, published, job_id):
        return False
    if asked.after != 0:
        if value != asked.after_value:
            if value > asked.after_value:
                return False
        elif published != asked.after_time:
            if published > asked.after_time:
                return False
        elif job_id <= asked.after_id:
            return False
    return passes(rows, dead, row, asked)


@inner
def enter(rows: Rows, row: int, asked: Asked, total: int, segment: int, best: Array, count: int) -> int:
    """Put an offered row among the best; the new number of entries."""
    return _push(best, count, value_of(rows, row, asked, total), published_of(rows, row), whole(rows.job_id[row]), segment, row)


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
def _superblock_ceilings(posts: Posts, asked: Asked, work: Work) -> None:
    """For every superblock the text sum that none of its rows exceeds; 0 where no asked term stands."""
    ceilings, held = work.super_ceilings, work.super_held
    for i in range(len(asked.term)):
        if i > 0 and asked.group[i] != asked.group[i - 1]:
            for number in range(len(held)):
                held[number] = 0
        weight, term = asked.weight[i], asked.term[i]
        for entry in range(whole(posts.term_starts[term]), whole(posts.term_starts[term + 1])):
            number = posts.super_no[entry]
            points = weight * whole(posts.super_max[entry])
            if points > held[number]:
                ceilings[number] += points - held[number]
                held[number] = points


@inner
def _block_ceilings(posts: Posts, number: int, asked: Asked, work: Work) -> None:
    """The same for the 32 blocks of a superblock; ``work`` keeps where the words stand in it."""
    ceilings, held, entries, groups = work.ceilings, work.held_blocks, work.entries, work.groups
    for block in range(SUPER):
        ceilings[block] = held[block] = 0
    for i in range(len(asked.term)):
        if i > 0 and asked.group[i] != asked.group[i - 1]:
            for block in range(SUPER):
                held[block] = 0
        for block in range(SUPER):
            groups[i * SUPER + block] = -1
        entry = entry_of(posts, asked.term[i], number)
        entries[i] = entry
        if entry < 0:
            continue
        weight = asked.weight[i]
        for group in range(whole(posts.super_group[entry]), whole(posts.super_group[entry + 1])):
            facts = whole(posts.group[group])
            block = facts & (SUPER - 1)
            groups[i * SUPER + block] = group
            points = weight * ((facts >> SUPER_SHIFT) & GROUP_IMPACT)
            if points > held[block]:
                ceilings[block] += points - held[block]
                held[block] = points


@inner
def _locate(posts: Posts, asked: Asked, work: Work, chunk: Array) -> None:
    """Where every term stands in the blocks of ``chunk`` (``work.first``, ``work.last``), and the most points of each group."""
    for t in range(len(asked.term)):
        if t == 0 or work.slot[t] != work.slot[t - 1]:
            work.slot_most[work.slot[t]] = 0
        most = 0
        for each in range(len(chunk)):
            place = t * SUPER + chunk[each]
            group = work.groups[place]
            work.first[place] = work.last[place] = 0
            if group >= 0:
                work.first[place], work.last[place] = span_of(posts, work.entries[t], group)
                most = max(most, (whole(posts.group[group]) >> SUPER_SHIFT) & GROUP_IMPACT)
        work.slot_most[work.slot[t]] = max(work.slot_most[work.slot[t]], asked.weight[t] * most)


@inner
def _others(work: Work, slots: int, need: int) -> None:
    """Set ``work.finds``: 0 for groups of terms that together stay below ``need``, so that a row must be met by another one."""
    for slot in range(slots):
        work.finds[slot] = 1
    others = 0
    while True:
        least = -1
        for slot in range(slots):
            if work.finds[slot] == 1 and (least < 0 or work.slot_most[slot] < work.slot_most[least]):
                least = slot
        if least < 0 or others + work.slot_most[least] >= need:
            return
        others += work.slot_most[least]
        work.finds[least] = 0


@inner
def _sum_chunk(posts: Posts, asked: Asked, work: Work, field: Field, chunk: Array, need: int) -> int:
    """Text sums of the rows of the chunk that may reach ``need``; how many, ``field.touched`` lists them.

    Groups of terms that together stay below it only add to rows that another group found (MaxScore: Turtle and Flood 1995). Of
    every group a row gets the best: ``held`` is what the group of this stamp has given it so far (a row with an older stamp has
    nothing of it yet). A term that is alone in its group needs no such memory.
    """
    totals, held, touched = field.totals, field.held, field.touched
    count, terms = 0, len(asked.term)
    _locate(posts, asked, work, chunk)
    _others(work, work.slot[terms - 1] + 1, need)
    for finds in (1, 0):
        for t in range(terms):
            weight, slot = asked.weight[t], work.slot[t]
            if work.finds[slot] != finds:
                continue
            stamp = work.stamp[0] + slot
            alone = (t == 0 or work.slot[t - 1] != slot) and (t + 1 == terms or work.slot[t + 1] != slot)
            for each in range(len(chunk)):
                block = chunk[each]
                base, end = block << BLOCK_SHIFT, work.ends[block]
                for at in range(work.first[t * SUPER + block], work.last[t * SUPER + block]):
                    found = whole(posts.post[at])
                    row = found & (BLOCK - 1)
                    if row >= end:
                        break
                    row += base
                    total = whole(totals[row])
                    if total == 0:
                        if finds == 0:
                            continue
                        touched[count] = row
                        count += 1
                    points = weight * (found >> BLOCK_SHIFT)
                    if not alone:
                        before = whole(held[row])
                        given = before & _POINTS if before >> _POINT_BITS == stamp else 0
                        if points <= given:
                            continue
                        held[row] = (stamp << _POINT_BITS) | points
                        points -= given
                    totals[row] = total + points
    work.stamp[0] += terms
    return count


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
    found = _sum_chunk(hot.posts, asked, work, field, chunk, need)
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
def _number_groups(asked: Asked, work: Work) -> None:
    """Each term's group as a number from 0 into ``work.slot``."""
    slot = 0
    for i in range(len(asked.term)):
        if i > 0 and asked.group[i] != asked.group[i - 1]:
            slot += 1
        work.slot[i] = slot


@inner
def _renew_stamps(work: Work, field: Field) -> None:
    """Begin anew where stamps would soon not fit any more."""
    if work.stamp[0] > _STAMPS_MOST:
        work.stamp[0] = 1
        for row in range(SUPER * BLOCK):
            field.held[row] = 0


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
    _number_groups(asked, work)
    for number in range(super_count):
        work.super_ceilings[number] = work.super_held[number] = 0
    if asked.words != 0:
        _superblock_ceilings(hot.posts, asked, work)
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
            _block_ceilings(hot.posts, number, asked, work)
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
                _renew_stamps(work, field)
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


@inner
def parts_of(rows: Rows, row: int, asked: Asked, total: int, met: int, parts: Array, i: int) -> None:
    """Write the parts of one job whose text sum and met terms are known."""
    chord = chord_to(rows, row, asked)
    parts[i, 0] = text_points(total)
    parts[i, 1] = place_points(chord) if chord >= 0 else 0
    parts[i, 2] = wage_points(asked.wish, whole(rows.record[row, 5]), whole(rows.record[row, 6]))
    low_age, high_age = limits_of(rows, row, asked.sex)
    parts[i, 3] = age_points(asked.ranked_age, low_age, high_age)
    parts[i, 4] = fresh_points(asked.now, published_of(rows, row))
    parts[i, 5] = preference_points(met_tags(rows, row, asked), asked.wanted_tags)
    parts[i, 6] = fair_of(rows, row, asked)
    parts[i, 7] = chord
    parts[i, 8] = met
