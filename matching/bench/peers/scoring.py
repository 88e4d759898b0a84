"""The filters and the score of a made-up query over chosen rows, in NumPy: for the peers that find by words and sort again.

Whole numbers as in ``matching.formula``, of which only the constants are used. It knows what made-up queries ask for (words,
place, radius, kinds, age, sex, wished pay, benefits), no more.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching import formula
from matching.asking import Plan
from matching.bench.pool import Pool
from matching.model import KINDS

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
_PLACE: Final = np.array([formula.place_points(step << formula.PLACE_SHIFT) for step in range(formula.PLACE_STEPS + 1)])
X, PLACED, KIND, LOW, HIGH, MEN, WOMEN, RULES, TAGS = 0, 3, 4, 5, 6, 7, 9, 11, 12
"""Columns of ``Pool.facts``."""


def text_totals(pool: Pool, plan: Plan, rows: Ints) -> Ints:
    """Text sums of ``rows`` (rising): of each group of terms the best weight times impact."""
    totals = np.zeros(len(rows), dtype=np.int64)
    for group in {term.group for term in plan.terms}:
        best = np.zeros(len(rows), dtype=np.int64)
        for term in plan.terms:
            posts, impacts = pool.postings(term.term) if term.group == group else (rows[:0], rows[:0])
            if len(posts):
                at = np.minimum(np.searchsorted(posts, rows), len(posts) - 1)
                best = np.maximum(best, np.where(posts[at] == rows, term.weight * impacts[at].astype(np.int64), 0))
        totals += best
    return totals


def best_rows(pool: Pool, plan: Plan, rows: Ints, totals: Ints | None = None) -> list[int]:
    """Job ids of the best ``limit`` of ``rows``, in order: filters first, then the value of what is left."""
    query = plan.query
    facts = pool.facts
    if totals is None:
        rows = np.sort(rows)
        totals = text_totals(pool, plan, rows)
    keep = pool.expires[rows] > query.now
    if plan.needs_words:
        keep &= totals > 0
    if query.kinds:
        keep &= np.isin(facts[rows, KIND], [KINDS.index(kind) for kind in query.kinds])
    rows, totals = rows[keep], totals[keep]
    chord = np.full(len(rows), -1, dtype=np.int64)
    if plan.point is not None:
        gaps = facts[rows, :3].astype(np.int64) - np.array(plan.point, dtype=np.int64)
        chord = np.sqrt((gaps * gaps).sum(axis=1).astype(np.float64)).astype(np.int64)
        chord[facts[rows, PLACED] == 0] = -1
        if plan.reach >= 0:
            keep = (chord >= 0) & (chord <= plan.reach)
            rows, totals, chord = rows[keep], totals[keep], chord[keep]
    chosen = facts[rows]
    low, high = _limits(chosen, query.sex)
    if query.age is not None:
        keep = ((query.age >= low) & ((query.age <= high) | (high == formula.AGE_OPEN))) | (chosen[:, RULES] & 1 == 0)
        if query.age < 18:
            keep &= chosen[:, RULES] & 2 == 0
        rows, totals, chord, chosen, low, high = (each[keep] for each in (rows, totals, chord, chosen, low, high))
    value = np.minimum(formula.TEXT_MAX, totals // (formula.IMPACT_MAX * formula.WEIGHT_SCALE))
    value += np.where(chord >= 0, _PLACE[np.minimum(chord >> formula.PLACE_SHIFT, formula.PLACE_STEPS)], 0)
    value += _wage(chosen, query.wage_min_yuan_month or 0)
    if query.age is not None:
        outside = np.maximum(0, np.maximum(low - query.age, query.age - high))
        points = np.where(outside > 0, np.maximum(0, formula.AGE_OUTSIDE - formula.AGE_STEP * outside), formula.AGE_MAX)
        value += np.where((low == 0) & (high == formula.AGE_OPEN), formula.AGE_UNSTATED, points)
    published = pool.published[rows]
    days = np.maximum(0, query.now - published) // formula.DAY
    value += np.maximum(0, formula.FRESH_MAX - formula.FRESH_STEP * days)
    if query.tags_wanted:
        bits = [pool.tags[tag] for tag in query.tags_wanted if tag in pool.tags]
        met = np.sum([chosen[:, TAGS] >> bit & 1 for bit in bits], axis=0) if bits else 0
        value += formula.PREFERENCE_MAX * met // len(query.tags_wanted)
    ids = pool.job_id[rows]
    if len(value) > query.limit:
        floor = np.partition(value, len(value) - query.limit)[len(value) - query.limit]
        near = value >= floor
        value, published, ids = value[near], published[near], ids[near]
    best: list[int] = ids[np.lexsort((ids, -published, -value))[: query.limit]].tolist()
    return best


def _limits(facts: Array, sex: str | None) -> tuple[Ints, Ints]:
    men = facts[:, MEN].astype(np.int64), facts[:, MEN + 1].astype(np.int64)
    women = facts[:, WOMEN].astype(np.int64), facts[:, WOMEN + 1].astype(np.int64)
    if sex:
        return men if sex == "male" else women
    return np.minimum(men[0], women[0]), np.maximum(men[1], women[1])


def _wage(facts: Array, wish: int) -> Any:
    if wish <= 0:
        return 0
    low, high = facts[:, LOW].astype(np.int64), facts[:, HIGH].astype(np.int64)
    top = np.maximum(low, high)
    short = np.maximum(0, 100 - 400 * (wish - top) // wish)
    reached = np.where(low >= wish, formula.WAGE_MAX, np.where(top >= wish, formula.WAGE_PART, short))
    return np.where(top > 0, reached, formula.WAGE_UNKNOWN)
