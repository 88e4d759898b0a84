"""Growth as pictures: latency, memory and share of the right answer against the number of jobs, from the kept results.

Every line has a shape of its own beside its colour (Okabe and Ito's eight, which people who see few colours tell apart). Labels
are English: the pictures must look the same where no Chinese font is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from matching.bench.report import load, size_of

Figures = dict[str, Any]
Points = list[tuple[int, float]]

ENGINE: Final = "chengnuan (exact)"
_COLOURS: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7F7F7F", "#000000")
_MARKS: Final = "osD^vPX*<>hp"
_INCHES: Final = (9.0, 5.6)


def _lines(runs: Sequence[Figures], own: Callable[[Figures], Any], name: str) -> dict[str, Points]:
    """For the engine and each peer the points (jobs, value) where there is a value; the engine first."""
    lines: dict[str, Points] = {ENGINE: []}
    for run in runs:
        values = {ENGINE: own(run)} | {peer["name"]: peer.get(name) for peer in run["peers"]}
        for line, value in values.items():
            if value is not None:
                lines.setdefault(line, []).append((run["jobs"], float(value)))
    return {line: points for line, points in lines.items() if points}


def _style(lines: Sequence[str]) -> dict[str, dict[str, Any]]:
    styles: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(lines):
        colour = _COLOURS[number % len(_COLOURS)]
        dashes = "-" if number < len(_COLOURS) else "--"
        wide = {"linewidth": 3.0, "markersize": 8, "zorder": 5} if line == ENGINE else {"linewidth": 1.5, "markersize": 6}
        styles[line] = {"color": colour, "linestyle": dashes, "marker": _MARKS[number % len(_MARKS)], **wide}
    return styles


def _chart(title: str, label: str, lines: dict[str, Points], styles: dict[str, dict[str, Any]], *, log: bool) -> Figure:
    figure = Figure(figsize=_INCHES, layout="constrained")
    axes = figure.add_subplot()
    for line, points in lines.items():
        axes.plot([jobs for jobs, _ in points], [value for _, value in points], label=line, **styles[line])
    axes.set_xscale("log")
    if log:
        axes.set_yscale("log")
    sizes = sorted({jobs for points in lines.values() for jobs, _ in points})
    axes.set_xticks(sizes, [size_of(size) for size in sizes])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("open jobs")
    axes.set_ylabel(label)
    axes.set_title(title)
    axes.grid(visible=True, which="major", color="#DDDDDD")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return figure


def draw(results: Path, images: Path) -> list[Path]:
    """Draw all charts as SVG and PNG into ``images``; the files written. Nothing when there are no results."""
    runs = load(results)
    if not runs:
        return []
    mpl.rcParams.update({"svg.hashsalt": "chengnuan", "svg.fonttype": "path", "font.family": "DejaVu Sans", "font.size": 11})
    latency = "one query, from weighted terms to the best 20: {} (µs, log scale)"
    charts = {
        "latency_p50": ("Median latency by pool size", latency.format("p50"), lambda run: run["p50_us"], "p50_us", True),
        "latency_p99": ("99th percentile by pool size", latency.format("p99"), lambda run: run["p99_us"], "p99_us", True),
        "memory": ("Size of the index", "bytes a job", lambda run: run["bytes_per_job"], "bytes_per_job", True),
        "recall": ("Share of the exact best 20 that is found", "share", lambda run: run["exact"], "recall_at_20", False),
    }
    styles = _style(list(_lines(runs, lambda run: run["p50_us"], "p50_us")))
    images.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, (title, label, own, field, log) in charts.items():
        figure = _chart(title, label, _lines(runs, own, field), styles, log=log)
        for kind, options in (("svg", {"metadata": {"Date": None}}), ("png", {"dpi": 110})):
            path = images / f"benchmark_{name}.{kind}"
            figure.savefig(path, **options)
            written.append(path)
    return written
