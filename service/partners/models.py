"""Clients of partners, and the adverts of theirs that an employer or a station had published here first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.db import BIG_ID, Base, UtcDateTime
from service.personal import NotPersonal


class PartnerClient(Base):
    """Credentials of a partner's machine. ``secret_hash`` is the SHA-256 of 32 random bytes, so a stolen table opens nothing.

    Every client has an account of its own (role ``partner``), so that ending one ends its tokens and nobody else's; two clients
    of one source, while a secret is being changed, publish under the same ``source_key``.
    """

    __tablename__ = "partner_client"
    __personal__ = NotPersonal(why="credentials of a company's machine; the account is the machine's")

    partner_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    client_id: Mapped[str] = mapped_column(String(40), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"), unique=True)
    source_key: Mapped[str] = mapped_column(String(32), index=True)
    name: Mapped[str] = mapped_column(String(64))
    region_code: Mapped[str] = mapped_column(String(12), default="")
    conflicts: Mapped[int] = mapped_column(Integer, default=0)
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))


class PartnerConflict(Base):
    """An advert of a partner that was there already, from the employer or station itself: which, and how often it was tried."""

    __tablename__ = "partner_conflict"

    conflict_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner_client.partner_id"))
    original_id: Mapped[str] = mapped_column(String(128))
    job_id: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(Integer, default=1)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("partner_id", "original_id"),)
