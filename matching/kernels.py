"""The compiled search: the best k jobs of a segment, exactly, and the parts of a found job.

Superblocks come best bound first, in each its blocks best bound first, and both are passed over when the upper bound of the whole
score (largest impacts, nearest corner of the box, newest advert, highest pay) cannot enter the best k. Inside a block, rows lie
newest first, so that the bound also says behind which row nothing is new enough; and words that together cannot lift a row
over the threshold are only looked up for rows that another word found (MaxScore: Turtle and Flood 1995). Every comparison is
between whole numbers, so pruning never changes the answer.
"""

from __future__ import annotations

from typing import Any, Final

import numpy.typing as npt

from matching.compiled import inner, kernel
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
from matching.scratch import BUCKETS, Work, carve

Array = npt.NDArray[Any]
_NO_THRESHOLD: Final = -(1 << 62)
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
def _drivers(posts: Posts, asked: Asked, work: Work, block: int, need: int) -> int:
    """Choose the words that must be met by a row whose text sum reaches ``need``; the most that all others add to a sum.

    ``work.drives``: 1 a driver, 0 looked up for rows that a driver found, -1 not in the block.
    """
    most, rising, drives = work.most, work.rising, work.drives
    present = 0
    for i in range(len(asked.term)):
        drives[i] = -1
        group = work.groups[i * SUPER + block]
        if group >= 0:
            drives[i] = 1
            most[i] = asked.weight[i] * ((whole(posts.group[group]) >> SUPER_SHIFT) & GROUP_IMPACT)
            at = present
            while at > 0 and most[rising[at - 1]] > most[i]:
                rising[at] = rising[at - 1]
                at -= 1
            rising[at] = i
            present += 1
    if need <= 0:
        return 0
    others = 0
    for at in range(present):
        i = rising[at]
        # Rising order: of its group the latest is the largest, and takes the place of the one before.
        same = 0
        for before in range(at):
            if asked.group[rising[before]] == asked.group[i]:
                same = most[rising[before]]
        if others + most[i] - same >= need:
            break
        others += most[i] - same
        drives[i] = 0
    return others


@inner
def _gather(posts: Posts, asked: Asked, work: Work, block: int, end: int) -> int:
    """Text sums of the rows 0..end-1 of a block by its drivers; the number of rows met, which ``work.touched`` lists.

    Of every group of terms the best weight times impact; ``held`` is what the group at hand has given a row so far. Both are zero
    before; ``held`` is zero again after.
    """
    totals, held, touched, drives = work.totals, work.held, work.touched, work.drives
    count = 0
    terms = len(asked.term)
    i = 0
    while i < terms:
        following = i
        several = 0
        while following < terms and asked.group[following] == asked.group[i]:
            several += drives[following] == 1
            following += 1
        for t in range(i, following):
            if drives[t] != 1:
                continue
            weight = asked.weight[t]
            first, last = span_of(posts, work.entries[t], work.groups[t * SUPER + block])
            for at in range(first, last):
                found = whole(posts.post[at])
                row = found & (BLOCK - 1)
                if row >= end:
                    break
                points = weight * (found >> BLOCK_SHIFT)
                if totals[row] == 0:
                    touched[count] = row
                    count += 1
                if several == 1:
                    totals[row] += points
                elif points > held[row]:
                    totals[row] += points - held[row]
                    held[row] = points
        if several > 1:
            for j in range(count):
                held[touched[j]] = 0
        i = following
    return count


@inner
def _completed(posts: Posts, asked: Asked, work: Work, block: int, place: int, total: int) -> int:
    """A text sum of drivers made whole by the words that were only to be looked up."""
    drives = work.drives
    terms = len(asked.term)
    i = 0
    while i < terms:
        following = i
        driven, other = False, 0
        while following < terms and asked.group[following] == asked.group[i]:
            if drives[following] == 1:
                driven = True
            elif drives[following] == 0:
                first, last = span_of(posts, work.entries[following], work.groups[following * SUPER + block])
                other = max(other, asked.weight[following] * impact_at(posts, first, last, place))
            following += 1
        if other > 0:
            known = 0
            if driven:
                for t in range(i, following):
                    if drives[t] == 1:
                        first, last = span_of(posts, work.entries[t], work.groups[t * SUPER + block])
                        known = max(known, asked.weight[t] * impact_at(posts, first, last, place))
            if other > known:
                total += other - known
        i = following
    return total


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


