"""What the matrix of ``test_matrix.py`` calls: an object for every route that carries an id, and the bodies that are sent.

**To add yours** when you add a route with an id, three short steps:

1. ``@makes("application_id")`` over a function ``(session, world, side, role) -> Made`` that writes one fresh row of that side
   and says who owns it. The name is the parameter of the path; several parameters are joined by commas, as in the path
   (``"employer_id,paper_id"``). An operation that needs another state names itself: ``@makes("POST /v1/x/{x_id}/y")``.
   Two functions for one name are two variants: both are called (a job that is shown, a job that is not).
   ``world.of(side)`` has the ids of that side: ``employer_id, station_id, worker_id, region_code, source_key``;
   ``world.account(side, role)`` is the caller's own account on the own side, and a stranger's on the others.
   ``Made(path, owners, public)``: the values of the path; which of ``worker account employer station region source`` own the
   row (as the route's ``Owned(...)`` says); whether everybody may know of it (then a refusal is 403, else 404).
2. A line of ``REQUESTS`` with a body that is accepted, when the operation has one: with a bad one everybody gets 422, and the
   matrix would show nothing. ``If-Match`` and ``Idempotency-Key`` are always sent.
3. Run ``pytest tests/service/test_matrix.py -k your_route``: what comes back is compared with ``permissions.py``.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from service import clock
from service.accounts.create import create_account
from service.accounts.models import Account, AccountPhone, ActingGrant
from service.accounts.permissions import PERMISSIONS, PROXY, ROLES, granted_nouns
from service.accounts.tokens import issue_token
from service.app import create_app
from service.consents import texts
from service.consents.record import Said, give
from service.db import Database
from service.employers import papers
from service.employers.images import redraw
from service.employers.models import Employer, ListEntry, Paper, Verification
from service.feeds import digest
from service.feeds.models import FeedRecord, FeedRun
from service.feeds.oversight import opened
from service.imports.models import SheetImport, SheetLine
from service.indexing.follower import Follower
from service.jobs.models import GigTerms, Job, JobHistory, LiveListing, LiveSession
from service.jobs.reviews.models import JobReview, RepeatObjection
from service.partners.models import PartnerClient
from service.privacy.models import LegalHold
from service.signin.models import SignInSession
from service.stations.models import Station
from service.tasks.models import Task
from service.workers.models import Hardship, Worker
from tests.service.conftest import ZHANGGONG, settings_for
from tests.service.employers import made_up
from tests.service.employers.test_pictures import picture

_numbers = itertools.count(1)
NANKANG = "360703000000"
NOBODY = "nobody"
CALLERS = (NOBODY, *ROLES, PROXY)
_STANDS_FOR = {
    "worker": ("worker_id",),
    "employer_owner": ("employer_id",),
    "employer_recruiter": ("employer_id",),
    "station_staff": ("station_id",),
    "station_head": ("station_id", "region_code"),
    "partner": ("source_key",),
}


class Side(StrEnum):
    """Whose object it is, seen from the caller."""

    OWN = "own"
    OTHER = "other's, same county"
    FAR = "other county's"


@dataclass(frozen=True, slots=True)
class Ids:
    """Who owns things on one side."""

    employer_id: int
    station_id: int
    worker_id: int
    region_code: str
    source_key: str


@dataclass(frozen=True, slots=True)
class Made:
    """One object of a side: the values of the path, who owns it, whether everybody may know of it."""

    path: dict[str, int | str]
    owners: frozenset[str]
    public: bool = False

    @classmethod
    def at(cls, owners: str, *, public: bool = False, **path: int | str) -> Made:
        """``Made.at("employer region", job_id=7)``."""
        return cls(path, frozenset(owners.split()), public)


@dataclass(slots=True)
class World:
    """An application, three sides, and one caller of every role, who stands on the own side."""

    app: flask.Flask
    now: datetime
    sides: dict[Side, Ids] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=lambda: {NOBODY: {}})

    @property
    def database(self) -> Database:
        """Its database."""
        found: Database = self.app.extensions["database"]
        return found

    def of(self, side: Side) -> Ids:
        """The ids of a side."""
        return self.sides[side]

    def account(self, side: Side, role: str) -> int:
        """The caller's own account on his side; a stranger's on another, and for nobody."""
        return self.accounts[role if side is Side.OWN and role != NOBODY else side]


Maker = Callable[[Session, World, Side, str], Made]
MAKERS: dict[str, list[Maker]] = {}


def makes(name: str) -> Callable[[Maker], Maker]:
    """Register a maker for path parameters (``"job_id"``) or for one operation (``"POST /v1/jobs/{job_id}/close"``)."""

    def register(maker: Maker) -> Maker:
        MAKERS.setdefault(name, []).append(maker)
        return maker

    return register


def made_world(app: flask.Flask, now: datetime) -> World:
    """The three sides and everybody who calls; again and again on one database, each time anew."""
    world = World(app, now)
    with world.database.write_session() as session:
        for side, region in zip(Side, (ZHANGGONG, ZHANGGONG, NANKANG), strict=True):
            number = next(_numbers)
            world.sides[side] = _side(session, number, region, now)
            stranger = create_account(
                session, role="worker", login=f"stranger-{number}", display_name="演示别人", now=now,
                worker_id=world.sides[side].worker_id,
            )  # fmt: skip
            world.accounts[side] = stranger.account_id
        for role in (*ROLES, PROXY):
            world.accounts[role], world.headers[role] = _caller(session, world, role)
        phone = AccountPhone(account_id=world.accounts["worker"], proved_by="sms", bound_at=now)
        phone.phone = f"138{next(_numbers):08d}"
        session.add(phone)
        for side in Side:
            shown_job(session, world, side, "")
        digest.make(session, opened(None), now)
    return world


@contextmanager
def opened_world(url: str, directory: Path) -> Iterator[World]:
    """A world on a migrated database, with its first jobs in the index."""
    chosen = settings_for(url, directory)
    made = made_world(create_app(chosen), clock.now())
    follower = Follower(made.database, chosen.index_dir)
    follower.step()
    follower.close()
    yield made
    made.app.extensions["live_index"].stop()
    made.database.close()


def _side(session: Session, number: int, region: str, now: datetime) -> Ids:
    employer = Employer(name=f"演示单位{number}", region_code=region, verified_at=now, created_at=now)
    station = Station(code=f"ZD-M{number}", name=f"演示驿站{number}", level="street", region_code=region, created_at=now)
    session.add_all([employer, station])
    session.flush()
    worker = _worker(session, f"演示工友{number}", region, now)
    return Ids(employer.employer_id, station.station_id, worker, region, f"partner-side{number}")


def _worker(session: Session, name: str, region: str, now: datetime) -> int:
    row = Worker(display_name=name, region_code=region, created_at=now)
    session.add(row)
    session.flush()
    return row.worker_id


def _caller(session: Session, world: World, role: str) -> tuple[int, dict[str, str]]:
    """An account of a role on the own side, signed in: its id, and the headers it sends."""
    own, now = world.of(Side.OWN), world.now
    stands_for = {name: getattr(own, name) for name in _STANDS_FOR.get(role, ("region_code",))}
    if role == PROXY:
        stands_for = {"worker_id": _worker(session, "演示亲属", own.region_code, now)}
    account = create_account(
        session, role="worker" if role == PROXY else role, login=f"caller-{role}-{next(_numbers)}", display_name="演示", now=now,
        **stands_for,
    )  # fmt: skip
    scopes = sorted({name.partition(".")[0] for name in PERMISSIONS}) if role == "partner" else None
    if role == "partner":
        session.add(_client(account, own, now))
    headers = {"Authorization": f"Bearer {issue_token(session, account.account_id, now, second_factor=True, scopes=scopes)}"}
    if role == PROXY:
        grant = ActingGrant(
            worker_id=own.worker_id, holder_account_id=account.account_id, kind="family", scopes=list(granted_nouns()),
            starts_at=now - timedelta(hours=1), expires_at=now + timedelta(days=30), created_at=now,
        )  # fmt: skip
        session.add(grant)
        session.flush()
        headers["X-Acting-For"] = str(grant.grant_id)
    return account.account_id, headers


_PROOF = {"channel": "station_paper", "evidence": "QZ-001"}
_logins = itertools.count(1)
_PICTURE = picture(size=(300, 300))
_SHEET = {
    "data": b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    + "岗位,人数\n普工,1\n".encode()
    + b"\r\n--x--\r\n",
    "content_type": "multipart/form-data; boundary=x",
}
REQUESTS: dict[str, dict[str, Any]] = {
    "POST /v1/accounts/{account_id}/set-up-code": {"json": {}},
    "PUT /v1/accounts/{account_id}/identity": {"json": {"subject": None}},
    "POST /v1/jobs/{job_id}/acceptance": {"json": {"accepted": True}},
    "PATCH /v1/stations/{station_id}": {"json": {"phone": "0797-8000001"}},
    "PATCH /v1/employers/{employer_id}": {"json": {"about": "演示"}},
    "POST /v1/employers/{employer_id}/owner": {"json": {"account_id": 999_999_999}},
    "POST /v1/employers/{employer_id}/papers": {
        "data": b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\nsite_photo\r\n--x\r\n'
        b'Content-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + _PICTURE + b"\r\n--x--\r\n",
        "content_type": "multipart/form-data; boundary=x",
    },
    "POST /v1/employers/{employer_id}/imports": _SHEET,
    "POST /v1/stations/{station_id}/imports": _SHEET,
    "POST /v1/imports/{import_id}/confirm": {"json": {}},
    "POST /v1/imports/{import_id}/preview": {"json": {}},
    "POST /v1/employers/{employer_id}/suspension": {"json": {"reason": "no such reason"}},
    "POST /v1/verifications/{verification_id}/decisions": {
        "json": {"outcome": "ask", "reasons": ["come_in_person"]},
    },
    "PATCH /v1/employer-lists/entries/{entry_id}": {"json": {"removed_on": "2026-06-01", "because": "已改正"}},
    "POST /v1/grants/{grant_id}/end": {"json": {"evidence": "QZ-001"}},
    "POST /v1/stations/{station_id}/workers": {"json": {"proof": _PROOF, "profile": {"wish": "看大门"}}},
    "POST /v1/stations/{station_id}/workers/{worker_id}/grants": {"json": {"proof": _PROOF}},
    "POST /v1/stations/{station_id}/workers/{worker_id}/leave": {"json": _PROOF},
    "POST /v1/workers/{worker_id}/hardships/{hardship_id}/decision": {"json": {"certified": False}},
    "POST /v1/workers/{worker_id}/holds": {"json": {"reason": "欠薪案件未结", "reference": "演示案号一"}},
    "POST /v1/reviews/{review_id}/decisions": {"json": {"outcome": "publish", "reason": "in_order"}},
    "POST /v1/jobs/{job_id}/reports": {"json": {"reason": "fee"}},
    "POST /v1/employers/{employer_id}/repeat-hold/lifts": {"json": {"reason": "已经整改"}},
    "POST /v1/employers/{employer_id}/repeat-hold/objections": {"json": {"words": "已经整改好了"}},
    "POST /v1/objections/{objection_id}/answers": {"json": {"upheld": False, "sentence": "没有看到整改。"}},
    "POST /v1/feeds/{source}/replays": {"json": {"step": "checked"}},
    "POST /v1/feeds/{source}/runs": {"json": {}},
    "POST /v1/feeds/{source}/runs/{run_id}/rollback": {"json": {"dry_run": False}},
    "PATCH /v1/jobs/{job_id}": {"json": {"headcount": 5}},
    "POST /v1/jobs/{job_id}/close": {"json": {"reason": "filled"}},
    "POST /v1/jobs/{job_id}/renew": {"json": {}},
    "PUT /v1/partners/jobs/{their_id}": {
        "json": {
            "kind": "public",
            "title": "演示缝纫工",
            "employer_name": "演示制衣厂",
            "headcount": 3,
            "wage": "5000-7000元/月",
            "region": "赣州市章贡区",
            "age": "18-60岁",
            "description": "流水线做衣服，包吃住。",
            "contact_phone": "13800000001",
        }
    },
    "POST /v1/live-sessions/{code}/listings": {"json": {"listings": [{"listing_no": 7, "title": "演示普工"}]}},
    "POST /v1/live-sessions/{code}/listings:import": {
        "data": b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        + "序号,岗位名称,人数\n1,演示普工,5\n".encode()
        + b"\r\n--x--\r\n",
        "content_type": "multipart/form-data; boundary=x",
    },
}
"""What an operation is sent: arguments of the test client (``json``, ``data``, ``query_string``)."""


@makes("job_id")
def shown_job(session: Session, world: World, side: Side, role: str) -> Made:
    """A gig that everybody sees."""
    return _job(session, world, side, role, status="open")


@makes("job_id")
def held_job(session: Session, world: World, side: Side, role: str) -> Made:
    """A gig that waits for somebody to look at it."""
    return _job(session, world, side, role, status="held")


@makes("review_id")
def advert_to_look_at(session: Session, world: World, side: Side, role: str) -> Made:
    """An advert that waits for the office of its county to look at its words."""
    job_id = int(_job(session, world, side, role, status="held").path["job_id"])
    row = JobReview(
        job_id=job_id, open_key=job_id, employer_id=world.of(side).employer_id, region_code=world.of(side).region_code,
        causes=["advert"], findings=[], state="waiting", opened_at=world.now, due_at=world.now + timedelta(days=1), version=1,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return Made.at("region", review_id=row.review_id)


@makes("objection_id")
def objection(session: Session, world: World, side: Side, role: str) -> Made:
    """What an employer objects, before its office has answered."""
    region = world.of(side).region_code
    employer = Employer(name=f"演示申诉单位{next(_numbers)}", region_code=region, verified_at=world.now, created_at=world.now)
    session.add(employer)
    session.flush()
    row = RepeatObjection(
        employer_id=employer.employer_id, open_key=employer.employer_id, words="已经整改好了", state="waiting",
        made_by=world.accounts[side], made_at=world.now, due_at=world.now + timedelta(days=5),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return Made.at("region", objection_id=row.objection_id)


@makes("POST /v1/jobs/{job_id}/acceptance")
def gig_that_names_a_station(session: Session, world: World, side: Side, role: str) -> Made:
    """A gig that an employer hung on a station, which has not agreed yet: the station's and its office's to answer."""
    made = _job(session, world, side, role, status="held")
    session.get_one(Job, made.path["job_id"]).held_for = ["station"]
    session.flush()
    return Made(made.path, frozenset({"station", "region"}))


@makes("source")
def feed(session: Session, world: World, side: Side, role: str) -> Made:
    """A source of adverts that is a district's own; who knows its name knows that it exists. Which, is in its settings."""
    folder = world.app.extensions["settings"].feeds_dir
    folder.mkdir(exist_ok=True)
    (folder / "county_sheets.toml").write_text(f'[source]\nregion = "{world.of(side).region_code}"\n', encoding="utf-8")
    return Made.at("region", source="county_sheets", public=True)


