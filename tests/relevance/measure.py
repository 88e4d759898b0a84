"""``python -m tests.relevance.measure [--group G] [--worst N] [--pooled FILE]``: the table of docs/relevance.md.

Every judged query goes to every system over the fixed pool. nDCG@10 with gains 2^grade - 1 against the best order of the whole
pool; recall@20 of the jobs of grade 2 and 3 (at most 20 of them count); the share of queries that find nothing. ``--pooled``
writes the first ten of all systems with their grades, to be read.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import numpy as np
import psycopg

from matching import IndexWriter, open_index
from tests import servers
from tests.relevance import systems
from tests.relevance.judge import Grade, Judged, judge, queries
from tests.relevance.pool import pool
from tests.relevance.systems import Answer

FIRST = 10
USEFUL = 2
_DATABASE = "CREATE DATABASE relevance TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin LOCALE 'C.UTF-8'"
"""The plain C locale takes Chinese characters for no letters, and would find no trigram in them."""


class Figures(NamedTuple):
    """Means over queries. ``recall`` leaves out queries for which the pool holds nothing of grade 2 or 3."""

    ndcg: float
    recall: float
    empty: float


@cache
def grades(query: Judged) -> dict[int, Grade]:
    """The grades of all jobs of the pool."""
    return {job_id: judge(query, job) for job_id, job in pool().items()}


def ndcg(query: Judged, found: Sequence[int]) -> float:
    """Of the first ten, against the best ten there are."""
    given = grades(query)
    best = _gain(sorted((grade.points for grade in given.values()), reverse=True)[:FIRST])
    return _gain([given[job_id].points for job_id in found[:FIRST]]) / best if best else 0.0


def _gain(points: Iterable[int]) -> float:
    return sum((2.0**grade - 1) / math.log2(place + 2) for place, grade in enumerate(points))


def recall(query: Judged, found: Sequence[int]) -> float | None:
    """Share of the useful jobs that stand on the page; None when there are none."""
    useful = {job_id for job_id, grade in grades(query).items() if grade.points >= USEFUL}
    return len(useful & set(found)) / min(systems.PAGE, len(useful)) if useful else None


def figures(found: Mapping[Judged, Sequence[int]]) -> Figures:
    """The three figures of the answers to these queries."""
    recalls = [value for query, ids in found.items() if (value := recall(query, ids)) is not None]
    return Figures(mean(ndcg(query, ids) for query, ids in found.items()), mean(recalls), mean(not ids for ids in found.values()))


def _systems(folder: Path, connection: psycopg.Connection) -> dict[str, Answer]:
    with IndexWriter(folder) as writer:
        writer.rebuild(pool().values(), "1")
    index = open_index(folder)
    return {
        "full engine": systems.full(index),
        "without synonyms": systems.without_synonyms(index),
        "without occupations": systems.without_occupations(index),
        "without fuzzy": systems.without_fuzzy(index),
        "without understanding": systems.without_understanding(index),
        "BM25 over jieba's words": systems.bm25(pool(), near=False),
        "BM25 with distance added": systems.bm25(pool(), near=True),
        "PostgreSQL pg_trgm": systems.trigrams(connection, pool().values()),
    }


def _against(full: Mapping[Judged, Sequence[int]], found: Mapping[Judged, Sequence[int]]) -> str:
    """How much nDCG@10 the other system loses or gains, with the 95 % interval of 2,000 resamplings of the queries."""
    lost = np.array([ndcg(query, ids) - ndcg(query, full[query]) for query, ids in found.items()])
    draws = np.random.default_rng(1).choice(lost, (2_000, len(lost))).mean(axis=1)
    low, high = np.percentile(draws, (2.5, 97.5))
    return f"{lost.mean():+.3f} ({low:+.3f} to {high:+.3f})" if lost.any() else ""


def _line(name: str, cells: Iterable[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


def _tables(answers: Mapping[str, Mapping[Judged, Sequence[int]]]) -> Iterable[str]:
    yield _line("system", ("nDCG@10", "against the full engine, 95 %", "recall@20", "finds nothing"))
    yield "|---|---|---|---|---|"
    for name, found in answers.items():
        of = figures(found)
        lost = _against(next(iter(answers.values())), found)
        yield _line(name, (f"{of.ndcg:.3f}", lost, f"{of.recall:.3f}", f"{of.empty:.1%}"))
    groups = list(dict.fromkeys(query.group for found in answers.values() for query in found))
    yield ""
    yield _line("nDCG@10", groups)
    yield "|---" * (len(groups) + 1) + "|"
    for name, found in answers.items():
        parts = [figures({query: ids for query, ids in found.items() if query.group == group}) for group in groups]
        yield _line(name, (f"{part.ndcg:.3f}" for part in parts))


def _write_pooled(path: Path, answers: Mapping[str, Mapping[Judged, Sequence[int]]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("query", "text", "job", "title", "grade", "why", "places"))
        for query in next(iter(answers.values())):
            pooled = dict.fromkeys(job_id for found in answers.values() for job_id in found[query][:FIRST])
            for job_id in pooled:
                grade = grades(query)[job_id]
                at = [str(found[query].index(job_id) + 1 if job_id in found[query] else "-") for found in answers.values()]
                table.writerow((query.key, query.text, job_id, pool()[job_id].title, grade.points, grade.why, " ".join(at)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.relevance.measure", description="判定查询上的检索质量。")
    parser.add_argument("--group", action="append", help="只测这一组（可多次给出）")
    parser.add_argument("--worst", type=int, default=0, help="列出完整引擎最差的几条")
    parser.add_argument("--pooled", type=Path, help="把各方法前十条及其评分写到这个文件")
    options = parser.parse_args(arguments)
    chosen = [query for query in queries() if not options.group or query.group in options.group]
    run = servers.own_run()
    try:
        with psycopg.connect(servers.postgres(), autocommit=True) as connection:
            connection.execute(_DATABASE)
        with tempfile.TemporaryDirectory() as folder, psycopg.connect(servers.named("relevance"), autocommit=True) as connection:
            compared = _systems(Path(folder), connection)
            answers = {name: {query: answer(query) for query in chosen} for name, answer in compared.items()}
    finally:
        servers.end_run(run)
    print(f"{len(chosen)} queries over {len(pool())} jobs\n")
    print("\n".join(_tables(answers)))
    if options.worst:
        _print_worst(answers["full engine"], options.worst)
    if options.pooled:
        _write_pooled(options.pooled, answers)
    return 0


def _print_worst(found: Mapping[Judged, Sequence[int]], most: int) -> None:
    for query in sorted(found, key=lambda query: ndcg(query, found[query]))[:most]:
        shown = " ".join(f"{pool()[job_id].title}={grades(query)[job_id].points}" for job_id in found[query][:FIRST])
        print(f"\n{query.key} {ndcg(query, found[query]):.2f} {query.text}: {shown or 'nothing'}")


if __name__ == "__main__":
    sys.exit(main())
