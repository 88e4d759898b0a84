"""The application on each kind of database, and some made-up people who use it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from service import clock
from service.accounts.create import create_account
from service.accounts.tokens import issue_token
from service.app import create_app
from service.config import OpenDataSettings, Settings, SignInSettings, WechatSettings
from service.consents import record
from service.db import Database
from service.employers.models import Employer
from service.indexing.live import LiveIndex
from service.jobs.models import LiveSession
from service.open_data.room import Room
from service.stations.models import Station
from service.workers.models import Worker

GANZHOU = "360700000000"
ZHANGGONG = "360702000000"
NANCHANG = "360100000000"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings for a test: the database of the test, no Redis, generous limits."""
    return settings_for(database_url, tmp_path)


def settings_for(database_url: str, data_dir: Path, **changes: Any) -> Settings:
    """As the fixture, with some values changed."""
    plain = Settings(
        bind_address="127.0.0.1",
        port=8000,
        data_dir=data_dir,
        database_url=database_url,
        redis_url="",
        web_workers=1,
        web_threads=2,
        task_threads=2,
        log_level="error",
        demo=False,
        rate_limit_factor=1000,
        metrics_token="",
        cors_origins=frozenset(),
        trusted_proxies=0,
        index_poll_seconds=0.05,
        fair_exposure=True,
        keys_file=Path(os.environ["KEYS_FILE"]),
        erasures_file=data_dir / "erasures.jsonl",
        crypto_suite="intl",
        scanner_url="",
        public_url="",
        wechat=WechatSettings(),
        sign_in=SignInSettings(),
        open_data=OpenDataSettings(),
    )
    return replace(plain, **changes)


@pytest.fixture(scope="session")
def built_app(tmp_path_factory: pytest.TempPathFactory) -> flask.Flask:
    """The application, built once a process: the document of the API takes longer to make than most tests to run."""
    directory = tmp_path_factory.mktemp("app")
    return create_app(settings_for(f"sqlite:///{directory / 'never-opened.db'}", directory))


@pytest.fixture
def app(built_app: flask.Flask, settings: Settings) -> Iterator[flask.Flask]:
    """The application on the database and the folder of this test."""
    built_app.extensions["settings"] = settings
    built_app.extensions["database"] = Database(settings.database_url)
    built_app.extensions["live_index"] = LiveIndex(settings.index_dir, settings.index_poll_seconds)
    built_app.extensions["room"] = Room.of(16)
    yield built_app
    built_app.extensions["live_index"].stop()
    built_app.extensions["database"].close()


@pytest.fixture
def client(app: flask.Flask) -> FlaskClient:
    """A client that is not signed in."""
    return app.test_client()


@dataclass(frozen=True, slots=True)
class People:
    """Ids, and the headers by which each person is signed in."""

    employer_id: int
    other_employer_id: int
    unverified_employer_id: int
    station_id: int
    other_station_id: int
    account_ids: dict[str, int]
    employer: dict[str, str]
    other_employer: dict[str, str]
    unverified_employer: dict[str, str]
    staff: dict[str, str]
    other_staff: dict[str, str]
    worker: dict[str, str]
    bureau: dict[str, str]
    other_bureau: dict[str, str]
    operator: dict[str, str]


@pytest.fixture
def people(app: flask.Flask) -> People:
    """An account of every role, and a second one of those that own something. All made up."""
    database: Database = app.extensions["database"]
    with database.write_session() as session:
        return make_people(session, clock.now())


