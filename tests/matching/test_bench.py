"""The benchmark measures what it says: peers that claim to be exact are, and what is compared is really compared."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matching import Index, Query, open_index
from matching.asking import plan_for
from matching.bench import pool, prepare, report
from matching.bench.__main__ import main
from matching.bench.measure import Contest, measure
from matching.bench.merging import measure_merging
from matching.bench.peers import HOMES, Peer, maker
from matching.bench.pool import Pool, frequencies
from matching.engine import rank
from seed_jobs import synthesize

JOBS = 3000
EXACT = ("numpy_blocks", "duckdb", "polars")
WITH_WORDS = ("tantivy", "tantivy_cells", "sqlite_fts5", "sqlite_fts5_cells", "bm25s")
SERVERS = ("postgres_tsvector", "postgres_trgm")


@dataclass(frozen=True, slots=True)
class Built:
    folder: Path
    index: Index
    pool: Pool
    queries: list[Query]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    folder = tmp_path_factory.mktemp("bench")
    for what in ("index", "columns"):
        prepare.prepared(folder, JOBS, what)
    index = open_index(folder)
    queries = synthesize.queries(60, 2)
    # The asked words may be none at all, and a person may be a minor: both are told apart by every peer.
    queries += [
        replace(queries[0], text="", skills=()),
        replace(queries[1], age=17),
        replace(queries[2], kinds=frozenset(["gig"])),
    ]
    yield Built(folder, index, pool.read(folder), queries)
    index.close()


def _peer(built: Built, name: str) -> Peer:
    try:
        make = maker(name)
    except ImportError as missing:
        pytest.skip(str(missing))
    return make(built.pool, built.folder / "peers")


def _best(built: Built, query: Query) -> list[int]:
    ids: list[int] = rank(built.index.snapshot, plan_for(built.index.snapshot, query)).best[:, 2].tolist()
    return ids


@pytest.mark.parametrize("name", EXACT)
def test_exact_peer_gives_the_engines_answer(built: Built, name: str) -> None:
    peer = _peer(built, name)
    for query in built.queries:
        assert peer.search(plan_for(built.index.snapshot, query)) == _best(built, query)
    assert peer.bytes > JOBS
    peer.close()


@pytest.mark.parametrize("name", [*WITH_WORDS, *(pytest.param(name, marks=pytest.mark.long) for name in SERVERS)])
def test_peer_with_words_finds_most_of_it_and_nothing_that_is_left_out(built: Built, name: str) -> None:
    peer = _peer(built, name)
    found, wanted = 0, 0
    for query in built.queries:
        plan = plan_for(built.index.snapshot, query)
        every = set(_best(built, replace(query, limit=JOBS)))
        ids = peer.search(plan)
        best = set(_best(built, query))
        assert len(ids) == len(set(ids)) <= query.limit
        if plan.needs_words:
            assert set(ids) <= every
            found, wanted = found + len(best & set(ids)), wanted + len(best)
    assert found >= (0.9 if name != "postgres_trgm" else 0.05) * wanted > 0
    peer.close()


def test_titles_alone_miss_much(built: Built) -> None:
    peer = maker("rapidfuzz_titles")(built.pool, built.folder)
    asked = [query for query in built.queries if query.text]
    shares = [len(set(_best(built, query)) & set(peer.search(plan_for(built.index.snapshot, query)))) for query in asked]
    assert 0 < sum(shares) < sum(len(_best(built, query)) for query in asked)


def test_pool_holds_the_jobs_in_the_order_of_the_engine(built: Built) -> None:
    jobs = {job.job_id: job for job in synthesize.jobs(JOBS, prepare.JOBS_SEED)}
    assert built.index.snapshot.lives[0].segment.find(built.pool.job_id).tolist() == list(range(JOBS))
    names = list(built.pool.terms)
    for row in range(0, JOBS, 97):
        job = jobs[int(built.pool.job_id[row])]
        span = slice(int(built.pool.doc_starts[row]), int(built.pool.doc_starts[row + 1]))
        held = zip(built.pool.doc_terms[span].tolist(), built.pool.doc_tf[span].tolist(), strict=True)
        counts = frequencies(job)
        assert {names[term]: count for term, count in held} == counts
        assert len(built.pool.words(row).split()) == sum(counts.values())
        assert built.pool.titles[built.pool.title[row]] == job.title
        for term in counts:
            rows, impacts = built.pool.postings(term)
            assert (np.diff(rows) > 0).all()
            assert row in rows
            assert len(rows) == len(impacts)


class Liar:
    """A peer that finds half of the answer."""

    name, note, most_jobs, most_queries, bytes = "liar", "", JOBS, 5, 1

    def __init__(self, index: Index) -> None:
        self._index = index

    def search(self, plan: object) -> list[int]:
        ids: list[int] = rank(self._index.snapshot, plan).best[:, 2].tolist()  # type: ignore[arg-type]
        return ids[::2]

    def close(self) -> None:
        """Nothing runs."""


def test_contest_counts_what_was_found_and_what_was_equal(built: Built) -> None:
    contest = Contest(built.index, [Liar(built.index)])
    for number, query in enumerate(built.queries[:10]):
        contest.ask(number, query, compare=number < 7)
    assert (contest.compared, contest.equal) == (7, 7)
    assert len(contest.spent["liar"]) == 5
    assert all(0.5 <= share <= 1.0 for share in contest.recall["liar"])
    figures = contest.figures_of(contest.peers[0], 0.0, JOBS)
    assert figures["recall_at_20"] < 1.0
    assert figures["p50_us"] <= figures["p95_us"] <= figures["p99_us"]


def test_contest_notices_an_answer_that_is_not_exact(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matching.bench.measure.brute_force", lambda *_: np.full((1, 3), -1))
    contest = Contest(built.index, [])
    contest.ask(0, built.queries[0], compare=True)
    assert (contest.compared, contest.equal) == (1, 0)


def test_missing_package_is_said_and_not_fatal(
    built: Built, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(HOMES, "duckdb", "not_there:Nobody")
    figures = measure(built.folder, JOBS, built.queries[:20], 15, ["duckdb", "numpy_blocks"])
    assert "duckdb: not measured" in capsys.readouterr().err
    assert [peer["name"] for peer in figures["peers"]] == ["numpy_brute_force", "numpy_blocks"]
    assert (figures["compared"], figures["exact"], figures["peers"][1]["recall_at_20"]) == (15, 1.0, 1.0)
    for name in (
        "build_text_jobs_per_s",
        "build_tokens_jobs_per_s",
        "batch_matches_per_s",
        "facets_p50_us",
        "bytes_per_job",
        "qps",
    ):
        assert figures[name] > 0


def test_unknown_peer_is_refused_before_anything_is_built() -> None:
    with pytest.raises(SystemExit, match="没有叫 lucene 的对照方法"):
        main(["--peers", "lucene"])


def test_prepared_folder_is_used_again_until_the_jobs_are_others(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    def start(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        started.append(command)
        return subprocess.CompletedProcess(command, 0, stdout='{"bytes_per_job": 1}')

    monkeypatch.setattr("matching.bench.prepare.subprocess.run", start)
    kept = (built.folder / "bench-index.json").read_text(encoding="utf-8")
    figures = prepare.prepared(built.folder, JOBS, "index")
    assert figures["build_peak_mb"] > 0
    assert not started
    assert prepare.prepared(built.folder, JOBS + 1, "index") == {"bytes_per_job": 1}
    assert [command[-1] for command in started] == [str(JOBS + 1)]
    (built.folder / "bench-index.json").write_text(kept, encoding="utf-8")


def test_pictures_are_drawn_from_kept_results(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from matching.bench.plot import draw  # noqa: PLC0415 - needs matplotlib

    peer: dict[str, Any] = {"name": "slow", "p50_us": 900.0, "p99_us": 2000.0, "bytes_per_job": 50.0, "recall_at_20": 0.5}
    for jobs in (10_000, 100_000):
        run: dict[str, Any] = {
            "jobs": jobs,
            "p50_us": 30.0,
            "p99_us": 90.0,
            "bytes_per_job": 100.0,
            "exact": 1.0,
            "peers": [peer],
        }
        (tmp_path / f"{jobs}.json").write_text(json.dumps(run), encoding="utf-8")
    files = draw(tmp_path, tmp_path / "images")
    assert len(files) == 8
    first = [path.read_bytes() for path in files]
    assert first == [path.read_bytes() for path in draw(tmp_path, tmp_path / "images")]


def test_tables_are_those_of_the_kept_results(tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"
    original = Path("docs/benchmarks.md").read_text(encoding="utf-8")
    document.write_text(original, encoding="utf-8")
    (tmp_path / "images").symlink_to(Path("docs/images").absolute())
    report.refresh(Path("docs/benchmarks"), document)
    assert document.read_text(encoding="utf-8") == original


def test_tables_name_every_size_and_say_what_a_peer_leaves_out(tmp_path: Path) -> None:
    peer: dict[str, Any] = {"name": "slow", "p50_us": 9.5, "p95_us": 1234.5, "p99_us": 2000.0, "qps": 7.0, "note": "no reasons"}
    peer |= {"recall_at_20": 0.5, "build_s": 1.0, "bytes_per_job": 50.0}
    run: dict[str, Any] = {
        "jobs": 1_000_000,
        "p50_us": 30.0,
        "p95_us": 90.0,
        "p99_us": 1500.0,
        "qps": 9.0,
        "exact": 1.0,
        "compared": 7,
        "seed": 7,
    }
    run |= {"bytes_per_job": 100.0, "build_text_jobs_per_s": 1000, "machine": "two cores", "peers": [peer]}
    (tmp_path / "1000000.json").write_text(json.dumps(run), encoding="utf-8")
    document = tmp_path / "figures.md"
    document.write_text(f"before\n{report.BEGIN}old{report.END}\nafter", encoding="utf-8")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "benchmark_memory.svg").touch()
    report.refresh(tmp_path, document)
    written = document.read_text(encoding="utf-8")
    assert written.startswith("before\n")
    assert written.endswith("\nafter")
    assert "old" not in written
    parts = ["| 1 M |", "| 30 / 90 / 1,500 |", "| slow | 9.5 | 1,234 | 2,000 | 7 | 50.00% | 1 | 50 |", "- `slow`: no reasons"]
    for part in [*parts, "(images/benchmark_memory.svg)"]:
        assert part in written
    document.write_text("nowhere", encoding="utf-8")
    with pytest.raises(ValueError, match="no place"):
        report.refresh(tmp_path, document)


@pytest.mark.long
def test_searching_beside_a_writer(built: Built) -> None:
    figures = measure_merging(built.folder, JOBS, built.queries, seconds=3.0)
    assert figures["updates_per_s"] > 100
    assert figures["generations"] >= 10
    assert figures["merges"] >= 1
    assert figures["quiet_p99_us"] > 0
    assert figures["merge_p99_us"] > 0
    assert built.index.refresh() is False  # the measured folder stayed as it was


@pytest.mark.long
def test_hundred_thousand_jobs_are_answered_exactly() -> None:
    command = [sys.executable, "-m", "matching.bench", "--jobs", "100000", "--queries", "300", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    figures = json.loads(done.stdout)
    assert done.returncode == 0
    assert (figures["jobs"], figures["compared"], figures["exact"]) == (100_000, 300, 1.0)
    assert figures.keys() >= {
        *("p50_us", "p95_us", "p99_us", "radius_p50_us", "radius_p99_us", "end_to_end_p50_us", "end_to_end_p99_us"),
        *(
            "build_jobs_per_s",
            "build_text_jobs_per_s",
            "build_tokens_jobs_per_s",
            "batch_matches_per_s",
            "bytes_per_job",
            "rss_mb",
        ),
        *("bytes_per_job", "rss_mb", "visible_ms", "facets_p50_us", "merge_p99_us", "quiet_p99_us"),
    }
    assert figures["merge_p99_us"] is None
    assert "--merging" in figures["merge_p99_us_reason"]
    wanted = {"name", "p50_us", "p95_us", "p99_us", "qps", "recall_at_20", "build_s", "bytes_per_job"}
    assert all(peer.keys() >= wanted for peer in figures["peers"])