@makes("POST /v1/jobs/{job_id}/not-duplicate")
def copy_of_a_job(session: Session, world: World, side: Side, role: str) -> Made:
    """A job that another one stands for: the territory's to tell apart."""
    made, head = (_job(session, world, side, role, status="open") for _ in range(2))
    session.get_one(Job, made.path["job_id"]).duplicate_of_id = int(head.path["job_id"])
    session.flush()
    return Made(made.path, frozenset({"region"}), public=True)


@makes("import_id")
def sheet_worked_off(session: Session, world: World, side: Side, role: str) -> Made:
    """A sheet of a station, or of an employer for who speaks for one, with a line that was given back."""
    return _sheet(session, world, side, role, state="done")


@makes("POST /v1/imports/{import_id}/preview")
@makes("POST /v1/imports/{import_id}/confirm")
def sheet_that_waits(session: Session, world: World, side: Side, role: str) -> Made:
    """One that nobody has confirmed."""
    return _sheet(session, world, side, role, state="preview")


def _sheet(session: Session, world: World, side: Side, role: str, *, state: str) -> Made:
    ids = world.of(side)
    of_employer = role.startswith("employer")
    columns = [
        {"header": "岗位", "meaning": "title", "sure": "word"},
        {"header": "电话", "meaning": "contact_phone", "sure": "word"},
    ]
    row = SheetImport(
        employer_id=ids.employer_id if of_employer else None, station_id=None if of_employer else ids.station_id, state=state,
        file_name="演示.xlsx", file_hash="0" * 64, form="xlsx", rows=1, done=int(state == "done"),
        counts={"rejected": 1} if state == "done" else {}, created_at=world.now,
        layout=[{
            "name": "岗位", "header": [["岗位", "电话"]], "columns": columns, "rows": 1, "above": [], "notes": [], "skipped": "",
        }],
    )  # fmt: skip
    session.add(row)
    session.flush()
    line = SheetLine(import_id=row.import_id, line_no=1, sheet=1, row=2, outcome="rejected" if state == "done" else None)
    line.cells = '["普工", "13800000001"]'
    session.add(line)
    session.flush()
    return Made.at("employer" if of_employer else "station", import_id=row.import_id)


