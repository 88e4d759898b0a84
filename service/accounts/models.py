"""Accounts, their tokens, and the grants under which one person acts for another. A token is opaque and only its hash is kept."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import JSON, BigInteger, Boolean, CheckConstraint, ForeignKey, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from service.crypto.blind import INDEX_LENGTH
from service.crypto.sealed import Sealed, SealedRow
from service.db import BIG_ID, Base, UtcDateTime
from service.personal import Personal

GRANT_KINDS = ("family", "station")
"""亲属代办, 驿站代办."""


class Account(Base):
    """Somebody who can sign in. What he stands for hangs on the id that fits the role (``permissions.ROLES``).

    ``region_code`` is the territory of those who have one; ``source_key`` the only source under which a partner publishes.
    """

    __tablename__ = "account"
    __personal__ = Personal(
        title="账号",
        subject="account_id",
        erase="blank",
        keep=frozenset({"account_id", "role", "worker_id", "demo", "disabled_at", "created_at"}),
        values={"login": lambda: f"gone-{secrets.token_hex(8)}", "display_name": lambda: "已注销"},
        hidden=frozenset({"demo"}),
    )

    account_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    role: Mapped[str] = mapped_column(String(24))
    login: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(64))
    region_code: Mapped[str] = mapped_column(String(12), default="")
    employer_id: Mapped[int | None] = mapped_column(ForeignKey("employer.employer_id"))
    station_id: Mapped[int | None] = mapped_column(ForeignKey("station.station_id"))
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("worker.worker_id"))
    source_key: Mapped[str | None] = mapped_column(String(32))
    demo: Mapped[bool] = mapped_column(Boolean, default=False)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AccessToken(Base):
    """One sign-in. ``token_hash`` is the SHA-256 of 32 random bytes, so a stolen table opens nothing.

    ``scopes`` limits what the token is good for (``Caller.limits``); a partner's token without any is good for nothing.
    """

    __tablename__ = "access_token"
    __personal__ = Personal(title="登录记录", subject="account_id", erase="delete", hidden=frozenset({"scopes"}))

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    session_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    second_factor: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    scopes: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))


class AccountPhone(SealedRow, Base):
    """The phone number of an account, sealed, and how it was proved: ``wechat``, ``sms`` or ``station``."""

    __tablename__ = "account_phone"
    __personal__ = Personal(title="手机号", subject="account_id", erase="delete")

    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id", ondelete="CASCADE"), primary_key=True)
    phone_sealed: Mapped[str | None] = mapped_column(Text)
    phone_index: Mapped[str | None] = mapped_column(String(INDEX_LENGTH), unique=True)
    proved_by: Mapped[str] = mapped_column(String(16))
    bound_at: Mapped[datetime] = mapped_column(UtcDateTime)
    phone = Sealed("phone", index="phone")


class ActingGrant(Base):
    """代办: one account may act for one worker, until ``expires_at`` or until it is ended.

    ``scopes`` are nouns of permissions (``permissions.granted_nouns``). A grant to a station without ``holder_account_id`` is to
    whoever works there; who leaves the station loses it at once.
    """

    __tablename__ = "acting_grant"
    __personal__ = Personal(title="谁能替我办事", erase="keep", rule="service_ledger", since="expires_at")

    grant_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.worker_id"), index=True)
    holder_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    station_id: Mapped[int | None] = mapped_column(ForeignKey("station.station_id"), index=True)
    consent_id: Mapped[int | None] = mapped_column(BigInteger)
    scopes: Mapped[list[str]] = mapped_column(JSON, default=list)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("kind in ('family', 'station')", name="kind"),
        CheckConstraint("kind = 'family' or station_id is not null", name="station"),
        CheckConstraint("kind = 'station' or holder_account_id is not null", name="holder"),
    )
