"""Night and morning work on the pool: sink and close what is stale, remind owners before the end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from service import clock
from service.errors import Unavailable
from service.tasks import enqueue, every, handler
from service.upkeep.remind import remind
from service.upkeep.stale import sweep

SWEEP = "upkeep.sweep"
REMIND = "upkeep.remind"
every(SWEEP, daily_at="01:10")
every(REMIND, daily_at="08:30")


@handler(SWEEP)
def sweep_stale(session: Session, _payload: dict[str, Any], now: datetime) -> None:
    """A batch; the rest as a task of its own."""
    _require_true_clock()
    if sweep(session, now):
        enqueue(session, SWEEP)


@handler(REMIND)
def remind_owners(session: Session, payload: dict[str, Any], now: datetime) -> None:
    """A batch; the rest as a task of its own."""
    _require_true_clock()
    after = remind(session, now, after=int(payload.get("after", 0)))
    if after is not None:
        enqueue(session, REMIND, {"after": after})


def _require_true_clock() -> None:
    """By a clock that has jumped, everything may look old: nothing is closed by it."""
    if abs(clock.jumped_seconds()) > clock.LARGEST_JUMP_SECONDS:
        raise Unavailable("clock_jumped", "本机时钟跳动过，请先校准时间并重启服务。")
