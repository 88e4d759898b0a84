"""From a query to the best jobs with their reasons; to the number of all matches; to similar jobs and to suggestions."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from matching import formula, text, wanted
from matching.columns import hours_quarters
from matching.index import Index, Live, Snapshot
from matching.kernels import best_of_segment, count_segment, explain_rows
from matching.model import KINDS, SETTLEMENTS, After, Facets, Hit, Job, Parts, Query, Suggestion, Term, Totals
from matching.reasons import Facts, explain
from matching.rows import BY_DISTANCE, BY_NEWEST, BY_SCORE, BY_WAGE, HOURS_UNKNOWN, NEVER, Asked
from matching.space import chord_of, is_point, km_of, unit_vector
from matching.wanted import Concept
from matching.writer import IndexWriter

_MODES: Final = {"score": BY_SCORE, "distance": BY_DISTANCE, "wage": BY_WAGE, "newest": BY_NEWEST}
_ADULT: Final = 16
_SPANS: Final = ((10, 10**10), (8, 10**8), (6, 10**6), (3, 10**3), (0, 1))  # trailing zeros of a code: size of its subtree
_NO_BLOCKED: Final = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Plan:
    """A query made ready for every segment of one generation."""

    query: Query
    terms: list[Term]
    needs_words: bool
    point: tuple[int, int, int] | None
    reach: int
    regions: npt.NDArray[np.int64]
    blocked: npt.NDArray[np.int64]


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


def plan_for(snapshot: Snapshot, query: Query) -> Plan:
    """Words to weighted terms, place to a vector: what a query costs before any job is looked at."""
    if query.terms is None:
        asked = concepts(snapshot, query)
        terms, needs_words = snapshot.weigher.terms(asked), bool(asked)
    else:
        terms, needs_words = wanted.in_order(list(query.terms)), bool(query.terms)
    point, reach = None, -1
    if query.lat is not None and query.lng is not None:
        if not (math.isfinite(query.lat) and math.isfinite(query.lng) and is_point(query.lat, query.lng)):
            raise ValueError("query point is not on the globe")
        point = unit_vector(query.lat, query.lng)
        if query.radius_km is not None:
            reach = chord_of(max(0.0, query.radius_km))
    return Plan(
        query=query,
        terms=terms,
        needs_words=needs_words,
        point=point,
        reach=reach,
        regions=np.array([region_span(code) for code in query.regions], dtype=np.int64).reshape(-1, 2),
        blocked=np.array(sorted(query.employers_blocked), dtype=np.int64) if query.employers_blocked else _NO_BLOCKED,
    )


def weighed(index: Index, query: Query) -> tuple[Term, ...]:
    """The words of a query with their weights of this moment, for ``Query.terms`` of the pages behind the first."""
    return tuple(plan_for(index.snapshot, query).terms)


def _tag_bits(live: Live, query: Query) -> npt.NDArray[np.uint64] | None:
    """The four tag masks in the segment's numbers; None when no job of the segment can have the tags asked for."""
    index = live.segment.tag_index
    masks = np.zeros((4, live.segment.hot.tags.shape[1]), dtype=np.uint64)
    wanted_sets = (query.tags_all, query.tags_any, query.tags_none, query.tags_wanted)
    if not any(wanted_sets):
        return masks
    if not query.tags_all <= index.keys() or (query.tags_any and not query.tags_any & index.keys()):
        return None
    for row, tags in enumerate(wanted_sets):
        for tag in tags:
            number = index.get(tag)
            if number is not None:
                masks[row, number >> 6] |= np.uint64(1 << (number & 63))
    return masks


