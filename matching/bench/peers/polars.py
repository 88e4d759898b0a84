"""polars: slices of sorted postings, grouped, joined to the jobs, scored by expressions. Exact, in memory, one thread."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from matching import formula
from matching.asking import Plan
from matching.bench.pool import Pool
from matching.model import KINDS

_NAMES: Final = (
    "x", "y", "z", "placed", "kind", "low", "high", "men_low", "men_high", "women_low", "women_high", "rules", "tags",
)  # fmt: skip


class Polars:
    """Jobs are fetched by row number (``gather``), which is its fastest join."""

    name: Final = "polars"
    note: Final = "exact: filters and whole score in expressions, postings sliced by term; no reasons"
    most_jobs: Final = 1_000_000
    most_queries: Final = 300

    def __init__(self, pool: Pool, folder: Path) -> None:  # noqa: ARG002 - all peers are made alike
        self._pool = pool
        columns = {name: np.ascontiguousarray(pool.facts[:, number]) for number, name in enumerate(_NAMES)}
        self._jobs = pl.DataFrame({"id": pool.job_id, "published": pool.published, "expires": pool.expires, **columns})
        self._posts = pl.DataFrame({"row": pool.post_rows, "impact": pool.post_impacts})
        steps = [formula.place_points(step << formula.PLACE_SHIFT) for step in range(formula.PLACE_STEPS)]
        self._place = pl.Series("points", [*steps, 0], dtype=pl.Int64)
        self.bytes = int(self._jobs.estimated_size() + self._posts.estimated_size())

    def search(self, plan: Plan) -> list[int]:
        groups: dict[int, list[pl.DataFrame]] = {}
        for term in plan.terms:
            number = self._pool.terms.get(term.term)
            if number is not None:
                first, last = int(self._pool.post_starts[number]), int(self._pool.post_starts[number + 1])
                points = self._posts[first:last].select("row", points=pl.col("impact").cast(pl.Int64) * term.weight)
                groups.setdefault(term.group, []).append(points)
        if not groups:
            return [] if plan.needs_words else self._ranked(self._jobs.with_columns(total=pl.lit(0, pl.Int64)), plan)
        best = [
            parts[0] if len(parts) == 1 else pl.concat(parts).group_by("row").agg(pl.col("points").max())
            for parts in groups.values()
        ]
        totals = best[0] if len(best) == 1 else pl.concat(best).group_by("row").agg(pl.col("points").sum())
        jobs = self._jobs[totals["row"]].with_columns(total=totals["points"])
        return self._ranked(jobs, plan)

    def _ranked(self, jobs: pl.DataFrame, plan: Plan) -> list[int]:
        query, col = plan.query, pl.col
        frame = jobs.lazy().filter(col("expires") > query.now)
        if query.kinds:
            frame = frame.filter(col("kind").is_in([KINDS.index(kind) for kind in query.kinds]))
        value = pl.min_horizontal(pl.lit(formula.TEXT_MAX), col("total") // (formula.IMPACT_MAX * formula.WEIGHT_SCALE))
        if plan.point is not None:
            square = sum((col(axis).cast(pl.Int64) - at) ** 2 for axis, at in zip("xyz", plan.point, strict=True))
            chord = pl.when(col("placed") != 0).then(square.cast(pl.Float64).sqrt().cast(pl.Int64)).otherwise(-1)
            frame = frame.with_columns(chord=chord)
            if plan.reach >= 0:
                frame = frame.filter((col("chord") >= 0) & (col("chord") <= plan.reach))
            step = pl.when(col("chord") >= 0).then(col("chord") // (1 << formula.PLACE_SHIFT)).otherwise(formula.PLACE_STEPS)
            place = pl.lit(self._place).gather(pl.min_horizontal(step, pl.lit(formula.PLACE_STEPS)))
            value = value + place
        if query.age is not None:
            low, high = _limits(query.sex)
            inside = (low <= query.age) & ((high >= query.age) | (high == formula.AGE_OPEN))
            frame = frame.filter(inside | (col("rules") % 2 == 0))
            if query.age < 18:
                frame = frame.filter(col("rules") < 2)
            outside = pl.max_horizontal(low - query.age, query.age - high)
            beyond = pl.max_horizontal(pl.lit(0), formula.AGE_OUTSIDE - formula.AGE_STEP * outside)
            points = pl.when(outside > 0).then(beyond).otherwise(formula.AGE_MAX)
            value = value + pl.when((low == 0) & (high == formula.AGE_OPEN)).then(formula.AGE_UNSTATED).otherwise(points)
        wish = query.wage_min_yuan_month or 0
        if wish > 0:
            top = pl.max_horizontal("low", "high").cast(pl.Int64)
            short = pl.max_horizontal(pl.lit(0), 100 - 400 * (wish - top) // wish)
            reached = (
                pl.when(col("low") >= wish).then(formula.WAGE_MAX).when(top >= wish).then(formula.WAGE_PART).otherwise(short)
            )
            value = value + pl.when(top > 0).then(reached).otherwise(formula.WAGE_UNKNOWN)
        days = pl.max_horizontal(pl.lit(0), query.now - col("published")) // formula.DAY
        value = value + pl.max_horizontal(pl.lit(0), formula.FRESH_MAX - formula.FRESH_STEP * days)
        if query.tags_wanted:
            bits = [self._pool.tags[tag] for tag in query.tags_wanted if tag in self._pool.tags]
            met = sum(((col("tags") // (1 << bit)) % 2 for bit in bits), pl.lit(0))
            value = value + formula.PREFERENCE_MAX * met // len(query.tags_wanted)
        wanted = frame.select("id", "published", value=value)
        best = wanted.sort("value", "published", "id", descending=[True, True, False]).head(query.limit).collect()
        ids: list[int] = best["id"].to_list()
        return ids

    def close(self) -> None:
        """Nothing runs."""


def _limits(sex: str | None) -> tuple[pl.Expr, pl.Expr]:
    names = {"male": ("men_low", "men_high"), "female": ("women_low", "women_high")}.get(sex or "")
    if names:
        return pl.col(names[0]), pl.col(names[1])
    return pl.min_horizontal("men_low", "women_low"), pl.max_horizontal("men_high", "women_high")
