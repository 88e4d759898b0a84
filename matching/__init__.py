"""城暖: the matching library. Jobs and wishes in; job ids, scores and reasons out; nothing of HTTP or SQL.

This is the front door. What needs the compiled engine is loaded at its first use, so that the plain rules
(``python -m matching wage``) start without Numba.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from matching.model import (
    After,
    Candidate,
    CandidateKey,
    Facets,
    Hit,
    Job,
    Narrowing,
    Parts,
    Piece,
    Query,
    Reason,
    Suggestion,
    Term,
    Totals,
    Worker,
)

if TYPE_CHECKING:
    from matching.alike import similar, suggest
    from matching.engine import Matches, count, match_many, search, weighed
    from matching.files import IndexDamaged
    from matching.fresh import FreshFull
    from matching.index import Index
    from matching.manifest import IndexMissing
    from matching.narrower import narrowing
    from matching.opening import open_index, warm
    from matching.people.build import build_people
    from matching.people.match import candidates
    from matching.people.store import People, open_people
    from matching.text import advert_words, normalise
    from matching.understanding import understand
    from matching.wishes import COUPLE, Wished, wished
    from matching.writer import IndexWriter, WriterBusy

__all__ = [
    "COUPLE",
    "After",
    "Candidate",
    "CandidateKey",
    "Facets",
    "FreshFull",
    "Hit",
    "Index",
    "IndexDamaged",
    "IndexMissing",
    "IndexWriter",
    "Job",
    "Matches",
    "Narrowing",
    "Parts",
    "People",
    "Piece",
    "Query",
    "Reason",
    "Suggestion",
    "Term",
    "Totals",
    "Wished",
    "Worker",
    "WriterBusy",
    "advert_words",
    "build_people",
    "candidates",
    "count",
    "match_many",
    "narrowing",
    "normalise",
    "open_index",
    "open_people",
    "search",
    "similar",
    "suggest",
    "understand",
    "warm",
    "weighed",
    "wished",
]

_HOMES = {
    "Matches": "engine",
    "count": "engine",
    "match_many": "engine",
    "search": "engine",
    "weighed": "engine",
    "narrowing": "narrower",
    "similar": "alike",
    "suggest": "alike",
    "open_index": "opening",
    "warm": "opening",
    "FreshFull": "fresh",
    "Index": "index",
    "IndexWriter": "writer",
    "WriterBusy": "writer",
    "IndexMissing": "manifest",
    "IndexDamaged": "files",
    "People": "people.store",
    "build_people": "people.build",
    "candidates": "people.match",
    "open_people": "people.store",
    "advert_words": "text",
    "normalise": "text",
    "understand": "understanding",
    "COUPLE": "wishes",
    "Wished": "wishes",
    "wished": "wishes",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
