"""Where sheets are sent in these tests."""

from __future__ import annotations

import flask
import pytest

from service.db import Database
from tests.service.conftest import People


@pytest.fixture
def database(app: flask.Flask) -> Database:
    """The database of this test."""
    found: Database = app.extensions["database"]
    return found


@pytest.fixture
def station(people: People) -> str:
    """Where the station's sheets go."""
    return f"/v1/stations/{people.station_id}/imports"


@pytest.fixture
def employer(people: People) -> str:
    """Where the employer's sheets go."""
    return f"/v1/employers/{people.employer_id}/imports"
