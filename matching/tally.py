"""The compiled count: how many jobs match in all, by kind, occupations, region and tags.

Rows are counted by the sets they refer to (one step each); what single occupation or tag that makes is added up once, from the
sets' tables.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy.typing as npt

from matching.compiled import inner, kernel
from matching.layout import (
    BLOCK,
    BLOCK_SHIFT,
    SUPER,
    SUPER_SHIFT,
    Asked,
    Hot,
    Posts,
    Rows,
    whole,
)
from matching.lookup import carries_barred, entry_of, span_of
from matching.rows import may_hold, passes, unpack
from matching.scratch import Room, carve

Array = npt.NDArray[Any]


class Tally(NamedTuple):
    """Counters, all int64: by kind [4], by the positions of the segment's trade sets, regions and tag sets."""

    kinds: Array
    trade_sets: Array
    regions: Array
    tag_sets: Array


@inner
def tally_row(rows: Rows, trade_set: Array, row: int, tally: Tally) -> None:
    tally.kinds[rows.record[row, 0] & 3] += 1
    tally.trade_sets[trade_set[row]] += 1
    tally.regions[rows.region[row]] += 1
    tally.tag_sets[rows.tag_set[row]] += 1


@inner
def _mark(posts: Posts, asked: Asked, number: int, marked: Array, listed: Array) -> int:
    """List the rows of a superblock (by their place in it) that carry an asked word, each once; how many there are.

    ``marked`` uint8 [32,768], all zero before, says which are listed; ``listed`` int32 of the same length.
    """
    count = 0
    for i in range(len(asked.term)):
        entry = entry_of(posts, asked.term[i], number)
        if entry < 0:
            continue
        for group in range(whole(posts.super_group[entry]), whole(posts.super_group[entry + 1])):
            base = (whole(posts.group[group]) & (SUPER - 1)) << BLOCK_SHIFT
            first, last = span_of(posts, entry, group)
            for at in range(first, last):
                place = base + (whole(posts.post[at]) & (BLOCK - 1))
                if marked[place] == 0:
                    marked[place] = 1
                    listed[count] = place
                    count += 1
    return count


@inner
def _counts(hot: Hot, dead: Array, row: int, asked: Asked) -> bool:
    if not passes(hot.rows, dead, row, asked):
        return False
    return len(asked.barred) == 0 or not carries_barred(hot.posts, row, asked)


@kernel
def tally_segment(hot: Hot, trade_set: Array, dead: Array, packed: Array, room: Room, tally: Tally) -> int:
    """Number of matches of a segment; adds them to ``tally``. Arguments as ``kernels.best_of_segment``."""
    asked = unpack(packed)
    n = len(hot.rows.job_id)
    block_count, super_count = len(hot.blocks.facts), len(hot.supers.facts)
    work = carve(room.numbers, len(asked.term), super_count)
    holds, open_blocks = work.supers, work.blocks
    for number in range(super_count):
        holds[number] = 0
    for i in range(len(asked.term)):
        term = asked.term[i]
        for entry in range(whole(hot.posts.term_starts[term]), whole(hot.posts.term_starts[term + 1])):
            holds[hot.posts.super_no[entry]] = 1
    matches = 0
    for number in range(super_count):
        if (asked.words != 0 and holds[number] == 0) or not may_hold(hot.supers, number, asked):
            continue
        base = number << SUPER_SHIFT
        for block in range(base, min(block_count, base + SUPER)):
            open_blocks[block - base] = may_hold(hot.blocks, block, asked)
        start = base << BLOCK_SHIFT
        if asked.words != 0:
            for j in range(_mark(hot.posts, asked, number, room.marked, room.touched)):
                place = room.touched[j]
                room.marked[place] = 0
                if open_blocks[place >> BLOCK_SHIFT] and _counts(hot, dead, start + place, asked):
                    matches += 1
                    tally_row(hot.rows, trade_set, start + place, tally)
        else:
            for row in range(start, min(n, start + SUPER * BLOCK)):
                if open_blocks[(row - start) >> BLOCK_SHIFT] and _counts(hot, dead, row, asked):
                    matches += 1
                    tally_row(hot.rows, trade_set, row, tally)
    return matches
