"""The background work of privacy: erasing who has left, and what is past its day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from service.privacy.erasure_list import add, line_of
from service.privacy.leave import ERASE, erase
from service.privacy.limits import limits
from service.privacy.models import Erasure
from service.privacy.retention import BATCH, PEOPLE, forget_old, leave_inactive, notice_inactive
from service.search.log import forget_old as forget_old_searches
from service.tasks import Outside, enqueue, every, handler, outside_handler

RETENTION = "privacy.retention"
SEARCHES = "search.forget"
every(RETENTION, daily_at="03:50")
every(SEARCHES, daily_at="03:55")


@outside_handler(ERASE, tries=40)
def erase_person(outside: Outside, payload: dict[str, Any], now: datetime) -> Any:
    """Empty the rows of a person who left, noted first where a lost database does not take it along; a disk that does not take
    the note puts it off. Under a legal hold nothing is emptied; lifting it asks again."""
    erasure_id = int(payload["erasure_id"])
    with outside.database.read_session() as session:
        erasure = session.get(Erasure, erasure_id)
        if erasure is None or erasure.done_at is not None:
            return None
        line = line_of(session, erasure)
    add(outside.settings.erasures_file, [line])
    return lambda session: erase(session, erasure_id, now)


@handler(RETENTION)
def keep_no_longer(session: Session, _payload: dict[str, Any], now: datetime) -> None:
    """One batch of what is past its day, then another task for the rest, so that no transaction holds the database for long."""
    gone = forget_old(session, now)
    noticed = notice_inactive(session, now)
    left = leave_inactive(session, now)
    if gone >= BATCH or len(noticed) >= PEOPLE or left >= PEOPLE:
        enqueue(session, RETENTION, {})


@handler(SEARCHES)
def forget_searches(session: Session, _payload: dict[str, Any], now: datetime) -> None:
    """Counts of searches are past their day, too."""
    forget_old_searches(session, now - limits()["search_logs"].kept)
