"""Freshness: default ends, reminders once each, stale adverts sink and then close, and who says that one still stands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from service import clock
from service.db import Database
from service.indexing.rows import engine_job
from service.jobs.advert import Advert, Source
from service.jobs.lifetimes import lifetime, ranked_from
from service.jobs.models import Job, JobChange
from service.jobs.put import put
from service.upkeep.models import JobReminder
from service.upkeep.remind import remind
from service.upkeep.stale import sweep
from service.wechat.models import OutgoingMessage, WechatIdentity
from tests.service.conftest import People, Publish, draft, gig_draft

DAY = timedelta(days=1)


@pytest.fixture
def database(app: flask.Flask) -> Database:
    """The database of the application."""
    found: Database = app.extensions["database"]
    return found


def _job(database: Database, job_id: int) -> Job:
    with database.read_session() as session:
        return session.scalars(select(Job).where(Job.job_id == job_id).options(joinedload(Job.gig))).one()


def _set(database: Database, job_id: int, **values: Any) -> None:
    with database.write_session() as session:
        session.execute(update(Job).where(Job.job_id == job_id).values(**values))


def _sweep(database: Database, now: datetime) -> None:
    more = True
    while more:
        with database.write_session() as session:
            more = sweep(session, now)


def _remind(database: Database, now: datetime) -> list[tuple[int, int, int]]:
    with database.write_session() as session:
        assert remind(session, now) is None
    with database.read_session() as session:
        rows = session.execute(
            select(JobReminder.job_id, JobReminder.days, JobReminder.messages).order_by(JobReminder.reminder_id)
        )
        return [(job_id, days, messages) for job_id, days, messages in rows]


def _from_feed(database: Database, now: datetime) -> int:
    source = Source("some_list", "演示名录", original_id="1", legal_basis="政府公开名录")
    advert = Advert(kind="public", title="焊工", source=source, wage="7000元/月", region="赣州市章贡区")
    with database.write_session() as session:
        job, _ = put(session, advert, account_id=None, now=now)
        session.flush()
        return job.job_id


@pytest.mark.parametrize("kind", ["public", "live"])
def test_an_end_that_is_not_said_is_the_terms(publish: Publish, live_session: str, kind: str) -> None:
    extra = {"live": {"session": live_session, "listing_no": 1}} if kind == "live" else {}
    shown = publish(draft(kind=kind, **extra))
    term = lifetime(kind, clock.now()).days
    assert datetime.fromisoformat(shown["valid_until"]) - datetime.fromisoformat(shown["published_at"]) == term
    assert lifetime("live", clock.now()).days < lifetime("public", clock.now()).days


def test_reminded_a_week_and_a_day_before_and_once_each(database: Database, people: People, publish: Publish) -> None:
    now = clock.now()
    job_id = publish()["job_id"]
    end = _job(database, job_id).valid_until
    with database.write_session() as session:
        identity = WechatIdentity(account_id=people.account_ids["employer"], created_at=now, active_at=now)
        identity.openid = "openid-demo-1"
        session.add(identity)
    assert _remind(database, end - 8 * DAY) == []
    assert _remind(database, end - 7 * DAY) == [(job_id, 7, 1)]
    assert _remind(database, end - 6 * DAY) == [(job_id, 7, 1)]
    assert _remind(database, end - DAY) == [(job_id, 7, 1), (job_id, 1, 1)]
    assert _remind(database, end - DAY / 2) == [(job_id, 7, 1), (job_id, 1, 1)]
    with database.read_session() as session:
        messages = session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.message_id)).all()
        assert [(one.message, one.account_id) for one in messages] == [("job_expiring", people.account_ids["employer"])] * 2


def test_who_renews_is_reminded_of_the_new_end_only(
    database: Database, client: FlaskClient, people: People, publish: Publish
) -> None:
    job_id = publish()["job_id"]
    _set(database, job_id, valid_until=clock.now() + 3 * DAY, created_at=clock.now() - 50 * DAY)
    assert _remind(database, clock.now()) == [(job_id, 7, 0)]
    (row,) = client.get("/v1/me/reminders", headers=people.employer).get_json()["items"]
    assert (row["job_id"], row["what"], row["days_left"]) == (job_id, "ends_soon", 2)
    assert row["reminded_at"] is not None
    headers = people.employer | {"Idempotency-Key": "renew-0001"}
    assert client.post(f"/v1/jobs/{job_id}/renew", json={}, headers=headers).status_code == 200
    assert client.get("/v1/me/reminders", headers=people.employer).get_json()["items"] == []
    end = _job(database, job_id).valid_until
    assert _remind(database, end - 2 * DAY) == [(job_id, 7, 0), (job_id, 7, 0)]


def test_nobody_is_reminded_of_what_he_cannot_prolong(
    database: Database, client: FlaskClient, people: People, publish: Publish
) -> None:
    now = clock.now()
    gig = publish(gig_draft(now))["job_id"]
    _set(database, gig, created_at=now - 50 * DAY)
    short = publish(draft(valid_until=clock.show(now + 2 * DAY)))["job_id"]
    feed = _from_feed(database, now)
    _set(database, feed, valid_until=now + DAY, created_at=now - 50 * DAY)
    assert _remind(database, now) == []
    listed = [row["job_id"] for row in client.get("/v1/me/reminders", headers=people.employer).get_json()["items"]]
    assert listed == [short]
    assert client.get("/v1/me/reminders", headers=people.other_employer).get_json()["items"] == []


def test_a_stale_advert_sinks_then_closes(database: Database, client: FlaskClient, people: People, publish: Publish) -> None:
    now = clock.now()
    job_id = publish(draft(valid_until=clock.show(now + 170 * DAY)))["job_id"]
    term = lifetime("public", now)
    before = _job(database, job_id)
    _sweep(database, now + term.stale_after - DAY)
    assert _job(database, job_id).stale_at is None
    line = now + term.stale_after + DAY
    _sweep(database, line)
    row = _job(database, job_id)
    assert (row.stale_at, row.status, row.published_at) == (line, "open", before.published_at)
    assert row.version == before.version + 1
    # The index is told, and ranks it as if it were older; what is shown stays true.
    assert engine_job(before).published_at - engine_job(row).published_at == term.sink.total_seconds()
    with database.read_session() as session:
        assert len(session.scalars(select(JobChange).where(JobChange.job_id == job_id)).all()) == 2
    _sweep(database, line + term.close_after - DAY)
    assert _job(database, job_id).status == "open"
    _sweep(database, line + term.close_after + DAY)
    row = _job(database, job_id)
    assert (row.status, row.closed_reason) == ("closed", "stale")
    assert client.get(f"/v1/jobs/{job_id}").status_code == 404


def test_who_says_that_it_stands_brings_it_back(
    database: Database, client: FlaskClient, people: People, publish: Publish
) -> None:
    job_id = publish()["job_id"]
    end = _job(database, job_id).valid_until
    _set(database, job_id, stale_at=clock.now() - DAY)
    (row,) = client.get("/v1/me/reminders", headers=people.employer).get_json()["items"]
    assert (row["job_id"], row["what"]) == (job_id, "stale")
    assert client.post(f"/v1/jobs/{job_id}/confirm", headers=people.other_employer).status_code == 403
    said = client.post(f"/v1/jobs/{job_id}/confirm", headers=people.employer)
    assert said.status_code == 200
    row = _job(database, job_id)
    assert (row.stale_at, row.valid_until, row.verified_at) == (None, end, None)
    assert row.confirmed_at is not None
    assert client.get("/v1/me/reminders", headers=people.employer).get_json()["items"] == []
    # An edit says so, too.
    _set(database, job_id, stale_at=clock.now() - DAY, confirmed_at=None)
    tag = client.get(f"/v1/jobs/{job_id}").headers["ETag"]
    patch = client.patch(f"/v1/jobs/{job_id}", json={"headcount": 7}, headers=people.employer | {"If-Match": tag})
    assert patch.status_code == 200
    row = _job(database, job_id)
    assert row.stale_at is None
    assert row.confirmed_at is not None


def test_only_another_verifies(database: Database, client: FlaskClient, people: People, publish: Publish) -> None:
    job_id = publish()["job_id"]
    assert client.post(f"/v1/jobs/{job_id}/verify", headers=people.employer).status_code == 403
    assert client.post(f"/v1/jobs/{job_id}/verify", headers=people.other_bureau).status_code == 403
    said = client.post(f"/v1/jobs/{job_id}/verify", headers=people.bureau)
    assert said.status_code == 200
    assert said.get_json()["verified_at"] is not None
    assert client.get(f"/v1/jobs/{job_id}").get_json()["verified_at"] == said.get_json()["verified_at"]
    own = publish(draft(employer_name="演示单位"), people.bureau)["job_id"]
    answer = client.post(f"/v1/jobs/{own}/verify", headers=people.bureau)
    assert (answer.status_code, answer.get_json()["error"]) == (409, "own_job")
    client.post(f"/v1/jobs/{job_id}/close", json={"reason": "filled"}, headers=people.employer)
    answer = client.post(f"/v1/jobs/{job_id}/verify", headers=people.bureau)
    assert (answer.status_code, answer.get_json()["error"]) == (409, "job_closed")


def test_a_feed_speaks_for_its_own(database: Database, client: FlaskClient, people: People) -> None:
    now = clock.now()
    job_id = _from_feed(database, now)
    _set(database, job_id, valid_until=now + 150 * DAY)
    term = lifetime("public", now)
    _sweep(database, now + term.stale_after + DAY)
    assert _job(database, job_id).stale_at is None
    answer = client.post(f"/v1/jobs/{job_id}/confirm", headers=people.bureau)
    assert (answer.status_code, answer.get_json()["error"]) == (409, "job_from_feed")
    # Long after its end it closes so that its source can bring it back.
    end = now + 150 * DAY
    _sweep(database, end + term.expired_kept + DAY)
    assert (_job(database, job_id).status, _job(database, job_id).closed_reason) == ("closed", "gone")
    assert _from_feed(database, end + 40 * DAY) == job_id
    assert _job(database, job_id).status == "open"


def test_what_ran_out_can_be_renewed_for_a_while(
    database: Database, client: FlaskClient, people: People, publish: Publish
) -> None:
    now, kept = clock.now(), lifetime("public", clock.now()).expired_kept
    first, second = publish()["job_id"], publish(draft(title="保安"))["job_id"]
    _set(database, first, valid_until=now - kept + DAY)
    _set(database, second, valid_until=now - kept - DAY)
    _sweep(database, now)
    headers = people.employer | {"Idempotency-Key": "renew-0002"}
    assert client.post(f"/v1/jobs/{first}/renew", json={}, headers=headers).status_code == 200
    assert (_job(database, second).status, _job(database, second).closed_reason) == ("closed", "expired")


def test_the_rank_of_what_is_fresh_is_its_day() -> None:
    now = clock.now()
    assert ranked_from("public", now, None) == now
    assert ranked_from("gig", now, now) == now - lifetime("gig", now).sink
    with pytest.raises(ValueError, match="no lifetime"):
        lifetime("other", now)


def test_reminders_page_by_page(database: Database, client: FlaskClient, publish: Publish, people: People) -> None:
    made = [publish(draft(title=title))["job_id"] for title in ("电焊工", "保洁员", "叉车司机")]
    end = clock.now() + DAY
    for job_id in made:
        _set(database, job_id, valid_until=end)
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(f"/v1/me/reminders?limit=1&cursor={cursor}", headers=people.employer).get_json()
        seen += [row["job_id"] for row in page["items"]]
        cursor = page["next"]
    assert seen == made
    wrong = client.get("/v1/me/reminders?cursor=0", headers=people.employer)
    assert (wrong.status_code, wrong.get_json()["error"]) == (400, "cursor_invalid")
