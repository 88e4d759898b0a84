"""One clock walks through the whole life of adverts of each kind, and at each stop a reader's own search says what is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from service import clock
from service.accounts.tokens import issue_token
from service.db import Database
from service.indexing.follower import Follower
from service.jobs.lifetimes import lifetime
from service.jobs.models import Job
from service.tasks import registry
from service.upkeep.tasks import REMIND, SWEEP
from service.wechat.models import OutgoingMessage, WechatIdentity
from tests.service.conftest import People, draft, gig_draft
from tests.service.partners.conftest import made
from tests.service.search.conftest import ids, search

DAY = timedelta(days=1)


class Walk:
    """An application whose clock is where the walk has come to."""

    def __init__(self, app: flask.Flask, people: People, follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app, self.people, self._follower = app, people, follower
        self.client: FlaskClient = app.test_client()
        self.database: Database = app.extensions["database"]
        self.now = clock.now().replace(microsecond=0)
        self._numbers = iter(range(1, 1000))
        monkeypatch.setattr(clock, "now", lambda: self.now)

    def to(self, moment: datetime) -> None:
        """Go on to a moment; what is done at night and in the morning is done there, and the index follows."""
        assert moment > self.now
        self.now = moment
        for kind in (SWEEP, REMIND):
            inside = registry.known(kind).inside
            assert inside is not None
            with self.database.write_session() as session:
                inside(session, {}, self.now)
        self.index()

    def index(self) -> None:
        """Bring the index up to the database."""
        self._follower.step()  # once: by a clock that is ahead of the machine's, the index is always older than a day
        self.app.extensions["live_index"].refresh()

    def who(self, login: str) -> dict[str, str]:
        """Signed in today: nobody stays signed in for a quarter of a year."""
        with self.database.write_session() as session:
            token = issue_token(session, self.people.account_ids[login], self.now)
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": f"walk-{next(self._numbers):05d}"}

    def publish(self, login: str, body: dict[str, Any]) -> int:
        answer = self.client.post("/v1/jobs", json=body, headers=self.who(login))
        assert answer.status_code == 201, answer.get_json()
        return int(answer.get_json()["job_id"])

    def say(self, login: str, job_id: int, what: str) -> None:
        answer = self.client.post(f"/v1/jobs/{job_id}/{what}", json={} if what == "renew" else None, headers=self.who(login))
        assert answer.status_code == 200, answer.get_json()

    def reminded(self, login: str) -> dict[int, str]:
        """What the owner finds in his list."""
        items = self.client.get("/v1/me/reminders", headers=self.who(login)).get_json()["items"]
        return {row["job_id"]: row["what"] for row in items}

    def messages(self) -> list[int]:
        """Who was written to by WeChat, in order."""
        with self.database.read_session() as session:
            return list(session.scalars(select(OutgoingMessage.account_id).order_by(OutgoingMessage.message_id)))

    def seen(self, **asked: Any) -> list[int]:
        """What a reader finds, in order; the ranking by merit and the newest first agree."""
        found = ids(search(self.client, personal="false", **asked))
        assert ids(search(self.client, sort="newest", **asked)) == found
        return found

    def row(self, job_id: int) -> Job:
        with self.database.read_session() as session:
            return session.scalars(select(Job).where(Job.job_id == job_id)).one()


@pytest.fixture
def walk(app: flask.Flask, people: People, monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    """A walk that begins now."""
    settings, database = (app.extensions[name] for name in ("settings", "database"))
    follower = Follower(database, settings.index_dir)
    yield Walk(app, people, follower, monkeypatch)
    follower.close()


def _body(walk: Walk, kind: str, live_session: str, number: int, *, until: timedelta | None, work: timedelta) -> dict[str, Any]:
    extra: dict[str, Any] = {} if until is None else {"valid_until": clock.show(walk.now + until)}
    if kind == "gig":
        body = gig_draft(walk.now, **extra)
        starts = walk.now + work
        body["gig"] |= {"starts_at": clock.show(starts), "ends_at": clock.show(starts + timedelta(hours=8))}
        return body
    if kind == "live":
        extra["live"] = {"session": live_session, "listing_no": number}
    return draft(kind=kind, employer_name=f"演示单位{number}", **extra)


@pytest.mark.parametrize("kind", ["public", "gig", "live"])
@pytest.mark.costly
def test_a_whole_life(walk: Walk, live_session: str, kind: str) -> None:
    begins, term = walk.now, lifetime(kind, walk.now)
    end = term.stale_after + term.close_after + 21 * DAY
    with walk.database.write_session() as session:
        identity = WechatIdentity(account_id=walk.people.account_ids["employer"], created_at=begins, active_at=begins)
        identity.openid = "openid-demo-1"
        session.add(identity)

    def job(login: str, number: int, until: timedelta | None, work: timedelta = end + 30 * DAY) -> int:
        return walk.publish(login, _body(walk, kind, live_session, number, until=until, work=work))

    kept = job("employer", 1, end)
    walk.now += timedelta(minutes=1)
    silent = job("other-employer", 2, end)
    walk.now += timedelta(minutes=1)
    unsaid = job("bureau", 3, None, work=timedelta(days=9)) if kind != "public" else job("bureau", 3, None)
    walk.index()
    assert walk.seen() == [unsaid, silent, kept]

    # One that says no end of its own ends after the term of its kind, a gig with its work; readers miss it at once.
    closes = walk.row(unsaid).valid_until
    default = timedelta(days=9, hours=8) if kind == "gig" else term.days
    assert closes == walk.row(unsaid).published_at + default
    stops: list[tuple[datetime, Callable[[], None]]] = []

    def ended() -> None:
        assert unsaid not in walk.seen()
        assert walk.client.get(f"/v1/jobs/{unsaid}").status_code == 404
        assert walk.row(unsaid).status == "open"  # it could still be renewed

    def forgotten() -> None:
        assert (walk.row(unsaid).status, walk.row(unsaid).closed_reason) == ("closed", "expired")

    def confirmed() -> None:
        assert walk.seen()[-2:] == [silent, kept]
        walk.say("employer", kept, "confirm")

    def sunk() -> None:
        since = walk.row(silent).stale_at
        assert since is not None
        assert begins + term.stale_after < since <= walk.now
        assert walk.row(kept).stale_at is None
        assert [one for one in walk.seen() if one != unsaid] == [kept, silent]
        assert walk.reminded("other-employer") == {silent: "stale"}
        card = next(item for item in search(walk.client)["items"] if item["job_id"] == silent)
        assert datetime.fromisoformat(card["published_at"]) == walk.row(silent).published_at  # the day shown stays the true one

    def verified() -> None:
        walk.say("bureau", kept, "verify")
        walk.index()
        assert walk.client.get(f"/v1/jobs/{kept}").get_json()["verified_at"] == clock.show(walk.now)

    def closed() -> None:
        assert (walk.row(silent).status, walk.row(silent).closed_reason) == ("closed", "stale")
        assert walk.seen() == [kept]
        assert walk.reminded("other-employer") == {}

    stale = begins + term.stale_after + DAY
    stops += [
        (closes + timedelta(hours=1), ended), (closes + term.expired_kept + DAY, forgotten),
        (begins + term.stale_after - DAY, confirmed), (stale, sunk),
        (stale + term.close_after - DAY / 2, verified), (stale + term.close_after + DAY, closed),
    ]  # fmt: skip
    for moment, look in sorted(stops, key=lambda stop: stop[0]):
        walk.to(moment)
        look()

    # The one that somebody answers for lives to its end, of which its owner is told twice, here and by WeChat.
    confirmed_until = walk.row(kept).valid_until
    assert confirmed_until == begins + end
    told = [walk.people.account_ids["employer"]]
    walk.to(confirmed_until - 8 * DAY)
    assert (walk.messages(), walk.reminded("employer").get(kept)) == ([], None)
    for days, known in ((7, told), (6, told), (1, told * 2)):
        walk.to(confirmed_until - days * DAY + timedelta(minutes=1))
        assert (walk.messages(), walk.reminded("employer")) == (known, {kept: "ends_soon"})
        assert walk.seen() == [kept]
    walk.to(confirmed_until + timedelta(minutes=1))
    assert walk.seen() == []
    walk.say("employer", kept, "renew")
    walk.index()
    assert walk.seen() == [kept]


def test_what_its_source_takes_back_is_gone_and_comes_back(walk: Walk) -> None:
    partner = made(walk.client, walk.who("bureau") | {})
    item = draft(title="缝纫工", employer_name="演示制衣厂") | {"their_id": "W-1"}

    def send(said: dict[str, Any]) -> dict[str, Any]:
        token = walk.client.post(
            "/v1/auth/client", json={"client_id": partner.client_id, "client_secret": partner.secret}
        ).get_json()["access_token"]
        answer = walk.client.post("/v1/partners/jobs:bulk", json=[said], headers={"Authorization": f"Bearer {token}"})
        row: dict[str, Any] = answer.get_json()["items"][0]
        return row

    job_id = send(item)["job_id"]
    walk.index()
    assert walk.seen() == [job_id]
    walk.to(walk.now + DAY)
    assert send({"their_id": "W-1", "withdrawn": True})["outcome"] == "withdrawn"
    walk.index()
    assert (walk.seen(), walk.row(job_id).closed_reason) == ([], "gone")
    walk.to(walk.now + DAY)
    assert (send(item)["outcome"], walk.row(job_id).status) == ("changed", "open")
    walk.index()
    assert walk.seen() == [job_id]
    # Sent again it is fresh again; a partner that falls silent is closed so that its next word brings it back.
    walk.to(walk.row(job_id).valid_until + lifetime("public", walk.now).expired_kept + DAY)
    assert (walk.row(job_id).status, walk.row(job_id).closed_reason) == ("closed", "gone")
    assert (send(item)["job_id"], walk.row(job_id).status) == (job_id, "open")
    walk.index()
    assert walk.seen() == [job_id]
