"""A company that the register shows as gone has nobody left who could act for it: its accounts are shut out at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service.employers.models import Employer, ListEntry
from service.employers.standing import entries_of

CLOSED = "closed"
"""The list of companies that were deregistered, or whose licence was taken (``data/lists.toml``)."""


def close_or_reopen(session: Session, employer: Employer, now: datetime) -> None:
    """``closed_at`` follows the list: set while the employer stands on it, empty again when it was put there by mistake."""
    gone = any(entry.list_kind == CLOSED for entry in entries_of(session, employer.said_code, now))
    if gone != (employer.closed_at is not None):
        employer.closed_at = now if gone else None


def close_and_reopen_all(session: Session, now: datetime) -> None:
    """What a new day brings: lines that begin or end on it."""
    listed = select(ListEntry.credit_code).where(ListEntry.list_kind == CLOSED)
    concerned = or_(Employer.closed_at.is_not(None), Employer.credit_code.in_(listed), Employer.claimed_code.in_(listed))
    for employer in session.scalars(select(Employer).where(concerned)):
        close_or_reopen(session, employer, now)
