"""What to add to a question: words, benefits, occupations and places that divide what it finds, each with its number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from heapq import nsmallest
from itertools import chain, zip_longest
from typing import Final

from matching.alike import carriers
from matching.engine import count, total_of, weighed
from matching.index import Index
from matching.model import Narrowing, Query

_DETAILED: Final = len("6-18-02-04")
_WORDS_MOST: Final = 4
"""So many narrower words are counted, those that most adverts carry: each costs a count of its own."""


def narrowing(index: Index, query: Query, limit: int) -> tuple[Narrowing, ...]:
    """At most ``limit`` ways to go on, in turns a narrower word (without words an occupation), a benefit and a county.

    Of each kind first what divides the matches most evenly, since that tells most; nothing that all or none of them have. Counts
    are exact, over all matches. Empty while the words are unknown or had to be corrected: then they are not finished.
    """
    terms = weighed(index, query)
    if limit <= 0 or any(term.meant for term in terms):
        return ()
    query = replace(query, terms=terms or None)
    totals = count(index, query)
    whole, facets = totals.total, totals.facets
    if terms:
        snapshot = index.snapshot
        narrower = sorted((-carriers(snapshot, term.term), term) for term in terms if term.relation == "narrower")[:_WORDS_MOST]
        counted = ((term.term, total_of(index, replace(query, terms=(term,)))) for _, term in narrower)
        work = _dividing("word", counted, whole, limit)
    else:
        work = _dividing("trade", ((code, jobs) for code, jobs in facets.trade.items() if len(code) == _DETAILED), whole, limit)
    tags = _dividing("tag", ((tag, jobs) for tag, jobs in facets.tags.items() if tag not in query.tags_wanted), whole, limit)
    counties = _dividing("region", facets.region.items(), whole, limit)
    turns = chain.from_iterable(zip_longest(work, tags, counties))
    return tuple(one for one in turns if one is not None)[:limit]


def _dividing(kind: str, counted: Iterable[tuple[str, int]], whole: int, most: int) -> list[Narrowing]:
    """Of those that some but not all of ``whole`` matches have, the nearest to half of them, nearest first."""
    apart = [(abs(2 * jobs - whole), value, jobs) for value, jobs in counted if 0 < jobs < whole]
    return [Narrowing(kind, value, jobs) for _, value, jobs in nsmallest(most, apart)]
