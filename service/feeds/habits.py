"""What is usual for a source, read out of its own last runs, and what is out of it. No database, no clock.

The bounds are the source's own: the median of its last runs and their spread around it. A source that brings 300 adverts every
day is out of its habit with 200; one that brings between 100 and 500 is not. The policy's numbers are in ``data/habits.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Any, Literal

from service import clock
from service.feeds.reasons import title

TABLE = Path(__file__).parent / "data" / "habits.toml"
NORMAL = 1.4826
"""The standard deviation of a normal distribution in median absolute deviations."""
WATCHED = MappingProxyType(
    {
        "read": "读到",
        "fit": "可展示（发布和没有变化）",
        "created": "新增",
        "held": "待核",
        "rejected": "未采用",
        "closed": "下架",
    }
)
"""The counts of a run that are looked at, with the words that people read."""
TOLD = MappingProxyType({**WATCHED, "duplicates": "与别的岗位并到一起"})
"""Those that are shown. How many are copies depends on other sources: no habit of this one."""

OddityKind = Literal["broken", "count", "reason", "silent"]
KINDS: tuple[OddityKind, ...] = ("broken", "silent", "count", "reason")
"""The most urgent first: nothing came at all, nothing came lately, something else came than usual."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers of ``habits.toml``, under the names they have there."""

    runs: int
    least: int
    spreads: float
    share: float
    rows: int
    reason_times: float
    reason_least: int
    rhythms: float
    least_pause: timedelta
    made_at: time
    kept: timedelta


@dataclass(frozen=True, slots=True)
class Sample:
    """One run that ended well, as far as habits need it. ``mode``: what it brought (``full`` list, ``delta``): like is compared
    with like. ``reasons`` counts the rows by the reason that stopped them, or the rule that had something to say."""

    run_id: int
    ended_at: datetime
    mode: str
    counts: Mapping[str, int]
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is usual: the median, and between which two numbers a count is within the habit."""

    median: float
    low: float
    high: float

    def hold(self, value: float) -> bool:
        """Whether a value is within the habit."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Oddity:
    """One thing out of habit. ``what`` is the count, the reason's code, or the status of a run; ``value`` what it was, ``usual``
    what it is as a rule (None: nothing is usual about it)."""

    kind: OddityKind
    what: str
    sentence: str
    value: float | None = None
    usual: float | None = None
    low: float | None = None
    high: float | None = None

    def as_json(self) -> dict[str, Any]:
        """As it is kept and answered."""
        return asdict(self)


@cache
def policy() -> Policy:
    """The table. Raises KeyError or ValueError for one that is not whole."""
    said = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    counts, reasons, silence, digest = said["counts"], said["reasons"], said["silence"], said["digest"]
    return Policy(
        runs=counts["runs"],
        least=counts["least"],
        spreads=counts["spreads"],
        share=counts["share"],
        rows=counts["rows"],
        reason_times=reasons["times"],
        reason_least=reasons["least"],
        rhythms=silence["rhythms"],
        least_pause=timedelta(hours=silence["least_hours"]),
        made_at=time.fromisoformat(digest["made_at"]),
        kept=timedelta(days=digest["kept_days"]),
    )


def bounds(values: Sequence[int], rule: Policy) -> Bounds | None:
    """What a count usually is, None while there are too few runs to say."""
    if len(values) < rule.least:
        return None
    middle = float(median(values))
    spread = NORMAL * float(median(abs(value - middle) for value in values))
    away = max(rule.spreads * spread, rule.share * middle, rule.rows)
    return Bounds(middle, max(0.0, middle - away), middle + away)


def habit_of(sample: Sample, before: Iterable[Sample], rule: Policy) -> list[Sample]:
    """The last runs like this one, newest first as given, without this one itself and what came after it."""
    like = [one for one in before if one.mode == sample.mode and one.run_id < sample.run_id]
    return like[: rule.runs]


def odd_counts(sample: Sample, habit: Sequence[Sample], rule: Policy) -> list[Oddity]:
    """The counts of a run that are out of the habit of the runs before."""
    found: list[Oddity] = []
    for what, words in WATCHED.items():
        usual = bounds([one.counts.get(what, 0) for one in habit], rule)
        value = sample.counts.get(what, 0)
        if usual is None or usual.hold(value):
            continue
        way = "比平常少" if value < usual.low else "比平常多"
        said = f"{words} {value} 条，{way}：平常 {_whole(usual.median)} 条左右（{_whole(usual.low)}–{_whole(usual.high)}）。"
        found.append(Oddity("count", what, said, value, usual.median, usual.low, usual.high))
    return found


def odd_reasons(sample: Sample, habit: Sequence[Sample], rule: Policy) -> list[Oddity]:
    """The reasons and rules that are met so many times as often as usual, by share of the rows read; the most frequent first.

    One that is new counts as one that usually meets one row.
    """
    if len(habit) < rule.least:
        return []
    read = sample.counts.get("read", 0)
    found: list[Oddity] = []
    for code, value in sorted(sample.reasons.items(), key=lambda one: (-one[1], one[0])):
        share = median(one.reasons.get(code, 0) / max(one.counts.get("read", 0), 1) for one in habit)
        usual = share * read
        if value >= rule.reason_least and value >= rule.reason_times * max(usual, 1.0):
            said = f"“{title(code)}”出现 {value} 次，平常 {_whole(usual)} 次左右，是平常的 {int(value / max(usual, 1.0))} 倍。"
            found.append(Oddity("reason", code, said, value, usual))
    return found


def silence(ends: Sequence[datetime], now: datetime, rhythm: timedelta | None, rule: Policy) -> Oddity | None:
    """Whether a source has been silent for longer than its rhythm. ``ends``: when its last runs ended well, newest first;
    ``rhythm``: how often it is to be pulled, None when nobody said so: then the median pause between its runs is its rhythm."""
    if not ends:
        return None
    pauses = [(later - earlier).total_seconds() for later, earlier in pairwise(ends)]
    if rhythm is None:
        if len(pauses) + 1 < rule.least:
            return None
        rhythm = max(timedelta(seconds=median(pauses)), rule.least_pause)
    quiet = now - ends[0]
    if quiet <= rule.rhythms * rhythm:
        return None
    usual = rhythm.total_seconds() / 3600
    hours = quiet.total_seconds() / 3600
    said = f"已经 {_span(quiet)}没有成功导入，平常每 {_span(rhythm)}一次；上一次是 {clock.show_minute(ends[0])}。"
    return Oddity("silent", "silent", said, round(hours, 1), round(usual, 1))


def ranked(found: Iterable[Oddity]) -> list[Oddity]:
    """The most urgent first; within a kind as they were found."""
    return sorted(found, key=lambda one: KINDS.index(one.kind))


def _whole(value: float) -> int:
    return round(value)


def _span(length: timedelta) -> str:
    hours = length.total_seconds() / 3600
    if hours < 2:
        return f"{max(1, round(hours * 60))} 分钟"
    return f"{round(hours)} 小时" if hours < 72 else f"{round(hours / 24)} 天"
