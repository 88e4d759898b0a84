"""The task table. It holds ids and codes only: never a phone, a name or a text."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.db import BIG_ID, Base, UtcDateTime

STATES = ("waiting", "leased", "done", "dead")


class Task(Base):
    """One piece of background work.

    ``key`` makes a task the only one of its kind and key for as long as its row is kept. ``tries`` counts the times a worker took
    it, those in which the worker was killed included; it is also the fence: only the taker of this try may complete it.
    """

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("kind", "key", name="uq_task_kind_key"),
        CheckConstraint("state IN ('waiting', 'leased', 'done', 'dead')", name="state"),
        Index("ix_task_state_due_at", "state", "due_at"),
    )

    task_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    key: Mapped[str | None] = mapped_column(String(128))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leased_by: Mapped[str | None] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(Integer, default=0)
    last_error: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
