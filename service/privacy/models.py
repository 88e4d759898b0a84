"""Leaving, holds, and notices: the few rows that privacy work itself needs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from service.db import BIG_ID, Base, UtcDateTime
from service.personal import Personal


class Erasure(Base):
    """One 注销: when it was asked for and when the data were gone. No row holds anything else of the person.

    ``account_id`` and ``worker_id`` are the emptied rows; one of the two may be missing (a recruiter has no worker record, a
    person registered at a station has no account).
    """

    __tablename__ = "erasure"
    __personal__ = Personal(title="注销记录", erase="keep", rule="consents", since="done_at")

    erasure_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("worker.worker_id"), unique=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"), unique=True)
    cause: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LegalHold(Base):
    """Somebody's data must stay for now: an open claim, an investigation. Set and lifted with a reason, both audited."""

    __tablename__ = "legal_hold"
    __personal__ = Personal(
        title="依法暂不删除", erase="keep", rule="consents", since="lifted_at", hidden=frozenset({"set_by_account_id"})
    )

    hold_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.worker_id"))
    reason: Mapped[str] = mapped_column(String(256))
    reference: Mapped[str] = mapped_column(String(64), default="")
    set_by_account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lifted_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        # One hold in force a person and reference: setting it twice (a double click) is refused by the database.
        Index(
            "uq_legal_hold_in_force",
            "worker_id",
            "reference",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )


class RetentionNotice(Base):
    """Somebody who has not been here for long was told that the data will go on ``due_at``; coming back takes it away."""

    __tablename__ = "retention_notice"
    __personal__ = Personal(title="长期未使用的提醒", erase="delete")

    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.worker_id"), primary_key=True, autoincrement=False)
    noticed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
