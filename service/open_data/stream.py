"""What changed since a position: the present state of each job that changed, or a tombstone, and tombstones of what ran out.

A job's end by the clock writes no line in the change log, and needs none: it is known from the row. A position says up to which
moment the ends were told; an answer tells those between there and now. So a follower that only reads the stream ends as the
database is, and one that sleeps may drop by itself what is past its ``valid_until``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service.jobs.models import Job, JobHistory
from service.open_data import log
from service.open_data.position import ALL_TOLD, Position
from service.open_data.record import given, in_selection, may_be_given, record, rows, tombstone, why_not
from service.open_data.selection import Selection

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines for a follower, the position behind them, and whether more is waiting already."""

    changes: list[dict[str, Any]]
    position: Position
    more: bool


def changes_since(session: Session, since: Position, wanted: Selection, now: datetime, most: int) -> Batch:
    """At most ``most`` changes. The session must read one snapshot (``snapshot_session``).

    Raises Gone for a position that nobody can go on from. A clock that is a little behind the one that gave the position does
    not bring back what has run out by that one.
    """
    log.check(session, since, now)
    now = max(now, since.told_until)
    page = log.read(session, since, most)
    changes = _states(session, page.job_ids, wanted, now)
    ended, behind = _ended(session, page.position, wanted, now, max(1, most - len(page.job_ids)))
    told = {change["job_id"] for change in changes}
    changes += [change for change in ended if change["job_id"] not in told]
    return Batch(changes, behind.at(now), page.more or behind.told_job != ALL_TOLD)


def _states(session: Session, job_ids: list[int], wanted: Selection, now: datetime) -> list[dict[str, Any]]:
    found: dict[int, Any] = {}
    for chunk in _chunks(job_ids):
        found |= {row.job_id: row for row in session.execute(rows().where(Job.job_id.in_(chunk)))}
    # One that was never shown was never given: nobody need hear of it.
    never = {number for number, row in found.items() if row.version == 1 and row.status != "open"}
    elsewhere = [number for number, row in found.items() if number not in never and not in_selection(row, wanted)]
    outside = frozenset() if wanted.all else _never_within(session, {number: found[number] for number in elsewhere}, wanted)
    changes = []
    for job_id in job_ids:
        row = found.get(job_id)
        if row is None:
            changes.append(tombstone(job_id, "deleted"))
        elif job_id in never or job_id in outside:
            continue
        elif given(row, now) and in_selection(row, wanted):
            changes.append(record(row))
        else:
            changes.append(tombstone(job_id, why_not(row, now), row))
    return changes


def _never_within(session: Session, found: dict[int, Any], wanted: Selection) -> frozenset[int]:
    """Those of these jobs that were never in the selection, as far as their history can say; a filtered copy has none of them."""
    kinds = {number: {row.kind} for number, row in found.items()}
    trades = {number: [row.trade_codes] for number, row in found.items()}
    regions = {number: {row.region_code} for number, row in found.items()}
    lines = dict.fromkeys(found, 0)
    for chunk in _chunks([number for number, row in found.items() if row.version > 1]):
        query = select(JobHistory.job_id, JobHistory.changes).where(JobHistory.job_id.in_(chunk))
        for job_id, changes in session.execute(query):
            lines[job_id] += 1
            kinds[job_id].update(_before(changes, "kind"))
            trades[job_id] += _before(changes, "trade_codes")
            regions[job_id].update(_before(changes, "region_code"))
    return frozenset(
        number
        for number, row in found.items()
        if (row.version == 1 or lines[number] >= row.version)  # else a part of its history is missing
        and not wanted.takes_any(kinds[number], trades[number], regions[number])
    )


def _before(changes: dict[str, list[Any]], name: str) -> list[Any]:
    return [changes[name][0]] if name in changes and changes[name][0] is not None else []


def _ended(
    session: Session, since: Position, wanted: Selection, now: datetime, most: int
) -> tuple[list[dict[str, Any]], Position]:
    """Tombstones of what ran out between the moment of the position and now, and the position behind them."""
    query = (
        rows()
        .where(may_be_given(), Job.valid_until >= since.told_until, Job.valid_until <= now)
        .where(or_(Job.valid_until > since.told_until, Job.job_id > since.told_job))
        .order_by(Job.valid_until, Job.job_id)
        .limit(most + 1)
    )
    found = session.execute(query).all()
    told, rest = found[:most], found[most:]
    if rest:
        behind = replace(since, told_until=told[-1].valid_until, told_job=told[-1].job_id)
    else:
        behind = replace(since, told_until=now, told_job=ALL_TOLD)
    return [tombstone(row.job_id, "expired", row) for row in told if in_selection(row, wanted)], behind


def _chunks(numbers: Collection[int]) -> Iterable[list[int]]:
    listed = list(numbers)
    return (listed[start : start + _CHUNK] for start in range(0, len(listed), _CHUNK))
