"""Putting tasks in, taking them out under a lease, ending them. Every function works in the caller's transaction.

Leases are counted by the database's clock (SQLite: by that of the machine, which all its processes share). A clock that jumps
can make a lease end too early, never complete a task twice: whoever completes must still hold the lease of his own try. And no
lease or back-off reaches further ahead than ``LONGEST_LEASE`` and ``LONGEST_WAIT``; one that does was counted by a clock that
has been put back since, and ends at once.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, and_, delete, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service import clock
from service.tasks.models import Task

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(hours=1)
LONGEST_LEASE = timedelta(minutes=5)
KEPT_DONE = timedelta(days=7)
KEPT_PULSE = timedelta(hours=1)
PRUNE_BATCH = 1_000
PULSE = "tasks.pulse"
"""Made every minute and done by whoever works: its last completion says that somebody does."""

_NAME = re.compile(r"[a-z][a-z0-9_.]{1,63}")
_CODE = re.compile(r"[A-Za-z0-9:._+-]{0,128}")
_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_PERSONAL = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|\d{17}[\dXx])(?!\d)")


@dataclass(frozen=True, slots=True)
class Taken:
    """A task that a worker holds. ``tries`` is the number of this try, and the fence."""

    task_id: int
    kind: str
    payload: dict[str, Any]
    tries: int
    holder: str


class LeaseLost(Exception):  # noqa: N818  what happened, not a fault
    """Somebody else has the task by now: whatever this try did must not be committed."""


def enqueue(
    session: Session, kind: str, payload: dict[str, Any] | None = None, *, due_at: datetime | None = None, key: str | None = None
) -> int | None:
    """Put a task in, in the caller's transaction: it exists exactly when the change that needs it does. Gives its id.

    ``payload``: ids and codes only. ``due_at``: not before (now unless given). ``key``: at most one task of this kind and key, as
    long as its row is kept (a week after it is done); None is given back when there is one already.
    Raises ValueError for a kind that is no name, and for a payload that could hold personal data.
    """
    if not _NAME.fullmatch(kind):
        raise ValueError(f"not a kind: {kind!r}")
    if key is not None and not _KEY.fullmatch(key):
        raise ValueError("not a key")
    if key is not None and _PERSONAL.search(key):
        raise ValueError("a key must hold no personal data")
    for name, value in (payload or {}).items():
        _check(name, value)
    now = database_now(session)
    values = {
        "kind": kind,
        "payload": payload or {},
        "state": "waiting",
        "key": key,
        "due_at": due_at or now,
        "tries": 0,
        "created_at": now,
    }
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(Task).values(values)
    if key is not None:
        insert = insert.on_conflict_do_nothing(index_elements=["kind", "key"])
    return cast("int | None", session.execute(insert.returning(Task.task_id)).scalar())


def _check(name: str, value: Any) -> None:
    if isinstance(value, (list, tuple)):
        for one in value:
            _check(name, one)
        return
    if value is not None and not isinstance(value, (bool, int)) and not (isinstance(value, str) and _CODE.fullmatch(value)):
        raise ValueError(f"payload {name!r}: ids and codes only")
    if not isinstance(value, bool) and _PERSONAL.search(str(value)):
        raise ValueError(f"payload {name!r} could be a phone or an ID number")


def database_now(session: Session) -> datetime:
    """The moment by the clock that all workers share: the database server's; for SQLite the machine's."""
    if session.get_bind().dialect.name == "postgresql":
        return cast("datetime", session.execute(text("SELECT clock_timestamp()")).scalar_one())
    return clock.now()


def _claimable(now: datetime) -> Any:
    at_once = and_(Task.tries == 0, Task.due_at <= Task.created_at)  # due when it was made, whatever the clock says since
    put_back = and_(Task.tries > 0, Task.due_at > now + LONGEST_WAIT)
    return or_(
        and_(Task.state == "waiting", or_(Task.due_at <= now, at_once, put_back)),
        and_(Task.state == "leased", or_(Task.lease_until < now, Task.lease_until > now + LONGEST_LEASE)),
    )


def waits(session: Session, kinds: list[str], now: datetime) -> bool:
    """Whether there is a task to take: a look that writes nothing and takes no lock."""
    return session.scalar(select(Task.task_id).where(Task.kind.in_(kinds), _claimable(now)).limit(1)) is not None


def take(session: Session, kinds: list[str], *, holder: str, lease: timedelta, now: datetime) -> Taken | None:
    """Take the task that has waited longest, for ``lease``. None when there is none. Kinds not listed stay where they are."""
    lease = min(lease, LONGEST_LEASE)
    chosen = (
        select(Task.task_id)
        .where(Task.kind.in_(kinds), _claimable(now))
        .order_by(Task.due_at, Task.task_id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = session.execute(
        update(Task)
        .where(Task.task_id == chosen)
        .values(state="leased", leased_by=holder, lease_until=now + lease, tries=Task.tries + 1)
        .returning(Task.task_id, Task.kind, Task.payload, Task.tries)
        .execution_options(synchronize_session=False)
    ).first()
    return None if taken is None else Taken(taken.task_id, taken.kind, dict(taken.payload), taken.tries, holder)


def prolong(session: Session, held: Taken, *, lease: timedelta, now: datetime) -> bool:
    """Keep a task a while longer. False when it is somebody else's by now."""
    return _end(session, held, lease_until=now + min(lease, LONGEST_LEASE))


