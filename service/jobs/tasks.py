"""Background work for jobs: what a new day brings to their employers (a licence has run out, a list begins to count)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from service.jobs.settle import BATCH, SETTLE, employers_with_jobs, settle
from service.tasks import enqueue, every, handler

DAILY = "jobs.settle_all"
every(DAILY, daily_at="00:10")


@handler(DAILY)
def settle_all(session: Session, payload: dict[str, Any], _now: datetime) -> None:
    """One task for each employer with jobs, a batch at a time."""
    found = employers_with_jobs(session, after=int(payload.get("after", 0)))
    for employer_id in found:
        enqueue(session, SETTLE, {"employer_id": employer_id, "after": 0})
    if len(found) == BATCH:
        enqueue(session, DAILY, {"after": found[-1]})


@handler(SETTLE)
def settle_employer(session: Session, payload: dict[str, Any], now: datetime) -> None:
    """A batch of one employer's jobs; the rest as a task of its own."""
    after = settle(session, int(payload["employer_id"]), now, after=int(payload.get("after", 0)))
    if after is not None:
        enqueue(session, SETTLE, {"employer_id": int(payload["employer_id"]), "after": after})
