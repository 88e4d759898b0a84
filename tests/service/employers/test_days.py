"""What passing days do: reminders before something runs out, lists taken in at the machine."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from service import clock
from service.employers import tasks
from service.employers.models import Employer, ListEntry
from service.tasks.models import Task
from service.wechat.models import OutgoingMessage
from tests.service.employers import made_up
from tests.service.employers.conftest import APPROVE, Door


def _messages(door: Door, now: Any) -> list[OutgoingMessage]:
    with door.database.write_session() as session:
        tasks.remind_owners(session, {}, now)
    with door.database.read_session() as session:
        return list(session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.message_id)))


def test_owners_are_told_once_a_week_before_half_a_year_is_over(door: Door, handed_in: tuple[int, int]) -> None:
    employer_id, round_id = handed_in
    assert _messages(door, clock.now()) == []  # nobody has checked the papers: nothing runs out
    door.send("POST", f"/v1/verifications/{round_id}/decisions", door.reviewer, APPROVE)
    now = clock.now()
    assert _messages(door, now + timedelta(days=160)) == []
    first = now + timedelta(days=170)
    told = _messages(door, first)
    assert [(row.account_id, row.message) for row in told] == [(door.owner_id, "case_update")]
    assert "满半年" in told[0].values
    assert len(_messages(door, first)) == 1
    assert len(_messages(door, first + timedelta(days=7))) == 2
    with door.database.read_session() as session:
        assert session.get_one(Employer, employer_id).verified_at is not None


def test_a_licence_that_runs_out_soon(door: Door, handed_in: tuple[int, int]) -> None:
    today = clock.now().astimezone(clock.BEIJING).date()
    with door.database.write_session() as session:
        row = session.get_one(Employer, handed_in[0])
        row.publisher_class, row.agency_licence_no = "agency", "演示许可0001"
        row.agency_licence_until, row.verified_at = today + timedelta(days=30), clock.now()
    assert "许可证" in _messages(door, clock.now())[0].values
    record = door.client.get(f"/v1/employers/{handed_in[0]}/record", headers=door.owner).get_json()
    assert record["notices"] == [f"人力资源服务许可证到 {today + timedelta(days=30)} 到期，请换证后更新有效期并重新核验。"]


def test_many_employers_in_batches(door: Door, handed_in: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "BATCH", 1)
    with door.database.write_session() as session:
        session.get_one(Employer, handed_in[0]).verified_at = clock.now()
        tasks.remind_owners(session, {}, clock.now())
        following = session.scalars(select(Task).where(Task.kind == tasks.REMIND)).one()
        assert following.payload == {"after": handed_in[0]}


def test_the_command(door: Door, employer_id: int, tmp_path: Path) -> None:
    runner = door.app.test_cli_runner()
    file = tmp_path / "list.csv"
    file.write_text(f"统一社会信用代码,列入日期\n{made_up.credit_code(1)},2026-01-31\n123,2026-01-31\n", encoding="utf-8")
    arguments = ["employers", "import-list", "breach", str(file), "--source", "演示文号"]
    told = runner.invoke(args=arguments)
    assert told.exit_code == 0, told.output
    assert "新列入 1 条" in told.output
    assert "第 2 行" in told.output
    assert "已有 1 条" in runner.invoke(args=arguments).output
    with door.database.read_session() as session:
        entry = session.scalars(select(ListEntry)).one()
        assert (entry.credit_code, entry.listed_on, entry.imported_by) == (made_up.credit_code(1), date(2026, 1, 31), None)
    file.write_bytes("统一社会信用代码".encode("gbk"))
    assert "UTF-8" in runner.invoke(args=arguments).output
    needs_url = runner.invoke(args=["employers", "import-list", "closed", str(file), "--source", "演示文号"])
    assert needs_url.exit_code == 1
