"""What is remembered about duplicates beside the job itself: by which keys it is found, and what staff have told apart."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base, UtcDateTime
from service.personal import NotPersonal


class DuplicateKey(Base):
    """One key of an open job: only jobs that share a key are ever compared. ``key`` is a hash, see ``sketch.py``.

    No foreign key: checking it would wait for whoever holds the job, and marking waits for nobody.
    """

    __tablename__ = "job_duplicate_key"

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    job_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, index=True)


class NotSame(Base):
    """Two jobs that a person has told apart: never joined again, whatever their words."""

    __tablename__ = "job_not_same"
    __personal__ = NotPersonal(why="two adverts and which account told them apart; nothing about a person")

    low_id: Mapped[int] = mapped_column(ForeignKey("job.job_id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    high_id: Mapped[int] = mapped_column(
        ForeignKey("job.job_id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("low_id < high_id", name="order"),)
