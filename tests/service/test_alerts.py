"""Alert rules ask for metrics that exist, and each has its line for the person who is woken."""

from __future__ import annotations

import re
from pathlib import Path

import flask
from prometheus_client import REGISTRY

ROOT = Path(__file__).resolve().parents[2]
RULES = (ROOT / "ops/alerts.yml").read_text(encoding="utf-8")
ENDINGS = ("_total", "_bucket", "_count", "_sum", "")


def _metrics(app: flask.Flask) -> dict[str, set[str]]:
    """Every metric that a scrape can show, with its labels."""
    known = {}
    for collector in list(REGISTRY._collector_to_names):
        names = getattr(collector, "_labelnames", ())
        for metric in collector.describe() if hasattr(collector, "describe") else []:
            known[metric.name] = {*names, "le"}
    for collector in app.extensions["state_metrics"]:
        for metric in collector.collect():
            known[metric.name] = {label for sample in metric.samples for label in sample.labels}
    return known


def _base(name: str, known: dict[str, set[str]]) -> str | None:
    return next((name.removesuffix(end) for end in ENDINGS if name.endswith(end) and name.removesuffix(end) in known), None)


def test_every_metric_and_label_of_the_rules_exists(app: flask.Flask) -> None:
    known = _metrics(app) | {"chengnuan_index_built_age_seconds": set(), "chengnuan_follower_silent_seconds": set()}
    known |= {"chengnuan_index_changes_waiting": set()}  # shown as soon as there is an index and a follower: see below
    asked = re.findall(r"(chengnuan_[a-z_]+)(?:\{([^}]*)\})?", "\n".join(re.findall(r"expr: (.*)", RULES)))
    assert len(asked) > 15
    for name, labels in asked:
        base = _base(name, known)
        assert base is not None, name
        assert set(re.findall(r"([a-z_]+)=", labels or "")) <= known[base], (name, labels)


def test_what_needs_an_index_is_named_as_in_the_code() -> None:
    source = (ROOT / "service/state_metrics.py").read_text(encoding="utf-8")
    for name in ("chengnuan_index_built_age_seconds", "chengnuan_follower_silent_seconds", "chengnuan_index_changes_waiting"):
        assert f'"{name}"' in source


def test_every_route_of_the_rules_exists(built_app: flask.Flask) -> None:
    routes = {f"{method} {rule.rule}" for rule in built_app.url_map.iter_rules() for method in rule.methods or ()}
    for route in re.findall(r'route="([^"]+)"', RULES):
        assert route in routes


def test_every_alert_says_what_to_do() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (Chengnuan\w+) \| [^|]+ \| [^|]{20,} \|$", page, flags=re.MULTILINE)
    rules = re.findall(r"- alert: (\w+)\n {8}expr: .+\n {8}for: \d+m\n {8}labels: \{severity: (?:page|ticket)\}\n", RULES)
    assert rules == re.findall(r"- alert: (\w+)", RULES)
    assert told == rules
