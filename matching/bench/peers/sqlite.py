"""SQLite FTS5: BM25 over the words, filters joined from the jobs, the best by words and nearness sorted again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from matching.asking import Plan
from matching.bench.peers.cells import box, cells_of, cells_of_plan
from matching.bench.peers.scoring import KIND, PLACED, best_rows
from matching.bench.pool import Pool
from matching.model import KINDS

_NOTE: Final = (
    "its BM25 knows no weights of terms; only the {depth} best by BM25 and nearness are scored in full "
    "(NumPy); {place}; no reasons"
)
_BM25_TO_POINTS: Final = 20.0


class Sqlite:
    """A contentless FTS5 table (its BM25 needs the positions), and a table of jobs beside it, read by row number."""

    name: str = "sqlite_fts5"
    note: str = _NOTE.format(depth=1000, place="radius as a range of latitude and longitude of the joined row")
    depth: Final = 1000
    most_jobs: Final = 1_000_000
    most_queries: Final = 200
    cells: bool = False

    def __init__(self, pool: Pool, folder: Path) -> None:
        self._pool = pool
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.name}.db"
        file.unlink(missing_ok=True)
        self._base = sqlite3.connect(file)
        self._base.executescript(
            """
            PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA mmap_size = 8000000000;
            CREATE TABLE job (id INTEGER PRIMARY KEY, lat REAL, lng REAL, kind INTEGER, expires INTEGER);
            CREATE VIRTUAL TABLE word USING fts5 (words, content = '', tokenize = 'ascii');
            """
        )
        self._base.executemany("INSERT INTO job VALUES (?, ?, ?, ?, ?)", self._jobs())
        self._base.executemany("INSERT INTO word (rowid, words) VALUES (?, ?)", self._words())
        self._base.executescript("INSERT INTO word (word) VALUES ('optimize'); ANALYZE;")
        self.bytes = file.stat().st_size

    def _jobs(self) -> Iterator[tuple[Any, ...]]:
        pool = self._pool
        for row, (lat, lng) in enumerate(pool.places.tolist()):
            placed = bool(pool.facts[row, PLACED])
            yield row, lat if placed else None, lng if placed else None, int(pool.facts[row, KIND]), int(pool.expires[row])

    def _words(self) -> Iterator[tuple[int, str]]:
        for row, (lat, lng) in enumerate(self._pool.places.tolist()):
            cells = f" {' '.join(cells_of(lat, lng))}" if self.cells else ""
            yield row, self._pool.words(row) + cells

    def search(self, plan: Plan) -> list[int]:
        terms = [f"t{number}" for term in plan.terms if (number := self._pool.terms.get(term.term)) is not None]
        if not terms:
            return []
        asked = " OR ".join(terms)
        where, values = ["word MATCH ?", "job.expires > ?"], [asked, plan.query.now]
        around = box(plan)
        if self.cells and around:
            values[0] = f"({asked}) AND ({' OR '.join(cells_of_plan(plan))})"
        if around:
            where.append("job.lat BETWEEN ? AND ? AND job.lng BETWEEN ? AND ?")
            values.extend(around)
        if plan.query.kinds:
            where.append(f"job.kind IN ({','.join(str(KINDS.index(kind)) for kind in plan.query.kinds)})")
        order, point = f"-{_BM25_TO_POINTS} * bm25(word)", (plan.query.lat, plan.query.lng)
        if point[0] is not None and point[1] is not None:
            near = "exp(-3.7 * sqrt((job.lat - ?) * (job.lat - ?) + 0.75 * (job.lng - ?) * (job.lng - ?)))"
            order += f" + 600 * coalesce({near}, 0)"
            values.extend((point[0], point[0], point[1], point[1]))
        statement = (
            f"SELECT job.id FROM word CROSS JOIN job ON job.id = word.rowid WHERE {' AND '.join(where)} "  # noqa: S608 - own words
            f"ORDER BY {order} DESC LIMIT {self.depth}"
        )
        rows = [row for (row,) in self._base.execute(statement, values)]
        return best_rows(self._pool, plan, np.array(rows, dtype=np.int64))

    def close(self) -> None:
        self._base.close()


class SqliteCells(Sqlite):
    """The same with coarse cells as words of the index: the match itself is small then."""

    name: str = "sqlite_fts5_cells"
    note: str = _NOTE.format(depth=1000, place="radius as coarse cells in the full-text index, then the range")
    cells: bool = True
