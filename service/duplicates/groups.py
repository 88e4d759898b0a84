"""From many adverts to the pairs that are one job, and from pairs to groups with one advert that stands for all."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from service.duplicates.compare import Texts, Verdict, same_job
from service.duplicates.sketch import Sketch

WHOLE_BLOCK: Final = 60
"""Up to so many adverts with one key are all compared with each other; of more, each with its neighbours by pay and title."""
NEIGHBOURS: Final = 40

Pair = tuple[int, int]


@dataclass(slots=True)
class Looked:
    """How much was compared."""

    blocks: int = 0
    large_blocks: int = 0
    pairs: int = 0
    same: int = 0
    largest: int = field(default=0)


def pairs(pool: Sequence[Sketch], texts: Texts, looked: Looked | None = None) -> Iterator[tuple[int, int, Verdict]]:
    """Places in ``pool`` of two adverts that are one job, each pair once."""
    looked = looked if looked is not None else Looked()
    blocks = _Blocks(pool)
    for key, block in blocks:
        looked.blocks += 1
        looked.largest = max(looked.largest, len(block))
        looked.large_blocks += key in blocks.large
        for one, other in _within(pool, key, block, blocks.large):
            looked.pairs += 1
            verdict = same_job(pool[one], pool[other], texts)
            if verdict is not None:
                looked.same += 1
                yield one, other, verdict


class _Blocks:
    """Adverts with one key, by place; keys of a single advert are left out. Sorted arrays: a third of the memory of lists."""

    def __init__(self, pool: Sequence[Sketch]) -> None:
        count = sum(len(one.keys) for one in pool)
        keys = np.fromiter((key for one in pool for key in one.keys), dtype=np.int64, count=count)
        owners = np.fromiter((place for place, one in enumerate(pool) for _ in one.keys), dtype=np.int64, count=count)
        order = np.argsort(keys, kind="stable")
        self._keys, self._owners = keys[order], owners[order]
        first = np.ones(count, dtype=bool)
        first[1:] = self._keys[1:] != self._keys[:-1]
        starts = np.flatnonzero(first)
        ends = np.append(starts[1:], count)
        shared = ends - starts > 1
        self._starts, self._ends = starts[shared], ends[shared]
        self.large = frozenset(self._keys[starts[ends - starts > WHOLE_BLOCK]].tolist())

    def __iter__(self) -> Iterator[tuple[int, list[int]]]:
        for start, end in zip(self._starts.tolist(), self._ends.tolist(), strict=True):
            yield int(self._keys[start]), self._owners[start:end].tolist()


def _within(pool: Sequence[Sketch], key: int, block: list[int], large: frozenset[int]) -> Iterator[Pair]:
    """The pairs of a block that no other block has: each is looked at under its smallest common key, and rather under one of a
    block that is compared whole than under one that is cut."""
    cut = key in large
    if cut:
        block = sorted(block, key=lambda place: beside(pool[place]))
    for at, one in enumerate(block):
        for other in block[at + 1 : at + 1 + NEIGHBOURS] if cut else block[at + 1 :]:
            mine, theirs = pool[one].keys, pool[other].keys
            if len(mine) > 1 and len(theirs) > 1:
                common = set(mine) & set(theirs)
                whole = common - large if large else common
                if min(whole or common) != key:
                    continue
            yield (one, other) if one < other else (other, one)


def nearest(block: Sequence[Sketch], one: Sketch) -> Sequence[Sketch]:
    """Those of a block, sorted by :func:`beside`, with which an advert is compared: all, or its neighbours on both sides."""
    if len(block) <= WHOLE_BLOCK:
        return block
    at = bisect_left(block, beside(one), key=beside)
    return block[max(0, at - NEIGHBOURS) : at + NEIGHBOURS + 1]


def beside(one: Sketch) -> tuple[str, str, int, str, int]:
    """How a large block is sorted: what could be one job stands side by side."""
    return one.region[:6], one.title.written, one.pay_month, one.address.road, one.job_id


@dataclass(frozen=True, slots=True)
class Link:
    """An advert and the one that stands for it."""

    canonical: int
    verdict: Verdict


def grouped(
    pool: Mapping[int, Sketch], found: Iterable[tuple[int, int, Verdict]], told_apart: Collection[Pair] = ()
) -> dict[int, Link]:
    """Which advert (job id) is a copy of which: canonical ones are not in it, and every copy points to a canonical one.

    Adverts are taken best first (``Sketch.rank``); each joins the surest canonical one that it is *itself* the same job as, so
    that of 白班 = 不说 = 夜班 the two ends never meet, and no copy points to a copy. Two lines of one list that are two jobs are
    not both hidden by one advert of somebody else. What an employer has published here itself
    is hidden by nobody else. ``told_apart``: pairs (low, high) that a person has told apart. The same pool gives the same groups
    in whatever order it comes.
    """
    same: dict[int, dict[int, Verdict]] = defaultdict(dict)
    apart = set(told_apart)
    for one, other, verdict in found:
        if (min(one, other), max(one, other)) not in apart:
            same[one][other] = same[other][one] = verdict
    links: dict[int, Link] = {}
    listed: dict[tuple[int, str], list[int]] = defaultdict(list)
    for job_id in sorted(same, key=lambda job_id: pool[job_id].rank):
        rank = pool[job_id].rank
        heads = [
            other
            for other in same[job_id]
            if other not in links and pool[other].rank < rank and pool[other].may_hide(pool[job_id])
        ]
        members = {other for other, link in links.items() if link.canonical in heads} if apart and heads else set()
        heads = [head for head in heads if not _refused(job_id, head, members, links, apart)]
        source = pool[job_id].source
        if source:
            heads = [head for head in heads if all(other in same[job_id] for other in listed.get((head, source), ()))]
        if heads:
            best = min(heads, key=lambda head: (-same[job_id][head].score, pool[head].rank))
            links[job_id] = Link(best, same[job_id][best])
            listed[best, source].append(job_id)
    return links


def _refused(job_id: int, head: int, members: Collection[int], links: Mapping[int, Link], apart: Collection[Pair]) -> bool:
    """Whether a person has told it apart from anything in the group of ``head``."""
    return any(
        (min(job_id, member), max(job_id, member)) in apart
        for member in (head, *(member for member in members if links[member].canonical == head))
    )