@makes("source,run_id")
def run_of_a_feed(session: Session, world: World, side: Side, role: str) -> Made:
    """A run of such a source that has created a job, and the record that said so."""
    source, now = feed(session, world, side, role).path["source"], world.now
    run = FeedRun(source_key=source, status="done", started_at=now, heartbeat_at=now, finished_at=now, report={"read": 1})
    job_id = shown_job(session, world, side, "").path["job_id"]
    session.add(run)
    session.flush()
    session.add(JobHistory(job_id=job_id, at=now, action="create", changes={}, feed_run_id=run.run_id))
    session.add(
        FeedRecord(
            source_key=source, original_id=f"M{run.run_id}", run_id=run.run_id, row_no=1, raw={"content": "电话 13800000077"},
            content_hash="", outcome="published", job_id=job_id, first_seen_at=now, last_seen_at=now,
        )
    )  # fmt: skip
    session.flush()
    return Made.at("region", source=source, run_id=run.run_id, public=True)


@makes("task_id")
def dead_task(session: Session, world: World, side: Side, role: str) -> Made:
    """Work that failed too often. It is nobody's."""
    task = Task(kind="demo.work", payload={}, state="dead", due_at=world.now, tries=9, created_at=world.now)
    session.add(task)
    session.flush()
    return Made.at("", task_id=task.task_id)


