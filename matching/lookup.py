"""Where a term stands among the postings of a segment: by superblock, by block, by row."""

from __future__ import annotations

from matching.compiled import (
    inner,
    kernel,
)
from matching.layout import (
    BLOCK,
    BLOCK_SHIFT,
    GROUP_START,
    SUPER,
    SUPER_SHIFT,
    Array,
    Asked,
    Posts,
    whole,
)


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
