"""A query made ready: words to weighted terms, place to a vector, and all of it to one array of numbers for each segment."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching import text, wanted
from matching.collect import hours_quarters
from matching.index import Snapshot
from matching.layout import (
    BY_APPLICATIONS,
    BY_DISTANCE,
    BY_NEWEST,
    BY_SCORE,
    BY_WAGE,
    HOURS_UNKNOWN,
    Asked,
)
from matching.model import KINDS, SETTLEMENTS, Query, Term
from matching.space import chord_of, is_point, unit_vector
from matching.wanted import CODE_MARK, Concept

_MODES: Final = {
    "score": BY_SCORE,
    "distance": BY_DISTANCE,
    "wage": BY_WAGE,
    "newest": BY_NEWEST,
    "applications": BY_APPLICATIONS,
}
_SEX: Final = {None: 0, "male": 1, "female": 2}
_KIND_BIT: Final = {kind: 1 << number for number, kind in enumerate(KINDS)}
_SETTLEMENT_BIT: Final = {settlement: 2 << number for number, settlement in enumerate(SETTLEMENTS)}
_SPANS: Final = ((10, 10**10), (8, 10**8), (6, 10**6), (3, 10**3), (0, 1))  # trailing zeros of a code: size of its subtree
_SEED_BITS: Final = 24
_SIGNED: Final = 1 << 63


@dataclass(frozen=True, slots=True)
class Plan:
    """A query made ready for every segment of one generation.

    ``wishes`` is what of the query ranks and is said in reasons; ``numbers`` are the scalars of ``rows.Asked``, in its order.
    """

    query: Query
    wishes: Query
    terms: list[Term]
    needs_words: bool
    point: tuple[int, int, int] | None
    reach: int
    regions: list[int]
    blocked: list[int]
    barred: list[str]
    numbers: list[int]


def region_span(code: str) -> tuple[int, int]:
    """First and last-plus-one number of the subtree under a division code (2 to 12 digits; trailing zeros mean the whole)."""
    number = int(code.ljust(12, "0"))
    for zeros, size in _SPANS:
        if number % 10**zeros == 0:
            return number, number + size
    return number, number + 1


def concepts(snapshot: Snapshot, query: Query) -> tuple[Concept, ...]:
    """What the words, skills and trades of a query ask for, on this generation's vocabulary."""
    if not (query.text or query.skills or query.trade_codes):
        return ()
    return wanted.concepts_of(query.text, query.skills, query.trade_codes, snapshot.knows, snapshot.stats.spelling)


def ranked(query: Query) -> Query:
    """What of a query ranks and is said in reasons: of a question that is not personal, nothing of the person."""
    if query.personal:
        return query
    return replace(query, age=None, wage_min_yuan_month=None, tags_wanted=frozenset(), fair_seed=None)


def plan_for(snapshot: Snapshot, query: Query) -> Plan:
    """Words to weighted terms, place to a vector: what a query costs before any job is looked at."""
    if query.terms is None:
        asked = concepts(snapshot, query)
        terms, needs_words = snapshot.weigher.terms(asked), bool(asked)
    else:
        terms, needs_words = wanted.in_order(list(query.terms)), bool(query.terms)
    return planned(query, terms, needs_words)


def planned(query: Query, terms: list[Term], needs_words: bool) -> Plan:
    """The plan of a query whose terms are known. Raises ``ValueError`` for a point that is not on the globe."""
    point, reach = None, -1
    if query.lat is not None and query.lng is not None:
        if not (math.isfinite(query.lat) and math.isfinite(query.lng) and is_point(query.lat, query.lng)):
            raise ValueError("query point is not on the globe")
        point = unit_vector(query.lat, query.lng)
        if query.radius_km is not None:
            reach = chord_of(max(0.0, query.radius_km))
    wishes = ranked(query)
    x, y, z = point or (0, 0, 0)
    after = query.after
    numbers = [
        _MODES[query.sort],
        query.now,
        sum([_KIND_BIT[kind] for kind in query.kinds]),
        sum([_SETTLEMENT_BIT[settlement] for settlement in query.settlements]),
        HOURS_UNKNOWN if query.hours_max is None else hours_quarters(query.hours_max),
        max(0, query.wage_floor_yuan_month or 0),
        max(0, wishes.wage_min_yuan_month or 0),
        -1 if query.age is None else query.age,
        -1 if wishes.age is None else wishes.age,
        _SEX[query.sex],
        int(point is not None and query.personal),
        x,
        y,
        z,
        reach,
        query.published_since or 0,
        int(needs_words),
        int(bool(query.tags_all or query.tags_any or query.tags_none or wishes.tags_wanted)),
        int(bool(query.tags_any)),
        len(wishes.tags_wanted),
        -1 if wishes.fair_seed is None or query.sort != "score" else wishes.fair_seed & (1 << _SEED_BITS) - 1,
        *((1, after.value, after.published_at, after.job_id) if after else (0, 0, 0, 0)),
    ]
    return Plan(
        query=query,
        wishes=wishes,
        terms=terms,
        needs_words=needs_words,
        point=point,
        reach=reach,
        regions=[end for code in query.regions for end in region_span(code)],
        blocked=sorted(query.employers_blocked),
        barred=[text.normalise(word) for word in query.words_none] + [CODE_MARK + code for code in query.trades_none],
        numbers=numbers,
    )


def placed(plan: Plan, point: tuple[int, int, int]) -> Plan:
    """The plan as of a person who stands at a stored point (unit vector times 2**23)."""
    numbers = list(plan.numbers)
    at = Asked._fields.index("placed")
    numbers[at : at + 4] = [1, *point]
    return replace(plan, point=point, numbers=numbers)


def _tag_bits(index: dict[str, int], width: int, query: Query) -> list[int] | None:
    """The four tag masks in a segment's numbers; None when no job of the segment can have the tags asked for."""
    wanted_sets = (query.tags_all, query.tags_any, query.tags_none, query.tags_wanted)
    masks = [0] * (4 * width)
    if not any(wanted_sets):
        return masks
    if not query.tags_all <= index.keys() or (query.tags_any and not query.tags_any & index.keys()):
        return None
    for number, tags in enumerate(wanted_sets):
        for tag in tags:
            bit = index.get(tag)
            if bit is not None:
                masks[number * width + (bit >> 6)] |= 1 << (bit & 63)
    return [mask - (1 << 64) if mask >= _SIGNED else mask for mask in masks]


def ask(
    plan: Plan, term_index: dict[str, int], tag_index: dict[str, int], width: int
) -> tuple[npt.NDArray[np.int64], list[Term]] | None:
    """The query as ``rows.unpack`` reads it, in the numbers of one segment, and the terms it has; None: nothing there matches."""
    terms, places = [], []
    for term in plan.terms:
        place = term_index.get(term.term)
        if place is not None:
            terms.append(term)
            places.append(place)
    if plan.needs_words and not terms:
        return None
    masks = _tag_bits(tag_index, width, plan.wishes)
    if masks is None:
        return None
    barred = [term_index[term] for term in plan.barred if term in term_index] if plan.barred else plan.barred
    count = len(terms)
    numbers: Any = [
        *plan.numbers,
        *(count, count, count, len(barred), len(plan.regions), len(plan.blocked), len(masks)),
        *places,
        *[term.weight for term in terms],
        *[term.group for term in terms],
        *barred,
        *plan.regions,
        *plan.blocked,
        *masks,
    ]
    return np.array(numbers, dtype=np.int64), terms