def _job(session: Session, world: World, side: Side, role: str, *, status: str) -> Made:
    ids, now, partner = world.of(side), world.now, role == "partner"
    job = Job(
        kind="gig",
        status=status,
        title="装卸工",
        employer_id=None if partner else ids.employer_id,
        employer_name="演示单位",
        headcount=3,
        wage_text="230元/天",
        age_text="18-60岁",
        region_code=ids.region_code,
        address="演示路 1 号",
        contact_name="演示联系人",
        contact_phone="13800000001",
        settlement="day",
        source_key=ids.source_key if partner else "direct",
        source_name="演示",
        legal_basis="用人单位自主发布",
        published_at=now,
        valid_until=now + timedelta(days=5),
        created_at=now,
        updated_at=now,
        gig=GigTerms(
            starts_at=now + timedelta(days=1),
            ends_at=now + timedelta(days=2),
            seats=5,
            seats_taken=0,
            insurance="意外险，雇主买",
            station_id=ids.station_id,
        ),
    )
    session.add(job)
    session.flush()
    return Made.at("source region" if partner else "employer station region", job_id=job.job_id, public=status == "open")


@makes("their_id")
def job_of_a_partner(session: Session, world: World, side: Side, role: str) -> Made:
    """A job under a partner's own number."""
    their_id = f"P-{next(_logins)}"
    made = _job(session, world, side, "partner", status="open")
    session.get_one(Job, made.path["job_id"]).original_id = their_id
    session.flush()
    return Made.at("source", their_id=their_id)


