"""From a query to the best jobs with their reasons, and to the number of all matches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from matching.asking import Plan, ask, plan_for
from matching.chains import best_of_fresh, explain_fresh, sums, tally_fresh
from matching.fresh import TAG_WORDS, Fresh
from matching.hits import hits_of
from matching.index import Index, Snapshot
from matching.kernels import best_of_segment, explain_rows
from matching.layout import Rows
from matching.model import KINDS, Facets, Hit, Query, Term, Totals
from matching.ranking import sort_best
from matching.scratch import room_for
from matching.tally import Tally, tally_segment

Ints = npt.NDArray[np.int64]
_ADULT: Final = 16
_COUNTY: Final = 1_000_000  # of a division code of twelve digits


def finds_nothing(query: Query) -> bool:
    """Under 16 nobody may be placed in work (禁止使用童工规定, article 2); of no results there is no page."""
    return query.limit <= 0 or _too_young(query)


def weighed(index: Index, query: Query) -> tuple[Term, ...]:
    """The words of a query with their weights of this moment, for ``Query.terms`` of the pages behind the first."""
    return tuple(plan_for(index.snapshot, query).terms)


def search(index: Index, query: Query) -> tuple[Hit, ...]:
    """The best ``query.limit`` jobs, exactly, best first: larger value, newer, smaller id.

    The text is searched as words; wishes inside it (pay, age, place) are read by ``understand`` and applied by the caller.
    Raises ``ValueError`` for a point that is not on the globe. Threads may call it at once.
    """
    if finds_nothing(query):
        return ()
    snapshot = index.snapshot
    return explained(snapshot, plan_for(snapshot, query))


@dataclass(frozen=True, slots=True)
class Ranked:
    """The best jobs as int64 [k, 5]: value, published_at, job_id, segment, row; and the query as each segment saw it.

    Behind the last segment's number comes that of the jobs which are fresher than all segments.
    """

    best: Ints
    asked: dict[int, tuple[Ints, list[Term]]]


def rank(snapshot: Snapshot, plan: Plan) -> Ranked:
    """The search proper: the best ``limit`` jobs of all segments, in order."""
    asked: dict[int, tuple[Ints, list[Term]]] = {}
    best = np.empty((max(0, min(plan.query.limit, snapshot.jobs)), 5), dtype=np.int64)
    if not len(best):
        return Ranked(best, asked)
    count = 0
    for number, live in enumerate(snapshot.lives):
        segment = live.segment
        ready = ask(plan, segment.term_index, segment.tag_index, segment.width)
        if ready is not None:
            asked[number] = ready
            room = room_for(len(ready[1]), len(segment.hot.supers.facts))
            count = best_of_segment(segment.hot, live.dead, ready[0], room, number, best, count)
    fresh = snapshot.fresh
    if fresh is not None:
        ready = ask(plan, fresh.heads, fresh.tag_index, TAG_WORDS)
        if ready is not None:
            number = len(snapshot.lives)
            asked[number] = ready
            count = best_of_fresh(fresh.chains, fresh.rows, fresh.dead, ready[0], sums(), number, best, count)
    sort_best(best, count)
    return Ranked(best[:count], asked)


def explained(snapshot: Snapshot, plan: Plan) -> tuple[Hit, ...]:
    """The best jobs of a plan with parts and reasons."""
    ranked = rank(snapshot, plan)
    best = ranked.best.tolist()
    segments = {entry[3] for entry in best}
    if len(segments) == 1:
        return tuple(_hits(snapshot, plan, ranked, best, best[0][3]))
    hits: dict[int, Hit] = {}
    for number in segments:
        places = [at for at, entry in enumerate(best) if entry[3] == number]
        hits.update(zip(places, _hits(snapshot, plan, ranked, [best[at] for at in places], number), strict=True))
    return tuple(hits[at] for at in range(len(best)))


def _hits(snapshot: Snapshot, plan: Plan, ranked: Ranked, best: list[list[int]], number: int) -> list[Hit]:
    packed, terms = ranked.asked[number]
    picks = np.array([entry[4] for entry in best], dtype=np.int64)
    parts = np.empty((len(best), 9), dtype=np.int64)
    if number < len(snapshot.lives):
        segment = snapshot.lives[number].segment
        explain_rows(segment.hot, picks, packed, parts)
        return hits_of(segment.hot.rows, segment.tag_index, plan.wishes, terms, best, picks, parts)
    fresh = cast(Fresh, snapshot.fresh)  # whose number is the one behind the segments
    explain_fresh(fresh.chains, picks, packed, sums(), parts)
    return hits_of(fresh.chains.rows, fresh.tag_index, plan.wishes, terms, best, picks, parts)


@dataclass(frozen=True, slots=True)
class Matches:
    """The answers to many queries end to end: those of query q are ``job_id[starts[q]:starts[q + 1]]``, best first."""

    starts: Ints
    job_id: Ints
    score: Ints


def match_many(index: Index, queries: Sequence[Query]) -> Matches:
    """The best jobs of each of many queries, all of one generation: ids and scores as ``search`` gives them, without reasons.

    The scores are values of the order asked for (``After.value``).
    """
    snapshot = index.snapshot
    starts = np.zeros(len(queries) + 1, dtype=np.int64)
    found: list[Ints] = []
    for number, query in enumerate(queries):
        best = np.zeros((0, 5), dtype=np.int64) if finds_nothing(query) else rank(snapshot, plan_for(snapshot, query)).best
        starts[number + 1] = starts[number] + len(best)
        found.append(best)
    whole = np.concatenate(found) if found else np.zeros((0, 5), dtype=np.int64)
    return Matches(starts, whole[:, 2].copy(), whole[:, 0].copy())


def count(index: Index, query: Query) -> Totals:
    """How many jobs match in the whole index, and how many of each kind, occupation code, county and tag."""
    if _too_young(query):
        return Totals(0, Facets())
    snapshot = index.snapshot
    return counted(snapshot, plan_for(snapshot, query))


def total_of(index: Index, query: Query) -> int:
    """How many jobs match in the whole index: what ``count`` costs less the naming of what they are."""
    if _too_young(query):
        return 0
    snapshot = index.snapshot
    return sum(found.matches for found in _tallied(snapshot, plan_for(snapshot, query)))


def _too_young(query: Query) -> bool:
    return query.age is not None and query.age < _ADULT


def counted(snapshot: Snapshot, plan: Plan) -> Totals:
    """The number of all matches of a plan, with facets."""
    facets = Facets()
    total = 0
    for found in _tallied(snapshot, plan):
        total += found.matches
        _name(found, facets)
    return Totals(total, facets)


class _Tallied(NamedTuple):
    """What was counted in one segment, and what its numbers mean."""

    matches: int
    tally: Tally
    rows: Rows
    trades_of: Callable[[Ints], Iterable[tuple[str, int]]]
    tag_index: dict[str, int]


def _tallied(snapshot: Snapshot, plan: Plan) -> Iterator[_Tallied]:
    for live in snapshot.lives:
        segment = live.segment
        ready = ask(plan, segment.term_index, segment.tag_index, segment.width)
        if ready is not None:
            rows = segment.hot.rows
            tally = _tally(len(segment.set_starts) - 1, rows)
            room = room_for(len(ready[1]), len(segment.hot.supers.facts))
            matches = int(tally_segment(segment.hot, segment.trade_set, live.dead, ready[0], room, tally))
            yield _Tallied(matches, tally, rows, segment.trades_of, segment.tag_index)
    fresh = snapshot.fresh
    if fresh is not None:
        ready = ask(plan, fresh.heads, fresh.tag_index, TAG_WORDS)
        if ready is not None:
            rows = fresh.chains.rows
            tally = _tally(len(fresh.trade_sets), rows)
            matches = int(tally_fresh(fresh.chains, fresh.rows, fresh.dead, ready[0], sums(), tally))
            yield _Tallied(matches, tally, rows, fresh.trades_of, fresh.tag_index)


def _tally(trade_sets: int, rows: Rows) -> Tally:
    sizes = (4, trade_sets, len(rows.regions), len(rows.tag_sets))
    return Tally(*(np.zeros(size, dtype=np.int64) for size in sizes))


def _name(found: _Tallied, facets: Facets) -> None:
    if not found.matches:
        return
    tally, rows = found.tally, found.rows
    _add(facets.kind, zip(KINDS, tally.kinds.tolist(), strict=False))
    _add(facets.trade, found.trades_of(tally.trade_sets))
    met = np.flatnonzero(tally.regions)
    counties, county_of = np.unique(rows.regions[met] // _COUNTY, return_inverse=True)
    summed = np.bincount(county_of, tally.regions[met], len(counties)).astype(np.int64)  # exact: far below 2**53
    numbers = zip(counties.tolist(), summed.tolist(), strict=True)
    _add(facets.region, ((_county(code), number) for code, number in numbers if code))
    held = np.flatnonzero(tally.tag_sets)
    bits = np.unpackbits(rows.tag_sets[held].astype("<u8").view(np.uint8), axis=1, bitorder="little")
    by_tag = (tally.tag_sets[held] @ bits).tolist()
    _add(facets.tags, ((tag, by_tag[bit]) for tag, bit in list(found.tag_index.items())))  # a list: it may grow meanwhile


@cache
def _county(number: int) -> str:
    return f"{number * _COUNTY:012d}"


def _add(into: dict[str, int], counts: Iterable[tuple[str, int]]) -> None:
    for name, number in counts:
        if number:
            into[name] = into.get(name, 0) + number
