"""The open data as a whole, a line a job, never more than a page of it in memory.

It is no picture of one moment. The position in its first line is taken before the first job is read, and everything that changes
afterwards comes in the stream from there on; pages are read one by one, each in its own short statement, however slowly they are
fetched. Copy and stream together are exact, no transaction stays open for an hour, and whoever was cut off goes on behind the
last job he has. One answer ends by itself before the server would end it, and says where to go on.
"""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from sqlalchemy import func
from sqlalchemy.orm import Session

from service import clock
from service.accounts.territory import within
from service.config import OpenDataSettings
from service.db import Database
from service.jobs.models import Job
from service.open_data import log
from service.open_data.policy import policy
from service.open_data.position import Position
from service.open_data.record import given, in_selection, record, rows
from service.open_data.selection import Selection

PAGE = 1_000
BLOCK = 64 * 1024
"""Bytes that are sent at once."""
GZIP_LEVEL = 4


@dataclass(frozen=True, slots=True)
class Start:
    """Where a snapshot begins: behind this job, with the position from which its copy goes on."""

    after: int
    position: Position


def begin(session: Session, now: datetime) -> Start:
    """From the first job on."""
    return Start(0, log.present(session, now))


def resume(session: Session, after: int, position: str, now: datetime) -> Start:
    """Behind the last job of an answer that was cut or ended by itself. Raises BadRequest or Gone for a wrong position."""
    given = Position.load(position)
    log.check(session, given, now)
    return Start(after, given)


def lines(
    database: Database,
    start: Start,
    wanted: Selection,
    publisher: str,
    open_data: OpenDataSettings,
    *,
    seconds: float | None = None,
) -> Iterator[bytes]:
    """The header, the jobs in the order of their ids, and ``end`` or, after ``seconds``, ``next``. Without one of these two the
    answer was cut. The time is looked at behind every job: a slow line may take longer for one page than an answer may last."""
    began, position = time.monotonic(), start.position.dump()
    ends = math.inf if seconds is None else began + seconds
    moment = clock.now()
    yield _line(
        {
            "type": "header",
            "position": position,
            "stream": _address("/v1/stream/jobs", {"since": position}, wanted),
            "after": start.after,
            "taken_at": clock.show(moment),
            "filter": wanted.told(),
            "source": publisher,
            "licence": policy(moment).told(open_data),
        }
    )
    after, count = start.after, 0
    while True:
        with database.answer_session() as session:
            found = _page(session, after, wanted)
        # Never behind the position's own clock: what it takes for ended is not told again.
        moment = max(clock.now(), start.position.told_until)
        late = False
        for row in found:
            after = row.job_id
            if given(row, moment) and in_selection(row, wanted):
                count += 1
                yield _line(record(row))
                if late := time.monotonic() > ends:
                    break
        if not late and len(found) < PAGE:
            yield _line({"type": "end", "jobs": count})
            return
        if late or time.monotonic() > ends:
            more = _address("/v1/snapshot/jobs", {"after": str(after), "position": position}, wanted)
            yield _line({"type": "next", "after": after, "jobs": count, "next": more})
            return


def _page(session: Session, after: int, wanted: Selection) -> list[Any]:
    # coalesce() keeps the planners from the index over status and end: they would sort the whole pool for every page.
    query = rows().where(func.coalesce(Job.status, "") == "open", Job.job_id > after, within(Job.region_code, wanted.region))
    if wanted.kinds:
        query = query.where(Job.kind.in_(wanted.kinds))
    return list(session.execute(query.order_by(Job.job_id).limit(PAGE)).all())


def in_blocks(pieces: Iterator[bytes], *, gzip: bool) -> Iterator[bytes]:
    """The pieces, a few at a time, packed with gzip or as they are."""
    packer = zlib.compressobj(GZIP_LEVEL, wbits=31) if gzip else None
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        packed = packer.compress(piece) if packer is not None else piece
        if packed:
            waiting.append(packed)
            size += len(packed)
        if size >= BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if packer is not None:
        waiting.append(packer.flush())
    yield b"".join(waiting)


def _address(path: str, said: dict[str, str], wanted: Selection) -> str:
    return f"{path}?{urlencode(said | wanted.query(), safe=',')}"


def _line(said: dict[str, Any]) -> bytes:
    return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)