def _ask(live: Live, plan: Plan) -> tuple[Asked, list[Term]] | None:
    """The query in the numbers of one segment and the terms it has; None when nothing there can match."""
    query, index = plan.query, live.segment.term_index
    terms = [term for term in plan.terms if term.term in index]
    if plan.needs_words and not terms:
        return None
    masks = _tag_bits(live, query)
    if masks is None:
        return None
    x, y, z = plan.point or (0, 0, 0)
    ranked = _ranked(query)
    after = query.after
    asked = Asked(
        mode=_MODES[query.sort],
        now=query.now,
        kinds=sum(1 << KINDS.index(kind) for kind in query.kinds),
        settlements=sum(2 << SETTLEMENTS.index(settlement) for settlement in query.settlements),
        hours=hours_quarters(query.hours_max) if query.hours_max is not None else HOURS_UNKNOWN,
        floor=max(0, query.wage_floor_yuan_month or 0),
        wish=max(0, ranked.wage_min_yuan_month or 0),
        age=-1 if query.age is None else query.age,
        ranked_age=-1 if ranked.age is None else ranked.age,
        sex={"male": 1, "female": 2}.get(query.sex or "", 0),
        placed=int(plan.point is not None and query.personal),
        x=x,
        y=y,
        z=z,
        reach=plan.reach,
        since=query.published_since or 0,
        words=int(plan.needs_words),
        any_tags=int(bool(query.tags_any)),
        wanted_tags=len(ranked.tags_wanted),
        after=int(after is not None),
        after_value=after.value if after else 0,
        after_time=after.published_at if after else 0,
        after_id=after.job_id if after else 0,
        term=np.array([index[term.term] for term in terms], dtype=np.int64),
        weight=np.array([term.weight for term in terms], dtype=np.int64),
        group=np.array([term.group for term in terms], dtype=np.int64),
        regions=plan.regions,
        tags=masks,
        blocked=plan.blocked,
    )
    return asked, terms


def _ranked(query: Query) -> Query:
    """What of a query ranks and is said in reasons: of a question that is not personal, nothing of the person."""
    return query if query.personal else replace(query, age=None, wage_min_yuan_month=None, tags_wanted=frozenset())


def _finds_nothing(query: Query) -> bool:
    """Under 16 nobody may be placed in work (禁止使用童工规定, article 2); of no results there is no page."""
    return query.age is not None and query.age < _ADULT


def search(index: Index, query: Query) -> tuple[Hit, ...]:
    """The best ``query.limit`` jobs, exactly, best first: larger value, newer, smaller id.

    The text is searched as words; wishes inside it (pay, age, place) are read by ``understand`` and applied by the caller.
    Raises ``ValueError`` for a point that is not on the globe. Threads may call it at once.
    """
    if _finds_nothing(query) or query.limit <= 0:
        return ()
    snapshot = index.snapshot
    return _best(snapshot, plan_for(snapshot, query))


@dataclass(frozen=True, slots=True)
class Ranked:
    """The best jobs as int64 [k, 5]: value, published_at, job_id, segment, row; and the query as each segment saw it."""

    best: npt.NDArray[np.int64]
    asked: dict[int, tuple[Asked, list[Term]]]


def rank(snapshot: Snapshot, plan: Plan) -> Ranked:
    """The search proper: the best ``limit`` jobs of all segments, in order."""
    asked: dict[int, tuple[Asked, list[Term]]] = {}
    best = np.empty((max(0, min(plan.query.limit, snapshot.jobs)), 5), dtype=np.int64)
    if not len(best):
        return Ranked(best, asked)
    count = 0
    for number, live in enumerate(snapshot.lives):
        ready = _ask(live, plan)
        if ready is not None:
            asked[number] = ready
            count = best_of_segment(live.segment.hot, live.dead, ready[0], number, best, count)
    rows = best[:count]
    return Ranked(rows[np.lexsort((rows[:, 2], -rows[:, 1], -rows[:, 0]))], asked)


def _best(snapshot: Snapshot, plan: Plan) -> tuple[Hit, ...]:
    ranked = rank(snapshot, plan)
    return tuple(_hits(snapshot, plan.query, ranked.asked, ranked.best))


