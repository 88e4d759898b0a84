"""A worker with something of everything, so that leaving has something to forget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import flask
import pytest

from service import clock
from service.accounts.caller import Caller
from service.accounts.models import Account, AccountPhone, ActingGrant
from service.consents import texts
from service.consents.ledger import record_disclosure
from service.db import Database
from service.matches.models import WorkerMatch
from service.workers.models import Hardship, Worker
from tests.service.conftest import ZHANGGONG, People, agree

SECRETS = ("13800000007", "999999197505200017", "演示张三", "演示老张", "想找看大门的活", "no_height", "残联名册")
"""Everything of the person that must not be anywhere afterwards."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person with one row in many tables."""

    worker_id: int
    account_id: int
    headers: dict[str, str]


@pytest.fixture
def database(app: flask.Flask) -> Database:
    """The database of the application."""
    found: Database = app.extensions["database"]
    return found


@pytest.fixture
def somebody(database: Database, people: People) -> Somebody:
    """The worker of ``people``, with all of it."""
    now = clock.now()
    account_id = people.account_ids["worker"]
    with database.write_session() as session:
        account = session.get_one(Account, account_id)
        worker_id = account.worker_id
        assert worker_id is not None
        agree(session, worker_id, *(purpose for purpose in texts.purposes() if purpose != texts.DISCLOSURE))
        row = session.get_one(Worker, worker_id)
        row.display_name = account.display_name = "演示老张"
        row.real_name, row.id_number, row.health_limits = SECRETS[2], SECRETS[1], '["no_height"]'
        row.wish, row.region_code, row.station_id = SECRETS[4], ZHANGGONG, people.station_id
        row.lat, row.lng, row.point_exact, row.skills = 25.8312, 114.9345, True, ["电焊"]
        phone = AccountPhone(account_id=account_id, proved_by="sms", bound_at=now)
        phone.phone = SECRETS[0]
        session.add_all(
            [
                phone,
                Hardship(worker_id=worker_id, category="disabled", state="certified", register=SECRETS[6], claimed_at=now),
                WorkerMatch(worker_id=worker_id, day=now.date(), rank=1, job_id=1, score=50),
                ActingGrant(
                    worker_id=worker_id,
                    holder_account_id=people.account_ids["staff"],
                    kind="station",
                    station_id=people.station_id,
                    scopes=["profile"],
                    starts_at=now,
                    expires_at=now + timedelta(days=365),
                    created_at=now,
                ),
            ]
        )
        reader = Caller(people.account_ids["bureau"], "bureau", "演示人社局")
        record_disclosure(session, worker_id, reader, ["hardship"], "核对就业困难类别", now)
    return Somebody(worker_id, account_id, people.worker)
