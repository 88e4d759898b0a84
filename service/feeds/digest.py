"""The digest of the night: one row a day and source, made in the morning, so that staff read first what is out of habit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from service.clock import BEIJING
from service.feeds.habits import Oddity, policy, ranked
from service.feeds.masked import sentence
from service.feeds.models import FeedDigest, FeedRun
from service.feeds.oversight import Opened, odd_run, pulls, sample_of, samples_of, view_of

NIGHT = timedelta(days=1)
_LAST = ("read", "fit", "held", "rejected")
"""Counts of which the last run speaks; those below add up over the night."""
_ADDED = ("created", "closed", "duplicates")


@dataclass(frozen=True, slots=True)
class Line:
    """One source in the digest of a day, as it is read."""

    source_key: str
    run_id: int | None
    shown: int
    runs: int
    counts: dict[str, int]
    oddities: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Digest:
    """One day: what is out of habit, and the rest."""

    day: date
    made_at: datetime
    out_of_habit: Sequence[Line]
    in_habit: Sequence[Line]


def day_of(now: datetime) -> date:
    """The day whose morning it is, or was last: before the digest's hour that of yesterday."""
    local = now.astimezone(BEIJING)
    return local.date() if local.time() >= policy().made_at else local.date() - timedelta(days=1)


def make(session: Session, sources: Iterable[Opened], now: datetime) -> date:
    """Write the rows of the day, in place of those that are there. Gives the day."""
    day = day_of(now)
    until = datetime.combine(day, policy().made_at, BEIJING)
    session.execute(delete(FeedDigest).where(FeedDigest.day == day))
    session.add_all([_row(session, one, day, until, now) for one in sources])
    session.execute(delete(FeedDigest).where(FeedDigest.day < day - policy().kept))
    session.flush()
    return day


def read(session: Session, day: date | None = None) -> Digest | None:
    """The digest of a day, or the last one there is; None when there is none."""
    wanted = day or session.scalar(select(func.max(FeedDigest.day)))
    rows = list(session.scalars(select(FeedDigest).where(FeedDigest.day == wanted).order_by(FeedDigest.source_key)))
    if wanted is None or not rows:
        return None
    lines = [Line(row.source_key, row.run_id, row.shown, row.runs, dict(row.counts), list(row.oddities)) for row in rows]
    return Digest(
        wanted,
        max(row.made_at for row in rows),
        [line for line in lines if line.oddities],
        [line for line in lines if not line.oddities],
    )


def _row(session: Session, one: Opened, day: date, until: datetime, now: datetime) -> FeedDigest:
    view = view_of(session, one, now)
    runs = pulls(session, one.key)
    night = [run for run in runs if run.finished_at is not None and until - NIGHT < run.finished_at <= until]
    samples = samples_of(runs)
    # What the last run shows stands in the view already; of the others of the night each is held against those before it.
    found = list(view.oddities)
    for sample in samples_of(night):
        if samples and sample.run_id != samples[0].run_id:
            found += [
                replace(odd, sentence=f"第 {sample.run_id} 次：{odd.sentence}") for odd in odd_run(sample, samples, policy())
            ]
    return FeedDigest(
        day=day,
        source_key=one.key,
        run_id=runs[0].run_id if runs else None,
        shown=view.state.shown,
        runs=len(night),
        counts=_counts(night),
        oddities=[{**odd.as_json(), "sentence": sentence(odd.sentence)} for odd in ranked(_once(found))],
        made_at=now,
    )


def _counts(night: Sequence[FeedRun]) -> dict[str, int]:
    done = [sample_of(run) for run in night if run.status == "done"]
    if not done:
        return {}
    added = {name: sum(one.counts[name] for one in done) for name in _ADDED}
    return {name: done[0].counts[name] for name in _LAST} | added


def _once(found: Iterable[Oddity]) -> list[Oddity]:
    """One of a kind: the newest."""
    kept: dict[tuple[str, str], Oddity] = {}
    for odd in found:
        kept.setdefault((odd.kind, odd.what), odd)
    return list(kept.values())
