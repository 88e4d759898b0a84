"""Changing, closing and prolonging a job."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from service import clock
from service.app import create_app
from service.jobs.models import Job, JobChange, JobHistory
from tests.service.conftest import People, Publish, draft, gig_draft, make_people, settings_for


@pytest.fixture
def job(publish: Publish) -> dict[str, Any]:
    """A published vacancy."""
    return publish()


def _edit(client: FlaskClient, people: People, job: dict[str, Any], change: dict[str, Any], tag: str | None = None) -> Any:
    headers = people.employer | {"If-Match": tag or f'"{job["version"]}-x"'}
    return client.patch(f"/v1/jobs/{job['job_id']}", json=change, headers=headers)


def _changes(app: flask.Flask) -> int:
    with app.extensions["database"].read_session() as session:
        return int(session.scalar(select(func.count()).select_from(JobChange)) or 0)


class TestEdit:
    def test_a_new_wage_is_read_anew(self, client: FlaskClient, people: People, job: dict[str, Any]) -> None:
        answer = _edit(client, people, job, {"wage": "24元/小时"})
        assert answer.status_code == 200, answer.get_json()
        assert answer.get_json()["version"] == 2
        shown = client.get(f"/v1/jobs/{job['job_id']}").get_json()
        assert shown["wage"]["unit"] == "hour"
        assert shown["wage"]["min_yuan_month"] == 4176
        assert shown["title"] == job["title"]
        assert shown["tags"] == job["tags"]

    def test_what_is_no_longer_promised_is_no_longer_a_tag(
        self, client: FlaskClient, people: People, job: dict[str, Any]
    ) -> None:
        tags = _edit(client, people, job, {"description": "流水线组装，不包住。"}).get_json()["tags"]
        assert "包住" not in tags
        assert "包吃" not in tags

    def test_two_edits_at_once(self, client: FlaskClient, people: People, job: dict[str, Any]) -> None:
        tag = client.get(f"/v1/jobs/{job['job_id']}").headers["ETag"]
        assert _edit(client, people, job, {"headcount": 30}, tag).status_code == 200
        late = _edit(client, people, job, {"headcount": 10}, tag)
        assert late.status_code == 412
        assert late.get_json()["error"] == "changed_meanwhile"
        assert client.get(f"/v1/jobs/{job['job_id']}").get_json()["headcount"] == 30

    def test_an_edit_must_say_which_version(self, client: FlaskClient, people: People, job: dict[str, Any]) -> None:
        response = client.patch(f"/v1/jobs/{job['job_id']}", json={"headcount": 3}, headers=people.employer)
        assert response.status_code == 428
        assert response.get_json()["error"] == "if_match_required"

    def test_nothing_new_changes_nothing(
        self, app: flask.Flask, client: FlaskClient, people: People, job: dict[str, Any]
    ) -> None:
        before = _changes(app)
        assert _edit(client, people, job, {"headcount": job["headcount"]}).get_json()["version"] == 1
        assert _changes(app) == before

    def test_a_refused_edit_changes_nothing(
        self, app: flask.Flask, client: FlaskClient, people: People, job: dict[str, Any]
    ) -> None:
        before = _changes(app)
        response = _edit(client, people, job, {"headcount": 5, "wage": "9000-3000元/月"})
        assert response.status_code == 422
        assert client.get(f"/v1/jobs/{job['job_id']}").get_json()["headcount"] == 20
        assert _changes(app) == before

    def test_history_says_what_changed_but_no_phone(
        self, app: flask.Flask, client: FlaskClient, people: People, job: dict[str, Any]
    ) -> None:
        _edit(client, people, job, {"headcount": 5, "contact_phone": "13900000009"})
        with app.extensions["database"].read_session() as session:
            entry = session.scalars(select(JobHistory).where(JobHistory.action == "edit")).one()
        assert entry.changes["headcount"] == [20, 5]
        assert entry.account_id == people.account_ids["employer"]
        assert "13900000009" not in str(entry.changes)

    @pytest.mark.parametrize("who", ["other_employer", "staff", "other_bureau"])
    def test_only_ones_own(self, client: FlaskClient, people: People, job: dict[str, Any], who: str) -> None:
        headers = getattr(people, who) | {"If-Match": "*"}
        response = client.patch(f"/v1/jobs/{job['job_id']}", json={"headcount": 5}, headers=headers)
        assert response.status_code == 403
        assert response.get_json()["error"] == "not_your_job"

    @pytest.mark.parametrize("who", ["employer", "bureau", "operator"])
    def test_those_who_look_after_it(self, client: FlaskClient, people: People, job: dict[str, Any], who: str) -> None:
        headers = getattr(people, who) | {"If-Match": "*"}
        response = client.patch(f"/v1/jobs/{job['job_id']}", json={"headcount": 5}, headers=headers)
        assert response.status_code == 200, response.get_json()

    def test_seats_never_below_those_taken(self, app: flask.Flask, client: FlaskClient, publish: Publish, people: People) -> None:
        gig = publish(gig_draft(clock.now()), people.staff)
        with app.extensions["database"].write_session() as session:
            row = session.get_one(Job, gig["job_id"])
            session.refresh(row, ["gig"])
            assert row.gig is not None
            row.gig.seats_taken = 4
        response = client.patch(f"/v1/jobs/{gig['job_id']}", json={"gig": {"seats": 3}}, headers=people.staff | {"If-Match": "*"})
        assert response.status_code == 409
        assert response.get_json()["error"] == "seats_taken"

    def test_a_job_of_a_feed_is_changed_at_its_source(
        self, app: flask.Flask, client: FlaskClient, people: People, job: dict[str, Any]
    ) -> None:
        with app.extensions["database"].write_session() as session:
            session.execute(update(Job).values(original_id="row-1"))
        assert _edit(client, people, job, {"headcount": 5}).get_json()["error"] == "job_from_feed"


class TestClose:
    def test_it_is_gone_at_once(self, client: FlaskClient, people: People, job: dict[str, Any]) -> None:
        url = f"/v1/jobs/{job['job_id']}"
        closed = client.post(f"{url}/close", json={"reason": "filled"}, headers=people.employer)
        assert closed.get_json()["status"] == "closed"
        over = client.get(url).get_json()
        assert (over["error"], over["message"]) == ("job_over", "这个岗位已经下架，请看看别的。"), "why is not for everybody"
        assert client.get(url, headers=people.employer).get_json()["closed_reason"] == "filled"

    def test_twice_is_fine_and_counts_once(
        self, app: flask.Flask, client: FlaskClient, people: People, job: dict[str, Any]
    ) -> None:
        url = f"/v1/jobs/{job['job_id']}/close"
        client.post(url, json={}, headers=people.employer)
        before = _changes(app)
        assert client.post(url, json={}, headers=people.employer).status_code == 200
        assert _changes(app) == before

    def test_not_by_others(self, client: FlaskClient, people: People, job: dict[str, Any]) -> None:
        assert client.post(f"/v1/jobs/{job['job_id']}/close", json={}, headers=people.other_employer).status_code == 403

    def test_a_closed_job_is_not_changed(self, client: FlaskClient, people: People, job: dict[str, Any]) -> None:
        client.post(f"/v1/jobs/{job['job_id']}/close", json={}, headers=people.employer)
        response = client.patch(f"/v1/jobs/{job['job_id']}", json={"headcount": 5}, headers=people.employer | {"If-Match": "*"})
        assert response.get_json()["error"] == "job_closed"


class TestRenew:
    def _renew(self, client: FlaskClient, people: People, job_id: int, key: str, **body: str) -> Any:
        return client.post(f"/v1/jobs/{job_id}/renew", json=body, headers=people.employer | {"Idempotency-Key": key})

    def test_sixty_days(self, client: FlaskClient, people: People, job: dict[str, Any]) -> None:
        until = clock.parse(self._renew(client, people, job["job_id"], "renew-001").get_json()["valid_until"])
        assert timedelta(days=59) < until - clock.now() <= timedelta(days=60)

    def test_an_expired_one_comes_back(self, app: flask.Flask, client: FlaskClient, people: People, job: dict[str, Any]) -> None:
        with app.extensions["database"].write_session() as session:
            session.execute(update(Job).values(valid_until=clock.now() - timedelta(days=1)))
        assert client.get(f"/v1/jobs/{job['job_id']}").status_code == 404
        self._renew(client, people, job["job_id"], "renew-002")
        assert client.get(f"/v1/jobs/{job['job_id']}").status_code == 200

    @pytest.mark.parametrize("until", ["2020-01-01T00:00:00+08:00", "2099-01-01T00:00:00+08:00"])
    def test_not_into_the_past_nor_for_ever(self, client: FlaskClient, people: People, job: dict[str, Any], until: str) -> None:
        response = self._renew(client, people, job["job_id"], "renew-003", valid_until=until)
        assert response.status_code == 422
        assert "valid_until" in response.get_json()["errors"]

    def test_a_gig_no_longer_than_its_work(self, client: FlaskClient, publish: Publish, people: People) -> None:
        gig = publish(gig_draft(clock.now()))
        assert self._renew(client, people, gig["job_id"], "renew-004").get_json()["valid_until"] == gig["gig"]["ends_at"]


def test_an_edit_of_the_address_keeps_the_county(client: FlaskClient, publish: Publish, people: People) -> None:
    made = publish(draft(lat=25.83, lng=114.93))
    place = _edit(client, people, made, {"address": "文明大道 5 号"}).get_json()["place"]
    assert place["region_code"].startswith("360702")
    assert place["point_source"] == "region"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_edits_at_the_same_moment(kind: str, sqlite_url: str, new_postgres_url: Callable[[], str], tmp_path: Path) -> None:
    made = create_app(settings_for(sqlite_url if kind == "sqlite" else new_postgres_url(), tmp_path))
    with made.extensions["database"].write_session() as session:
        people = make_people(session, clock.now())
    first = made.test_client().post("/v1/jobs", json=draft(), headers=people.employer | {"Idempotency-Key": "at-once-1"})
    start = threading.Barrier(4)
    statuses: list[int] = []

    def send(headcount: int) -> None:
        headers = people.employer | {"If-Match": first.headers["ETag"]}
        start.wait(10)
        statuses.append(
            made.test_client().patch(first.headers["Location"], json={"headcount": headcount}, headers=headers).status_code
        )

    threads = [threading.Thread(target=send, args=(number,)) for number in range(30, 34)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(statuses) == [200, 412, 412, 412]
    assert made.test_client().get(first.headers["Location"]).get_json()["version"] == 2
    made.extensions["database"].close()
