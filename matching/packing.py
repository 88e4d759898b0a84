"""The compiled loops of building and opening: vectors, order in space, words to postings and back, the check of what was read."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching.compiled import kernel
from matching.formula import IMPACT_MAX, TRADE_WEIGHT, UNIT
from matching.layout import (
    BLOCK,
    BLOCK_SHIFT,
    GROUP_IMPACT,
    GROUP_START,
    SUPER,
    SUPER_SHIFT,
    Posts,
    whole,
)

Array = npt.NDArray[Any]
_ORDER: Final = 16  # Hilbert curve over 65,536 x 65,536 cells: about 300 x 600 m at the equator


@kernel
def vectors(lat: Array, lng: Array, record: Array) -> None:
    """Unit vectors times 2**23 of float64 degrees (not a number: no point) into columns 0-2 of ``record``, times 128."""
    for i in range(len(lat)):
        if math.isnan(lat[i]):
            continue
        phi, lam = math.radians(lat[i]), math.radians(lng[i])
        record[i, 0] |= whole(np.rint(math.cos(phi) * math.cos(lam) * UNIT)) << 7
        record[i, 1] |= whole(np.rint(math.cos(phi) * math.sin(lam) * UNIT)) << 7
        record[i, 2] |= whole(np.rint(math.sin(phi) * UNIT)) << 7


@kernel
def curve(record: Array, along: Array) -> None:
    """Position of every placed job along a Hilbert curve over the globe into ``along`` (int64): near on the curve is near.

    Only the order of rows hangs on this, never an answer, so floating point is welcome here.
    """
    side = 1 << _ORDER
    for i in range(len(record)):
        if record[i, 0] & 32 == 0:
            continue
        x, y, z = whole(record[i, 0]) >> 7, whole(record[i, 1]) >> 7, whole(record[i, 2]) >> 7
        east = min(side - 1, whole((math.atan2(float(y), float(x)) / math.pi + 1.0) / 2.0 * side))
        north = min(side - 1, whole((math.asin(max(-1.0, min(1.0, z / UNIT))) / math.pi + 0.5) * side))
        position = 0
        step = side >> 1
        while step:
            right, upper = (east & step) != 0, (north & step) != 0
            position += step * step * ((3 if right else 0) ^ (1 if upper else 0))
            if not upper:
                if right:
                    east, north = side - 1 - east, side - 1 - north
                east, north = north, east
            step >>= 1
        along[i] = position


@kernel
def count_tokens(field_starts: Array, fields: Array, clause_starts: Array, sets: Array, set_starts: Array) -> int:
    """Upper bound of the number of terms of all jobs together; arguments as ``weigh_tokens``."""
    held = 0
    for job in range(len(field_starts) - 1):
        held += set_starts[sets[job] + 1] - set_starts[sets[job]]
        for at in range(field_starts[job], field_starts[job + 1]):
            held += clause_starts[fields[at] + 1] - clause_starts[fields[at]]
    return held


@kernel
def weigh_tokens(
    field_starts: Array,
    fields: Array,
    weights: Array,
    clause_starts: Array,
    clause_terms: Array,
    sets: Array,
    set_starts: Array,
    set_terms: Array,
    length_cap: int,
    frequency: Array,
    starts: Array,
    terms: Array,
    impacts: Array,
) -> int:
    """Every term of every job once, with its impact (BM25 over field-weighted frequencies, ``formula.impacts``).

    Job j has the clauses ``fields[field_starts[j]:field_starts[j + 1]]`` with ``weights`` beside them, clause c the terms
    ``clause_terms[clause_starts[c]:clause_starts[c + 1]]``, and the occupation terms of set ``sets[j]``. ``frequency`` int32
    [terms] is zero before and after. Writes ``starts`` [n + 1], ``terms`` and ``impacts``; returns how many were written.
    """  # fmt: skip
    end = 0
    starts[0] = 0
    for job in range(len(field_starts) - 1):
        begin = end
        length = 0
        for at in range(field_starts[job], field_starts[job + 1]):
            clause, weight = fields[at], weights[at]
            first, last = clause_starts[clause], clause_starts[clause + 1]
            length += weight * (last - first)
            for word in range(first, last):
                term = clause_terms[word]
                if frequency[term] == 0:
                    terms[end] = term
                    end += 1
                frequency[term] += weight
        for word in range(set_starts[sets[job]], set_starts[sets[job] + 1]):
            term = set_terms[word]
            if frequency[term] == 0:
                terms[end] = term
                end += 1
            frequency[term] = TRADE_WEIGHT
        length = min(length, length_cap)
        for at in range(begin, end):
            held = whole(frequency[terms[at]])
            frequency[terms[at]] = 0
            impacts[at] = max(1, IMPACT_MAX * 160 * held // (160 * held + 48 + 3 * length))
        starts[job + 1] = end
    return end


@kernel
def count_groups(starts: Array, terms: Array, order: Array, groups: Array, supers: Array, posts: Array, last: Array) -> None:
    """How many groups, superblock entries and postings every term has (int64 [t], zero before; ``last`` -1 before)."""
    for row in range(len(order)):
        block = row >> BLOCK_SHIFT
        for at in range(starts[order[row]], starts[order[row] + 1]):
            term = terms[at]
            posts[term] += 1
            before = last[term]
            if before != block:
                groups[term] += 1
                if before < 0 or (before >> SUPER_SHIFT) != (block >> SUPER_SHIFT):
                    supers[term] += 1
                last[term] = block


@kernel
def fill_groups(
    starts: Array,
    terms: Array,
    impacts: Array,
    order: Array,
    next_group: Array,
    next_super: Array,
    next_post: Array,
    last: Array,
    out: Posts,
) -> None:
    """Write the postings of all rows in their new ``order``; ``next_*`` are where each term's run begins (changed)."""
    for row in range(len(order)):
        block, place = row >> BLOCK_SHIFT, row & (BLOCK - 1)
        for at in range(starts[order[row]], starts[order[row] + 1]):
            term, impact = terms[at], whole(impacts[at])
            post = next_post[term]
            next_post[term] = post + 1
            before = last[term]
            if before != block:
                group = next_group[term]
                next_group[term] = group + 1
                last[term] = block
                if before < 0 or (before >> SUPER_SHIFT) != (block >> SUPER_SHIFT):
                    entry = next_super[term]
                    next_super[term] = entry + 1
                    out.super_no[entry] = block >> SUPER_SHIFT
                    out.super_group[entry] = group
                    out.super_post[entry] = post
                start = post - whole(out.super_post[next_super[term] - 1])
                out.group[group] = (start << GROUP_START) | (block & (SUPER - 1))
            entry, group = next_super[term] - 1, next_group[term] - 1
            facts = whole(out.group[group])
            if impact > ((facts >> SUPER_SHIFT) & GROUP_IMPACT):
                out.group[group] = (facts & ~(GROUP_IMPACT << SUPER_SHIFT)) | (impact << SUPER_SHIFT)
            out.super_max[entry] = max(whole(out.super_max[entry]), impact)
            out.post[post] = (impact << BLOCK_SHIFT) | place


