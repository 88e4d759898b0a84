"""What the counters of this machine say now, and what of it is new since the last time."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Metric, multiprocess

from service.metric_files import DIRECTORY

SEARCHES = frozenset({"GET /v1/jobs", "POST /v1/match"})
Times = dict[str, int]


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts since the counters began."""

    requests: int = 0
    errors: int = 0
    search_times: Times = field(default_factory=dict)
    visible_times: Times = field(default_factory=dict)

    def since(self, before: Mapping[str, Any]) -> Counted:
        """What has come since ``before`` (an older :meth:`dump`)."""
        return Counted(
            max(0, self.requests - int(before.get("requests", 0))),
            max(0, self.errors - int(before.get("errors", 0))),
            _since(self.search_times, before.get("search_times", {})),
            _since(self.visible_times, before.get("visible_times", {})),
        )

    def dump(self) -> dict[str, Any]:
        """For the mark."""
        return {
            "requests": self.requests,
            "errors": self.errors,
            "search_times": self.search_times,
            "visible_times": self.visible_times,
        }


def machine() -> str:
    """The name under which this machine's counters are remembered."""
    return socket.gethostname()[:64]


def epoch() -> str:
    """Changes whenever the counters begin anew: the supervisor makes their folder afresh at every start."""
    home = os.environ.get(DIRECTORY, "")
    if not home or not Path(home).is_dir():
        return ""
    made = Path(home).stat()
    return f"{made.st_ino}-{_born(Path(home))}"


def _born(home: Path) -> int:
    mark = home / "born"
    if not mark.exists():
        mark.touch()
    return mark.stat().st_mtime_ns


def read_counters() -> Counted | None:
    """All processes of this machine together; None without their folder (a single process without the supervisor)."""
    if not epoch():
        return None
    registry = CollectorRegistry()
    collector = multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    metrics = {metric.name: metric for metric in collector.collect()}  # type: ignore[no-untyped-call]
    requests = errors = 0
    for sample in _samples(metrics.get("chengnuan_requests"), "_total"):
        requests += int(sample.value)
        errors += int(sample.value) if sample.labels["status"].startswith("5") else 0
    search: Times = {}
    for sample in _samples(metrics.get("chengnuan_request_seconds"), "_bucket"):
        if sample.labels["route"] in SEARCHES:
            search[sample.labels["le"]] = search.get(sample.labels["le"], 0) + int(sample.value)
    visible = {one.labels["le"]: int(one.value) for one in _samples(metrics.get("chengnuan_visible_seconds"), "_bucket")}
    return Counted(requests, errors, _apart(search), _apart(visible))


def _samples(metric: Metric | None, ending: str) -> list[Any]:
    return [] if metric is None else [sample for sample in metric.samples if sample.name.endswith(ending)]


def _apart(cumulative: Times) -> Times:
    """Prometheus adds smaller buckets to larger ones; here each holds its own."""
    before = 0
    apart: Times = {}
    for bound in sorted(cumulative, key=float):
        apart[bound] = cumulative[bound] - before
        before = cumulative[bound]
    return apart


def _since(now: Times, before: Mapping[str, int]) -> Times:
    return {bound: max(0, number - int(before.get(bound, 0))) for bound, number in now.items()}


def together(first: Times, second: Times) -> Times:
    """Both added up; a bound that only one has keeps its number."""
    return {bound: first.get(bound, 0) + second.get(bound, 0) for bound in sorted(first.keys() | second.keys(), key=float)}


def share_below(times: Times, seconds: float) -> float | None:
    """The share that took at most ``seconds`` (which is a bound); None when there was nothing."""
    total = sum(times.values())
    return sum(number for bound, number in times.items() if float(bound) <= seconds) / total if total else None


def at_most(times: Times, percent: int) -> float | None:
    """Seconds within which ``percent`` of all were done: the bound of the bucket it falls in, so rather too much than too little.

    None when there was nothing, or it lies above the last bound.
    """
    total = sum(times.values())
    reached = 0
    for bound in sorted(times, key=float):
        reached += times[bound]
        if total and reached * 100 >= total * percent:
            return None if bound == "+Inf" else float(bound)
    return None
