"""No answer carries a whole telephone number or identity number, whoever asks, unless that is what the route is for.

Every sealed column of every row is filled with one; then every role reads everything. :data:`REVEALS` names the routes that
exist to show one, and why.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import clock
from service.crypto.sealed import sealed_columns
from service.open_data.position import Position
from tests.service.matrix_objects import CALLERS, Side, World, opened_world
from tests.service.test_matrix import OPERATIONS, makers_of

REVEALS = {
    "GET /v1/employers/{employer_id}/handler": "who signed for the employer, for it and for who checks the papers; noted",
    "GET /v1/jobs/{job_id}/contact": "the telephone of an advert, for who is signed in; every look is noted",
    "GET /v1/jobs/{job_id}/group-text": "the telephone of an advert, for who publishes it and passes it on himself",
    "GET /v1/me/export": "everything that is held about the caller himself",
}
UNANSWERED = {
    "GET /v1/auth/oidc/start": "no identity service is set up here",
    "GET /v1/wechat/push": "only what WeChat has signed is answered",
}
PHONE, CITIZEN = "13800000077", "999999199001010015"
_WHOLE = re.compile(r"(?<![\w.])(?:1[3-9]\d{9}|\d{17}[\dXx])(?!\w)")
"""A number that stands alone: not in a request id, nor in the decimals of a measurement."""
READING = tuple(name for name in OPERATIONS if name.startswith("GET "))
_SHAPED = {"health_limits": '["no_lifting"]', "cells": f'["{CITIZEN}", "{PHONE}"]'}
"""Sealed texts that are no line of words."""
_NOW = clock.now()
_FROM_THE_BEGINNING = Position("s", _NOW, 0, 0, _NOW - timedelta(days=1)).dump()
_FILTERED = {"GET /v1/suggest": "?q=zpg", "GET /v1/stream/jobs": f"?since={_FROM_THE_BEGINNING}"}
"""What a list that needs a question is asked."""


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The people and objects of the matrix."""
    directory = tmp_path_factory.mktemp("world")
    shutil.copy(sqlite_template, directory / "test.db")
    with opened_world(f"sqlite:///{directory / 'test.db'}", directory) as made:
        yield made


def plant(session: Session) -> None:
    """A number in every sealed column that is empty."""
    for column in sealed_columns():
        if column.field.name == "secret":
            continue  # of the second factor: nobody reads it again
        for row in session.scalars(select(column.model).where(getattr(column.model, column.field.column).is_(None))):
            setattr(row, column.field.name, _SHAPED.get(column.field.name, PHONE if "phone" in column.field.name else CITIZEN))


@pytest.mark.parametrize("operation", READING)
def test_no_whole_number(world: World, operation: str) -> None:
    path = operation.partition(" ")[2] + _FILTERED.get(operation, "")
    client = world.app.test_client()
    answered, revealed = 0, 0
    for maker in makers_of(operation) if "{" in operation else [None]:
        for side in Side if maker else [Side.OWN]:
            for role in CALLERS:
                with world.database.write_session() as session:
                    where = path.format(**maker(session, world, side, role).path) if maker else path
                    session.flush()
                    plant(session)
                answer = client.get(where, headers=world.headers[role])
                answered += answer.status_code == 200
                found = _WHOLE.findall(answer.get_data().decode("utf-8", "replace"))
                revealed += bool(found)
                assert not found or operation in REVEALS, (operation, role, side, found)
                assert not [secret for secret in (PHONE, CITIZEN) if secret in str(answer.headers)], (operation, role)
    assert answered or operation in UNANSWERED, (
        f"{operation}: nobody got an answer, the last was {answer.status_code} {answer.get_data(as_text=True)[:300]}"
    )
    assert revealed or operation not in REVEALS, f"{operation} reveals nothing: take it out of REVEALS"
