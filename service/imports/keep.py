"""How long what is kept of imports, and what happens to one whose work was given up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service import clock
from service.imports.confirm import RUN, task_key
from service.imports.limits import bounds
from service.imports.models import SheetImport, SheetLine
from service.imports.stage import drop
from service.tasks.queue import is_dead

_AT_ONCE = 20
"""Imports in one sweep: each may have 20,000 lines."""


def give_up(session: Session, now: datetime) -> int:
    """Imports whose task is dead: their owner may send the sheet again, and what was written is found unchanged. How many."""
    given_up = 0
    going_on = select(SheetImport).where(SheetImport.state == "running").with_for_update(skip_locked=True)
    for row in session.scalars(going_on).all():
        if is_dead(session, RUN, task_key(row.import_id)):
            row.state, row.finished_at, row.waiting_key, row.running_key = "failed", now, None, None
            row.message = f"做到第 {row.done} 行时出了故障，请重新上传同一个文件，已经发布的不会重复。"
            given_up += 1
    return given_up


def drop_previews(session: Session, now: datetime) -> int:
    """Previews that nobody confirmed in time. How many."""
    if abs(clock.jumped_seconds()) > clock.LARGEST_JUMP_SECONDS:
        return 0  # by a clock that has jumped nothing is old
    old = session.scalars(
        select(SheetImport.import_id)
        .where(SheetImport.state == "preview", SheetImport.created_at < now - bounds(now).preview)
        .order_by(SheetImport.import_id)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    drop(session, old)
    return len(old)


def drop_cells(session: Session, now: datetime) -> int:
    """The cells of imports that were over long ago; what became of their lines stays. How many imports."""
    if abs(clock.jumped_seconds()) > clock.LARGEST_JUMP_SECONDS:
        return 0
    old = session.scalars(
        select(SheetImport.import_id)
        .where(SheetImport.finished_at < now - bounds(now).cells, SheetImport.cells_dropped_at.is_(None))
        .order_by(SheetImport.import_id)
        .limit(_AT_ONCE)
    ).all()
    session.execute(update(SheetLine).where(SheetLine.import_id.in_(old)).values(cells_sealed=None))
    session.execute(update(SheetImport).where(SheetImport.import_id.in_(old)).values(cells_dropped_at=now))
    return len(old)
