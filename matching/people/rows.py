"""One worker, or one block of workers, against one job: the arrays that kernels read, the hard filters, the parts, the bounds."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from matching.compiled import inner
from matching.formula import AGE_OPEN, age_points, place_points, preference_points, text_points, wage_points
from matching.layout import HOURS_UNKNOWN, Array, whole
from matching.rows import popcount, root

PLACED: Final = (
    32  # the bits of column 0 below the vector: sex (0 not said, 1 male, 2 female), has blocked employers, has a point
)
BLOCKS_SOMEBODY: Final = 4
AGE_UNSAID: Final = 127
STRIP_SHIFT: Final = 6  # strips of 64 workers inside a block
EVERYWHERE: Final = 1 << 30  # reach of a block that holds somebody without a radius
WEIGHTS: Final = 0xFFFF  # the bits of a weight, and of a group, in a word of a wish
GROUPS: Final = 0xFFFF
MINOR: Final = 18
TIMES: Final = 0xFFFFFFFF  # times are unsigned 32 bits


class Pool(NamedTuple):
    """What the kernels read: ``n`` workers, ``b`` blocks, ``s`` strips, ``c`` conditions, ``q`` wishes, ``t`` terms.

    Columns of ``record``: vector * 128 + facts, vector * 128 + age, vector * 128, reach (-1 none), wage wish, wage floor,
    active at, condition. Columns of ``bounds``: newest active, largest reach, least floor, kinds, least wage wish (0 none), any
    age, largest sum of weights. A box holds the points of its placed workers; where there are none it lies off the globe.
    Term 0 stands for "no words asked" and is carried by those who asked for none.
    """

    record: Array  # int32 [n, 8]
    worker_id: Array  # int64 [n]
    wish_of: Array  # uint32 [n]
    low: Array  # int32 [b, 3], least coordinates of a block
    high: Array  # int32 [b, 3], greatest
    bounds: Array  # int64 [b, 7]
    strip_low: Array  # int32 [s, 3], the same of 64 workers
    strip_high: Array  # int32 [s, 3]
    strip_reach: Array  # int64 [s]
    wanted: Array  # uint64 [b, w], benefits that anybody of a block would like
    condition: Array  # int32 [c, 4]: bits of kinds, bits of settlements, most hours in quarters, number of benefits that rank
    tags: Array  # uint64 [c, 4, w]: all, any, none, wanted
    region_starts: Array  # uint32 [c + 1]
    regions: Array  # int64 [.., 2], from and below
    refused_starts: Array  # uint32 [c + 1]
    refused: Array  # uint32, terms that no job may carry
    blocked_row: Array  # uint32, rising
    blocked_employer: Array  # int64
    wish_starts: Array  # uint32 [q + 1]
    wish_words: Array  # uint64: term << 32, group << 16, weight; terms of one group stand together and only the best counts
    term_starts: Array  # uint32 [t + 1]
    group_block: Array  # uint32
    group_starts: Array  # uint32
    group_max: Array  # uint16, largest weight
    post_row: Array  # uint16, row in the block
    post_weight: Array  # uint16


class Offer(NamedTuple):
    """One job as numbers, for one pool (term and tag numbers are the pool's own)."""

    placed: int
    x: int
    y: int
    z: int
    kind: int  # its number
    settlement: int  # 0 not stated
    hours: int  # quarters, 127 not stated
    low: int  # pay, 0 not stated
    high: int
    region: int
    employer: int
    barred: int  # 1 when closed to minors
    binding: int  # 1 when the age limits leave out
    fresh: int  # points: the same for all workers
    age_most: int  # points that no age exceeds
    after: int  # 1 when only what sorts behind (after_score, after_time, after_id) counts
    after_score: int
    after_time: int
    after_id: int
    limits: Array  # int64 [3, 2], lowest and highest age by the worker's sex
    tags: Array  # uint64 [w]
    impact_of: Array  # uint8 [t], 0 for terms that the job does not carry
    term: Array  # int64, largest impact first, term 0 last
    impact: Array  # int64


def lengths(starts: Array) -> npt.NDArray[np.int64]:
    """How long the runs are that begin and end at ``starts``."""
    ends = starts.astype(np.int64)
    return ends[1:] - ends[:-1]


@inner
def _square(pool: Pool, row: int, offer: Offer) -> int:
    dx = (whole(pool.record[row, 0]) >> 7) - offer.x
    dy = (whole(pool.record[row, 1]) >> 7) - offer.y
    dz = (whole(pool.record[row, 2]) >> 7) - offer.z
    return dx * dx + dy * dy + dz * dz


@inner
def chord_to(pool: Pool, row: int, offer: Offer) -> int:
    """Distance in chord units; -1 when the worker or the job has no point, -2 when it is beyond the worker's reach."""
    reach = whole(pool.record[row, 3])
    if offer.placed == 0 or (pool.record[row, 0] & PLACED) == 0:
        return -1 if reach < 0 else -2
    square = _square(pool, row, offer)
    chord = root(square)
    return -2 if reach >= 0 and chord > reach else chord


@inner
def _blocks(pool: Pool, row: int, employer: int) -> bool:
    low, high = 0, len(pool.blocked_row)
    while low < high:
        middle = (low + high) >> 1
        if pool.blocked_row[middle] < row:
            low = middle + 1
        else:
            high = middle
    while low < len(pool.blocked_row) and pool.blocked_row[low] == row:
        if pool.blocked_employer[low] == employer:
            return True
        low += 1
    return False


@inner
def _meets(pool: Pool, number: int, offer: Offer) -> bool:
    """Whether the job meets a condition: kinds, settlement, hours, benefits, regions, refused words and trades."""
    kinds, settlements = whole(pool.condition[number, 0]), whole(pool.condition[number, 1])
    if kinds != 0 and (kinds >> offer.kind) & 1 == 0:
        return False
    if settlements != 0 and (settlements >> offer.settlement) & 1 == 0:
        return False
    if offer.hours != HOURS_UNKNOWN and offer.hours > pool.condition[number, 2]:
        return False
    needs_any, has_any = False, False
    for word in range(pool.tags.shape[2]):
        bits = offer.tags[word]
        if bits & pool.tags[number, 0, word] != pool.tags[number, 0, word]:
            return False
        if bits & pool.tags[number, 2, word] != np.uint64(0):
            return False
        needs_any = needs_any or pool.tags[number, 1, word] != np.uint64(0)
        has_any = has_any or bits & pool.tags[number, 1, word] != np.uint64(0)
    if needs_any and not has_any:
        return False
    first, last = whole(pool.region_starts[number]), whole(pool.region_starts[number + 1])
    inside = first == last
    for i in range(first, last):
        inside = inside or pool.regions[i, 0] <= offer.region < pool.regions[i, 1]
    if not inside:
        return False
    for i in range(whole(pool.refused_starts[number]), whole(pool.refused_starts[number + 1])):
        if offer.impact_of[pool.refused[i]] != 0:
            return False
    return True


@inner
def passes(pool: Pool, absent: Array, row: int, offer: Offer) -> bool:
    """All hard filters but the words and the reach."""
    if absent[row >> 6] >> np.uint64(row & 63) & np.uint64(1):
        return False
    record = pool.record
    facts, floor = whole(record[row, 0]), whole(record[row, 5])
    if floor > 0 and max(offer.low, offer.high) < floor:
        return False
    age = whole(record[row, 1]) & 127
    if age != AGE_UNSAID:
        if age < MINOR and offer.barred != 0:
            return False
        low, high = offer.limits[facts & 3, 0], offer.limits[facts & 3, 1]
        if offer.binding != 0 and (age < low or (age > high and high != AGE_OPEN)):
            return False
    if facts & BLOCKS_SOMEBODY != 0 and _blocks(pool, row, offer.employer):
        return False
    return _meets(pool, whole(record[row, 7]), offer)


@inner
def text_of(pool: Pool, wish: int, offer: Offer) -> int:
    """Text points of a wish: of each of its groups the best weight times impact."""
    total, held, group = 0, 0, -1
    for at in range(whole(pool.wish_starts[wish]), whole(pool.wish_starts[wish + 1])):
        word = whole(pool.wish_words[at])
        if (word >> 16) & GROUPS != group:
            total += held
            held = 0
            group = (word >> 16) & GROUPS
        held = max(held, (word & WEIGHTS) * whole(offer.impact_of[word >> 32]))
    return text_points(total + held)


@inner
def preference_of(pool: Pool, row: int, offer: Offer) -> int:
    number = pool.record[row, 7]
    wanted, met = whole(pool.condition[number, 3]), 0
    if wanted == 0:
        return 0
    for word in range(pool.tags.shape[2]):
        met += popcount(offer.tags[word] & pool.tags[number, 3, word])
    return preference_points(met, wanted)


@inner
def age_part(pool: Pool, row: int, offer: Offer) -> int:
    age = whole(pool.record[row, 1]) & 127
    sex = pool.record[row, 0] & 3
    return age_points(-1 if age == AGE_UNSAID else age, offer.limits[sex, 0], offer.limits[sex, 1])


@inner
def rest_of(pool: Pool, row: int, offer: Offer) -> int:
    """All of a worker's score but the text, -1 beyond their reach."""
    chord = chord_to(pool, row, offer)
    if chord < -1:
        return -1
    score = offer.fresh + wage_points(whole(pool.record[row, 4]), offer.low, offer.high) + age_part(pool, row, offer)
    if chord >= 0:
        score += place_points(chord)
    return score + preference_of(pool, row, offer)


@inner
def place_bound(low: Array, high: Array, reach: int, offer: Offer) -> int:
    """Place points that nobody of a box exceeds; -1 when the job is beyond the largest ``reach`` of all of them."""
    if offer.placed == 0:
        return 0 if reach == EVERYWHERE else -1
    square = 0
    point = (offer.x, offer.y, offer.z)
    for axis in range(3):
        gap = max(whole(low[axis]) - point[axis], point[axis] - whole(high[axis]), 0)
        square += gap * gap
    chord = root(square)
    return -1 if chord > reach else place_points(chord)


@inner
def other_bound(pool: Pool, block: int, offer: Offer) -> int:
    """No worker of the block gets more than this without text and place; -1 when none of them can meet the job."""
    bounds = pool.bounds
    if (bounds[block, 3] >> offer.kind) & 1 == 0 or max(offer.low, offer.high) < bounds[block, 2]:
        return -1
    score = offer.fresh
    if bounds[block, 4] > 0:
        score += wage_points(bounds[block, 4], offer.low, offer.high)
    if bounds[block, 5] != 0:
        score += offer.age_most
    for word in range(pool.wanted.shape[1]):
        if offer.tags[word] & pool.wanted[block, word] != np.uint64(0):
            score += preference_points(1, 1)
            break
    return score
