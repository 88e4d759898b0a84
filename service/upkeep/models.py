"""Which reminders were given."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.db import BIG_ID, Base, UtcDateTime


class JobReminder(Base):
    """The owner of a job was reminded ``days`` before this end of it; once, also when the task runs again. ``messages``: how
    many people were written to beside the list that everybody finds in the application."""

    __tablename__ = "job_reminder"

    reminder_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.job_id", ondelete="CASCADE"))
    days: Mapped[int] = mapped_column(Integer)
    valid_until: Mapped[datetime] = mapped_column(UtcDateTime)
    messages: Mapped[int] = mapped_column(Integer, default=0)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("job_id", "days", "valid_until"),)