@kernel
def unpack_counts(posts: Posts, counts: Array) -> None:
    """How many terms every row has (int64 [n], zero before)."""
    for term in range(len(posts.term_starts) - 1):
        for entry in range(whole(posts.term_starts[term]), whole(posts.term_starts[term + 1])):
            _walk(posts, term, entry, counts, counts, counts, False)


@kernel
def unpack_tokens(posts: Posts, nexts: Array, terms: Array, impacts: Array) -> None:
    """Term and impact of every posting again, row by row; ``nexts`` [n] are where each row's run begins (changed)."""
    for term in range(len(posts.term_starts) - 1):
        for entry in range(whole(posts.term_starts[term]), whole(posts.term_starts[term + 1])):
            _walk(posts, term, entry, nexts, terms, impacts, True)


@kernel
def _walk(posts: Posts, term: int, entry: int, nexts: Array, terms: Array, impacts: Array, writes: bool) -> None:
    last_group, base = whole(posts.super_group[entry + 1]), whole(posts.super_post[entry])
    for group in range(whole(posts.super_group[entry]), last_group):
        facts = whole(posts.group[group])
        block = (whole(posts.super_no[entry]) << SUPER_SHIFT) | (facts & (SUPER - 1))
        first = base + (facts >> GROUP_START)
        last = (
            base + (whole(posts.group[group + 1]) >> GROUP_START)
            if group + 1 < last_group
            else whole(posts.super_post[entry + 1])
        )
        for at in range(first, last):
            post = whole(posts.post[at])
            row = (block << BLOCK_SHIFT) | (post & (BLOCK - 1))
            if writes:
                terms[nexts[row]] = term
                impacts[nexts[row]] = post >> BLOCK_SHIFT
            nexts[row] += 1


