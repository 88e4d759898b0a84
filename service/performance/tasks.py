"""Every minute: does the web answer, and what have the counters counted? Added to the day's row, with the mark, in one commit."""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import case, delete, func, select
from sqlalchemy.orm import Session

from service.clock import BEIJING
from service.config import Settings
from service.employers.models import Verification
from service.performance.counted import Counted, epoch, machine, read_counters, together
from service.performance.models import CounterMark, DailyFigures
from service.tasks import Outside, every, outside_handler
from service.tasks.registry import Finish
from service.wechat.models import OutgoingMessage
from service.wechat.outbox import PROMISED, handed

RECORD = "performance.record"
EVERY_SECONDS = 60
KEPT = timedelta(days=90)
PROBE_SECONDS = 3.0
_ask = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # our own address: never through the office's proxy

every(RECORD, seconds=EVERY_SECONDS)


@outside_handler(RECORD, tries=1, longest_seconds=30)
def record_minute(outside: Outside, _payload: dict[str, Any], now: datetime) -> Finish:
    """Ask the web whether it is there, read the counters, and give back what writes both down."""
    answered, counted, began = answers(outside.settings), read_counters(), epoch()
    return lambda session: add_up(session, now, answered=answered, counted=counted, epoch=began)


def answers(settings: Settings) -> bool:
    """Whether the web of this machine answers ``/health`` within three seconds."""
    host = "127.0.0.1" if settings.bind_address in {"0.0.0.0", ""} else settings.bind_address  # noqa: S104  compared, not bound
    try:
        with _ask.open(f"http://{host}:{settings.port}/health", timeout=PROBE_SECONDS) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def add_up(session: Session, now: datetime, *, answered: bool, counted: Counted | None, epoch: str) -> None:
    """Add a minute to the day's row. A minute in which nobody was there to write is a minute that failed; minutes before the
    very first answer of all are none of either: the service was not there yet that could have been missed."""
    day = now.astimezone(BEIJING).date()
    row = session.get(DailyFigures, day)
    if row is None:
        row = _begin(session, day, now)
    begun = session.scalar(select(func.min(DailyFigures.day)).where(DailyFigures.probes > 0))
    if begun is not None or answered:
        row.probes = max(row.probes + 1, _minutes_since(row, begun, now))
        row.probes_ok += answered
    if counted is not None:
        new = counted.since(_mark(session, counted, epoch, now))
        row.requests += new.requests
        row.errors += new.errors
        row.search_times = together(row.search_times, new.search_times)
        row.visible_times = together(row.visible_times, new.visible_times)
    row.messages, row.messages_in_time = _messages(session, day, now)
    row.reviews, row.reviews_in_time = _reviews(session, day)
    row.updated_at = now
    session.execute(delete(DailyFigures).where(DailyFigures.day < day - KEPT))


def _begin(session: Session, day: date, now: datetime) -> DailyFigures:
    row = DailyFigures(
        day=day, requests=0, errors=0, search_times={}, visible_times={}, probes=0, probes_ok=0, messages=0, messages_in_time=0,
        reviews=0, reviews_in_time=0, updated_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def _minutes_since(row: DailyFigures, begun: date | None, now: datetime) -> int:
    """Minutes of the day so far, from midnight on; on the day on which counting has begun (``begun``, None: now) from that minute
    on."""
    if begun is None:
        return 1
    if begun == row.day:
        return row.probes + max(1, round((now - row.updated_at).total_seconds() / EVERY_SECONDS))
    return int((now - _midnight(row.day)).total_seconds() // EVERY_SECONDS) + 1


def _mark(session: Session, counted: Counted, epoch: str, now: datetime) -> dict[str, Any]:
    """What had been added of these counters before; from now on all of it is."""
    mark = session.get(CounterMark, machine())
    if mark is None:
        mark = CounterMark(machine=machine(), epoch=epoch, counted={}, at=now)
        session.add(mark)
    before = mark.counted if mark.epoch == epoch else {}
    mark.epoch, mark.counted, mark.at = epoch, counted.dump(), now
    return before


def _messages(session: Session, day: date, now: datetime) -> tuple[int, int]:
    """Messages of this day that should be with WeChat by now, and those that were within the promised time. What a person does
    not want to hear (refused) is no delay; what never went out is one."""
    begin, end = _midnight(day), _midnight(day + timedelta(days=1))
    due = select(func.count()).where(
        OutgoingMessage.queued_at >= begin,
        OutgoingMessage.queued_at < min(end, now - PROMISED),
        OutgoingMessage.state != "refused",
    )
    return int(session.scalar(due) or 0), handed(session, begin, min(end, now - PROMISED)).in_time


def _reviews(session: Session, day: date) -> tuple[int, int]:
    """Checks of papers that were due or decided on this day, and those of them decided in time."""
    begin, end = _midnight(day), _midnight(day + timedelta(days=1))
    due = select(func.count(), func.sum(case((Verification.decided_at <= Verification.due_at, 1), else_=0))).where(
        func.coalesce(Verification.decided_at, Verification.due_at) >= begin,
        func.coalesce(Verification.decided_at, Verification.due_at) < end,
    )
    number, in_time = session.execute(due).one()
    return int(number), int(in_time or 0)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), BEIJING).astimezone(UTC)
