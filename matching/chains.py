"""The compiled search over the few jobs that came since the open generation: postings linked by word, newest first.

A term of the query is its chain's newest posting, so that a query walks the chains of its own words and touches no other job.
Rows that came after the query's moment stand at the front of a chain and are passed over.
"""

from __future__ import annotations

import threading
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from matching.compiled import inner, kernel
from matching.layout import Asked, Rows, whole
from matching.ranking import enter, offer, parts_of
from matching.rows import passes, unpack
from matching.tally import Tally, tally_row

Array = npt.NDArray[Any]
ROWS_MOST: Final = 4096


class Chains(NamedTuple):
    """Jobs in the order in which they came, in arrays that are filled from the front."""

    rows: Rows
    trade_set: Array  # uint16 [n]
    earlier: Array  # int32 [p], the posting before it of the same word, -1 none
    row: Array  # uint16 [p]
    impact: Array  # uint8 [p]


class _Room(threading.local):
    def __init__(self) -> None:
        self.sums: npt.NDArray[np.int64] = np.zeros((3, ROWS_MOST), dtype=np.int64)


_room = _Room()


def sums() -> npt.NDArray[np.int64]:
    """This thread's room: text sums and what one group of terms has given (zero before and after), and a list of rows."""
    return _room.sums


@inner
def _gather(chains: Chains, n: int, asked: Asked, room: Array) -> int:
    """List the first ``n`` rows that carry an asked word (all, when none is asked for), with their text sums; how many.

    The sum of a row that carries a barred word is -1. Of every group of terms the best weight times impact.
    """
    totals, held, listed = room[0], room[1], room[2]
    count = 0
    if asked.words == 0:
        for row in range(n):
            listed[row] = row
        count = n
    for t in range(len(asked.term)):
        if t > 0 and asked.group[t] != asked.group[t - 1]:
            for j in range(count):
                held[listed[j]] = 0
        at = asked.term[t]
        while at >= 0:
            row = whole(chains.row[at])
            points = asked.weight[t] * whole(chains.impact[at])
            if row < n and points > held[row]:
                if totals[row] == 0:
                    listed[count] = row
                    count += 1
                totals[row] += points - held[row]
                held[row] = points
            at = whole(chains.earlier[at])
    for j in range(count):
        held[listed[j]] = 0
    for i in range(len(asked.barred)):
        at = asked.barred[i]
        while at >= 0:
            row = whole(chains.row[at])
            if row < n and (asked.words == 0 or totals[row] > 0):
                totals[row] = -1
            at = whole(chains.earlier[at])
    return count


@kernel
def best_of_fresh(chains: Chains, n: int, dead: Array, packed: Array, room: Array, segment: int, best: Array, count: int) -> int:
    """Let the first ``n`` rows compete for the best; ``segment`` to the end as ``kernels.best_of_segment``. The new count."""
    asked = unpack(packed)
    totals, listed = room[0], room[2]
    for j in range(_gather(chains, n, asked, room)):
        row = listed[j]
        total = totals[row]
        totals[row] = 0
        if total >= 0 and offer(chains.rows, dead, row, asked, total, best, count):
            count = enter(chains.rows, row, asked, total, segment, best, count)
    return count


@kernel
def tally_fresh(chains: Chains, n: int, dead: Array, packed: Array, room: Array, tally: Tally) -> int:
    """Number of matches among the first ``n`` rows; adds them to ``tally``."""
    asked = unpack(packed)
    totals, listed = room[0], room[2]
    matches = 0
    for j in range(_gather(chains, n, asked, room)):
        row = listed[j]
        total = totals[row]
        totals[row] = 0
        if total >= 0 and passes(chains.rows, dead, row, asked):
            matches += 1
            tally_row(chains.rows, chains.trade_set, row, tally)
    return matches


@kernel
def explain_fresh(chains: Chains, picks: Array, packed: Array, room: Array, parts: Array) -> None:
    """The parts of found jobs, as ``kernels.explain_rows``: each chain is walked once for all of them."""
    asked = unpack(packed)
    place = room[0]
    for i in range(len(picks)):
        place[picks[i]] = i + 1
        parts[i, 0] = parts[i, 1] = parts[i, 2] = 0  # text sum, what the group at hand gave, bits of met terms
    for t in range(len(asked.term)):
        if t > 0 and asked.group[t] != asked.group[t - 1]:
            for i in range(len(picks)):
                parts[i, 1] = 0
        at = asked.term[t]
        while at >= 0:
            i = place[chains.row[at]] - 1
            if i >= 0:
                points = asked.weight[t] * whole(chains.impact[at])
                if points > parts[i, 1]:
                    parts[i, 0] += points - parts[i, 1]
                    parts[i, 1] = points
                parts[i, 2] |= 1 << t
            at = whole(chains.earlier[at])
    for i in range(len(picks)):
        place[picks[i]] = 0
        parts_of(chains.rows, picks[i], asked, parts[i, 0], parts[i, 2], parts, i)
