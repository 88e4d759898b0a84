"""How long pushes, messages and pictures are kept (``data/keeping.toml``), and dropping what is older."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files

from sqlalchemy import delete
from sqlalchemy.orm import Session

from service.wechat.models import OutgoingMessage, WechatEvent


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long each is kept."""

    pushes: timedelta
    messages: timedelta
    pictures: timedelta


@cache
def keeping() -> Keeping:
    """The table. Raises ValueError or KeyError when it cannot be used: a wrong one must not pass unnoticed."""
    told = tomllib.loads(files("service.wechat").joinpath("data/keeping.toml").read_text(encoding="utf-8"))
    days = [int(told[f"{name}_days"]) for name in ("pushes", "messages", "pictures")]
    if min(days) < 1:
        raise ValueError("keeping.toml")
    return Keeping(*(timedelta(days=number) for number in days))


def forget(session: Session, now: datetime) -> None:
    """Drop pushes and messages whose time is over. A push that nobody could work off in that time is of no use any more."""
    session.execute(delete(WechatEvent).where(WechatEvent.received_at < now - keeping().pushes))
    session.execute(
        delete(OutgoingMessage).where(OutgoingMessage.state != "queued", OutgoingMessage.queued_at < now - keeping().messages)
    )