def make_people(session: Any, now: datetime) -> People:
    """The rows behind :class:`People`."""

    def employer(name: str, *, verified: bool) -> int:
        row = Employer(name=name, region_code=ZHANGGONG, verified_at=now if verified else None, created_at=now)
        session.add(row)
        session.flush()
        return row.employer_id

    def station(code: str, name: str) -> int:
        row = Station(code=code, name=name, level="street", region_code=ZHANGGONG, created_at=now)
        session.add(row)
        session.flush()
        return row.station_id

    first, second = employer("演示电子厂", verified=True), employer("演示餐馆", verified=True)
    third = employer("演示新公司", verified=False)
    here, there = station("ZD-01", "演示驿站一"), station("ZD-02", "演示驿站二")
    worker = Worker(display_name="演示工友01", created_at=now)
    session.add(worker)
    session.flush()
    accounts: dict[str, int] = {}

    def account(login: str, role: str, **stands_for: Any) -> dict[str, str]:
        made = create_account(session, role=role, login=login, display_name=f"演示{login}", now=now, **stands_for)
        accounts[login] = made.account_id
        return {"Authorization": f"Bearer {issue_token(session, made.account_id, now)}"}

    return People(
        employer_id=first,
        other_employer_id=second,
        unverified_employer_id=third,
        station_id=here,
        other_station_id=there,
        account_ids=accounts,
        employer=account("employer", "employer_owner", employer_id=first),
        other_employer=account("other-employer", "employer_owner", employer_id=second),
        unverified_employer=account("new-employer", "employer_owner", employer_id=third),
        staff=account("staff", "station_staff", station_id=here),
        other_staff=account("other-staff", "station_staff", station_id=there),
        worker=account("worker", "worker", worker_id=worker.worker_id),
        bureau=account("bureau", "bureau", region_code=GANZHOU),
        other_bureau=account("other-bureau", "bureau", region_code=NANCHANG),
        operator=account("operator", "operator"),
    )


def agree(session: Session, worker_id: int, *purposes: str) -> None:
    """The person agrees to these, on the web."""
    for purpose in purposes:
        record.give(session, worker_id, purpose, record.Said("web", None), clock.now())


@pytest.fixture
def live_session(app: flask.Flask) -> str:
    """The code of a stream that is on tomorrow."""
    now = clock.now()
    with app.extensions["database"].write_session() as session:
        session.add(
            LiveSession(
                code="ZB-001",
                title="演示直播带岗",
                host="演示主播",
                platform="视频号",
                room="演示直播间",
                starts_at=now + timedelta(days=1),
                ends_at=now + timedelta(days=1, hours=2),
                created_at=now,
            )
        )
    return "ZB-001"


def draft(**changes: Any) -> dict[str, Any]:
    """A vacancy that may be published as it is; None takes a field out."""
    body: dict[str, Any] = {
        "kind": "public",
        "title": "电子厂普工",
        "description": "流水线组装，坐着上班，包吃住，五险，做六休一。",
        "headcount": 20,
        "wage": "6000-8000元/月",
        "age": "18-60岁",
        "region": "赣州市章贡区",
        "address": "沙河工业园",
        "contact_name": "演示联系人",
        "contact_phone": "13800000001",
    }
    body |= changes
    return {name: value for name, value in body.items() if value is not None}


def gig_draft(now: datetime, **changes: Any) -> dict[str, Any]:
    """A gig of tomorrow."""
    start = now + timedelta(days=1)
    terms = {
        "starts_at": clock.show(start),
        "ends_at": clock.show(start + timedelta(hours=8)),
        "seats": 5,
        "insurance": "意外险，雇主买",
    }
    return draft(kind="gig", title="装卸工 日结", wage="230元/天", employer_name="演示仓库", gig=terms, **changes)


Publish = Callable[..., dict[str, Any]]


@pytest.fixture
def publish(client: FlaskClient, people: People) -> Publish:
    """Publish a draft and give back the answer's body; the test fails when it was refused."""
    numbers = iter(range(1, 1000))

    def send(body: dict[str, Any] | None = None, who: dict[str, str] | None = None) -> dict[str, Any]:
        headers = (who or people.employer) | {"Idempotency-Key": f"publish-{next(numbers):04d}"}
        response = client.post("/v1/jobs", json=body or draft(), headers=headers)
        assert response.status_code == 201, response.get_json()
        answer: dict[str, Any] = response.get_json()
        return answer

    return send
