"""DuckDB: the whole score as one SQL statement over postings sorted by term and jobs in spatial order. Exact."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from matching import formula
from matching.asking import Plan
from matching.bench.pool import Pool
from matching.model import KINDS


class DuckDb:
    """Zone maps are its index: terms stand together, neighbours stand together."""

    name: Final = "duckdb"
    note: Final = "exact: filters and whole score in SQL; no reasons"
    most_jobs: Final = 1_000_000
    most_queries: Final = 200

    def __init__(self, pool: Pool, folder: Path) -> None:
        self._pool = pool
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "jobs.duckdb"
        file.unlink(missing_ok=True)
        self._base = duckdb.connect(str(file), config={"threads": 1})
        self._base.execute("SET preserve_insertion_order = true")
        self._base.execute(
            "CREATE TABLE job (row INTEGER, id BIGINT, x INTEGER, y INTEGER, z INTEGER, placed BOOLEAN, "
            "kind UTINYINT, low INTEGER, high INTEGER, men_low UTINYINT, men_high UTINYINT, women_low UTINYINT, "
            "women_high UTINYINT, binds BOOLEAN, "
            "barred BOOLEAN, tags UINTEGER, published BIGINT, expires BIGINT)"
        )
        facts = pool.facts
        rows = {f"f{number}": facts[:, number].copy() for number in range(facts.shape[1])}
        columns = {"id": pool.job_id, "published": pool.published, "expires": pool.expires, **rows}
        self._base.register("columns", columns)
        self._base.execute(
            "INSERT INTO job SELECT row_number() OVER () - 1, id, f0, f1, f2, f3 <> 0, f4, f5, f6, f7, f8, f9, f10, "
            "f11 & 1 <> 0, f11 & 2 <> 0, f12, published, expires FROM columns"
        )
        self._base.unregister("columns")
        counts = pool.post_starts[1:] - pool.post_starts[:-1]
        self._base.execute("CREATE TABLE post (term INTEGER, row INTEGER, impact UTINYINT)")
        self._base.register("posts", {"row": pool.post_rows, "impact": pool.post_impacts})
        self._base.register("runs", {"count": counts})
        self._base.execute(
            "INSERT INTO post WITH run AS (SELECT row_number() OVER () - 1 AS term, count FROM runs), "
            "named AS (SELECT unnest(repeat([term], count)) AS term FROM run) "
            "SELECT term, row, impact FROM named POSITIONAL JOIN posts"
        )
        self._base.unregister("posts")
        self._base.unregister("runs")
        self._base.execute("CREATE TABLE place (step INTEGER, points INTEGER)")
        steps = ", ".join(f"({step}, {formula.place_points(step << formula.PLACE_SHIFT)})" for step in range(formula.PLACE_STEPS))
        self._base.execute(f"INSERT INTO place VALUES {steps}")  # noqa: S608 - own numbers
        self._base.execute("CHECKPOINT")
        self.bytes = file.stat().st_size

    def search(self, plan: Plan) -> list[int]:
        terms = [
            (number, term.group, term.weight) for term in plan.terms if (number := self._pool.terms.get(term.term)) is not None
        ]
        if plan.needs_words and not terms:
            return []
        return [job_id for (job_id,) in self._base.execute(_statement(self._pool, plan, terms)).fetchall()]

    def close(self) -> None:
        self._base.close()


def _statement(pool: Pool, plan: Plan, terms: list[tuple[int, int, int]]) -> str:
    """The query in SQL; every value in it is a number of ours."""
    query = plan.query
    low, high = {"male": ("men_low", "men_high"), "female": ("women_low", "women_high")}.get(
        query.sex or "", ("least(men_low, women_low)", "greatest(men_high, women_high)")
    )
    where = [f"expires > {query.now}"]
    chord = "-1"
    if plan.point is not None:
        x, y, z = plan.point
        square = f"((x - {x})::BIGINT * (x - {x}) + (y - {y})::BIGINT * (y - {y}) + (z - {z})::BIGINT * (z - {z}))"
        chord = f"(CASE WHEN placed THEN floor(sqrt({square}::DOUBLE))::BIGINT ELSE -1 END)"
        if plan.reach >= 0:
            where.append(f"placed AND {square} < {(plan.reach + 1) ** 2}")
            where.extend(
                f"{axis} BETWEEN {c - plan.reach} AND {c + plan.reach}" for axis, c in zip("xyz", plan.point, strict=True)
            )
    if query.kinds:
        where.append(f"kind IN ({', '.join(str(KINDS.index(kind)) for kind in query.kinds)})")
    parts = [f"least({formula.TEXT_MAX}, coalesce(total, 0) // {formula.IMPACT_MAX * formula.WEIGHT_SCALE})"]
    parts.append(
        f"greatest(0, {formula.FRESH_MAX} - {formula.FRESH_STEP} * (greatest(0, {query.now} - published) // {formula.DAY}))"
    )
    if query.age is not None:
        inside = f"({query.age} >= {low} AND ({query.age} <= {high} OR {high} = {formula.AGE_OPEN}))"
        where.append(f"({inside} OR NOT binds)")
        if query.age < 18:
            where.append("NOT barred")
        outside = f"greatest({low}::INTEGER - {query.age}, {query.age} - {high}::INTEGER)"
        parts.append(
            f"(CASE WHEN {low} = 0 AND {high} = {formula.AGE_OPEN} THEN {formula.AGE_UNSTATED} "
            f"WHEN {outside} > 0 THEN greatest(0, {formula.AGE_OUTSIDE} - {formula.AGE_STEP} * {outside}) "
            f"ELSE {formula.AGE_MAX} END)"
        )
    wish = query.wage_min_yuan_month or 0
    if wish > 0:
        parts.append(
            f"(CASE WHEN greatest(low, high) <= 0 THEN {formula.WAGE_UNKNOWN} WHEN low >= {wish} THEN {formula.WAGE_MAX} "
            f"WHEN high >= {wish} THEN {formula.WAGE_PART} "
            f"ELSE greatest(0, 100 - 400 * ({wish} - greatest(low, high)) // {wish}) END)"
        )
    if query.tags_wanted:
        mask = sum(1 << pool.tags[tag] for tag in query.tags_wanted if tag in pool.tags)
        parts.append(f"{formula.PREFERENCE_MAX} * bit_count(tags & {mask}::UINTEGER)::INTEGER // {len(query.tags_wanted)}")
    terms = terms or [(-1, 0, 0)]
    listed = ", ".join(f"({number}, {group}, {weight})" for number, group, weight in terms)
    words = "JOIN" if plan.needs_words else "LEFT JOIN"
    return (
        f"WITH asked (term, grp, weight) AS (VALUES {listed}), "  # noqa: S608 - own numbers
        "best AS (SELECT post.row, grp, max(weight * impact::INTEGER) AS points FROM post JOIN asked ON post.term = asked.term "
        f"WHERE post.term IN ({', '.join(str(number) for number, _, _ in terms)}) GROUP BY post.row, grp), "
        "text AS (SELECT row, sum(points)::BIGINT AS total FROM best GROUP BY row), "
        f"found AS (SELECT id, published, {' + '.join(parts)} AS value, {chord} AS chord "
        f"FROM job {words} text ON job.row = text.row WHERE {' AND '.join(where)}) "
        f"SELECT id FROM found LEFT JOIN place ON step = chord >> {formula.PLACE_SHIFT} AND chord >= 0 "
        f"ORDER BY value + coalesce(points, 0) DESC, published DESC, id LIMIT {query.limit}"
    )
