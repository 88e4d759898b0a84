"""The manual for clerks names routes, commands, reasons and settings as they are."""

from __future__ import annotations

import re
from pathlib import Path

import click
import flask
import pytest

from service.jobs.reviews.tables import OUTCOMES, decision_reasons, report_reasons
from service.stations.levels import level_names

DOCS = Path(__file__).parents[2] / "docs"
MANUAL = (DOCS / "manual.zh.md").read_text("utf-8")


def test_every_route_is_there(app: flask.Flask) -> None:
    there = {(method, re.sub(r"<[^>]+>", "{}", rule.rule)) for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    named = {
        (method, re.sub(r"\{[^}]*\}", "{}", path)) for method, path in re.findall(r"`(GET|POST|PUT|DELETE) (/v1/[^`?]+)", MANUAL)
    }
    assert len(named) > 35
    assert named - there == set()


def test_every_command_is_there(app: flask.Flask) -> None:
    named = {tuple(found.split()) for found in re.findall(r"`flask ([a-z]+ [a-z]+)", MANUAL)}
    assert len(named) > 7
    for group, command in sorted(named):
        found = app.cli.commands[group]
        assert isinstance(found, click.Group)
        assert command in found.commands, (group, command)


def test_reasons_of_reports_and_decisions() -> None:
    for code, reason in report_reasons().items():
        assert f"`{code}` " in MANUAL, code
        grave = MANUAL.index("这五种算严重")
        assert (MANUAL.index(f"`{code}` ") < grave) is reason.grave, code
    for page in ("manual.zh.md", "checks.md"):
        text = (DOCS / page).read_text("utf-8")
        for outcome in OUTCOMES:
            (row,) = re.findall(rf"^\| `{outcome}`[^|]*\|([^|]+)\|", text, re.MULTILINE)
            assert set(re.findall(r"`(\w+)`", row)) == set(decision_reasons(outcome)), (page, outcome)


@pytest.mark.parametrize("page", ["manual.zh.md", "partners.md", "checks.md", "feeds.md", "open-data.md", "operations.md"])
def test_links_lead_somewhere(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    for target, heading in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text):
        file = DOCS / (target or page)
        assert file.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}, heading


def test_levels_of_stations_are_told() -> None:
    page = (DOCS / "operations.md").read_text("utf-8")
    (said,) = re.findall(r"\(`level`: ([^)]*)\)", page)
    assert set(re.findall(r"`(\w+)`", said)) == set(level_names())
