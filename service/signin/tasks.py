"""What is dropped at night: sign-ins that ended long ago, counts nobody needs, devices and codes that have run out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from service.signin import devices, login_sessions, set_up, sms, throttle
from service.tasks import every, handler

FORGET = "sign_in.forget"

every(FORGET, daily_at="03:35")


@handler(FORGET)
def forget_old(session: Session, _payload: dict[str, Any], now: datetime) -> None:
    """Drop what is past its time (``[kept]`` in ``sign_in.toml``)."""
    login_sessions.forget_old(session, now)
    throttle.forget_old(session, now)
    devices.forget_old(session, now)
    set_up.forget_old(session, now)
    sms.forget_old(session, now)
