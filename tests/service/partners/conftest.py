"""A partner with a client, signed in."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient

from tests.service.conftest import People


@dataclass(frozen=True, slots=True)
class Partner:
    """The client of a made-up platform and the headers it sends."""

    partner_id: int
    client_id: str
    secret: str
    headers: dict[str, str]


def made(client: FlaskClient, by: dict[str, str], source: str = "partner-gz01", name: str = "演示合作平台") -> Partner:
    """A client issued by somebody, and its first token."""
    answer = client.post("/v1/partners", json={"source_key": source, "name": name}, headers=by)
    assert answer.status_code == 201, answer.get_json()
    said = answer.get_json()
    credentials = {"client_id": said["client_id"], "client_secret": said["client_secret"]}
    token = client.post("/v1/auth/client", json=credentials)
    assert token.status_code == 200, token.get_json()
    headers = {"Authorization": f"Bearer {token.get_json()['access_token']}"}
    return Partner(said["partner_id"], said["client_id"], said["client_secret"], headers)


@pytest.fixture
def partner(client: FlaskClient, people: People) -> Partner:
    """A platform whose client the bureau of Ganzhou has issued."""
    return made(client, people.bureau)
