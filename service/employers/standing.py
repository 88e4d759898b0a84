"""How an employer stands today: whether its jobs are shown, wait, or are refused, why, and what it may do meanwhile.

Nothing here is kept: it follows from the papers' last round, the licence, the lists and the day, so that it can never be stale.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import clock
from service.employers.models import Employer, ListEntry, Verification
from service.employers.tables import Deadline, Outcome, ReasonRow, allowed_in, deadline_if_any, list_rows, reason_row

_STATES = ("suspended", "listed", "unverified", "pending", "overdue", "verified")
"""The gravest first: of several reasons, the gravest says what is allowed."""
_LICENCE = frozenset({"agency_licence_missing", "agency_licence_expired"})


@dataclass(frozen=True, slots=True)
class Standing:
    """``outcome``: what becomes of a job handed in now; ``reasons`` the gravest first; ``due_at`` when papers are due again."""

    outcome: Outcome
    state: str
    reasons: tuple[ReasonRow, ...]
    due_at: datetime | None = None

    def may(self, act: str) -> bool:
        """Whether the employer may do one of ``tables.ACTS``."""
        return act in allowed_in(self.state)


class Checked(NamedTuple):
    """What a reader is told of the checking of papers. ``verified`` holds only until they are due again; from then on ``note``
    says in one sentence when they were checked and since when they should have been checked again. ``note`` is else empty."""

    verified: bool
    verified_at: datetime | None
    note: str


NEVER = Checked(verified=False, verified_at=None, note="")
"""Nobody has found the papers in order, or there is no employer registered here."""


def checked(employer: Employer | None, now: datetime) -> Checked:
    """What a reader is told of an employer at ``now``."""
    if employer is None or employer.verified_at is None:
        return NEVER
    if any(code in _LICENCE for code in _lapsed(employer, now)):
        note = f"{_day(employer.verified_at)} 核验过，人力资源服务许可证已过期或没有登记，要更新后重新核验。"
        return Checked(verified=False, verified_at=employer.verified_at, note=note)
    return checked_for(deadline_if_any("reverification", now), employer.verified_at, now, demo=employer.demo)


def checked_for(term: Deadline | None, verified_at: datetime, now: datetime, *, demo: bool) -> Checked:
    """The same from what a list has at hand, the term looked up once for the whole list. (Licences that ran out do not come up
    there: such jobs are held.)"""
    due = None if term is None else term.after(verified_at)
    if due is None or due > now or demo:
        return Checked(verified=True, verified_at=verified_at, note="")
    note = f"{_day(verified_at)} 核验过，{_day(due)} 起应当重新核验，还没有重新核验。"
    return Checked(verified=False, verified_at=verified_at, note=note)


def may_publish(session: Session, employer: Employer, now: datetime) -> Standing:
    """How the employer stands at ``now``. One SELECT for its open round, one for its lists."""
    codes = [_paper_reason(session, employer)] if employer.verified_at is None else _lapsed(employer, now)
    if employer.suspended_at is not None:
        codes.append("suspended")
    kinds = {entry.list_kind for entry in entries_of(session, employer.said_code, now)}
    codes += [row.reason for row in list_rows().values() if row.kind in kinds]
    found = [row for code in codes if (row := reason_row(code, now)) is not None]
    weight = {"refuse": 0, "hold": 1, "warn": 2}
    reasons = tuple(sorted(found, key=lambda row: weight[row.effect]))
    outcome: Outcome = "publish"
    if reasons and reasons[0].effect != "warn":
        outcome = reasons[0].effect
    states = {row.state for row in reasons if row.effect != "warn" or row.state == "overdue"}
    return Standing(outcome, next((state for state in _STATES if state in states), "verified"), reasons, due_at(employer, now))


def due_at(employer: Employer, now: datetime) -> datetime | None:
    """When the papers are to be looked at again; None while they were never found in order."""
    term = deadline_if_any("reverification", now)
    return None if employer.verified_at is None or term is None else term.after(employer.verified_at)


def entries_of(session: Session, credit_code: str | None, now: datetime) -> list[ListEntry]:
    """The lines that speak about this code today: listed, not yet removed, not run out."""
    if not credit_code:
        return []
    today = _today(now)
    return list(
        session.scalars(
            select(ListEntry)
            .where(
                ListEntry.credit_code == credit_code,
                ListEntry.stands_on(today),
            )
            .order_by(ListEntry.listed_on, ListEntry.entry_id)
        )
    )


def flags_for_workers(session: Session, credit_code: str | None, now: datetime) -> list[str]:
    """What workers are to know of an employer: only lists that their keeper publishes himself."""
    lists = list_rows()
    kinds = dict.fromkeys(entry.list_kind for entry in entries_of(session, credit_code, now))
    return [lists[kind].label for kind in kinds if kind in lists and lists[kind].shown]


def _paper_reason(session: Session, employer: Employer) -> str:
    state = session.scalar(
        select(Verification.state)
        .where(Verification.employer_id == employer.employer_id, Verification.state != "withdrawn")
        .order_by(Verification.verification_id.desc())
        .limit(1)
    )
    return {"pending": "papers_pending", "asked": "papers_asked", "rejected": "papers_rejected"}.get(
        state or "", "papers_unchecked"
    )


def _lapsed(employer: Employer, now: datetime) -> list[str]:
    """What has run out since the papers were found in order. Demonstration data never runs out: nobody would renew it."""
    codes: list[str] = []
    if employer.publisher_class == "agency" and not employer.demo:
        if not employer.agency_licence_no or employer.agency_licence_until is None:
            codes.append("agency_licence_missing")
        elif employer.agency_licence_until < _today(now):
            codes.append("agency_licence_expired")
    due = due_at(employer, now)
    if due is not None and due <= now and not employer.demo:
        codes.append("reverification_due")
    return codes


def _day(moment: datetime) -> str:
    return clock.show(moment)[:10]


def _today(now: datetime) -> date:
    return now.astimezone(clock.BEIJING).date()
