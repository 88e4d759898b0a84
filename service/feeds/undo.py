"""What taking back a run does to one job, read from the lines of history that the run wrote. Decides; writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import inspect

from service import clock
from service.db import UtcDateTime
from service.jobs.models import Job, JobHistory
from service.jobs.put import GONE

Ending = Literal["closed", "restored", "reopened", "expired", "kept"]
ENDINGS: Mapping[Ending, str] = {
    "closed": "关闭（这一次导入新增的）",
    "restored": "内容改回导入之前",
    "reopened": "重新展示（这一次导入下架的）",
    "expired": "保持下架（有效期已过）",
    "kept": "保持现状（后来有人改过或关过）",
}
"""Each job that a run wrote ends in exactly one of these."""
_STATE = ("status", "closed_reason", "held_for")
_CONTACT = ("contact_name", "contact_phone")
"""History does not say what stood there before: a wrong number is taken away, and the next pull brings the right one."""
_PARTS = ("wage_", "age_", "contact_")
_PLACE = frozenset(("region_code", "address", "lat", "lng", "point_source"))
_NOT_A_SOURCE_S = frozenset(("duplicate_of_id", "duplicate_reason", "duplicate_at", "also_from", "applications", "version"))
"""What follows from other jobs or from people is found anew, not put back."""


@dataclass(frozen=True, slots=True)
class Undo:
    """What becomes of a job: ``fields`` to be set (empty: nothing), and in which way it ends. ``edited``: somebody has
    changed it by hand since, and that stays."""

    ending: Ending
    fields: Mapping[str, Any] = field(default_factory=dict)
    edited: bool = False


def undo(job: Job, lines: Sequence[JobHistory], now: datetime, by_hand: Collection[str] = ()) -> Undo:
    """Decide about one wholly loaded job. ``lines``: all that the run wrote about it, in their order; ``by_hand``: the
    fields that people have changed since. They stay, with those that are read together with them (a wage and its text).

    A field goes back only where it still says what the run wrote: what was changed since stays. A job that the run created is
    closed so that its source may bring it again (``gone``). One that it took down is shown again when it is still valid and
    nobody else has closed it since.
    """
    if any(line.action == "create" for line in lines):
        return Undo("kept") if job.status == "closed" else Undo("closed", {"status": "closed", "closed_reason": GONE})
    changes = _merged(lines)
    state = {name: changes.pop(name) for name in _STATE if name in changes}
    fields: dict[str, Any] = {}
    kept = {_together(name) for name in by_hand}
    for name, (before, after) in changes.items():
        if _together(name) in kept:
            continue
        if name in _CONTACT:
            if getattr(job, name):
                fields[name] = ""
        elif _is_column(name) and _plain(getattr(job, name)) == after:
            fields[name] = _value(name, before)
    was_open = job.status == "open"
    if state and all(_plain(getattr(job, name)) == after for name, (_, after) in state.items()):
        wanted = {name: before for name, (before, _) in state.items()}
        if wanted.get("status") == "open" and not was_open:
            if fields.get("valid_until", job.valid_until) <= now:
                return Undo("expired", fields)
            return Undo("reopened", {**fields, **wanted})
        fields |= wanted
    return Undo("restored", fields) if fields else Undo("kept")


def _merged(lines: Sequence[JobHistory]) -> dict[str, tuple[Any, Any]]:
    """Field to what it was before the run and what it was after it, however often the run changed it."""
    merged: dict[str, tuple[Any, Any]] = {}
    for line in lines:
        for name, (before, after) in line.changes.items():
            merged[name] = (merged[name][0] if name in merged else before, after)
    return {
        name: both for name, both in merged.items() if name in _CONTACT or (name not in _NOT_A_SOURCE_S and both[0] != both[1])
    }


def _together(name: str) -> str:
    """What a field is a part of: half of a wage by hand and half of it from before would be nobody's wage."""
    return "place" if name in _PLACE else next((part for part in _PARTS if name.startswith(part)), name)


def _is_column(name: str) -> bool:
    return name in inspect(Job).columns


def _plain(value: Any) -> Any:
    """As history writes it."""
    if isinstance(value, datetime):
        return clock.show(value)
    return list(value) if isinstance(value, tuple) else value


def _value(name: str, said: Any) -> Any:
    """Back from how history writes it."""
    timed = isinstance(inspect(Job).columns[name].type, UtcDateTime)
    return clock.parse(said) if timed and isinstance(said, str) else said