@makes("PUT /v1/partners/jobs/{their_id}")
def number_of_a_partner(session: Session, world: World, side: Side, role: str) -> Made:
    """A number of the caller's own: it is nobody else's, whoever uses it too."""
    return Made.at("source", their_id=f"N-{next(_logins)}", public=True)


@makes("partner_id")
def client_of_a_partner(session: Session, world: World, side: Side, role: str) -> Made:
    """Credentials that an office has issued."""
    ids, number = world.of(side), next(_logins)
    account = create_account(
        session, role="partner", login=f"cn-{number}", display_name="演示平台", now=world.now, region_code=ids.region_code,
        source_key=ids.source_key,
    )  # fmt: skip
    row = _client(account, ids, world.now)
    session.add(row)
    session.flush()
    return Made.at("region", partner_id=row.partner_id)


def _client(account: Account, ids: Ids, now: datetime) -> PartnerClient:
    return PartnerClient(
        client_id=f"cn-{account.account_id}", secret_hash="0" * 64, account_id=account.account_id, source_key=ids.source_key,
        name="演示平台", region_code=ids.region_code, conflicts=0, created_at=now,
    )  # fmt: skip


@makes("code")
def stream(session: Session, world: World, side: Side, role: str) -> Made:
    """A stream of tomorrow."""
    return Made.at("employer station region", code=_stream(session, world, side).code, public=True)


