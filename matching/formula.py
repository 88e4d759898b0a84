"""The score in one place: every part is a whole number of points, from whole-number arithmetic only.

``score = text + place + wage + age + fresh + preference + fair``; the maximum of each part stands here, because pruning lives on
upper bounds. Integers make the compiled loops, the brute-force scan and the plain-Python oracle agree to the point anywhere. The
functions are scalars that Numba compiles into the kernels and that Python can call as they are.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from matching.compiled import inner

TEXT_MAX: Final = 1000
PLACE_MAX: Final = 600
WAGE_MAX: Final = 200
AGE_MAX: Final = 100
FRESH_MAX: Final = 100
PREFERENCE_MAX: Final = 100
FAIR_MAX: Final = 30

# Text: the sum over the asked words of weight times impact of the best answer in the advert (asked word, synonym, narrower,
# broader or near word) and of the best occupation; what each is worth stands in wanted.py. The best and not the sum of all
# answers, because adverts repeat themselves: five near words in a description must not outdo the asked word in a title. No impact
# exceeds the largest of its block, so the same rule over the largest impacts bounds all rows of the block.
# Impact: BM25 (k1 = 1.2, b = 0.75) with the length of a typical advert as constant, so that an impact never changes once stored.
TITLE_WEIGHT: Final = 3
SKILL_WEIGHT: Final = 2
DESCRIPTION_WEIGHT: Final = 1
TRADE_WEIGHT: Final = 4  # a trade code was chosen or derived with care: it says more than a word of the title
WEIGHT_SCALE: Final = 16  # weights of query terms are sixteenths of a point
IMPACT_MAX: Final = 63  # six bits: with ten bits of a row a posting is two bytes; one step is 1.6 % of a word's worth
IDF_DEFAULT: Final = 160  # words that the last full build did not know: as rare as one advert in a thousand
MAX_TERMS: Final = 16

WAGE_PART: Final = 140
WAGE_UNKNOWN: Final = 40
AGE_UNSTATED: Final = 70
AGE_OUTSIDE: Final = 60
AGE_STEP: Final = 6
AGE_OPEN: Final = 127
FRESH_STEP: Final = 2
DAY: Final = 86_400

# Fair exposure: half for having few applications, half by a lot that is drawn anew for each person and day. 30 points are what a
# kilometre and a half or two weeks of age are worth: near-ties change places, a better job never loses to a much worse one.
FEW_MAX: Final = 15
LOT_BITS: Final = 6

# Place: exp(-km / 30). Distances are chords in units of the earth's radius / 2**23 (0.76 m), in steps of 2**7 units (97 m).
UNIT: Final = 1 << 23
EARTH_KM: Final = 6371.0088
PLACE_SHIFT: Final = 7
PLACE_STEPS: Final = 4096
PLACE_KM: Final = 30.0


Ints = npt.NDArray[np.int64]


def _place_table() -> npt.NDArray[np.int32]:
    points = []
    for step in range(PLACE_STEPS):
        chord = (step << PLACE_SHIFT) / UNIT
        points.append(round(PLACE_MAX * math.exp(-2.0 * EARTH_KM * math.asin(chord / 2.0) / PLACE_KM)))
    table = np.array(points, dtype=np.int32)
    table.setflags(write=False)
    return table


_PLACE = _place_table()


def impacts(tf: Ints, length: Ints) -> Ints:
    """Weight of terms in their adverts, 1..63: BM25's saturation of ``tf`` for an advert of ``length`` (both field-weighted)."""
    return np.maximum(1, (IMPACT_MAX * 160 * tf) // (160 * tf + 48 + 3 * length))


def idf(df: int, jobs: int) -> int:
    """Rarity of a term that ``df`` of ``jobs`` adverts carry: 8 + floor(16 log2((jobs + 1) / df)), exact in whole numbers."""
    top = (jobs + 1) ** 16
    return 8 + max(0, (top // max(1, df) ** 16).bit_length() - 1)


def term_weight(rarity: int, percent: int, all_rarities: int) -> int:
    """Weight of one term: its word's share of all asked words, times how near it is in meaning (``percent``)."""
    return max(1, TEXT_MAX * WEIGHT_SCALE * rarity * percent // (100 * max(1, all_rarities)))


@inner
def text_points(total: int) -> int:
    """Points of a text sum: of every asked word the best answer's weight times impact, and so of its occupations."""
    return min(TEXT_MAX, total // (IMPACT_MAX * WEIGHT_SCALE))


@inner
def place_points(chord: int) -> int:
    """Points at a straight-line distance of ``chord`` units; never rises with distance, 0 beyond about 200 km."""
    step = chord >> PLACE_SHIFT
    return int(_PLACE[step]) if step < PLACE_STEPS else 0


@inner
def wage_points(wish: int, low: int, high: int) -> int:
    """Points of a pay from ``low`` to ``high`` for a ``wish``, yuan a month, 0 = not stated (a wish of 0: no wish)."""
    if wish <= 0:
        return 0
    if low <= 0 and high <= 0:
        return WAGE_UNKNOWN
    top = max(low, high)
    if low >= wish:
        return WAGE_MAX
    if top >= wish:
        return WAGE_PART
    return max(0, 100 - 400 * (wish - top) // wish)


@inner
def age_points(age: int, low: int, high: int) -> int:
    """Points of an ``age`` (-1: not said) for limits ``low`` (0 open) to ``high`` (127 open)."""
    if age < 0:
        return 0
    if low == 0 and high == AGE_OPEN:
        return AGE_UNSTATED
    if age < low:
        return max(0, AGE_OUTSIDE - AGE_STEP * (low - age))
    if age > high:
        return max(0, AGE_OUTSIDE - AGE_STEP * (age - high))
    return AGE_MAX


@inner
def fresh_points(now: int, published_at: int) -> int:
    """Points of an advert's age in whole days; 0 after 50 days. A time in the future counts as now."""
    if published_at >= now:
        return FRESH_MAX
    return max(0, FRESH_MAX - FRESH_STEP * ((now - published_at) // DAY))


@inner
def preference_points(met: int, wanted: int) -> int:
    """Points for ``met`` of ``wanted`` benefits that the person would like."""
    return PREFERENCE_MAX * met // wanted if wanted > 0 else 0


def lot_of(job_id: int) -> int:
    """A job's lot, 0..63, the same for ever: the top bits of a multiplicative hash of its number."""
    return (job_id * 0x9E3779B97F4A7C15 & (1 << 64) - 1) >> 64 - LOT_BITS


def crowd_of(applications: int) -> int:
    """How crowded a job is, 0..15: none, 1, 2-3, 4-7, 8-15 … applications."""
    return min(FEW_MAX, max(0, applications).bit_length())


@inner
def fair_points(seed: int, lot: int, crowd: int) -> int:
    """Points of fair exposure for a ``seed`` of 0..2**24-1 (of a person and a day); -1: switched off."""
    if seed < 0:
        return 0
    mixed = ((seed << LOT_BITS) + lot) * 0x5E3779B1 & 0x7FFFFFFF  # below 2**61, so that no whole number runs over
    mixed = (mixed ^ mixed >> 15) * 0x45EBCA77 & 0x7FFFFFFF
    return FEW_MAX - crowd + (mixed >> 27)
