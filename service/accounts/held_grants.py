"""What an account holds of other people's trust ends with the account: an account that is switched on again starts without it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from service.accounts.models import ActingGrant


def end_held(session: Session, account_id: int, now: datetime, *, ended_by: int | None) -> None:
    """End every grant under which this account acts for somebody. Whoever switches an account off calls it."""
    session.execute(
        update(ActingGrant)
        .where(ActingGrant.holder_account_id == account_id, ActingGrant.ended_at.is_(None))
        .values(ended_at=now, ended_by=ended_by)
    )
