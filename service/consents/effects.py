"""What ends when a consent ends: each feature says it for its own data, and it happens in the transaction of the withdrawal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

Effect = Callable[[Session, int, datetime], None]
"""(session, worker_id, now); it may run again for somebody with nothing left to end."""
_EFFECTS: dict[str, list[Effect]] = {}


def on_withdrawal(purpose: str) -> Callable[[Effect], Effect]:
    """Register a function for a purpose; features do it when they are imported."""

    def register(effect: Effect) -> Effect:
        if effect not in _EFFECTS.setdefault(purpose, []):
            _EFFECTS[purpose].append(effect)
        return effect

    return register


def carry_out(session: Session, purpose: str, worker_id: int, now: datetime) -> None:
    """All effects of a purpose for one person."""
    for effect in _EFFECTS.get(purpose, ()):
        effect(session, worker_id, now)
