"""How the sources stand, beside what is usual for each of them. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.errors import Refusal
from service.feeds.habits import (
    WATCHED,
    Bounds,
    Oddity,
    Policy,
    Sample,
    bounds,
    habit_of,
    odd_counts,
    odd_reasons,
    policy,
    ranked,
    silence,
)
from service.feeds.models import RUN_NAMES, FeedRun
from service.feeds.queries import SourceState, source_state
from service.feeds.source import FeedSource, open_source, source_keys
from service.feeds.way import Timing

LOOKED_BACK = 400
"""Runs that are read to find a habit: a source pulled every few minutes has its whole lists far apart."""


@dataclass(frozen=True, slots=True)
class SourceView:
    """One source as staff see it.

    ``counts`` are those of the last run that ended well (``counts_run_id``), ``usual`` what they are as a rule (only what there
    is a habit for), ``oddities`` what is out of habit, the most urgent first. Of a source whose settings cannot be read there is
    no ``source``.
    """

    key: str
    name: str
    state: SourceState
    source: FeedSource | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    usual: Mapping[str, Bounds] = field(default_factory=dict)
    oddities: Sequence[Oddity] = ()
    counts_run_id: int | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A source of the folder, or why it cannot be opened."""

    key: str
    source: FeedSource | None
    trouble: str = ""


def opened(feeds_dir: Path | None) -> list[Opened]:
    """All sources there are. One whose settings are wrong hides none of the others."""
    found: list[Opened] = []
    for key in source_keys():
        try:
            found.append(Opened(key, open_source(key, feeds_dir)))
        except Refusal as wrong:
            found.append(Opened(key, None, wrong.message))
    return found


def board(session: Session, sources: Iterable[Opened], now: datetime) -> list[SourceView]:
    """Every source, those out of habit first."""
    views = [view_of(session, one, now) for one in sources]
    return sorted(views, key=lambda view: (not view.oddities, view.key))


def view_of(session: Session, one: Opened, now: datetime) -> SourceView:
    """One source now."""
    state = source_state(session, one.key, now)
    if one.source is None:
        return SourceView(one.key, one.key, state, oddities=[_settings(one)])
    runs = pulls(session, one.key)
    samples = samples_of(runs)
    found = _odd(one.source, runs, samples, now)
    if not samples:
        return SourceView(one.key, one.source.name, state, one.source, oddities=found)
    usual = usual_of(samples[0], samples, policy())
    return SourceView(one.key, one.source.name, state, one.source, samples[0].counts, usual, found, samples[0].run_id)


def oddities_of(session: Session, one: Opened, now: datetime) -> list[Oddity]:
    """What is out of habit of one source now, without counting what it shows."""
    if one.source is None:
        return [_settings(one)]
    runs = pulls(session, one.key)
    return _odd(one.source, runs, samples_of(runs), now)


def pulls(session: Session, key: str, *, before: int | None = None) -> list[FeedRun]:
    """The last pulls of a source that have ended, newest first; ``before``: only those up to this run."""
    wanted = select(FeedRun).where(FeedRun.source_key == key, FeedRun.action == "pull", FeedRun.finished_at.is_not(None))
    if before is not None:
        wanted = wanted.where(FeedRun.run_id <= before)
    return list(session.scalars(wanted.order_by(FeedRun.run_id.desc()).limit(LOOKED_BACK)))


def samples_of(runs: Iterable[FeedRun]) -> list[Sample]:
    """The runs that say what is usual: ended well, brought everything there was to bring, and were not taken back."""
    return [sample_of(run) for run in runs if _whole(run)]


def sample_of(run: FeedRun) -> Sample:
    """What a run counted."""
    said = run.report or {}
    counts = {name: int(said.get(name, 0)) for name in ("read", "created", "held", "rejected", "closed", "duplicates")}
    counts["fit"] = int(said.get("published", 0)) + int(said.get("unchanged", 0))
    reasons: Counter[str] = Counter()
    for one in said.get("reasons", ()):
        reasons[one["code"]] += one["count"]
    reasons.update(said.get("remarks", {}))
    return Sample(run.run_id, run.finished_at or run.started_at, said.get("mode", "full"), counts, reasons)


def odd_run(sample: Sample, samples: Iterable[Sample], rule: Policy) -> list[Oddity]:
    """What one run has out of the habit of those before it."""
    habit = habit_of(sample, samples, rule)
    return [*odd_counts(sample, habit, rule), *odd_reasons(sample, habit, rule)]


def odd_things(session: Session, run: FeedRun) -> list[Oddity]:
    """What was out of habit in one run, as it was then."""
    if run.action != "pull" or run.finished_at is None:
        return []
    if not _whole(run):
        return _broken([run])
    return ranked(odd_run(sample_of(run), samples_of(pulls(session, run.source_key, before=run.run_id)), policy()))


def usual_of(sample: Sample, samples: Iterable[Sample], rule: Policy) -> dict[str, Bounds]:
    """What each count is as a rule, of those for which there is a habit."""
    habit = habit_of(sample, samples, rule)
    found = {name: bounds([one.counts.get(name, 0) for one in habit], rule) for name in WATCHED}
    return {name: one for name, one in found.items() if one is not None}


def _odd(source: FeedSource, runs: Sequence[FeedRun], samples: Sequence[Sample], now: datetime) -> list[Oddity]:
    rule = policy()
    found = [*_broken(runs), *_silent(source, runs, now, rule)]
    return ranked([*found, *odd_run(samples[0], samples, rule)] if samples else found)


def _whole(run: FeedRun) -> bool:
    said = run.report or {}
    good = run.status == "done" and run.rolled_back_at is None
    return good and said.get("mode", "full") != "same" and not said.get("gap")


def _broken(runs: Sequence[FeedRun]) -> list[Oddity]:
    """The last run, when it did not end well or did not bring everything."""
    if not runs:
        return []
    run = runs[0]
    gap = (run.report or {}).get("gap", "")
    if run.status == "done":
        return [Oddity("broken", "gap", f"第 {run.run_id} 次导入没有取全：{gap}")] if gap else []
    return [Oddity("broken", run.status, f"第 {run.run_id} 次导入{RUN_NAMES[run.status]}：{run.message or '没有说明'}")]


def _silent(source: FeedSource, runs: Sequence[FeedRun], now: datetime, rule: Policy) -> list[Oddity]:
    ends = [run.finished_at for run in runs if run.status == "done" and run.finished_at is not None]
    found = silence(ends, now, rhythm_of(source.timing), rule) if source.enabled else None
    return [found] if found is not None else []


def rhythm_of(timing: Timing) -> timedelta | None:
    """How often a source is pulled by itself; None when it is pulled by hand."""
    if timing.every is not None:
        return timing.every
    return timedelta(days=1) if timing.daily_at is not None else None


def _settings(one: Opened) -> Oddity:
    return Oddity("broken", "settings", one.trouble)
