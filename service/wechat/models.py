"""What we keep of WeChat: who a person is there, what he lets us send, what came in, what goes out. No session key, no code."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from service.crypto.blind import INDEX_LENGTH
from service.crypto.sealed import Sealed, SealedRow
from service.db import BIG_ID, Base, UtcDateTime
from service.personal import Personal

_ACCOUNT = "account.account_id"
MESSAGE_STATES = ("queued", "sent", "unsure", "refused", "failed", "expired")
"""``unsure``: handed over, perhaps; the line broke before the answer. ``refused``: the person did not subscribe, or the credit is
spent; ``failed``: it can never be sent; both are final."""
MEDIA_STATES = ("waiting", "pass", "review", "risky")


class WechatIdentity(SealedRow, Base):
    """Which account somebody has who signs in with WeChat. ``active_at``: when WeChat last said that he is here."""

    __tablename__ = "wechat_identity"
    __personal__ = Personal(title="微信登录", subject="account_id", erase="delete")

    account_id: Mapped[int] = mapped_column(ForeignKey(_ACCOUNT, ondelete="CASCADE"), primary_key=True)
    openid_sealed: Mapped[str | None] = mapped_column(Text)
    openid_index: Mapped[str | None] = mapped_column(String(INDEX_LENGTH), unique=True)
    unionid_sealed: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    active_at: Mapped[datetime] = mapped_column(UtcDateTime)
    openid = Sealed("openid", index="wechat_openid")
    unionid = Sealed("unionid")


class SubscriptionCredit(Base):
    """How many messages of a template a person still lets come. WeChat tells nobody, so we count: +1 when he accepts, -1 when one
    is sent, 0 when WeChat refuses (43101). Of a long-term template one acceptance is for all: ``remaining`` stays 1."""

    __tablename__ = "subscription_credit"
    __personal__ = Personal(title="微信订阅消息", subject="account_id", erase="delete")

    account_id: Mapped[int] = mapped_column(ForeignKey(_ACCOUNT, ondelete="CASCADE"), primary_key=True)
    template_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    remaining: Mapped[int] = mapped_column(Integer, default=0)
    long_term: Mapped[bool] = mapped_column(Boolean, default=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("remaining >= 0", name="remaining"),)


class WechatEvent(SealedRow, Base):
    """A push as it came, once: WeChat repeats what is not answered in time. ``event_key`` is a hash of what makes it the same."""

    __tablename__ = "wechat_event"

    event_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    event_key: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(48))
    body_sealed: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    body = Sealed("body")


class OutgoingMessage(SealedRow, Base):
    """A subscribe message to a person: what it says (sealed), and how far it came. ``message_key`` makes it the only one."""

    __tablename__ = "outgoing_message"
    __personal__ = Personal(title="发给您的微信消息", subject="account_id", erase="delete")

    message_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(_ACCOUNT, ondelete="CASCADE"), index=True)
    message: Mapped[str] = mapped_column(String(32))
    message_key: Mapped[str] = mapped_column(String(128), unique=True)
    values_sealed: Mapped[str | None] = mapped_column(Text)
    page_query: Mapped[str] = mapped_column(String(128), default="")
    state: Mapped[str] = mapped_column(String(8), default="queued")
    reason: Mapped[str] = mapped_column(String(24), default="")
    tries: Mapped[int] = mapped_column(Integer, default=0)
    unanswered: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    values = Sealed("values")

    __table_args__ = (
        CheckConstraint("state in ('queued', 'sent', 'unsure', 'refused', 'failed', 'expired')", name="state"),
        Index("ix_outgoing_message_state_queued_at", "state", "queued_at"),
    )


class MediaCheck(Base):
    """A picture or sound whose verdict is to come. Until it says ``pass`` nobody is shown it; ``review``: a person looks."""

    __tablename__ = "media_check"
    __personal__ = Personal(title="图片安全检查", subject="account_id", erase="delete")

    check_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(_ACCOUNT, ondelete="CASCADE"), index=True)
    trace_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    object_kind: Mapped[str] = mapped_column(String(24))
    object_id: Mapped[int] = mapped_column(BIG_ID)
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    reason: Mapped[str] = mapped_column(String(24), default="")
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("state in ('waiting', 'pass', 'review', 'risky')", name="state"),
        Index("ix_media_check_state_asked_at", "state", "asked_at"),
    )


class WechatUsage(Base):
    """How often a call that costs money succeeded on a day of Beijing."""

    __tablename__ = "wechat_usage"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    api: Mapped[str] = mapped_column(String(32), primary_key=True)
    calls: Mapped[int] = mapped_column(Integer, default=0)
