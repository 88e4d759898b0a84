"""Found rows as hits: the parts of the score, and the reasons in words."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from matching import reasons
from matching.formula import DAY
from matching.layout import Rows
from matching.model import After, Hit, Parts, Query, Reason, Term
from matching.space import km_of

Ints = npt.NDArray[np.int64]


_make = tuple.__new__  # a NamedTuple from a sequence without its own constructor: a third of the time, twenty jobs a page


def hits_of(
    rows: Rows, tag_index: dict[str, int], query: Query, terms: list[Term], best: list[list[int]], picks: Ints, parts: Ints
) -> list[Hit]:
    """Hits for the rows ``picks`` of one segment. ``query``: what of it ranks; ``best``: value, published_at, job_id, segment,
    row; ``parts``: as ``kernels.explain_rows`` writes them."""
    records = rows.record[picks, 5:8].tolist()
    wish, age, sex, now = max(0, query.wage_min_yuan_month or 0), query.age, query.sex, query.now
    said: dict[int, tuple[Reason, ...]] = {}  # sentences about words: jobs that carry the same ones share them
    carried = _carried(rows, tag_index, query, picks)
    hits = []
    for at, (entry, points, (low, high, ages)) in enumerate(zip(best, parts.tolist(), records, strict=True)):
        value, published, job_id = entry[:3]
        chord, met = points[7:]
        words = said.get(met)
        if words is None:
            words = said[met] = _words(terms, met)
        why, distance = list(words), None
        if chord >= 0:
            distance = round(km_of(chord), 2)
            why.append(reasons.place(distance))
        if wish:
            why.append(reasons.wage(wish, low, high))
        if age is not None and (reason := reasons.age(age, *_limits(ages, sex))) is not None:
            why.append(reason)
        if carried and (reason := reasons.tags(carried[at])) is not None:
            why.append(reason)
        if points[4] > 0 and (reason := reasons.fresh(max(0, now - published) // DAY)) is not None:
            why.append(reason)
        scores = points[:7]
        key = _make(After, (value, published, job_id))
        hits.append(_make(Hit, (job_id, sum(scores), _make(Parts, scores), distance, tuple(why), key)))
    return hits


def _words(terms: list[Term], met: int) -> tuple[Reason, ...]:
    """The sentences about the terms whose bits are set."""
    carried = [term for number, term in enumerate(terms) if met >> number & 1]
    return reasons.words(sorted(carried, key=lambda term: -term.weight))


def _carried(rows: Rows, tag_index: dict[str, int], query: Query, picks: Ints) -> list[frozenset[str]]:
    """Of the benefits wished for, those of each row; nothing when none was wished for that anybody offers."""
    wanted = [(tag, tag_index[tag]) for tag in query.tags_wanted if tag in tag_index]
    if not wanted:
        return []
    sets = rows.tag_sets[rows.tag_set[picks]].tolist()
    return [frozenset([tag for tag, bit in wanted if words[bit >> 6] >> (bit & 63) & 1]) for words in sets]


@lru_cache(maxsize=1 << 14)
def _limits(ages: int, sex: str | None) -> tuple[int, int]:
    men, women = (ages & 127, ages >> 7 & 127), (ages >> 14 & 127, ages >> 21 & 127)
    if sex == "male":
        return men
    if sex == "female":
        return women
    return min(men[0], women[0]), max(men[1], women[1])