@kernel
def best_of_segment(hot: Hot, dead: Array, packed: Array, room: Array, segment: int, best: Array, count: int) -> int:
    """Let the jobs of one segment compete for the best ``len(best)``.

    ``best`` is int64 [k, 5]: value, published_at, job_id, segment, row; the first ``count`` entries are a heap filled by the
    segments before. ``dead`` is uint64 [n / 64 + 1]; ``packed`` an int64 query (``rows.unpack``); ``room`` is of
    ``scratch.work_for``. Returns the new count.
    """
    asked = unpack(packed)
    rows, posts = hot.rows, hot.posts
    n = len(rows.job_id)
    block_count, super_count = len(hot.blocks.facts), len(hot.supers.facts)
    work = carve(room, len(asked.term), super_count)
    for number in range(super_count):
        work.super_ceilings[number] = work.super_held[number] = 0
    if asked.words != 0:
        _superblock_ceilings(posts, asked, work)
    chosen = 0
    for number in range(super_count):
        ceiling = work.super_ceilings[number]
        if (asked.words != 0 and ceiling == 0) or not may_hold(hot.supers, number, asked):
            continue
        work.supers[chosen] = number
        work.super_bounds[chosen] = bound_of(hot.supers, number, asked, ceiling)
        chosen += 1
    _ordered(work.super_bounds, chosen, work.super_order, work.buckets)
    full = count == len(best)
    for s in range(chosen):
        number, bound = work.supers[work.super_order[s]], work.super_bounds[work.super_order[s]]
        if full and (bound < best[0, 0] or (bound == best[0, 0] and hot.supers.facts[number, FACT_NEWEST] < best[0, 1])):
            continue
        if asked.words != 0:
            _block_ceilings(posts, number, asked, work)
        base = number << SUPER_SHIFT
        few = 0
        for block in range(base, min(block_count, base + SUPER)):
            ceiling = work.ceilings[block - base] if asked.words != 0 else 0
            if (asked.words != 0 and ceiling == 0) or not may_hold(hot.blocks, block, asked):
                continue
            work.blocks[few] = block
            work.bounds[few] = bound_of(hot.blocks, block, asked, ceiling)
            few += 1
        _ordered(work.bounds, few, work.order, work.buckets)
        for b in range(few):
            block, bound = work.blocks[work.order[b]], work.bounds[work.order[b]]
            newest = hot.blocks.facts[block, FACT_NEWEST]
            threshold = best[0, 0] if full else _NO_THRESHOLD
            if bound < threshold or (bound == threshold and newest < best[0, 1]):
                continue
            start = block << BLOCK_SHIFT
            least = _least_new(asked, bound, newest, threshold)
            end = min(n, start + BLOCK)
            if least > 0:
                end = _new_enough(rows, start, end, least)
            if asked.words == 0:
                for row in range(start, end):
                    count = _try_row(hot, dead, row, asked, 0, segment, best, count)
                full = count == len(best)
                continue
            place = block - base
            # What the rest of a score can add at most, so that weak texts are dropped without reading the record.
            rest = bound - text_points(work.ceilings[place])
            need = 0
            if asked.mode == BY_SCORE and full:
                need = (threshold - rest) * _TEXT_POINT
            others = _drivers(posts, asked, work, place, need)
            found = _gather(posts, asked, work, place, end - start)
            for j in range(found):
                at = work.touched[j]
                total = work.totals[at]
                work.totals[at] = 0
                if total + others < need:
                    continue
                if others > 0:
                    total = _completed(posts, asked, work, place, at, total)
                if asked.mode == BY_SCORE and full and text_points(total) + rest < best[0, 0]:
                    continue
                count = _try_row(hot, dead, start + at, asked, total, segment, best, count)
                full = count == len(best)
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