@makes("code,listing_no")
def listing(session: Session, world: World, side: Side, role: str) -> Made:
    """A numbered listing of a stream."""
    row, ids, now = _stream(session, world, side), world.of(side), world.now
    job = Job(
        kind="live", title="演示普工", employer_id=ids.employer_id, employer_name="演示单位", wage_text="6000元/月",
        region_code=ids.region_code, source_key="direct", source_name="演示", legal_basis="用人单位自主发布",
        published_at=now, valid_until=now + timedelta(days=5), created_at=now, updated_at=now,
        listing=LiveListing(session_id=row.session_id, listing_no=3),
    )  # fmt: skip
    session.add(job)
    session.flush()
    return Made.at("employer station region", code=row.code, listing_no=3, public=True)


def _stream(session: Session, world: World, side: Side) -> LiveSession:
    ids, now = world.of(side), world.now
    row = LiveSession(
        code=f"ZB-M{next(_logins)}", title="演示直播", host="演示主播", platform="视频号", room="演示直播间",
        region_code=ids.region_code, employer_id=ids.employer_id, station_id=ids.station_id,
        starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=1, hours=2), created_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


@makes("session_id")
def sign_in(session: Session, world: World, side: Side, role: str) -> Made:
    """A sign-in on another device."""
    now = world.now
    row = SignInSession(
        account_id=world.account(side, role), method="password",
        created_at=now, last_seen_at=now, expires_at=now + timedelta(hours=1),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return Made.at("account", session_id=row.session_id)


@makes("worker_id")
def worker_case(session: Session, world: World, side: Side, role: str) -> Made:
    """A person as an office sees it."""
    ids = world.of(side)
    session.get_one(Worker, ids.worker_id).station_id = ids.station_id
    return Made.at("worker station region", worker_id=ids.worker_id)


@makes("GET /v1/workers/{worker_id}/holds")
@makes("POST /v1/workers/{worker_id}/holds")
def person_who_may_be_held(session: Session, world: World, side: Side, role: str) -> Made:
    """Somebody new, of the territory alone: a hold is nothing that the person or a station sets."""
    return Made.at("region", worker_id=_at_station(session, world, side))


@makes("hold_id")
def hold(session: Session, world: World, side: Side, role: str) -> Made:
    """A hold that stands."""
    row = LegalHold(
        worker_id=_at_station(session, world, side),
        reason="欠薪案件未结",
        reference="演示案号二",
        set_by_account_id=world.accounts["bureau"],
        set_at=world.now,
    )
    session.add(row)
    session.flush()
    return Made.at("region", hold_id=row.hold_id)


@makes("hardship_id")
@makes("worker_id,hardship_id")
def hardship(session: Session, world: World, side: Side, role: str) -> Made:
    """A claim that waits."""
    ids = world.of(side)
    session.get_one(Worker, ids.worker_id).station_id = ids.station_id
    row = Hardship(worker_id=ids.worker_id, category="disabled", claimed_at=world.now)
    session.add(row)
    session.flush()
    return Made.at("worker station region", worker_id=ids.worker_id, hardship_id=row.hardship_id)


@makes("consent_id")
def consent(session: Session, world: World, side: Side, role: str) -> Made:
    """Something agreed to."""
    worker_id = world.of(side).worker_id
    row = give(session, worker_id, texts.MESSAGES, Said("web", None), world.now)
    return Made.at("worker", consent_id=row.consent_id)


@makes("grant_id")
def grant(session: Session, world: World, side: Side, role: str) -> Made:
    """A station acts for the person."""
    ids, now = world.of(side), world.now
    row = ActingGrant(
        worker_id=ids.worker_id, holder_account_id=world.accounts[side], kind="station", station_id=ids.station_id,
        scopes=[], starts_at=now, expires_at=now + timedelta(days=30), created_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return Made.at("worker station region", grant_id=row.grant_id)


@makes("DELETE /v1/me/grants/{grant_id}")
def own_grant(session: Session, world: World, side: Side, role: str) -> Made:
    """The same, at the address of the person: stations and bureaus, who have the permission too, end it at theirs."""
    return Made(grant(session, world, side, role).path, frozenset({"worker"}))


@makes("POST /v1/stations/{station_id}/workers")
def counter(session: Session, world: World, side: Side, role: str) -> Made:
    """Where somebody is registered."""
    return Made.at("station", station_id=world.of(side).station_id)


@makes("station_id,worker_id")
def registered_at_the_counter(session: Session, world: World, side: Side, role: str) -> Made:
    """Somebody without a phone, registered there."""
    worker_id = _at_station(session, world, side)
    return Made.at("station", station_id=world.of(side).station_id, worker_id=worker_id)


def _at_station(session: Session, world: World, side: Side) -> int:
    worker_id = _worker(session, "演示无手机", world.of(side).region_code, world.now)
    session.get_one(Worker, worker_id).station_id = world.of(side).station_id
    return worker_id


@makes("GET /v1/employers/{employer_id}")
def card_of_an_employer(session: Session, world: World, side: Side, role: str) -> Made:
    """What everybody may know of an employer."""
    return Made.at("employer region", employer_id=world.of(side).employer_id, public=True)


@makes("employer_id")
def file_of_an_employer(session: Session, world: World, side: Side, role: str) -> Made:
    """The employer's own file, with a round of checking."""
    _round(session, world, side)
    return Made.at("employer region", employer_id=world.of(side).employer_id)


@makes("employer_id,account_id")
def account_of_an_employer(session: Session, world: World, side: Side, role: str) -> Made:
    """Somebody who works there."""
    employer_id = world.of(side).employer_id
    account = create_account(
        session, role="employer_recruiter", login=f"recruiter-{next(_logins)}", display_name="演示", now=world.now,
        employer_id=employer_id,
    )  # fmt: skip
    return Made.at("employer", employer_id=employer_id, account_id=account.account_id)


@makes("employer_id,paper_id")
def paper_of_an_employer(session: Session, world: World, side: Side, role: str) -> Made:
    """A picture of a paper, really there."""
    employer_id = world.of(side).employer_id
    paper = papers.put_away(world.app.extensions["settings"], redraw(_PICTURE))
    paper.employer_id, paper.kind, paper.scan_state = employer_id, "site_photo", "clean"
    paper.uploaded_by, paper.uploaded_at = world.accounts[side], world.now
    session.add(paper)
    session.flush()
    return Made.at("employer region", employer_id=employer_id, paper_id=paper.paper_id)


@makes("verification_id")
def round_of_checking(session: Session, world: World, side: Side, role: str) -> Made:
    """Papers handed in by somebody else than the caller."""
    return Made.at("employer region", verification_id=_round(session, world, side))


def _round(session: Session, world: World, side: Side) -> int:
    ids = world.of(side)
    # Whoever has put a picture there may not decide, and here everybody has tried to.
    session.execute(update(Paper).where(Paper.employer_id == ids.employer_id).values(removed_at=world.now))
    row = Verification(
        employer_id=ids.employer_id, region_code=ids.region_code, state="pending", submitted_by=world.accounts[Side.FAR],
        submitted_at=world.now, due_at=world.now + timedelta(days=3), version=1,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.verification_id


@makes("entry_id")
def line_of_a_list(session: Session, world: World, side: Side, role: str) -> Made:
    """An employer on a list, of the office that put it there."""
    row = ListEntry(
        list_kind="breach", credit_code=made_up.credit_code(next(_logins) % 100_000), name="演示",
        region_code=world.of(side).region_code, source="演示文号", listed_on=date(2026, 1, 1), imported_at=world.now, version=1,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return Made.at("region", entry_id=row.entry_id)


@makes("account_id")
def colleague(session: Session, world: World, side: Side, role: str) -> Made:
    """An account that an employer's owner looks after for an owner, else one of a station."""
    ids, number = world.of(side), secrets.token_hex(6)
    if role == "employer_owner":
        made = create_account(
            session, role="employer_recruiter", login=f"hr-{number}", display_name="演示招工员", now=world.now,
            employer_id=ids.employer_id,
        )  # fmt: skip
        return Made.at("employer region", account_id=made.account_id)
    made = create_account(
        session, role="station_staff", login=f"zd-{number}", display_name="演示窗口", now=world.now, station_id=ids.station_id
    )
    return Made.at("station region", account_id=made.account_id)


@makes("station_id")
def station_of_a_side(session: Session, world: World, side: Side, role: str) -> Made:
    """A station that everybody may know of."""
    return Made.at("station region", station_id=world.of(side).station_id, public=True)


@makes("POST /v1/stations/{station_id}/closure")
def station_to_close(session: Session, world: World, side: Side, role: str) -> Made:
    """One more, so that the others stay."""
    ids = world.of(side)
    row = Station(code=f"ZD-C{next(_logins)}", name="演示驿站", level="street", region_code=ids.region_code, created_at=world.now)
    session.add(row)
    session.flush()
    return Made.at("region", station_id=row.station_id, public=True)


@makes("station_id,account_id")
def account_of_a_station(session: Session, world: World, side: Side, role: str) -> Made:
    """Somebody who works there."""
    station_id = world.of(side).station_id
    account = create_account(
        session, role="station_staff", login=f"staff-{next(_logins)}", display_name="演示", now=world.now, station_id=station_id
    )
    return Made.at("station region", station_id=station_id, account_id=account.account_id, public=True)
