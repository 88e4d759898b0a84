"""What goes from the nightly matches when a consent is withdrawn."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from service.consents import texts
from service.consents.effects import on_withdrawal
from service.matches.models import WorkerMatch


@on_withdrawal(texts.BASIC)
@on_withdrawal(texts.RANKING)
@on_withdrawal(texts.BATCH)
def forget_matches(session: Session, worker_id: int, now: datetime) -> None:  # noqa: ARG001  the form of all endings
    """The person's rows."""
    session.execute(delete(WorkerMatch).where(WorkerMatch.worker_id == worker_id))
