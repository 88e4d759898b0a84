"""Other ways to answer the same queries, each at its best settings, each with what it does not compute said beside it.

A peer is made from the columns of the pool and a folder of its own, and answers a plan (the weighted terms, the point and the
filters that the engine gets too, so preparing words counts for nobody) with job ids, best first. Its package may be missing:
that is said and the others run.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Final, Protocol

from matching.asking import Plan
from matching.bench.pool import Pool

# One thread for everybody: read when the packages are loaded.
os.environ.setdefault("POLARS_MAX_THREADS", "1")


class Peer(Protocol):
    """``bytes``: size on disk, or in memory for what lives there. Beyond ``most_jobs`` and ``most_queries`` it takes too long."""

    name: str
    note: str
    most_jobs: int
    most_queries: int
    bytes: int

    def __init__(self, pool: Pool, folder: Path) -> None: ...

    def search(self, plan: Plan) -> list[int]:
        """Ids of the best jobs that it finds, in its order."""

    def close(self) -> None:
        """Let go of servers and files."""


HOMES: Final = {
    "numpy_blocks": "blocks:Blocks",
    "tantivy": "tantivy:Tantivy",
    "tantivy_cells": "tantivy:TantivyCells",
    "sqlite_fts5": "sqlite:Sqlite",
    "sqlite_fts5_cells": "sqlite:SqliteCells",
    "postgres_tsvector": "postgres:Words",
    "postgres_trgm": "postgres:Titles",
    "duckdb": "duckdb:DuckDb",
    "polars": "polars:Polars",
    "bm25s": "bm25s:Bm25s",
    "rapidfuzz_titles": "titles:RapidFuzz",
}
"""Every peer by its name in the figures; ``numpy_brute_force`` is measured with the exactness and not listed here."""


def maker(name: str) -> type[Peer]:
    """The class of a peer; raises ``ImportError`` when its package is not installed."""
    module, _, kind = HOMES[name].partition(":")
    made: type[Peer] = getattr(importlib.import_module(f"{__name__}.{module}"), kind)
    return made