def _hits(snapshot: Snapshot, query: Query, asked: dict[int, tuple[Asked, list[Term]]], best: npt.NDArray[np.int64]) -> list[Hit]:
    hits: list[Hit | None] = [None] * len(best)
    query = _ranked(query)
    for number, (ready, terms) in asked.items():
        places = np.flatnonzero(best[:, 3] == number)
        if not len(places):
            continue
        live = snapshot.lives[number]
        rows = best[places, 4]
        parts = np.empty((len(rows), 8), dtype=np.int64)
        explain_rows(live.segment.hot, rows, ready, parts)
        records = live.segment.hot.record[rows].tolist()
        tags = live.segment.hot.tags[rows].tolist() if query.tags_wanted else None
        listed = zip(places.tolist(), best[places].tolist(), parts.tolist(), records, strict=True)
        for at, (place, key, points, record) in enumerate(listed):
            carried = _tag_names(live, query, tags[at]) if tags else frozenset()
            hits[place] = _hit(query, key, points, record, terms, carried)
    return [hit for hit in hits if hit is not None]


def _tag_names(live: Live, query: Query, words: list[int]) -> frozenset[str]:
    index = live.segment.tag_index
    return frozenset(tag for tag in query.tags_wanted if tag in index and words[index[tag] >> 6] >> (index[tag] & 63) & 1)


def _hit(query: Query, key: list[int], points: list[int], record: list[int], terms: list[Term], tags: frozenset[str]) -> Hit:
    value, published, job_id, _, _ = key
    parts = Parts(*points[:6])
    chord, bits = points[6], points[7]
    ages = record[7]
    men, women = (ages & 127, ages >> 7 & 127), (ages >> 14 & 127, ages >> 21 & 127)
    if query.sex == "male":
        limits = men
    elif query.sex == "female":
        limits = women
    else:
        limits = (min(men[0], women[0]), max(men[1], women[1]))
    distance = round(km_of(chord), 2) if chord >= 0 else None
    met = sorted((term for number, term in enumerate(terms) if bits >> number & 1), key=lambda term: -term.weight)
    facts = Facts(record[5], record[6], limits[0], limits[1], published, tags)
    return Hit(
        job_id=job_id,
        score=sum(points[:6]),
        parts=parts,
        distance_km=distance,
        reasons=explain(query, parts, distance, met, facts),
        key=After(value, published, job_id),
    )


def count(index: Index, query: Query) -> Totals:
    """How many jobs match in the whole index, and how many of each kind, occupation code, county and tag."""
    kinds: dict[str, int] = {}
    trades: dict[str, int] = {}
    counties: dict[str, int] = {}
    tags: dict[str, int] = {}
    total = 0
    if not _finds_nothing(query):
        snapshot = index.snapshot
        plan = plan_for(snapshot, query)
        for live in snapshot.lives:
            ready = _ask(live, plan)
            if ready is None:
                continue
            segment = live.segment
            by_kind = np.zeros(4, dtype=np.int64)
            by_trade = np.zeros(len(segment.trade_names), dtype=np.int64)
            by_county = np.zeros(len(segment.county_names), dtype=np.int64)
            by_tag = np.zeros(segment.hot.tags.shape[1] * 64, dtype=np.int64)
            total += int(count_segment(segment.hot, segment.facet, live.dead, ready[0], by_kind, by_trade, by_county, by_tag))
            _add(kinds, by_kind, list(KINDS))
            _add(trades, by_trade, segment.trade_names)
            _add(counties, by_county, segment.county_names)
            _add(tags, by_tag, list(segment.tag_index))
    counties.pop("", None)
    return Totals(total, Facets(kinds, trades, counties, tags))


def _add(into: dict[str, int], counts: npt.NDArray[np.int64], names: list[str]) -> None:
    for number in np.flatnonzero(counts[: len(names)]).tolist():
        into[names[number]] = into.get(names[number], 0) + int(counts[number])