def complete(session: Session, held: Taken, now: datetime) -> None:
    """Done; in the transaction of the work itself. Raises LeaseLost when somebody else has the task by now."""
    if not _end(session, held, state="done", finished_at=now, lease_until=None, leased_by=None, last_error=None):
        raise LeaseLost


def fail(session: Session, held: Taken, error: str, *, most_tries: int, now: datetime) -> bool:
    """This try failed for a reason with the code ``error``: again later, or dead after ``most_tries``. True when dead."""
    dead = held.tries >= most_tries
    changes: dict[str, Any] = {"lease_until": None, "leased_by": None, "last_error": error[:64]}
    if dead:
        changes |= {"state": "dead", "finished_at": now}
    else:
        changes |= {"state": "waiting", "due_at": now + back_off(held.tries)}
    return _end(session, held, **changes) and dead


def _end(session: Session, held: Taken, **values: Any) -> bool:
    done = session.execute(
        update(Task)
        .where(Task.task_id == held.task_id, Task.state == "leased", Task.leased_by == held.holder, Task.tries == held.tries)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount == 1


def back_off(tries: int) -> timedelta:
    """How long to wait after so many tries: doubling from 2 s to an hour, a third of it by chance, so that what failed together
    does not come again together."""
    longest = min(LONGEST_WAIT.total_seconds(), FIRST_WAIT.total_seconds() * 2.0 ** min(tries - 1, 20))
    return timedelta(seconds=longest * random.uniform(0.67, 1))  # noqa: S311  to spread, not to hide


def retry(session: Session, task_id: int, now: datetime) -> bool:
    """Give a dead task new tries. False when there is none of this number that is dead."""
    done = session.execute(
        update(Task)
        .where(Task.task_id == task_id, Task.state == "dead")
        .values(state="waiting", due_at=now, tries=0, finished_at=None)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount == 1


def prune(session: Session, now: datetime) -> int:
    """Drop tasks done more than ``KEPT_DONE`` ago, a batch at a time; dead ones stay until somebody decides. Gives how many."""
    over = or_(Task.finished_at < now - KEPT_DONE, and_(Task.kind == PULSE, Task.finished_at < now - KEPT_PULSE))
    old = select(Task.task_id).where(Task.state == "done", over).limit(PRUNE_BATCH)
    return cast("CursorResult[Any]", session.execute(delete(Task).where(Task.task_id.in_(old)))).rowcount


def listed(session: Session, *, state: str, limit: int, after: int = 0) -> list[Task]:
    """Tasks of a state, oldest first, from behind the id ``after``."""
    wanted = select(Task).where(Task.state == state, Task.task_id > after).order_by(Task.task_id).limit(limit)
    return list(session.scalars(wanted))


def is_dead(session: Session, kind: str, key: str) -> bool:
    """Whether the task of this kind and key was given up."""
    return session.scalar(select(Task.task_id).where(Task.kind == kind, Task.key == key, Task.state == "dead")) is not None


@dataclass(frozen=True, slots=True)
class Depth:
    """How full the queue is. ``oldest_due_seconds``: how long the task that has waited longest is overdue; 0 when none is.
    ``pulse_at``: when a worker was last seen to do something; None when never."""

    waiting: int
    due: int
    leased: int
    dead: int
    oldest_due_seconds: int
    pulse_at: datetime | None


def depth(session: Session, now: datetime) -> Depth:
    """The depth of the queue at a moment of :func:`database_now`."""
    by_state = select(Task.state, func.count()).where(Task.state != "done").group_by(Task.state)
    counts: dict[str, int] = {state: number for state, number in session.execute(by_state)}  # noqa: C416  rows are no tuples to mypy
    due = and_(Task.state == "waiting", Task.due_at <= now)
    number, oldest = session.execute(select(func.count(), func.min(Task.due_at)).where(due)).one()
    late = 0 if oldest is None else max(0, int((now - oldest).total_seconds()))
    pulse = session.scalar(select(func.max(Task.finished_at)).where(Task.kind == PULSE, Task.state == "done"))
    return Depth(counts.get("waiting", 0), number, counts.get("leased", 0), counts.get("dead", 0), late, pulse)
