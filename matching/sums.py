"""Text sums: what the asked words can give at most to a superblock or a block, and what they give to each row."""

from __future__ import annotations

from typing import Final

from matching.compiled import inner, prefetch
from matching.layout import (
    BLOCK,
    BLOCK_SHIFT,
    GROUP_IMPACT,
    SUPER,
    SUPER_SHIFT,
    Array,
    Asked,
    Posts,
    whole,
)
from matching.lookup import (
    entry_of,
    span_of,
)
from matching.scratch import (
    Field,
    Work,
)

_LINE: Final = 32  # postings in a line of memory
_POINT_BITS: Final = 20  # weight times impact is at most 16,000 * 63
_POINTS: Final = (1 << _POINT_BITS) - 1
_STAMPS_MOST: Final = (1 << 11) - 4 * 64  # a chunk takes one for each of its terms, of which groups need fewer


@inner
def superblock_ceilings(posts: Posts, asked: Asked, work: Work) -> None:
    """For every superblock the text sum that none of its rows exceeds; 0 where no asked term stands."""
    ceilings, held = work.super_ceilings, work.super_held
    for i in range(len(asked.term)):  # where each term's lists begin: asked for together they come together
        start = whole(posts.term_starts[asked.term[i]])
        if start < len(posts.super_no):
            prefetch(posts.super_no, start)
            prefetch(posts.super_max, start)
            prefetch(posts.super_group, start)
            prefetch(posts.super_post, start)
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
def block_ceilings(posts: Posts, number: int, asked: Asked, work: Work) -> None:
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
                first, last = span_of(posts, work.entries[t], group)
                work.first[place], work.last[place] = first, last
                prefetch(posts.post, first)
                if last - first > _LINE:
                    prefetch(posts.post, first + _LINE)
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
def sum_chunk(posts: Posts, asked: Asked, work: Work, field: Field, chunk: Array, need: int) -> int:
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
def number_groups(asked: Asked, work: Work) -> None:
    """Each term's group as a number from 0 into ``work.slot``."""
    slot = 0
    for i in range(len(asked.term)):
        if i > 0 and asked.group[i] != asked.group[i - 1]:
            slot += 1
        work.slot[i] = slot


@inner
def renew_stamps(work: Work, field: Field) -> None:
    """Begin anew where stamps would soon not fit any more."""
    if work.stamp[0] > _STAMPS_MOST:
        work.stamp[0] = 1
        for row in range(SUPER * BLOCK):
            field.held[row] = 0
