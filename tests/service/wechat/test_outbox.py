"""Messages to people: once where it can be, at least once where it cannot, and never against the ledger."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from service import clock
from service.accounts.create import create_account
from service.config import Settings
from service.db import Database
from service.tasks.models import Task
from service.tasks.worker import Worker as TaskWorker
from service.wechat import outbox, subscriptions, tasks
from service.wechat.client import Identity
from service.wechat.current import close_all
from service.wechat.identities import bind_identity
from service.wechat.loopback.server import Fault, Loopback
from service.wechat.models import OutgoingMessage
from service.wechat.template import read_templates
from service.workers.models import Worker
from tests.service.conftest import settings_for
from tests.service.wechat.conftest import APPID, SECRET, mini_program

SEND = "/cgi-bin/message/subscribe/send"
TEMPLATES = read_templates(None)
ONCE, LONG = TEMPLATES["application_update"], TEMPLATES["case_update"]
PERSON = "演示工友01"
VALUES = {"job": "演示电子厂普工", "status": "已录用", "at": "2026-12-01 08:00", "note": "请带身份证"}
CASE = {"item": "演示事项", "status": "已受理", "at": "2026-12-01 08:00", "note": "三个工作日内办结"}
assert tasks.__name__ in sys.modules  # its handlers are registered


@pytest.fixture
def chosen(database_url: str, tmp_path: Path, loopback: Loopback) -> Iterator[Settings]:
    """Settings with the stand-in for WeChat."""
    yield settings_for(database_url, tmp_path, wechat=mini_program(loopback.url))
    close_all()


@pytest.fixture
def account_id(database: Database, loopback: Loopback) -> int:
    """A worker who has come by WeChat."""
    now = clock.now()
    loopback.memory.log_in(PERSON)
    with database.write_session() as session:
        worker = Worker(display_name=PERSON, created_at=now)
        session.add(worker)
        session.flush()
        account = create_account(session, role="worker", login="worker", display_name=PERSON, now=now, worker_id=worker.worker_id)
        bind_identity(session, account.account_id, Identity(loopback.memory.openid_of(PERSON), None), now)
        return account.account_id


def accept(database: Database, loopback: Loopback, account_id: int, template_id: str = ONCE.template_id) -> None:
    """The person lets one message come; WeChat and our ledger both know it."""
    loopback.memory.accept(PERSON, [template_id])
    with database.write_session() as session:
        for template in subscriptions.by_id(TEMPLATES, [template_id]):
            subscriptions.accept(session, account_id, template, clock.now())


def post(database: Database, account_id: int, key: str = "application-1-hired", **more: Any) -> int | None:
    """One application update."""
    with database.write_session() as session:
        how: dict[str, Any] = {"message": "application_update", "values": VALUES, "now": clock.now()} | more
        return outbox.post(session, account_id, key=key, **how)


def work(database: Database, settings: Settings, *, later: bool = False) -> None:
    """Work off what is due; ``later``: what waits for another try, too."""
    if later:
        with database.write_session() as session:
            for task in session.scalars(select(Task).where(Task.state == "waiting")):
                task.due_at = clock.now() - timedelta(seconds=1)
    worker = TaskWorker(database, settings)
    while worker.step():
        pass


def states(database: Database) -> list[tuple[str, str]]:
    """State and reason of every message."""
    with database.read_session() as session:
        rows = session.execute(select(OutgoingMessage.state, OutgoingMessage.reason).order_by(OutgoingMessage.message_id))
        return [(state, reason) for state, reason in rows]


def left(database: Database, account_id: int, template_id: str = ONCE.template_id) -> int:
    """What the ledger says."""
    with database.read_session() as session:
        return subscriptions.remaining(session, account_id, template_id)


def test_a_message_is_handed_over_once(database: Database, chosen: Settings, loopback: Loopback, account_id: int) -> None:
    accept(database, loopback, account_id)
    assert post(database, account_id, page_query="a=7")
    assert post(database, account_id) is None  # the same thing told again
    work(database, chosen)
    work(database, chosen)
    assert states(database) == [("sent", "")]
    assert [sent["page"] for sent in loopback.memory.sent] == ["pages/applications/show?a=7"]
    assert left(database, account_id) == 0


def test_what_a_message_says_cannot_be_read_in_the_tables(database: Database, account_id: int) -> None:
    post(database, account_id)
    with database.read_session() as session:
        row = session.scalars(select(OutgoingMessage)).one()
        kept = [str(getattr(row, column.key)) for column in OutgoingMessage.__table__.columns]
        kept.append(str(session.scalars(select(Task)).one().payload))
    assert not any("电子厂" in value for value in kept)


def test_without_credit_nothing_is_asked(database: Database, chosen: Settings, loopback: Loopback, account_id: int) -> None:
    post(database, account_id)
    work(database, chosen)
    assert states(database) == [("refused", "no_credit")]
    assert loopback.memory.calls[SEND] == 0


def test_a_refusal_is_final_and_clears_the_ledger(
    database: Database, chosen: Settings, loopback: Loopback, account_id: int
) -> None:
    for _ in range(3):
        accept(database, loopback, account_id)
    loopback.memory.reject(PERSON, [ONCE.template_id])
    post(database, account_id)
    work(database, chosen)
    work(database, chosen, later=True)
    assert states(database) == [("refused", "43101")]
    assert left(database, account_id) == 0
    assert loopback.memory.calls[SEND] == 1


def test_a_long_term_subscription_is_not_used_up(
    database: Database, chosen: Settings, loopback: Loopback, account_id: int
) -> None:
    accept(database, loopback, account_id, LONG.template_id)
    for number in range(3):
        post(database, account_id, f"case-{number}", message="case_update", values=CASE)
    work(database, chosen)
    assert states(database) == [("sent", "")] * 3
    assert left(database, account_id, LONG.template_id) == 1


@pytest.mark.parametrize("fault", [Fault(errcode=-1), Fault(errcode=45009), Fault(errcode=43108), Fault(status=502)])
def test_what_passes_is_tried_later(
    database: Database, chosen: Settings, loopback: Loopback, account_id: int, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST", "LONGEST"):
        monkeypatch.setattr(f"service.wechat.client.{name}_PAUSE_SECONDS", 20.0)  # one try a call
    accept(database, loopback, account_id)
    post(database, account_id)
    loopback.fail(SEND, fault, times=2)
    work(database, chosen)
    assert states(database) == [("queued", "")]
    work(database, chosen, later=True)
    work(database, chosen, later=True)
    assert states(database) == [("sent", "")]
    assert len(loopback.memory.sent) == 1


@pytest.mark.parametrize("errcode", [40003, 40037, 41030, 43107, 45168, 47003, 99999])
def test_what_can_never_be_sent_is_not_tried_again(
    database: Database, chosen: Settings, loopback: Loopback, account_id: int, errcode: int
) -> None:
    accept(database, loopback, account_id)
    post(database, account_id)
    loopback.fail(SEND, Fault(errcode=errcode))
    work(database, chosen)
    work(database, chosen, later=True)
    assert states(database) == [("failed", "other" if errcode == 99999 else str(errcode))]
    assert loopback.memory.calls[SEND] == 1
    assert left(database, account_id) == 1


def test_an_answer_that_was_lost_is_not_held_to_be_a_refusal(
    database: Database, chosen: Settings, loopback: Loopback, account_id: int
) -> None:
    accept(database, loopback, account_id)
    post(database, account_id)
    loopback.fail(SEND, Fault(cut=True, after=True))
    work(database, chosen)
    assert states(database) == [("queued", "")]
    work(database, chosen, later=True)
    assert states(database) == [("unsure", "43101")]
    assert len(loopback.memory.sent) == 1
    assert left(database, account_id) == 0


_HAND_OVER = """
import sys
from pathlib import Path
import service.background
from service import clock
from service.db import Database
from service.wechat import outbox
from service.wechat.client import Access, Wechat
from service.wechat.template import read_templates
database, url, appid, secret, folder, number = sys.argv[1:]
wechat = Wechat(Access(url, appid, secret, Path(folder)), seconds=30)
outbox.hand_over(Database(database), wechat, read_templates(None), int(number), clock.now())
"""


@pytest.mark.costly
def test_a_worker_killed_while_wechat_answers(
    database: Database, chosen: Settings, loopback: Loopback, account_id: int, tmp_path: Path
) -> None:
    accept(database, loopback, account_id)
    number = post(database, account_id)
    loopback.fail(SEND, Fault(slow_seconds=20, after=True))
    command = [sys.executable, "-c", _HAND_OVER, database.url, loopback.url, APPID, SECRET, str(tmp_path), str(number)]
    process = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + 60
        while not loopback.memory.sent:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    work(database, chosen)
    assert states(database) == [("unsure", "43101")]
    assert len(loopback.memory.sent) == 1


def test_a_late_message_is_not_sent(database: Database, chosen: Settings, loopback: Loopback, account_id: int) -> None:
    accept(database, loopback, account_id)
    post(database, account_id, "a", expires_at=clock.now() - timedelta(seconds=1))
    post(database, account_id, "b", expires_at=clock.now() - timedelta(seconds=1))
    with database.write_session() as session:
        tasks.look_after_what_waits(session, {}, clock.now())
    assert states(database) == [("expired", "late")] * 2
    work(database, chosen)
    assert loopback.memory.calls[SEND] == 0


def test_no_template_no_wechat_no_value(database: Database, chosen: Settings, loopback: Loopback, account_id: int) -> None:
    accept(database, loopback, account_id)
    post(database, account_id, "a", message="unheard_of")
    post(database, account_id, "b", values={"job": "演示"})
    work(database, chosen)
    assert states(database) == [("failed", "no_template"), ("failed", "value_missing")]
    post(database, account_id, "c")
    work(database, dataclasses.replace(chosen, wechat=mini_program(loopback.url, appid="")))
    assert states(database)[2] == ("failed", "no_template")
    assert loopback.memory.calls[SEND] == 0


def test_long_words_reach_wechat_cut(database: Database, chosen: Settings, loopback: Loopback, account_id: int) -> None:
    accept(database, loopback, account_id)
    long = {"job": "演示电子厂" * 20, "status": "已经录用了", "at": "2026-12-01 08:00" * 5, "note": "\n请带 身份证"}
    post(database, account_id, values=long)
    work(database, chosen)
    assert states(database) == [("sent", "")]
    sent = {keyword: said["value"] for keyword, said in loopback.memory.sent[0]["data"].items()}
    assert [len(value) for value in sent.values()] == [20, 5, 32, 6]


def test_the_figure_of_the_day(database: Database, account_id: int) -> None:
    now = clock.now()
    with database.read_session() as session:
        assert outbox.handed(session, now - timedelta(days=1), now).share is None
    for number, seconds in enumerate((0.2, 9.9, 10.5, 60)):
        post(database, account_id, f"m-{number}", now=now - timedelta(hours=1))
        with database.write_session() as session:
            row = session.scalars(select(OutgoingMessage).where(OutgoingMessage.message_key == f"m-{number}")).one()
            row.state, row.done_at = "sent", row.queued_at + timedelta(seconds=seconds)
    post(database, account_id, "m-waits", now=now - timedelta(hours=1))
    post(database, account_id, "m-tomorrow", now=now + timedelta(hours=1))
    with database.read_session() as session:
        figure = outbox.handed(session, now - timedelta(days=1), now)
    assert (figure.sent, figure.in_time, figure.share) == (4, 2, 0.5)
