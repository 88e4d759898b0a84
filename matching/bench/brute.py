"""The same answer by brute force: NumPy over every row, no pruning, a full sort. The proof of exactness and the plainest peer.

It reads the stored columns and postings (that these are right is the tests' business, against the oracle) and shares no loop and
no bound with the kernels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matching import formula
from matching.asking import Plan
from matching.index import Live, Snapshot
from matching.layout import (
    BLOCK,
    BLOCK_SHIFT,
    GROUP_START,
    HOURS_UNKNOWN,
    NOWHERE,
    SUPER,
    SUPER_SHIFT,
    Posts,
    Rows,
)
from matching.model import KINDS, SETTLEMENTS, Query
from matching.space import metres_of

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_PLACE = np.array([formula.place_points(step << formula.PLACE_SHIFT) for step in range(formula.PLACE_STEPS + 1)], dtype=np.int64)


def brute_force(snapshot: Snapshot, plan: Plan) -> Ints:
    """int64 [k, 3]: value, published_at, job_id of the best ``limit`` jobs, in order."""
    found = [_scan(live, plan) for live in snapshot.lives]
    rows = np.concatenate(found) if found else np.zeros((0, 3), dtype=np.int64)
    return rows[np.lexsort((rows[:, 2], -rows[:, 1], -rows[:, 0]))][: plan.query.limit]


def _scan(live: Live, plan: Plan) -> Ints:
    posts, rows_of, query = live.segment.hot.posts, live.segment.hot.rows, plan.query
    keep = np.unpackbits(live.dead.view(np.uint8), bitorder="little")[: live.segment.rows] == 0
    totals = np.zeros(live.segment.rows, dtype=np.int64)
    for group in {term.group for term in plan.terms}:
        best = np.zeros_like(totals)
        for term in plan.terms:
            number = live.segment.term_index.get(term.term)
            if term.group == group and number is not None:
                rows, impacts = postings(posts, number)
                best[rows] = np.maximum(best[rows], term.weight * impacts)
        totals += best
    if plan.needs_words:
        keep &= totals > 0
    for barred in plan.barred:
        number = live.segment.term_index.get(barred)
        if number is not None:
            keep[postings(posts, number)[0]] = False
    chord = _chords(rows_of, plan)
    keep &= _filters(live, plan, chord)
    published = rows_of.record[:, 3].view(np.uint32).astype(np.int64)
    value = _values(live, plan, totals, chord, published)
    job_id = rows_of.job_id.astype(np.int64)
    if query.after is not None:
        last = query.after
        same = value == last.value
        newer = (published < last.published_at) | ((published == last.published_at) & (job_id > last.job_id))
        keep &= (value < last.value) | (same & newer)
    found: Ints = np.stack([value, published, job_id], axis=1)[keep]
    return found


def postings(posts: Posts, term: int) -> tuple[Ints, Ints]:
    """Rows and impacts of one term."""
    first, last = int(posts.term_starts[term]), int(posts.term_starts[term + 1])
    groups = slice(int(posts.super_group[first]), int(posts.super_group[last]))
    span = slice(int(posts.super_post[first]), int(posts.super_post[last]))
    bounds = posts.super_group[first : last + 1].astype(np.int64)
    held = bounds[1:] - bounds[:-1]
    facts = posts.group[groups].astype(np.int64)
    block = (np.repeat(posts.super_no[first:last].astype(np.int64), held) << SUPER_SHIFT) + (facts & (SUPER - 1))
    starts = np.repeat(posts.super_post[first:last].astype(np.int64), held) + (facts >> GROUP_START)
    post = posts.post[span].astype(np.int64)
    block = np.repeat(block, np.append(starts[1:], span.stop) - starts)
    return (block << BLOCK_SHIFT) + (post & (BLOCK - 1)), post >> BLOCK_SHIFT


def _chords(rows: Rows, plan: Plan) -> Ints:
    if plan.point is None:
        return np.full(len(rows.job_id), -1, dtype=np.int64)
    gaps = (rows.record[:, :3].astype(np.int64) >> 7) - np.array(plan.point, dtype=np.int64)
    chord: Ints = np.sqrt((gaps * gaps).sum(axis=1).astype(np.float64)).astype(np.int64)
    chord[(rows.record[:, 0] & 32) == 0] = -1
    return chord


def _limits(rows: Rows, query: Query) -> tuple[Ints, Ints]:
    ages = rows.record[:, 7].astype(np.int64)
    men, women = (ages & 127, ages >> 7 & 127), (ages >> 14 & 127, ages >> 21 & 127)
    if query.sex:
        return men if query.sex == "male" else women
    return np.minimum(men[0], women[0]), np.maximum(men[1], women[1])


def _has(live: Live, tag: str) -> Mask:
    number = live.segment.tag_index.get(tag)
    if number is None:
        return np.zeros(live.segment.rows, dtype=bool)
    rows = live.segment.hot.rows
    bits: Mask = (rows.tag_sets[:, number // 64] >> np.uint64(number % 64) & np.uint64(1)) != 0
    return bits[rows.tag_set]


def _filters(live: Live, plan: Plan, chord: Ints) -> Any:
    rows, query = live.segment.hot.rows, plan.query
    record = rows.record
    facts = record[:, 0]
    keep = record[:, 4].view(np.uint32).astype(np.int64) > query.now
    if query.kinds:
        keep &= np.isin(facts & 3, [KINDS.index(kind) for kind in query.kinds])
    if query.settlements:
        keep &= np.isin(facts >> 2 & 7, [SETTLEMENTS.index(one) + 1 for one in query.settlements])
    if query.published_since is not None:
        keep &= record[:, 3].view(np.uint32) >= max(0, query.published_since)
    if plan.reach >= 0:
        keep &= (chord >= 0) & (chord <= plan.reach)
    if query.wage_floor_yuan_month:
        keep &= np.maximum(record[:, 5], record[:, 6]) >= query.wage_floor_yuan_month
    if query.hours_max is not None:
        hours = record[:, 1] & 127
        keep &= (hours == HOURS_UNKNOWN) | (hours <= round(query.hours_max * 4))
    if query.age is not None:
        low, high = _limits(rows, query)
        inside = (query.age >= low) & ((query.age <= high) | (high == formula.AGE_OPEN))
        keep &= inside | ((facts & 64) == 0)
        if query.age < 18:
            keep &= (record[:, 2] & 1) == 0
    if len(plan.regions):
        region = rows.regions[rows.region]
        spans = zip(plan.regions[::2], plan.regions[1::2], strict=True)
        keep &= np.any([(region >= first) & (region < last) for first, last in spans], axis=0)
    for tag in query.tags_all:
        keep &= _has(live, tag)
    for tag in query.tags_none:
        keep &= ~_has(live, tag)
    if query.tags_any:
        keep &= np.any([_has(live, tag) for tag in query.tags_any], axis=0)
    if query.employers_blocked:
        keep &= ~np.isin(rows.employers[rows.employer], plan.blocked)
    return keep


def _values(live: Live, plan: Plan, totals: Ints, chord: Ints, published: Ints) -> Ints:
    rows, query = live.segment.hot.rows, plan.wishes
    low, high = rows.record[:, 5].astype(np.int64), rows.record[:, 6].astype(np.int64)
    if query.sort == "newest":
        return published
    if query.sort == "wage":
        return np.where(low > 0, low, high)
    if query.sort == "applications":
        return -rows.applications.astype(np.int64)
    if plan.point is None or not query.personal:
        chord = np.full_like(chord, -1)
    if query.sort == "distance":
        if plan.point is None or not query.personal:
            return np.zeros(len(chord), dtype=np.int64)
        return np.where(chord < 0, NOWHERE, -np.array([metres_of(one) for one in chord.tolist()], dtype=np.int64))
    value = np.minimum(formula.TEXT_MAX, totals // (formula.IMPACT_MAX * formula.WEIGHT_SCALE))
    value += np.where(chord >= 0, _PLACE[np.minimum(chord >> formula.PLACE_SHIFT, formula.PLACE_STEPS)], 0)
    wish = query.wage_min_yuan_month or 0
    if wish > 0:
        top = np.maximum(low, high)
        short = np.maximum(0, 100 - 400 * (wish - top) // wish)
        reached = np.where(low >= wish, formula.WAGE_MAX, np.where(top >= wish, formula.WAGE_PART, short))
        value += np.where(top > 0, reached, formula.WAGE_UNKNOWN)
    if query.age is not None:
        age_low, age_high = _limits(rows, query)
        outside = np.maximum(0, np.maximum(age_low - query.age, query.age - age_high))
        points = np.where(outside > 0, np.maximum(0, formula.AGE_OUTSIDE - formula.AGE_STEP * outside), formula.AGE_MAX)
        value += np.where((age_low == 0) & (age_high == formula.AGE_OPEN), formula.AGE_UNSTATED, points)
    days = np.maximum(0, query.now - published) // formula.DAY
    value += np.maximum(0, formula.FRESH_MAX - formula.FRESH_STEP * days)
    if query.tags_wanted:
        met = np.sum([_has(live, tag) for tag in query.tags_wanted], axis=0)
        value += formula.PREFERENCE_MAX * met // len(query.tags_wanted)
    if query.fair_seed is not None:
        value += _fair(rows, query.fair_seed)
    return value


def _fair(rows: Rows, seed: int) -> Ints:
    lots, crowd = rows.record[:, 2].astype(np.int64) >> 1 & 63, rows.record[:, 7].astype(np.int64) >> 28 & 15
    table = np.array([[formula.fair_points(seed % 2**24, lot, full) for full in range(16)] for lot in range(64)], dtype=np.int64)
    points: Ints = table[lots, crowd]
    return points
