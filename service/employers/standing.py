"""How an employer stands today: whether its jobs are shown, wait, or are refused, why, and what it may do meanwhile.

Nothing here is kept: it follows from the papers' last round, the licence, the lists and the day, so that it can never be stale.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service import clock
from service.employers.models import Employer, ListEntry, Verification
from service.employers.tables import Outcome, ReasonRow, allowed_in, deadline, list_rows, reason_row

_STATES = ("suspended", "listed", "unverified", "pending", "overdue", "verified")
"""The gravest first: of several reasons, the gravest says what is allowed."""


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


def may_publish(session: Session, employer: Employer, now: datetime) -> Standing:
    """How the employer stands at ``now``. One SELECT for its open round, one for its lists."""
    codes = [_paper_reason(session, employer)] if employer.verified_at is None else _lapsed(employer, now)
    if employer.suspended_at is not None:
        codes.append("suspended")
    kinds = {entry.list_kind for entry in entries_of(session, employer.credit_code, now)}
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
    return None if employer.verified_at is None else deadline("reverification", now).after(employer.verified_at)


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
                ListEntry.listed_on <= today,
                or_(ListEntry.removed_on.is_(None), ListEntry.removed_on > today),
                or_(ListEntry.until.is_(None), ListEntry.until >= today),
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


def _today(now: datetime) -> date:
    return now.astimezone(clock.BEIJING).date()
