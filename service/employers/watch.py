"""Who is told, in the same transaction, that an employer stands differently now. Features above register themselves; this one
knows none of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

Watcher = Callable[[Session, int, datetime], None]
_watchers: list[Watcher] = []


def watch(watcher: Watcher) -> Watcher:
    """From now on ``watcher(session, employer_id, now)`` is called after every change of an employer's standing."""
    _watchers.append(watcher)
    return watcher


def standing_changed(session: Session, employer_id: int, now: datetime) -> None:
    """Tell them. What they raise undoes the change."""
    session.flush()
    for watcher in _watchers:
        watcher(session, employer_id, now)
