"""What costs money is counted by the day of Beijing, and stops at the budget."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import Counter
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.clock import BEIJING
from service.errors import Unavailable
from service.wechat.models import WechatUsage

PHONE = "getuserphonenumber"
PAID = Counter("chengnuan_wechat_paid_calls", "Calls that WeChat charges for", ["api"])


def require_budget(session: Session, budget: int, now: datetime) -> None:
    """Raises Unavailable when today's budget for phone numbers is spent. Calls at the same moment may go a few beyond."""
    row = session.get(WechatUsage, (now.astimezone(BEIJING).date(), PHONE))
    if (0 if row is None else row.calls) >= budget:
        raise Unavailable("phone_budget_spent", "今天微信取手机号的次数用完了，请改用短信验证码绑定，或到就业服务站登记。")


def count_paid(session: Session, now: datetime) -> None:
    """One phone number more."""
    PAID.labels(PHONE).inc()
    table = WechatUsage.__table__
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(WechatUsage).values(day=now.astimezone(BEIJING).date(), api=PHONE, calls=1)
    session.execute(insert.on_conflict_do_update(index_elements=["day", "api"], set_={"calls": table.c.calls + 1}))