@kernel
def find_rows(job_id: Array, by_id: Array, wanted: Array, rows: Array) -> None:
    """Rows of the ids ``wanted`` into ``rows`` (both int64), -1 for those that are not here; ``by_id`` lists rows by their ids.

    NumPy's own search would copy the whole of ``by_id`` into another type for each question (0.7 ms for a million jobs).
    """
    for i in range(len(wanted)):
        low, high = 0, len(by_id)
        while low < high:
            middle = (low + high) >> 1
            if whole(job_id[by_id[middle]]) < wanted[i]:
                low = middle + 1
            else:
                high = middle
        found = low < len(by_id) and whole(job_id[by_id[low]]) == wanted[i]
        rows[i] = by_id[low] if found else -1


@kernel
def pick_runs(starts: Array, rows: Array, values: Array, picked_starts: Array, picked: Array) -> None:
    """The runs of ``rows`` end to end: ``values[starts[r]:starts[r + 1]]`` of each."""
    end = 0
    picked_starts[0] = 0
    for i in range(len(rows)):
        for at in range(starts[rows[i]], starts[rows[i] + 1]):
            picked[end] = values[at]
            end += 1
        picked_starts[i + 1] = end


@kernel
def posts_are_sound(posts: Posts, rows: int) -> bool:
    """Whether every number that search uses as an index lies inside what it indexes: it does not check them again."""
    block_count = (rows + BLOCK - 1) >> BLOCK_SHIFT
    entries, groups, count = len(posts.super_no), len(posts.group), len(posts.post)
    terms = len(posts.term_starts) - 1
    if terms < 0 or posts.term_starts[0] != 0 or posts.term_starts[terms] != entries:
        return False
    if len(posts.super_max) != entries or len(posts.super_group) != entries + 1 or len(posts.super_post) != entries + 1:
        return False
    if posts.super_group[0] != 0 or posts.super_group[entries] != groups:
        return False
    if posts.super_post[0] != 0 or posts.super_post[entries] != count:
        return False
    for entry in range(entries):
        if posts.super_group[entry] >= posts.super_group[entry + 1] or posts.super_post[entry] >= posts.super_post[entry + 1]:
            return False
    for term in range(terms):
        first, last = whole(posts.term_starts[term]), whole(posts.term_starts[term + 1])
        if first > last or last > entries:
            return False
        number = -1
        for entry in range(first, last):
            if whole(posts.super_no[entry]) <= number:
                return False
            number = whole(posts.super_no[entry])
            if not _entry_is_sound(posts, entry, number, rows, block_count):
                return False
    return True


@kernel
def _entry_is_sound(posts: Posts, entry: int, number: int, rows: int, block_count: int) -> bool:
    base, end = whole(posts.super_post[entry]), whole(posts.super_post[entry + 1])
    last_group = whole(posts.super_group[entry + 1])
    most, block_before, first = 0, -1, base
    for group in range(whole(posts.super_group[entry]), last_group):
        facts = whole(posts.group[group])
        block = facts & (SUPER - 1)
        ceiling = (facts >> SUPER_SHIFT) & GROUP_IMPACT
        if block <= block_before or (number << SUPER_SHIFT) + block >= block_count or base + (facts >> GROUP_START) != first:
            return False
        block_before = block
        last = base + (whole(posts.group[group + 1]) >> GROUP_START) if group + 1 < last_group else end
        if last <= first or last > end:
            return False
        inside = min(BLOCK, rows - (((number << SUPER_SHIFT) + block) << BLOCK_SHIFT))
        row_before, highest = -1, 0
        for at in range(first, last):
            row, impact = whole(posts.post[at]) & (BLOCK - 1), whole(posts.post[at]) >> BLOCK_SHIFT
            if row <= row_before or row >= inside or impact < 1:
                return False
            row_before, highest = row, max(highest, impact)
        if highest != ceiling:
            return False
        most, first = max(most, ceiling), last
    return first == end and most == posts.super_max[entry]
