"""Many rows, from the upload to the last job."""

from __future__ import annotations

from typing import Any

import flask
import pytest
from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine

from service.jobs.models import Job
from tests.service.imports.measure import measure, sheet


def _check(app: flask.Flask, rows: int) -> None:
    assert measure(app, sheet(rows)).counts == {"published": rows - rows // 50, "unchanged": 0, "held": 0, "rejected": rows // 50}
    with app.extensions["database"].read_session() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == rows - rows // 50


@pytest.mark.costly
def test_some_hundred_rows(app: flask.Flask) -> None:
    _check(app, 450)


@pytest.mark.costly
def test_the_record_of_an_employer_is_asked_for_once_a_batch_and_not_once_a_line(app: flask.Flask) -> None:
    asked: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "FROM employer_repeat_lift" in statement:
            asked.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        counts = measure(app, sheet(450, employer=True), employer=True).counts
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    assert counts["published"] == 441
    assert 0 < len(asked) < 10


@pytest.mark.long
@pytest.mark.timeout(600)
def test_twenty_thousand_rows(app: flask.Flask) -> None:
    _check(app, 20_000)  # how long it takes stands in docs/imports.md
