"""Pictures and sounds that WeChat checks: asked here, answered by push, given to a person when no answer comes.

微信开放文档, 多媒体内容安全识别: at most 10 MB, the verdict within half an hour.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.wechat.client import Wechat
from service.wechat.errcodes import WechatError
from service.wechat.models import MEDIA_STATES, MediaCheck

LONGEST_WAIT = timedelta(minutes=30)
Decided = Callable[[Session, int, str, datetime], None]
_owners: dict[str, Decided] = {}


def owner(object_kind: str) -> Callable[[Decided], Decided]:
    """A feature's function for the verdicts on its things: session, id of the thing, ``pass review risky``, moment."""

    def register(decided: Decided) -> Decided:
        if object_kind in _owners:
            raise ValueError(f"{object_kind} has an owner already")
        _owners[object_kind] = decided
        return decided

    return register


def ask(wechat: Wechat | None, openid: str | None, url: str, *, picture: bool = True, scene: int = 1) -> str | None:
    """Hand a thing over for checking: the trace under which the verdict will come, None when WeChat cannot be asked.

    It may take seconds: call it before the transaction in which :func:`note` keeps the answer.
    """
    if wechat is None or not openid:
        return None
    try:
        return wechat.check_media(openid, url, picture=picture, scene=scene)
    except WechatError:
        return None


def note(session: Session, account_id: int, object_kind: str, object_id: int, trace_id: str | None, now: datetime) -> MediaCheck:
    """Keep that a verdict is to come; without a trace a person has to look."""
    row = MediaCheck(
        account_id=account_id, object_kind=object_kind, object_id=object_id, trace_id=trace_id, asked_at=now, state="waiting"
    )
    if trace_id is None:
        row.state, row.reason, row.decided_at = "review", "not_asked", now
    session.add(row)
    session.flush()
    return row


def decide(session: Session, trace_id: str, verdict: str, now: datetime) -> bool:
    """The verdict on a thing; one that a person has to look at can no longer pass by itself. False when nothing waits for it."""
    if verdict not in MEDIA_STATES or verdict == "waiting":
        raise ValueError(verdict)
    row = session.scalars(select(MediaCheck).where(MediaCheck.trace_id == trace_id).with_for_update()).first()
    if row is None or row.state != "waiting":
        return False
    _settle(session, row, verdict, "", now)
    return True


def overdue(session: Session, now: datetime, limit: int = 500) -> int:
    """Give to a person what has waited too long. Returns how many."""
    late = (
        select(MediaCheck)
        .where(MediaCheck.state == "waiting", MediaCheck.asked_at < now - LONGEST_WAIT)
        .order_by(MediaCheck.check_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = session.scalars(late).all()
    for row in rows:
        _settle(session, row, "review", "no_answer", now)
    return len(rows)


def state_of(session: Session, object_kind: str, object_id: int) -> str | None:
    """The newest verdict on a thing; None when it was never asked for."""
    newest = (
        select(MediaCheck.state)
        .where(MediaCheck.object_kind == object_kind, MediaCheck.object_id == object_id)
        .order_by(MediaCheck.check_id.desc())
        .limit(1)
    )
    return cast("str | None", session.scalar(newest))


def _settle(session: Session, row: MediaCheck, verdict: str, reason: str, now: datetime) -> None:
    row.state, row.reason, row.decided_at = verdict, reason, now
    session.flush()
    decided = _owners.get(row.object_kind)
    if decided is not None:
        decided(session, row.object_id, verdict, now)
