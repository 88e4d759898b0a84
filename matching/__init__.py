"""城暖: the matching library. Jobs and wishes in; job ids, scores and reasons out; nothing of HTTP or SQL.

This is the front door. What needs the compiled engine is loaded at its first use, so that the plain rules
(``python -m matching wage``) start without Numba.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from matching.model import After, Facets, Hit, Job, Parts, Piece, Query, Reason, Suggestion, Term, Totals

if TYPE_CHECKING:
    from matching.engine import count, open_index, search, similar, suggest, warm, weighed
    from matching.index import Index
    from matching.manifest import IndexMissing
    from matching.segment import IndexDamaged
    from matching.understanding import understand
    from matching.wishes import Wished, wished
    from matching.writer import IndexWriter, WriterBusy

__all__ = [
    "After",
    "Facets",
    "Hit",
    "Index",
    "IndexDamaged",
    "IndexMissing",
    "IndexWriter",
    "Job",
    "Parts",
    "Piece",
    "Query",
    "Reason",
    "Suggestion",
    "Term",
    "Totals",
    "Wished",
    "WriterBusy",
    "count",
    "open_index",
    "search",
    "similar",
    "suggest",
    "understand",
    "warm",
    "weighed",
    "wished",
]

_HOMES = {
    "count": "engine",
    "open_index": "engine",
    "search": "engine",
    "similar": "engine",
    "suggest": "engine",
    "warm": "engine",
    "weighed": "engine",
    "Index": "index",
    "IndexWriter": "writer",
    "WriterBusy": "writer",
    "IndexMissing": "manifest",
    "IndexDamaged": "segment",
    "understand": "understanding",
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
