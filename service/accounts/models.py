"""Accounts and their tokens. A token is opaque and only its hash is kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from service.db import BIG_ID, Base, UtcDateTime

ROLES = ("worker", "employer", "staff", "bureau", "operator")


class Account(Base):
    """Somebody who can sign in. What he stands for hangs on the id that fits the role."""

    __tablename__ = "account"

    account_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    login: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(64))
    region_code: Mapped[str] = mapped_column(String(12), default="")
    employer_id: Mapped[int | None] = mapped_column(ForeignKey("employer.employer_id"))
    station_id: Mapped[int | None] = mapped_column(ForeignKey("station.station_id"))
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("worker.worker_id"))
    demo: Mapped[bool] = mapped_column(Boolean, default=False)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AccessToken(Base):
    """One sign-in. ``token_hash`` is the SHA-256 of 32 random bytes, so a stolen table opens nothing."""

    __tablename__ = "access_token"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
