"""Whoever publishes, changes or closes a job sees it in the very next search, before any follower has read the log."""

from __future__ import annotations

from collections.abc import Iterator

import flask
import pytest
from flask.testing import FlaskClient

from matching import Index
from service.indexing.changes import Position
from service.indexing.follower import Follower
from tests.service.conftest import People, Publish, draft


@pytest.fixture
def follower(app: flask.Flask) -> Iterator[Follower]:
    """A follower that has read nothing since the application took up its first, empty index."""
    made = Follower(app.extensions["database"], app.extensions["settings"].index_dir)
    made.step()
    app.extensions["live_index"].refresh()
    yield made
    made.close()


def found(client: FlaskClient, words: str) -> list[int]:
    return [item["job_id"] for item in client.get("/v1/jobs", query_string={"q": words}).get_json()["items"]]


def test_published_changed_and_closed_at_once(
    app: flask.Flask, client: FlaskClient, publish: Publish, people: People, follower: Follower
) -> None:
    live = app.extensions["live_index"]
    job_id = publish(draft(title="电焊工"))["job_id"]
    assert found(client, "电焊工") == [job_id]
    follower.step()
    live.refresh()
    assert live.get().snapshot.fresh is None
    assert found(client, "电焊工") == [job_id]

    tag = client.get(f"/v1/jobs/{job_id}").headers["ETag"]
    patch = {"title": "商场保洁员", "description": "打扫卫生。"}
    changed = client.patch(f"/v1/jobs/{job_id}", json=patch, headers=people.employer | {"If-Match": tag})
    assert changed.status_code == 200
    assert found(client, "保洁") == [job_id]
    closed = client.post(f"/v1/jobs/{job_id}/close", json={"reason": "filled"}, headers=people.employer)
    assert closed.status_code == 200
    assert live.get().jobs == 0
    while follower.step():
        pass
    live.refresh()
    assert live.get().snapshot.fresh is None
    assert live.get().jobs == 0


def test_a_job_that_waits_for_a_check_is_not_shown(
    app: flask.Flask, client: FlaskClient, people: People, follower: Follower
) -> None:
    headers = people.unverified_employer | {"Idempotency-Key": "held-and-not-shown"}
    assert client.post("/v1/jobs", json=draft(), headers=headers).status_code == 201
    assert app.extensions["live_index"].get().jobs == 0
    assert follower.step() == 1


def test_what_goes_wrong_here_never_fails_the_request(
    monkeypatch: pytest.MonkeyPatch, client: FlaskClient, publish: Publish, follower: Follower
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(Index, "add", broken)
    job_id = publish(draft(title="电焊工"))["job_id"]
    assert found(client, "电焊工") == []
    assert follower.step() == 1
    assert client.get(f"/v1/jobs/{job_id}").status_code == 200


def test_a_position_knows_what_was_read() -> None:
    assert Position(7).holds(6, None)
    assert not Position(7).holds(7, None)
    assert Position(700, frozenset({9})).holds(9, 702)
    assert not Position(700, frozenset({9})).holds(10, 701)
    assert Position(700).holds(99, 699)
