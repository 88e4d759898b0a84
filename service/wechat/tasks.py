"""WeChat's part of the background work: pushes, messages, what has waited too long."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from service import config
from service.errors import Unavailable
from service.tasks import Outside, every, handler, outside_handler
from service.tasks.registry import Finish
from service.wechat import codes, events, keeping, media, outbox, push
from service.wechat.client import Wechat
from service.wechat.current import templates_of, wechat_of
from service.wechat.models import WechatEvent

every("wechat.overdue", seconds=300)
every("wechat.forget", daily_at="03:50")


@outside_handler(push.TASK)
def work_off_event(outside: Outside, payload: dict[str, Any], now: datetime) -> Finish | None:
    """One push."""
    templates = templates_of(outside.settings)

    def finish(session: Session) -> None:
        event = session.get(WechatEvent, payload["event_id"], with_for_update=True)
        if event is not None:
            events.work_off(session, event, templates, now)

    return finish


@outside_handler(outbox.TASK, tries=10, longest_seconds=60)
def hand_over_message(outside: Outside, payload: dict[str, Any], now: datetime) -> Finish | None:
    """One message to a person."""
    message_id: int = payload["message_id"]
    templates = templates_of(outside.settings)
    state, reason = outbox.hand_over(outside.database, _client(outside.settings), templates, message_id, now)
    return lambda session: outbox.settle(session, templates, message_id, state, reason, now)


@handler("wechat.overdue")
def look_after_what_waits(session: Session, _payload: dict[str, Any], now: datetime) -> None:
    """Pictures without a verdict go to a person, messages whose time is over are not sent."""
    media.overdue(session, now)
    outbox.expire(session, now)


@outside_handler("wechat.forget")
def forget_what_is_over(outside: Outside, _payload: dict[str, Any], now: datetime) -> Finish | None:
    """Drop pushes, messages and pictures of codes whose time is over."""
    codes.forget_old(outside.settings)
    return lambda session: keeping.forget(session, now)


def _client(settings: config.Settings) -> Wechat | None:
    try:
        return wechat_of(settings)
    except Unavailable:
        return None