def similar(index: Index, job_id: int, now: int, limit: int) -> tuple[Hit, ...]:
    """Open jobs like this one by title, skills, occupation and place, itself left out; empty when it is not in the index."""
    snapshot = index.snapshot
    found = snapshot.locate(job_id)
    if found is None or limit <= 0:
        return ()
    number, row = found
    segment = snapshot.lives[number].segment
    keys = segment.key_terms[int(segment.key_starts[row]) : int(segment.key_starts[row + 1])].tolist()
    names = [segment.terms[key] for key in keys]
    start, end = int(segment.facet.trade_starts[row]), int(segment.facet.trade_starts[row + 1])
    codes = [wanted.CODE_MARK + segment.trade_names[trade] for trade in segment.facet.trades[start:end].tolist()]
    alike = tuple(Concept(name, (wanted.Answer(name, 100, "same"),)) for name in dict.fromkeys((*codes, *names)))
    record = segment.hot.record[row].tolist()
    point = (record[0] >> 7, record[1] >> 7, record[2] >> 7) if record[0] & 32 else None
    query = Query(now=now, limit=limit + 1)
    plan = replace(
        plan_for(snapshot, query),
        terms=snapshot.weigher.terms(alike),
        needs_words=True,
        point=point,
    )
    return tuple(hit for hit in _best(snapshot, plan) if hit.job_id != job_id)[:limit]


def suggest(index: Index, prefix: str, limit: int) -> tuple[Suggestion, ...]:
    """Words to search for that begin as typed, also in pinyin or first letters (``dhg`` 电焊工), those of most jobs first.

    When nothing begins so, the words it was probably meant to be (``corrected``). Only words that some job carries; the count
    is that of the adverts in the index.
    """
    snapshot = index.snapshot
    spelling = snapshot.stats.spelling
    typed = text.normalise(prefix)[: text.QUERY_CHARS].replace(" ", "")
    if not typed or limit <= 0:
        return ()
    begun = _counted(snapshot, spelling.starting(typed, 4 * limit), corrected=False)
    if begun:
        return tuple(begun[:limit])
    meant = spelling.corrections(typed)
    return tuple(_counted(snapshot, [correction.word for correction in meant], corrected=True)[:limit])


def _counted(snapshot: Snapshot, words: list[str], *, corrected: bool) -> list[Suggestion]:
    found = []
    for word in words:
        jobs = 0
        for live in snapshot.lives:
            term = live.segment.term_index.get(word)
            if term is not None:
                hot = live.segment.hot
                first, last = hot.term_starts[term], hot.term_starts[term + 1]
                jobs += int(hot.group_starts[last]) - int(hot.group_starts[first])
        if jobs:
            found.append(Suggestion(word, jobs, corrected))
    return sorted(found, key=lambda suggestion: -suggestion.count)


def open_index(path: Path) -> Index:
    """Open the index of a folder and load the compiled kernels, so that the first query is as fast as any.

    Raises ``IndexMissing`` or ``IndexDamaged`` (with its reason in Chinese).
    """
    index = Index(Path(path))
    _exercise(index)
    return index


def _exercise(index: Index) -> None:
    """Call every kernel once on the real, memory-mapped, read-only arrays (other arrays would be other types to Numba)."""
    query = Query(now=0, text="普工", lat=28.0, lng=115.0, radius_km=1.0, limit=1)
    for live in index.snapshot.lives[:1]:
        plan = replace(plan_for(index.snapshot, query), terms=[], needs_words=False)
        ready = _ask(live, plan)
        if ready is not None:
            best_of_segment(live.segment.hot, live.dead, ready[0], 0, np.empty((1, 5), dtype=np.int64), 0)
            explain_rows(live.segment.hot, np.zeros(0, dtype=np.int64), ready[0], np.empty((0, 8), dtype=np.int64))
    count(index, Query(now=NEVER))
    search(index, Query(now=NEVER, text="汗工"))  # loads the tables of pinyin
    wanted.ready()
    index.snapshot.stats.spelling.ready()


def warm(report: Callable[[str], None] | None = None) -> None:
    """Compile every kernel into the cache folder, with a real index of one job; done at installation, not at a first request."""
    with tempfile.TemporaryDirectory() as folder:
        with IndexWriter(Path(folder)) as writer:
            writer.rebuild([Job(1, "public", "普工", 0, lat=28.0, lng=115.0)], "")
        index = open_index(Path(folder))
        found = search(index, Query(now=formula.DAY, text="普工", limit=1))
        index.close()
    if report is not None:
        report(f"匹配引擎已就绪（试查到 {len(found)} 个岗位）")
