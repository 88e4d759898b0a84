"""Many rows in little time, from the upload to the last job."""

from __future__ import annotations

import flask
import pytest
from sqlalchemy import func, select

from service.jobs.models import Job
from tests.service.imports.measure import measure, sheet


def _check(app: flask.Flask, rows: int) -> float:
    figures = measure(app, sheet(rows))
    assert figures.counts == {"published": rows - rows // 50, "unchanged": 0, "held": 0, "rejected": rows // 50}
    with app.extensions["database"].read_session() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == rows - rows // 50
    return figures.processor


def test_some_hundred_rows(app: flask.Flask) -> None:
    _check(app, 450)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_twenty_thousand_rows_in_half_a_minute(app: flask.Flask) -> None:
    seconds = _check(app, 20_000)
    assert seconds < 25, seconds  # of the processor, since tests share the machine; figures stand in docs/imports.md
