"""What is measured: the service's way from a typed line to a page, the same with a part taken out, and what others would do."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final, LiteralString

import jieba
import psycopg

from matching import Hit, Index, Job, Query, Wished, count, search, weighed
from matching.model import Term
from service.search.ask import from_search
from service.search.schemas import SearchArgs
from service.search.widen import steps
from tests.relevance.judge import Judged
from tests.relevance.market import NOW

Answer = Callable[[Judged], list[int]]
"""From a query to the ids of a page, best first."""
PAGE: Final = 20
_NOBODY: Final = (Term("\0", 1, "", "same", 0),)
"""A word that no advert holds: asked for, and found nowhere."""


def asked_of(query: Judged) -> Wished:
    """The line and the person as the API takes them, understood as the service does."""
    said: dict[str, str | int | float] = {"q": query.text, "limit": PAGE}
    if query.point is not None:
        said["lat"], said["lng"] = query.point
    if query.age is not None:
        said["age"] = query.age
    if query.sex is not None:
        said["sex"] = query.sex
    return from_search(SearchArgs().load(said), NOW)


def page_of(index: Index, asked: Wished, keeps: Callable[[Term], bool] = lambda _term: True) -> tuple[Query, tuple[Hit, ...]]:
    """The query that found something, widened step by step where the first finds nothing, and its hits."""
    weights = weighed(index, asked.query)
    kept = tuple(term for term in weights if keeps(term))
    query = replace(asked.query, terms=(kept or _NOBODY) if weights else None)
    for wider in (query, *(wider for _, wider in steps(query, asked.loose))):
        if count(index, wider).total:
            return wider, search(index, wider)
    return query, ()


def full(index: Index) -> Answer:
    """The service: understood, widened when nothing is found."""
    return lambda query: [hit.job_id for hit in page_of(index, asked_of(query))[1]]


def _only(index: Index, keeps: Callable[[Term], bool]) -> Answer:
    return lambda query: [hit.job_id for hit in page_of(index, asked_of(query), keeps)[1]]


def without_synonyms(index: Index) -> Answer:
    """Only the words that were typed (or what they were corrected to) and their occupation."""
    return _only(index, lambda term: term.relation == "occupation" or term.term == (term.meant or term.asked))


def without_occupations(index: Index) -> Answer:
    """No occupation codes: words and their synonyms alone."""
    return _only(index, lambda term: term.relation != "occupation")


def without_fuzzy(index: Index) -> Answer:
    """Nothing that was found by sound or by likeness."""
    return _only(index, lambda term: not term.meant)


def without_understanding(index: Index) -> Answer:
    """All that was typed is words: no wishes, no filters, no places read from it; what the profile says stays."""

    def answer(query: Judged) -> list[int]:
        lat, lng = query.point or (None, None)
        asked = Query(now=NOW, text=query.text, lat=lat, lng=lng, age=query.age, sex=query.sex, limit=PAGE)
        return [hit.job_id for hit in search(index, asked)]

    return answer


def _words(job: Job) -> Counter[str]:
    """The words of an advert as jieba cuts them without our lists, weighted by field as the engine does."""
    fields = ((3, job.title), (2, " ".join(job.skills)), (1, job.description))
    return Counter(word for weight, text in fields for word in jieba.cut(text.lower()) if word.strip() for _ in range(weight))


def bm25(pool: Mapping[int, Job], *, near: bool) -> Answer:
    """Plain BM25 (k1 1.2, b 0.75) over jieba's words; ``near``: with the engine's own points for the distance added."""
    texts = {job_id: _words(job) for job_id, job in pool.items()}
    mean = sum(words.total() for words in texts.values()) / len(texts)
    postings: dict[str, list[int]] = defaultdict(list)
    for job_id, words in texts.items():
        for word in words:
            postings[word].append(job_id)

    def answer(query: Judged) -> list[int]:
        scores: dict[int, float] = defaultdict(float)
        for word in set(jieba.cut(query.text.lower())):
            found = postings.get(word, ())
            rarity = math.log(1 + (len(texts) - len(found) + 0.5) / (len(found) + 0.5))
            for job_id in found:
                times, length = texts[job_id][word], texts[job_id].total() / mean
                scores[job_id] += rarity * 2.2 * times / (times + 1.2 * (0.25 + 0.75 * length))
        if near and query.point is not None and scores:
            most = max(scores.values())
            scores = {job_id: 1000 * score / most + _near(query.point, pool[job_id]) for job_id, score in scores.items()}
        return _best(scores, pool)

    return answer


def _near(point: tuple[float, float], job: Job) -> float:
    if job.lat is None or job.lng is None:
        return 0.0
    east = (job.lng - point[1]) * math.cos(math.radians(point[0]))
    return 600 * math.exp(-111.2 * math.hypot(job.lat - point[0], east) / 30)


def _best(scores: Mapping[int, float], pool: Mapping[int, Job]) -> list[int]:
    return sorted(scores, key=lambda job_id: (-scores[job_id], -pool[job_id].published_at, job_id))[:PAGE]


_TRIGRAMS: Final[LiteralString] = """
    SELECT job_id FROM pool WHERE word_similarity(%(q)s, said) > 0 OR similarity(%(q)s, title) > 0
    ORDER BY similarity(%(q)s, title) + word_similarity(%(q)s, said) DESC, job_id LIMIT %(limit)s
"""


def trigrams(connection: psycopg.Connection, pool: Iterable[Job]) -> Answer:
    """PostgreSQL's pg_trgm: likeness of the title to what was typed, and of that to the best part of the whole advert."""
    connection.execute("CREATE EXTENSION pg_trgm")
    connection.execute("CREATE TABLE pool (job_id bigint, title text, said text)")
    rows = [(job.job_id, job.title, " ".join((job.title, *job.skills, job.description))) for job in pool]
    connection.cursor().executemany("INSERT INTO pool VALUES (%s, %s, %s)", rows)
    return lambda query: [row[0] for row in connection.execute(_TRIGRAMS, {"q": query.text, "limit": PAGE})]
