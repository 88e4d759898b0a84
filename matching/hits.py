"""Found rows as hits: the parts of the score, and the reasons in words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matching import reasons
from matching.formula import DAY
from matching.model import After, Hit, Parts, Query, Reason, Term
from matching.rows import Rows
from matching.space import km_of

Ints = npt.NDArray[np.int64]


def hits_of(
    rows: Rows, tag_index: dict[str, int], query: Query, terms: list[Term], best: list[list[int]], picks: Ints, parts: Ints
) -> list[Hit]:
    """Hits for the rows ``picks`` of one segment. ``query``: what of it ranks; ``best``: value, published_at, job_id, segment,
    row; ``parts``: as ``kernels.explain_rows`` writes them."""
    records = rows.record[picks, 5:8].tolist()
    said = _Said(query, terms, rows, tag_index, picks)
    hits = []
    for at, (key, points, record) in enumerate(zip(best, parts.tolist(), records, strict=True)):
        chord, met = points[7], points[8]
        distance = round(km_of(chord), 2) if chord >= 0 else None
        hits.append(
            Hit(
                key[2],
                sum(points[:7]),
                Parts(*points[:7]),
                distance,
                said.reasons(at, met, distance, record, points[4], key[1]),
                After(key[0], key[1], key[2]),
            )
        )
    return hits


class _Said:
    """The sentences of one page: what several jobs share is put together once."""

    def __init__(self, query: Query, terms: list[Term], rows: Rows, tag_index: dict[str, int], picks: Ints) -> None:
        self._query = query
        self._terms = terms
        self._wish = max(0, query.wage_min_yuan_month or 0)
        self._words: dict[int, tuple[Reason, ...]] = {}
        wanted = [(tag, tag_index[tag]) for tag in query.tags_wanted if tag in tag_index]
        self._tags: list[frozenset[str]] | None = None
        if wanted:
            carried = rows.tag_sets[rows.tag_set[picks]].tolist()
            self._tags = [frozenset(tag for tag, bit in wanted if words[bit >> 6] >> (bit & 63) & 1) for words in carried]

    def reasons(self, at: int, met: int, km: float | None, record: list[int], fresh: int, published: int) -> tuple[Reason, ...]:
        """Words first, then place, pay, age, benefits, date."""
        query = self._query
        words = self._words.get(met)
        if words is None:
            carried = [term for number, term in enumerate(self._terms) if met >> number & 1]
            words = self._words[met] = reasons.words(sorted(carried, key=lambda term: -term.weight))
        wage = reasons.wage(self._wish, record[0], record[1]) if self._wish else None
        age = None
        if query.age is not None:
            low, high = _limits(record[2], query.sex)
            age = reasons.age(query.age, low, high)
        tags = reasons.tags(self._tags[at]) if self._tags else None
        recent = reasons.fresh(max(0, query.now - published) // DAY) if fresh > 0 else None
        place = None if km is None else reasons.place(km)
        return (*words, *[one for one in (place, wage, age, tags, recent) if one is not None])


def _limits(ages: int, sex: str | None) -> tuple[int, int]:
    men, women = (ages & 127, ages >> 7 & 127), (ages >> 14 & 127, ages >> 21 & 127)
    if sex == "male":
        return men
    if sex == "female":
        return women
    return min(men[0], women[0]), max(men[1], women[1])
