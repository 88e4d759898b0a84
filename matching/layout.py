"""What kernels read: the arrays of a segment, a query as numbers, and the constants of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
whole = cast("Callable[[Any], int]", np.int64)  # the type of a kernel's numbers: narrow or unsigned ones are widened first
BLOCK_SHIFT: Final = 10
BLOCK: Final = 1 << BLOCK_SHIFT
SUPER_SHIFT: Final = 5  # blocks of a superblock
SUPER: Final = 1 << SUPER_SHIFT
NEVER: Final = 0xFFFFFFFF  # expiry of a job without one; times are unsigned 32 bits
HOURS_UNKNOWN: Final = 127
BY_SCORE: Final = 0
BY_DISTANCE: Final = 1
BY_WAGE: Final = 2
BY_NEWEST: Final = 3
BY_APPLICATIONS: Final = 4
NOWHERE: Final = -99_999_999  # distance value of a job without a point: behind every distance on earth


class Rows(NamedTuple):
    """``n`` jobs, one row each. Numbers that repeat stand once in a table beside the column of their positions in it."""

    record: Array  # int32 [n, 8], see columns.py
    job_id: Array  # uint32 or int64 [n]
    region: Array  # uint16 or uint32 [n], position in regions
    employer: Array  # uint16 or uint32 [n], position in employers
    tag_set: Array  # uint16 or uint32 [n], position in tag_sets
    applications: Array  # uint16 [n], counted, at most 65,535
    older: Array  # uint8 [n], whole half-days that the job is older than the newest of its block, at most 255
    regions: Array  # int64, division codes of twelve digits, 0 none
    employers: Array  # int64
    tag_sets: Array  # uint64 [s, w], bit of tag i: word i // 64, bit i % 64


class Blocks(NamedTuple):
    """Facts about the rows of a block (or of a superblock) that rule it out or bound what is in it."""

    low: Array  # int32 [b, 3], least coordinates of the placed jobs
    high: Array  # int32 [b, 3], greatest
    facts: Array  # int64 [b, 10], columns FACT_*
    tags: Array  # uint64 [b, w], every tag that one of them has


HALF_DAY: Final = 43_200
OLDER_MOST: Final = 255
FACT_NEWEST: Final = 0
FACT_EXPIRY: Final = 1  # the last one
FACT_PAY: Final = 2  # the highest
FACT_SORT_PAY: Final = 3  # the highest of what is sorted by
FACT_KINDS: Final = 4  # bits
FACT_PLACED: Final = 5  # 1 when one of them has a point
FACT_REGION_LOW: Final = 6  # least division code
FACT_REGION_HIGH: Final = 7
FACT_SETTLEMENTS: Final = 8  # bits
FACT_APPLICATIONS: Final = 9  # fewest
FACTS: Final = 10


class Posts(NamedTuple):
    """Inverted lists in three steps: term, superblock, block. ``t`` terms, ``s`` entries, ``g`` groups, ``p`` postings."""

    term_starts: Array  # uint32 [t + 1] into the superblock entries
    super_no: Array  # uint16 [s]
    super_max: Array  # uint8 [s], largest impact
    super_group: Array  # uint32 [s + 1] into the groups
    super_post: Array  # uint32 [s + 1] into the postings
    group: Array  # uint32 [g]: block in the superblock (5 bits), largest impact (6), start behind the superblock's (21)
    post: Array  # uint16 [p]: row in the block (10 bits, rising in a group), impact (6)


class Hot(NamedTuple):
    """A segment as the search reads it."""

    rows: Rows
    blocks: Blocks
    supers: Blocks
    posts: Posts


GROUP_START: Final = 11  # shift of a group's start
GROUP_IMPACT: Final = 63


class Asked(NamedTuple):
    """One query as numbers, for one segment (term and tag numbers are the segment's own)."""

    mode: int  # BY_*
    now: int
    kinds: int  # bits wanted, 0 all
    settlements: int  # bits of settlement numbers 1..4 wanted, 0 all
    hours: int  # most hours a day in quarters, 127 any
    floor: int  # least pay, 0 any
    wish: int  # pay that ranks, 0 none
    age: int  # that leaves out, -1 not said
    ranked_age: int  # that ranks, -1 none
    sex: int  # 0 not said, 1 male, 2 female
    placed: int  # 1 when the place ranks
    x: int
    y: int
    z: int
    reach: int  # radius in chord units, -1 none
    since: int  # least time of publication
    words: int  # 1 when at least one term must match
    tagged: int  # 1 when tags filter or rank
    any_tags: int  # 1 when one of the tags of row 1 is needed
    wanted_tags: int  # how many benefits rank
    fair: int  # seed of fair exposure, -1 none
    after: int  # 1 when only what sorts behind (after_value, after_time, after_id) counts
    after_value: int
    after_time: int
    after_id: int
    term: Array  # int64 [terms], numbers in the segment
    weight: Array  # int64 [terms]
    group: Array  # int64 [terms], terms of one group stand together and only the best of them counts
    barred: Array  # int64, terms that a job must not carry
    regions: Array  # int64 [2 r], from and below, pair by pair
    blocked: Array  # int64, employers
    tags: Array  # uint64 [4 w]: all, any, none, wanted


SCALARS: Final = 25
SECTIONS: Final = 7  # lengths of the arrays above stand behind the scalars
