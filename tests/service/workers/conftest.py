"""A worker who has agreed to the basics, and short ways to ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.accounts.models import Account
from service.consents import texts
from service.db import Database
from tests.service.conftest import People, agree

Put = Callable[..., TestResponse]


@pytest.fixture
def database(app: flask.Flask) -> Database:
    """The database of the application."""
    found: Database = app.extensions["database"]
    return found


@pytest.fixture
def worker_id(database: Database, people: People) -> int:
    """The worker behind ``people.worker``, who has agreed to have a profile kept."""
    with database.write_session() as session:
        found = session.get_one(Account, people.account_ids["worker"]).worker_id
        assert found is not None
        agree(session, found, texts.BASIC)
    return found


@pytest.fixture
def put(client: FlaskClient, people: People, worker_id: int) -> Put:
    """Write the profile: two of the three fields and whatever else is said."""

    def send(headers: dict[str, str] | None = None, **said: Any) -> TestResponse:
        body = {"wish": "想找看大门的活", **said}
        return client.put("/v1/me/profile", json=body, headers=(headers or people.worker) | {"If-Match": "*"})

    return send
