"""What to add to a question: words, benefits, occupations and places that divide what it finds, each with its number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain, zip_longest
from typing import Final

from matching.engine import count, weighed
from matching.index import Index
from matching.model import Narrowing, Query

_DETAILED: Final = len("6-18-02-04")
_WORDS_MOST: Final = 6
"""So many narrower words are counted, the likeliest answers first: each costs a count of its own."""


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
    narrower = [term for term in terms if term.relation == "narrower"][:_WORDS_MOST]
    words = _dividing("word", ((term.term, count(index, replace(query, terms=(term,))).total) for term in narrower), totals.total)
    detailed = ((code, number) for code, number in totals.facets.trade.items() if len(code) == _DETAILED and not terms)
    trades = words or _dividing("trade", detailed, totals.total)
    wished = query.tags_wanted
    tags = _dividing("tag", ((tag, number) for tag, number in totals.facets.tags.items() if tag not in wished), totals.total)
    counties = _dividing("region", totals.facets.region.items(), totals.total)
    turns = chain.from_iterable(zip_longest(trades, tags, counties))
    return tuple(one for one in turns if one is not None)[:limit]


def _dividing(kind: str, counted: Iterable[tuple[str, int]], whole: int) -> list[Narrowing]:
    """Those that some but not all of ``whole`` matches have, the nearest to half of them first."""
    some = [Narrowing(kind, value, number) for value, number in counted if 0 < number < whole]
    return sorted(some, key=lambda one: (abs(2 * one.count - whole), one.value))
