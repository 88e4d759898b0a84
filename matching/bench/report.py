"""The kept results as tables in ``docs/benchmarks.md``, between two marks: what is measured is never copied by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

Figures = dict[str, Any]
BEGIN: Final = "<!-- figures: written by python -m matching.bench --plot -->"
END: Final = "<!-- end of figures -->"
_SIZES: Final = {10_000: "10 k", 100_000: "100 k", 1_000_000: "1 M", 10_000_000: "10 M"}
_ROWS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("search: p50 / p95 / p99, µs", ("p50_us", "p95_us", "p99_us")),
    ("the same, processor time alone: p50 / p99, µs", ("cpu_p50_us", "cpu_p99_us")),
    ("search with a radius: p50 / p99, µs", ("radius_p50_us", "radius_p99_us")),
    ("text to hits with reasons: p50 / p95 / p99, µs", ("end_to_end_p50_us", "end_to_end_p95_us", "end_to_end_p99_us")),
    ("facets of all matches: p50 / p99, µs", ("facets_p50_us", "facets_p99_us")),
    ("many queries at once, matches/s on one core", ("batch_matches_per_s",)),
    ("beside a writer of 200 updates/s, p99, µs: quiet / writing", ("quiet_p99_us", "merge_p99_us")),
    ("published to visible: in the process / in every process, ms", ("visible_in_process_ms", "visible_ms")),
    ("build, jobs/s: words already numbers / with cutting", ("build_tokens_jobs_per_s", "build_text_jobs_per_s")),
    ("memory of building, MB", ("build_peak_mb",)),
    ("index, bytes a job", ("bytes_per_job",)),
    ("open with warm caches, s", ("open_s",)),
    ("resident while searching: all / not shared, MB", ("rss_mb", "rss_own_mb")),
    ("answers equal to the scan / compared", ("exact", "compared")),
)


def size_of(jobs: int) -> str:
    """A pool's size as people say it."""
    return _SIZES.get(jobs, f"{jobs:,}")


def load(results: Path) -> list[Figures]:
    """The kept results (``N.json``), smallest pool first."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob("[0-9]*.json")]
    return sorted(found, key=lambda figures: figures["jobs"])


def _number(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float) and abs(value) < 100:
        return f"{value:g}"
    return f"{round(value):,}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _own(runs: Sequence[Figures]) -> list[str]:
    def cell(run: Figures, names: tuple[str, ...]) -> str:
        return " / ".join(_number(run.get(name)) for name in names)

    rows = [[label, *(cell(run, names) for run in runs)] for label, names in _ROWS if any(run.get(names[-1]) for run in runs)]
    return _table(["open jobs", *(size_of(run["jobs"]) for run in runs)], rows)


def _peers(run: Figures) -> list[str]:
    own = {"name": "**chengnuan**", "recall_at_20": run["exact"], "build_s": run["jobs"] / run["build_text_jobs_per_s"]}
    fields: tuple[tuple[str, Callable[[Figures], str]], ...] = (
        ("", lambda peer: str(peer["name"])),
        *((f"p{step}, µs", lambda peer, step=step: _number(peer[f"p{step}_us"])) for step in (50, 95, 99)),
        ("q/s", lambda peer: _number(peer["qps"])),
        ("of the exact 20", lambda peer: "–" if peer["recall_at_20"] is None else f"{peer['recall_at_20']:.2%}"),
        ("build, s", lambda peer: _number(round(peer["build_s"], 1))),
        ("bytes a job", lambda peer: _number(peer["bytes_per_job"])),
    )
    rows = [[write(peer) for _, write in fields] for peer in (run | own, *run["peers"])]
    return _table([name for name, _ in fields], rows)


def tables(runs: Sequence[Figures]) -> str:
    """All tables as Markdown: the engine by size, the peers for each size, and what each peer does not compute."""
    lines = [
        f"Machine: {', '.join(sorted({run['machine'] for run in runs}))}. Queries of seed {runs[-1]['seed']}.",
        "",
        *_own(runs),
    ]
    notes: dict[str, str] = {}
    for run in reversed(runs):
        if run["peers"]:
            lines += ["", f"### {size_of(run['jobs'])} jobs, all in one process and one run", "", *_peers(run)]
            notes = {peer["name"]: peer["note"] for peer in run["peers"]} | notes
    if notes:
        lines += ["", "What each does, and does not:", "", *(f"- `{name}`: {note}" for name, note in notes.items())]
    return "\n".join(lines)


def _pictures(document: Path) -> list[str]:
    """The drawn pictures beside the document, as Markdown."""
    found = sorted((document.parent / "images").glob("benchmark_*.svg"))
    titles = [path.stem.removeprefix("benchmark_").replace("_", " ") for path in found]
    return [f"![{title} by pool size](images/{path.name})" for path, title in zip(found, titles, strict=True)]


def refresh(results: Path, document: Path) -> None:
    """Put the tables of ``results`` and the pictures between the marks of ``document``.

    Raises ``ValueError`` when the marks are not there.
    """
    runs = load(results)
    text = document.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{document} has no place for the figures")
    parts = [tables(runs), *_pictures(document)] if runs else []
    inside = "\n\n".join(["", *parts, ""])
    document.write_text(f"{head}{BEGIN}{inside}{END}{tail}", encoding="utf-8")
