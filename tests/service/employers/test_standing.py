"""How an employer stands: what follows from papers, licence, lists and the day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from service import clock
from service.db import Database
from service.employers import tables
from service.employers.models import PUBLISHER_CLASSES, Employer, ListEntry
from service.employers.standing import Standing, flags_for_workers, may_publish
from tests.service.employers import made_up

NOW = clock.parse("2026-11-27T10:00:00+08:00")
CODE = made_up.credit_code(1)


def _employer(session: Session, **changes: Any) -> Employer:
    plain: dict[str, Any] = {"name": "演示电子厂", "credit_code": CODE, "created_at": NOW, "verified_at": NOW}
    row = Employer(**(plain | changes))
    session.add(row)
    session.flush()
    return row


def _stands(database: Database, now: datetime = NOW, entry: dict[str, Any] | None = None, **changes: Any) -> Standing:
    with database.write_session() as session:
        if entry:
            plain: dict[str, Any] = {
                "credit_code": CODE, "name": "演示", "region_code": "", "source": "演示文号", "listed_on": date(2026, 1, 1),
                "imported_at": NOW,
            }  # fmt: skip
            session.add(ListEntry(**(plain | entry)))
        return may_publish(session, _employer(session, **changes), now)


def _codes(standing: Standing) -> list[str]:
    return [row.code for row in standing.reasons]


def test_papers_in_order(database: Database) -> None:
    standing = _stands(database)
    assert (standing.outcome, standing.state, standing.reasons) == ("publish", "verified", ())
    assert standing.may("candidates")
    assert standing.may("contact")


def test_unchecked_papers_hold_and_hide_candidates(database: Database) -> None:
    standing = _stands(database, verified_at=None)
    assert (standing.outcome, _codes(standing)) == ("hold", ["papers_unchecked"])
    assert standing.may("publish")
    assert not standing.may("candidates")
    assert not standing.may("contact")


def test_half_a_year_is_said_and_blocks_nothing_while_the_notice_was_not_read(database: Database) -> None:
    due = NOW + timedelta(days=180)
    assert _stands(database, due - timedelta(minutes=1)).reasons == ()
    late = _stands(database, due, credit_code=made_up.credit_code(2))
    assert (late.outcome, late.state, _codes(late), late.due_at) == ("publish", "overdue", ["reverification_due"], due)
    assert late.may("contact")


def test_half_a_year_holds_once_the_notice_is_read(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tables._table("standing")
    read = [row | {"verified": "primary"} if row["code"] == "reverification_due" else row for row in rows["reason"]]
    monkeypatch.setattr(tables, "_table", lambda _name: rows | {"reason": read} if _name == "standing" else _TABLES[_name])
    assert _stands(database, NOW + timedelta(days=181)).outcome == "hold"


_TABLES = {name: tables._table(name) for name in ("deadlines", "lists", "papers", "standing", "decisions")}


@pytest.mark.parametrize(
    ("number", "until", "outcome"),
    [
        ("", None, "hold"),
        ("演示许可0001", date(2026, 11, 26), "hold"),
        ("演示许可0001", date(2026, 11, 27), "publish"),  # the last day counts
    ],
)
def test_an_agency_needs_its_licence(database: Database, number: str, until: date | None, outcome: str) -> None:
    standing = _stands(database, publisher_class="agency", agency_licence_no=number, agency_licence_until=until)
    assert standing.outcome == outcome


@pytest.mark.parametrize(
    ("entry", "outcome", "flags"),
    [
        ({"list_kind": "arrears"}, "publish", ["曾拖欠农民工工资（在失信联合惩戒名单上）"]),
        ({"list_kind": "breach"}, "hold", []),
        ({"list_kind": "closed"}, "refuse", ["登记信息显示已注销或吊销"]),
        ({"list_kind": "closed", "removed_on": date(2026, 11, 27)}, "publish", []),
        ({"list_kind": "breach", "until": date(2026, 11, 26)}, "publish", []),
        ({"list_kind": "breach", "listed_on": date(2026, 11, 28)}, "publish", []),
        ({"list_kind": "breach", "credit_code": made_up.credit_code(9)}, "publish", []),
    ],
)
def test_lists(database: Database, entry: dict[str, Any], outcome: str, flags: list[str]) -> None:
    assert _stands(database, entry=entry).outcome == outcome
    with database.read_session() as session:
        assert flags_for_workers(session, CODE, NOW) == flags


def test_suspended(database: Database) -> None:
    standing = _stands(database, suspended_at=NOW, suspended_reason="other", verified_at=None)
    assert (standing.outcome, standing.state) == ("refuse", "suspended")
    assert _codes(standing) == ["suspended", "papers_unchecked"]
    assert not standing.may("publish")


def test_the_tables_are_whole() -> None:
    standing = _TABLES["standing"]
    for row in standing["reason"]:
        assert tables.reason_row(row["code"], NOW) is not None
        assert row["basis"] in {"law", "decision"}
        assert row["outcome"] in {"warn", "hold", "refuse"}
        assert set(tables.allowed_in(row["state"])) <= set(tables.ACTS)
    codes = {row["code"] for row in standing["reason"]}
    assert {row.reason for row in tables.list_rows().values()} <= codes
    for publisher_class in PUBLISHER_CLASSES:
        row = tables.class_row(publisher_class, NOW)
        assert set(row.papers) <= set(tables.paper_names())
        assert set(row.checks) <= set(tables.check_names())
    assert tables.deadline("verification", NOW).after(NOW) == clock.parse("2026-12-02T18:00:00+08:00")
