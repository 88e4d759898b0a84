"""Room for kernels to work in, one for each thread: kernels make no arrays of their own (``compiled.py``)."""

from __future__ import annotations

import threading
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from matching.compiled import inner
from matching.layout import BLOCK, SUPER

Array = npt.NDArray[Any]
BUCKETS: Final = 256
_TERMS_LEAST: Final = 16
_BY_SUPERBLOCK: Final = 5
_BY_BLOCK: Final = 9
_BY_TERM: Final = 4 + 3 * SUPER
_FIXED: Final = 1 + _BY_BLOCK * SUPER + BUCKETS + 1


class Room(NamedTuple):
    """What one thread works in. ``totals`` and ``marked`` are zero before and after, ``held`` goes on from search to search."""

    numbers: Array  # int64, divided by ``carve``
    totals: Array  # int32 [32,768], text sums of a superblock's rows
    held: Array  # int32 [32,768], what one group of terms has given them, behind the group's stamp
    touched: Array  # int32 [32,768], a list of rows
    marked: Array  # uint8 [32,768]


class Field(NamedTuple):
    """The part of a room that holds something for each row of a superblock."""

    totals: Array
    held: Array
    touched: Array


class Work(NamedTuple):
    """Views into one int64 array; all but ``stamp`` may hold anything before."""

    stamp: Array  # [1], below it all are used
    held_blocks: Array  # [32]
    ceilings: Array  # [32], text sums that no row of a block exceeds
    blocks: Array  # [32], blocks that may hold a match, best bound first
    bounds: Array  # [32], of those, in their order
    newest: Array  # [32]
    rests: Array  # [32], the most that a row has beside its text
    bare: Array  # [32], and beside its freshness
    ends: Array  # [32], rows that are new enough
    chunk: Array  # [32], blocks looked at together
    buckets: Array  # [257]
    super_held: Array  # [superblocks]
    super_ceilings: Array
    supers: Array
    super_bounds: Array
    super_order: Array
    entries: Array  # [terms], where each term stands in the superblock at hand
    slot: Array  # [terms], number of each term's group
    slot_most: Array  # [groups of terms], the most points that one gives in the chunk at hand
    finds: Array  # [groups of terms], 0 when it only adds to rows that another one found
    groups: Array  # [32 terms], where each term stands in the superblock's blocks
    first: Array  # [32 terms], its postings there
    last: Array  # [32 terms]


@inner
def carve(room: Array, terms: int, supers: int) -> Work:
    """The views, for a query of ``terms`` on a segment of ``supers`` superblocks."""
    w = SUPER
    a = 1 + _BY_BLOCK * w
    b = a + BUCKETS + 1
    c = b + _BY_SUPERBLOCK * supers
    d = c + 4 * terms
    e = terms * w
    return Work(
        room[:1], room[1 : 1 + w], room[1 + w : 1 + 2 * w], room[1 + 2 * w : 1 + 3 * w], room[1 + 3 * w : 1 + 4 * w],
        room[1 + 4 * w : 1 + 5 * w], room[1 + 5 * w : 1 + 6 * w], room[1 + 6 * w : 1 + 7 * w], room[1 + 7 * w : 1 + 8 * w],
        room[1 + 8 * w : a], room[a:b],
        room[b : b + supers], room[b + supers : b + 2 * supers], room[b + 2 * supers : b + 3 * supers],
        room[b + 3 * supers : b + 4 * supers], room[b + 4 * supers : c],
        room[c : c + terms], room[c + terms : c + 2 * terms], room[c + 2 * terms : c + 3 * terms], room[c + 3 * terms : d],
        room[d : d + e], room[d + e : d + 2 * e], room[d + 2 * e : d + 3 * e],
    )  # fmt: skip


class _Mine(threading.local):
    def __init__(self) -> None:
        rows = SUPER * BLOCK
        wide = [np.zeros(rows, dtype=np.int32) for _ in range(3)]
        self.room = Room(np.ones(0, dtype=np.int64), wide[0], wide[1], wide[2], np.zeros(rows, dtype=np.uint8))


_mine = _Mine()


def room_for(terms: int, supers: int) -> Room:
    """This thread's room, large enough for a query of ``terms`` on a segment of ``supers`` superblocks."""
    size = _FIXED + _BY_SUPERBLOCK * supers + _BY_TERM * max(_TERMS_LEAST, terms)
    room = _mine.room
    if len(room.numbers) < size:
        numbers = np.ones(size, dtype=np.int64)
        numbers[: len(room.numbers)] = room.numbers
        room = _mine.room = room._replace(numbers=numbers)
    return room
