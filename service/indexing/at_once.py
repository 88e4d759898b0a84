"""What this process commits, its own next search shows: publishers look for their job as soon as they have sent it.

The change log and its follower bring the same to every process within a second, and this one then lets go of its own copy. So
whatever goes wrong here costs nothing but that second, and must never fail the request that changed the job.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import event
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from matching import FreshFull, Index
from service.indexing.changes import Position
from service.indexing.live import LiveIndex
from service.indexing.rows import engine_job, is_shown
from service.jobs.models import Job, JobChange

if TYPE_CHECKING:
    import flask

log = structlog.get_logger()

_CHANGED = "changed_jobs"


def register_at_once(app: flask.Flask) -> None:
    """Let the index that this application holds open hear of every job that it commits."""

    @event.listens_for(Session, "after_flush")
    def note(session: Session, _context: Any) -> None:
        lines = [line for line in session.new if isinstance(line, JobChange)]
        if lines and session.bind is app.extensions["database"].write_engine:
            # The rows themselves: a session holds what is written only weakly.
            rows = [session.identity_map.get(identity_key(Job, line.job_id)) for line in lines]
            session.info.setdefault(_CHANGED, []).extend(zip(lines, rows, strict=True))

    @event.listens_for(Session, "after_commit")
    def show(session: Session) -> None:
        if session.in_nested_transaction() or session.bind is not app.extensions["database"].write_engine:
            return
        changed = session.info.pop(_CHANGED, ())
        live: LiveIndex = app.extensions["live_index"]
        index = live.peek()
        for line, row in changed:
            if index is not None and row is not None and line in session:  # else a savepoint took it back
                _tell(index, line, row)


def _tell(index: Index, line: JobChange, row: Job) -> None:
    try:
        held_by = _held_by(line, Position.load(index.position))
        if is_shown(row):
            index.add(engine_job(row), held_by)
        else:
            index.remove(row.job_id, held_by)
    except FreshFull:
        log.info("job_waits_for_the_index")
    except Exception:  # the job is committed: the follower will bring it, whatever this was
        log.exception("job_not_shown_at_once")


def _held_by(line: JobChange, since: Position) -> Callable[[str], bool]:
    """Whether an index of a position holds the change; one that lies before ``since`` is of a database that was put back."""
    change_id, transaction_id = line.change_id, line.transaction_id

    def held(position: str) -> bool:
        at = Position.load(position)
        return at.horizon < since.horizon or at.holds(change_id, transaction_id)

    return held
