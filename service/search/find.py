"""One page of the ranked list: the engine finds ids, the database has the last word on what is still open."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from matching import Index, Narrowing, Wished, count, narrowing, search, similar, weighed
from matching.model import KINDS, Facets, Hit, Query, Reason
from matching.rules import region as region_rules
from matching.rules import trade as trade_rules
from service.clock import seconds
from service.jobs.advert import COUNTY
from service.jobs.queries import Card, barred_to_minors, cards
from service.metrics import SEARCH_SECONDS
from service.search import cursor as cursors
from service.search.schemas import KIND_NAMES
from service.search.widen import asks

SPARE = 12
"""So many more ids than the page holds are asked for, to refill after jobs that closed since the index was written."""
FACETS_MOST = 20
NARROWINGS = 6
_FILTERS = {"word": "q", "trade": "trade", "tag": "tags", "region": "region"}


@dataclass(frozen=True, slots=True)
class Found:
    """A job of the page with what the engine said of it. Everything of the job can be asked of it directly."""

    job: Card
    hit: Hit
    reasons: tuple[Reason, ...]

    @property
    def distance_is_rough(self) -> bool | None:
        """Whether the distance is one to the middle of the county only; None without a distance."""
        return None if self.hit.distance_km is None else not _is_exact(self.job)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.job, name)


def _found(job: Card, hit: Hit, place: str = "", aged: tuple[str, str] = ("", "")) -> Found:
    """The reasons as this job allows them to be said.

    Pay by the hour or the day is compared as yuan a month: a conversion, which must not read like a promise (D-15). A point that
    is the middle of a county is not where the work is; a distance from the middle of ``place`` is not the person's own. An age
    that was taken out of a range is said with the words it was taken from (``aged``: the age, what was said).
    """
    said = hit.reasons
    if job.wage_unit not in {None, "month"}:
        said = _reworded(said, "wage", "月薪", "折合月薪约")
    if not _is_exact(job):
        said = tuple(Reason("place", _about(one.text, job, place)) if one.code == "place" else one for one in said)
    if place:
        said = _reworded(said, "place", "距您", f"距{place}中心")
    years, written = aged
    if written:
        said = _reworded(said, "age", f"您 {years} 岁", f"您{written}（按 {years} 岁算）")
        said = _reworded(said, "age", f"{years} 岁在", f"{written}（按 {years} 岁算）在")
    return Found(job, hit, said)


def _is_exact(job: Card) -> bool:
    return job.point_source == "given"


def _about(text: str, job: Card, place: str) -> str:
    """「距您 1.6 公里」 as it may be said of a job of which only the county is known."""
    county = region_rules.get(job.region_code)
    while county.level > COUNTY and county.parent:
        county = region_rules.get(county.parent)
    if place == county.name:
        return f"在{county.name}"
    return f"在{county.name}（{county.name[-1]}中心{text.replace('距您 ', '距您约 ', 1)}）"


def _vague_age(asked: Wished) -> tuple[str, str]:
    """The age that 五十多岁 is scored with, and those words; nothing when the age itself was said."""
    ends = [piece for piece in asked.pieces if piece.field in {"age_min", "age_max"} and piece.applied]
    if not ends or (len(ends) == 2 and ends[0].value == ends[1].value):
        return "", ""
    return str(asked.query.age), ends[0].text


def _reworded(reasons: tuple[Reason, ...], code: str, word: str, by: str) -> tuple[Reason, ...]:
    return tuple(Reason(code, said.text.replace(word, by, 1)) if said.code == code else said for said in reasons)


@dataclass(frozen=True, slots=True)
class Page:
    """One page. ``widened`` is (sentence, number of steps) when the first question found nothing."""

    found: tuple[Found, ...]
    total: int
    facets: Facets | None
    widened: tuple[str, int] | None
    next: str | None


def page(session: Session, index: Index, asked: Wished, question: str, cursor: str | None, now: datetime) -> Page:
    """The first page of a question, or the one behind ``cursor``. Raises 400 for a cursor of another question."""
    began = time.perf_counter()
    query = asked.query
    if cursor is not None:
        held = cursors.load(cursor, question)
        query = replace(query, now=held.now, fair_seed=held.fair_seed)
        message, wide = _widened(asked, query, held.widened)
        wide = replace(wide, terms=held.terms)
        hits = _search(index, replace(wide, after=held.after))
        total, facets, taken = held.total, None, held.widened
    else:
        query = replace(query, terms=weighed(index, query) or None)  # words that nobody knows stay asked for, and find nothing
        message, taken, wide = "", 0, query
        for number, (sentence, wider) in enumerate(asks(asked._replace(query=query))):
            totals = count(index, wider)
            if number == 0 or totals.total:
                message, taken, wide = sentence, number, wider
            if totals.total:
                break
        hits = _search(index, wide) if totals.total else ()
        total, facets = totals.total, totals.facets
    SEARCH_SECONDS.observe(time.perf_counter() - began)

    ids = [hit.job_id for hit in hits]
    rows = cards(session, ids[: query.limit], now)
    if len(rows) < query.limit < len(ids):  # something closed since the index was written: only then are the spare ones read
        rows |= cards(session, ids[query.limit :], now)
    found: list[Found] = []
    last = None
    aged = _vague_age(asked)
    for position, hit in enumerate(hits):
        last = position
        job = rows.get(hit.job_id)
        if job is not None:
            found.append(_found(job, hit, asked.place, aged))
            if len(found) == query.limit:
                break
    more = last is not None and (last + 1 < len(hits) or len(hits) == query.limit + SPARE)
    following = None
    if more and last is not None:
        state = cursors.Cursor(query.now, query.fair_seed, total, taken, hits[last].key, wide.terms or ())
        following = cursors.dump(state, question)
    return Page(tuple(found), total, facets, (message, taken) if taken else None, following)


def _search(index: Index, query: Query) -> tuple[Hit, ...]:
    return search(index, replace(query, limit=query.limit + SPARE))


def _widened(asked: Wished, query: Query, taken: int) -> tuple[str, Query]:
    """The same widening as on the first page: steps depend on the question alone."""
    return next(islice(asks(asked._replace(query=query)), taken, None), ("", query))


def like(session: Session, index: Index, job_id: int, limit: int, now: datetime, *, minor: bool = False) -> tuple[Found, ...]:
    """Open jobs like this one, itself not among them; for a ``minor`` none that is closed to people of 16 and 17."""
    hits = similar(index, job_id, seconds(now), limit + SPARE)
    rows = cards(session, [hit.job_id for hit in hits], now)
    barred = barred_to_minors(session, list(rows)) if minor else ()
    return tuple(_found(rows[hit.job_id], hit) for hit in hits if hit.job_id in rows and hit.job_id not in barred)[:limit]


def narrowings(index: Index, asked: Wished) -> list[dict[str, Any]]:
    """What to add to a finished question, with the parameter that does it; nothing where nothing was said."""
    found = narrowing(index, asked.query, NARROWINGS) if asked.pieces else ()
    return [{"text": _narrowing_name(one), "count": one.count, "filter": _FILTERS[one.kind], "value": one.value} for one in found]


def _narrowing_name(one: Narrowing) -> str:
    if one.kind == "region":
        return region_rules.get(one.value).name
    return _trade_name(one.value) if one.kind == "trade" else one.value


def facet_lists(facets: Facets) -> dict[str, list[dict[str, Any]]]:
    """Facets as lists with names for people, the most frequent first; kinds in their own order."""
    return {
        "kind": [{"value": kind, "name": KIND_NAMES[kind], "count": facets.kind.get(kind, 0)} for kind in KINDS],
        "trade": _named(facets.trade, _trade_name),
        "region": _named(facets.region, lambda code: region_rules.get(code).full_name),
        "tags": _named(facets.tags, lambda tag: tag),
    }


def _trade_name(code: str) -> str:
    known = trade_rules.occupation(code)
    return known.name if known is not None else code


def _named(counts: dict[str, int], name: Callable[[str], str]) -> list[dict[str, Any]]:
    least = sorted(counts.values(), reverse=True)[:FACETS_MOST][-1:]  # numbers alone first: there are thousands of names
    frequent = ((value, number) for value, number in counts.items() if number >= least[0])
    most = sorted(frequent, key=lambda item: (-item[1], item[0]))[:FACETS_MOST]
    return [{"value": value, "name": name(value), "count": number} for value, number in most if value]
