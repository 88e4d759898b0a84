"""Background work for jobs: what a new day brings to their employers (a licence has run out, a list begins to count), what trades
are paid, and adverts that wait unseen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from service.jobs.reviews.sweep import sweep
from service.jobs.reviews.usual_wages import compute, put_down
from service.jobs.settle import BATCH, SETTLE, employers_with_jobs, settle
from service.tasks import Outside, enqueue, every, handler, outside_handler
from service.tasks.registry import Finish

DAILY = "jobs.settle_all"
USUAL_WAGES = "jobs.usual_wages"
SWEEP = "jobs.review_sweep"
every(DAILY, daily_at="00:10")
every(USUAL_WAGES, daily_at="03:10")
every(SWEEP, daily_at="03:20")


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


@outside_handler(USUAL_WAGES, longest_seconds=1800)
def count_usual_wages(outside: Outside, _payload: dict[str, Any], now: datetime) -> Finish:
    """What each trade is paid in each county, city, province: the pool is read without a write lock, the table written last."""
    with outside.database.read_session() as session:
        rows = compute(session, now)
    return lambda session: put_down(session, rows)


@handler(SWEEP)
def sweep_held(session: Session, payload: dict[str, Any], now: datetime) -> None:
    """Every advert that waits for somebody to look at its words has a place in the queue, whichever way it came in."""
    after = sweep(session, now, after=int(payload.get("after", 0)))
    if after is not None:
        enqueue(session, SWEEP, {"after": after})
