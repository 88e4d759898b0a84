"""What is done for which kind of task, and what is done by the clock. Features fill it in their ``tasks.py``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from service.clock import BEIJING
from service.config import Settings
from service.db import Database

Payload = dict[str, Any]
Inside = Callable[[Session, Payload, datetime], None]
Finish = Callable[[Session], None]


@dataclass(frozen=True, slots=True)
class Outside:
    """What a handler that talks to the world outside may use: sessions of its own, and the settings."""

    database: Database
    settings: Settings


Abroad = Callable[[Outside, Payload, datetime], "Finish | None"]
_Inside = TypeVar("_Inside", bound=Inside)
_Abroad = TypeVar("_Abroad", bound=Abroad)


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of task is worked off. ``longest_seconds``: a try that takes longer is given up, and its process with it."""

    name: str
    tries: int
    longest_seconds: float
    inside: Inside | None = None
    outside: Abroad | None = None


@dataclass(frozen=True, slots=True)
class Timed:
    """A task made by the clock: every so many seconds, or daily at a time of Beijing."""

    kind: str
    rhythm: int | time

    def slot(self, now: datetime) -> datetime:
        """The last moment at or before ``now`` at which the task was due."""
        if isinstance(self.rhythm, int):
            return datetime.fromtimestamp(int(now.timestamp()) // self.rhythm * self.rhythm, UTC)
        local = now.astimezone(BEIJING)
        today = local.replace(hour=self.rhythm.hour, minute=self.rhythm.minute, second=0, microsecond=0)
        return (today if today <= local else today - timedelta(days=1)).astimezone(UTC)


_kinds: dict[str, Kind] = {}
_timed: dict[str, Timed] = {}


def handler(kind: str, *, tries: int = 8, longest_seconds: float = 120) -> Callable[[_Inside], _Inside]:
    """``f(session, payload, now)``: work in our own database. Its session commits together with the task's completion, so that
    its effect happens exactly once, however often a worker is killed. On SQLite it holds the only write lock: be short.

    Raises ValueError for a kind that has a handler.
    """

    def register(work: _Inside) -> _Inside:
        _add(Kind(kind, tries, longest_seconds, inside=work))
        return work

    return register


def outside_handler(kind: str, *, tries: int = 8, longest_seconds: float = 120) -> Callable[[_Abroad], _Abroad]:
    """``f(outside, payload, now)``: work that calls other servers, with no transaction open meanwhile. It may be done twice when
    a worker dies at the wrong moment. It may give back ``finish(session)``, which commits together with the completion.

    Raises ValueError for a kind that has a handler.
    """

    def register(work: _Abroad) -> _Abroad:
        _add(Kind(kind, tries, longest_seconds, outside=work))
        return work

    return register


def every(kind: str, *, seconds: int | None = None, daily_at: str | None = None) -> None:
    """Let a task of ``kind`` (payload empty) be made every ``seconds``, or ``daily_at`` "03:40" Beijing time.

    However many workers and machines there are, each moment makes one task; moments missed while nothing ran make one, not many.
    Raises ValueError when not exactly one of the two is given, or the kind is timed already.
    """
    rhythm = time.fromisoformat(daily_at) if daily_at is not None else seconds
    if rhythm is None or rhythm == 0 or (seconds is not None and daily_at is not None):
        raise ValueError("give seconds or daily_at")
    if kind in _timed:
        raise ValueError(f"{kind} is timed already")
    _timed[kind] = Timed(kind, rhythm)


def known(kind: str) -> Kind:
    """The kind of this name. Raises KeyError when nobody handles it."""
    return _kinds[kind]


def names() -> list[str]:
    """All kinds that somebody handles."""
    return sorted(_kinds)


def timed() -> list[Timed]:
    """All work done by the clock."""
    return list(_timed.values())


def _add(kind: Kind) -> None:
    if kind.name in _kinds:
        raise ValueError(f"{kind.name} has a handler already")
    _kinds[kind.name] = kind
