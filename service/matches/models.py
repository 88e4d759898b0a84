"""What the nightly batch found. A person's rows go with the person; a job that closed since is left out when it is shown."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, ForeignKey, Integer, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from service.db import BIG_ID, Base
from service.personal import Personal


class WorkerMatch(Base):
    """One of the best jobs of one worker on one day; ``rank`` 1 is the best, ``score`` whole points of the engine."""

    __tablename__ = "worker_match"
    __personal__ = Personal(title="每天替我匹配的结果", erase="delete")

    worker_id: Mapped[int] = mapped_column(
        BIG_ID, ForeignKey("worker.worker_id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    rank: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    job_id: Mapped[int] = mapped_column(BIG_ID, index=True)
    score: Mapped[int] = mapped_column(Integer)
