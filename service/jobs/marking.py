"""Whoever changes a job lets it be compared with the others: one task at the end of his transaction, however many jobs it has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import event
from sqlalchemy.orm import Session

from service.tasks import enqueue

MARK: Final = "duplicates.mark"
BATCH: Final = 200
"""Jobs in one task: about half a second of work."""
_CHANGED = "jobs_to_compare"


def compare_later(session: Session, job_ids: Iterable[int]) -> None:
    """Note that these jobs are new or changed. A job whose transaction goes back is looked for in vain, which harms nobody."""
    session.info.setdefault(_CHANGED, set()).update(job_ids)


@event.listens_for(Session, "before_commit")
def _ask(session: Session) -> None:
    """The tasks, at the end of the outermost transaction: there exactly when the changes are."""
    if session.in_nested_transaction() or not session.info.get(_CHANGED):
        return
    job_ids = sorted(session.info.pop(_CHANGED))
    session.flush()
    for at in range(0, len(job_ids), BATCH):
        enqueue(session, MARK, {"job_ids": job_ids[at : at + BATCH]})
