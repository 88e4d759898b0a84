"""Reading the change log a page at a time, for followers that we do not know, without losing a line.

The horizon is that of ``service/indexing/changes.py``: below PostgreSQL's ``pg_snapshot_xmin`` every transaction is over. What is
at or above it is remembered by transaction, not by line: all lines of one become visible together, so a bulk load of a million
lines costs a position no more than two numbers. While a slow transaction keeps the horizon down, at most ``HELD_MOST`` quick ones
are remembered; the rest waits for the slow one, late but not lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from service.errors import Gone
from service.indexing.changes import NO_JOB, horizon
from service.jobs.models import JobChange
from service.open_data.policy import policy
from service.open_data.position import ALL_TOLD, HELD_MOST, WHOLE, Position

AHEAD = timedelta(hours=1)
"""A position from further in the future than this was given by a clock that was wrong."""


@dataclass(frozen=True, slots=True)
class Page:
    """Jobs that changed, in the order of their lines; the position behind them; whether there is more."""

    job_ids: list[int]
    position: Position
    more: bool


def present(session: Session, now: datetime) -> Position:
    """The position from which a copy goes on that is read from now on: behind every transaction that is visible already, also
    behind those that a slower one keeps above the horizon. Of a great many of these some are given again, never too few."""
    at, newest = horizon(session), _newest(session)
    if session.get_bind().dialect.name != "postgresql":
        return Position("s", now, at, newest, now, ALL_TOLD)
    held: dict[int, int] = {}
    tx, ceiling, last = JobChange.transaction_id, _ceiling(session), at - 1
    # From number to number by the index: one of them may have a million lines.
    while len(held) < HELD_MOST // 2 and (number := session.scalar(select(func.min(tx)).where(tx > last, tx < ceiling))):
        held[number] = WHOLE
        last = number
    return Position("p", now, at, newest, now, ALL_TOLD, held)


def check(session: Session, since: Position, now: datetime) -> None:
    """Raises Gone when nobody can go on from a position: too old, or of a database that was put back or replaced since."""
    kind = "p" if session.get_bind().dialect.name == "postgresql" else "s"
    good = now - policy(now).position_age <= since.given_at <= now + AHEAD and since.told_until <= now + AHEAD
    if since.kind != kind or not good:
        raise _gone()
    if horizon(session) < since.horizon or _newest(session) < since.newest:
        raise _gone()
    put_back = select(JobChange.change_id).where(JobChange.change_id > since.newest, JobChange.job_id == NO_JOB).limit(1)
    if session.scalar(put_back) is not None:
        raise _gone()


def read(session: Session, since: Position, most: int) -> Page:
    """At most ``most`` lines since a position. The session must read one snapshot (``snapshot_session``)."""
    newest = max(since.newest, _newest(session))
    if since.kind == "s":
        return _read_numbered(session, since, most, newest)
    now = horizon(session)
    tx, line = JobChange.transaction_id, JobChange.change_id
    wanted = select(JobChange.job_id, tx.label("tx"), line.label("line")).where(tx >= since.horizon, tx < _ceiling(session))
    whole = [number for number, last in since.held.items() if last == WHOLE]
    if whole:
        wanted = wanted.where(tx.not_in(whole))
    for number, last in since.held.items():
        if last != WHOLE:
            wanted = wanted.where(or_(tx != number, line > last))
    lines: list[Any] = list(session.execute(wanted.order_by(tx, line).limit(most + 1)).all())
    page = _behind(since, lines, most, now, newest)
    if len(page.position.held) > HELD_MOST:
        below = [one for one in lines if one.tx < now]
        page = _behind(since, below, most, now, newest)
    return page


def _behind(since: Position, lines: list[Any], most: int, now: int, newest: int) -> Page:
    """The page of the first ``most`` lines, in the order of (transaction, line), and the position behind it."""
    given, rest = lines[:most], lines[most:]
    held = dict(since.held) | dict.fromkeys((one.tx for one in given), WHOLE)
    floor = now  # below it is nothing that was not given, unless the page ended before
    if rest:
        floor = min(now, rest[0].tx)
        if given[-1].tx == rest[0].tx:
            held[rest[0].tx] = given[-1].line
    held = {number: last for number, last in held.items() if number >= floor}
    jobs = list(dict.fromkeys(one.job_id for one in given if one.job_id != NO_JOB))
    return Page(jobs, replace(since, horizon=floor, held=held, newest=newest), bool(rest))


def _read_numbered(session: Session, since: Position, most: int, newest: int) -> Page:
    lines = session.execute(
        select(JobChange.change_id, JobChange.job_id)
        .where(JobChange.change_id >= since.horizon, JobChange.job_id != NO_JOB)
        .order_by(JobChange.change_id)
        .limit(most + 1)
    ).all()
    given, rest = lines[:most], lines[most:]
    behind = rest[0].change_id if rest else newest + 1
    return Page(list(dict.fromkeys(one.job_id for one in given)), replace(since, horizon=behind, newest=newest), bool(rest))


def _ceiling(session: Session) -> int:
    """A number that this server has not dealt out yet was brought by a dump of another one."""
    return int(session.execute(text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")).scalar_one())


def _newest(session: Session) -> int:
    return session.scalar(select(func.max(JobChange.change_id))) or 0


def _gone() -> Gone:
    return Gone(
        "position_gone",
        "这个位置太旧了，或者数据库恢复过备份，不能接着往下读；请重新下载 /v1/snapshot/jobs，再从它给的位置开始。",
        details={"snapshot": "/v1/snapshot/jobs"},
    )
