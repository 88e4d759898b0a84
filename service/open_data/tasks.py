"""Background work: the change log does not grow for ever."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from service import clock
from service.errors import Unavailable
from service.jobs.models import JobChange
from service.open_data.policy import policy
from service.tasks import enqueue, every, handler

PRUNE = "open_data.prune_log"
BATCH = 10_000
every(PRUNE, daily_at="03:50")


@handler(PRUNE)
def prune_log(session: Session, _payload: dict[str, Any], now: datetime) -> None:
    """Drop lines older than any position that is still answered (docs/open-data.md), a batch a transaction. The newest stays: it
    says how far the numbers have got. Not by a clock that has jumped."""
    if abs(clock.jumped_seconds()) > clock.LARGEST_JUMP_SECONDS:
        raise Unavailable("clock_jumped", "本机时钟跳动过，请先校准时间并重启服务。")
    if prune(session, now) == BATCH:
        enqueue(session, PRUNE, {})


def prune(session: Session, now: datetime) -> int:
    """Drop at most a batch of old lines from the beginning of the log. How many."""
    newest = session.scalar(select(func.max(JobChange.change_id))) or 0
    first = select(JobChange.change_id, JobChange.at).order_by(JobChange.change_id).limit(BATCH)
    oldest_kept = now - policy(now).log_age
    old = [line.change_id for line in session.execute(first) if line.at < oldest_kept and line.change_id < newest]
    for start in range(0, len(old), 500):
        session.execute(delete(JobChange).where(JobChange.change_id.in_(old[start : start + 500])))
    return len(old)
