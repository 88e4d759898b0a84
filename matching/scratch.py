"""Room for kernels to work in, one for each thread: kernels make no arrays of their own (``compiled.py``)."""

from __future__ import annotations

import threading
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from matching.compiled import inner
from matching.rows import BLOCK, SUPER

Array = npt.NDArray[Any]
BUCKETS: Final = 256
_TERMS_LEAST: Final = 16
_BY_SUPERBLOCK: Final = 5
_BY_TERM: Final = 4 + SUPER
_FIXED: Final = 3 * BLOCK + 5 * SUPER + BUCKETS + 1


class Work(NamedTuple):
    """Views into one int64 array. ``totals`` and ``held`` are zero before and after a search, the rest is anything."""

    totals: Array  # [1,024], text sums of a block's rows
    held: Array  # [1,024], what one group of terms has given them
    touched: Array  # [1,024], rows met
    held_blocks: Array  # [32]
    ceilings: Array  # [32], text sums that no row of a block exceeds
    blocks: Array  # [32]
    bounds: Array  # [32]
    order: Array  # [32]
    buckets: Array  # [257]
    super_held: Array  # [superblocks]
    super_ceilings: Array
    supers: Array
    super_bounds: Array
    super_order: Array
    entries: Array  # [terms], where each term stands in the superblock at hand
    drives: Array  # [terms]
    most: Array  # [terms]
    rising: Array  # [terms]
    groups: Array  # [32 terms], where each term stands in its blocks


@inner
def carve(room: Array, terms: int, supers: int) -> Work:
    """The views, for a query of ``terms`` on a segment of ``supers`` superblocks."""
    a = 3 * BLOCK
    b = a + 5 * SUPER
    c = b + BUCKETS + 1
    d = c + _BY_SUPERBLOCK * supers
    return Work(
        room[:BLOCK], room[BLOCK : 2 * BLOCK], room[2 * BLOCK : a],
        room[a : a + SUPER], room[a + SUPER : a + 2 * SUPER], room[a + 2 * SUPER : a + 3 * SUPER],
        room[a + 3 * SUPER : a + 4 * SUPER], room[a + 4 * SUPER : b], room[b:c],
        room[c : c + supers], room[c + supers : c + 2 * supers], room[c + 2 * supers : c + 3 * supers],
        room[c + 3 * supers : c + 4 * supers], room[c + 4 * supers : d],
        room[d : d + terms], room[d + terms : d + 2 * terms], room[d + 2 * terms : d + 3 * terms],
        room[d + 3 * terms : d + 4 * terms], room[d + 4 * terms : d + _BY_TERM * terms],
    )  # fmt: skip


class _Room(threading.local):
    def __init__(self) -> None:
        self.work: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.marked: npt.NDArray[np.uint8] = np.zeros(SUPER * BLOCK, dtype=np.uint8)
        self.listed: npt.NDArray[np.int32] = np.zeros(SUPER * BLOCK, dtype=np.int32)


_room = _Room()


def work_for(terms: int, supers: int) -> npt.NDArray[np.int64]:
    """This thread's room for a search; ``carve`` divides it."""
    size = _FIXED + _BY_SUPERBLOCK * supers + _BY_TERM * max(_TERMS_LEAST, terms)
    if len(_room.work) < size:
        _room.work = np.zeros(size, dtype=np.int64)
    return _room.work


def marks() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """This thread's room for counting: a mark for each row of a superblock, all zero, and a list of rows."""
    return _room.marked, _room.listed
