"""Adverts to be looked at, reports about them, and what a trade is paid in a place."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.db import BIG_ID, Base, UtcDateTime
from service.personal import NotPersonal, Personal

REVIEW_STATES = ("waiting", "taken", "decided", "mended")
"""``mended``: the employer changed the advert, and nothing was left to look at."""
CAUSES = ("advert", "report")
REPORT_STATES = ("open", "upheld", "dismissed")
OBJECTION_STATES = ("waiting", "upheld", "dismissed")


class JobReview(Base):
    """One advert to be looked at, from the finding or report to the decision. ``open_key`` is the job's id while it is undecided,
    so that there is never more than one; ``findings`` is what the rules said; ``due_at`` is what was promised."""

    __tablename__ = "job_review"

    review_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, default=1)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.job_id", ondelete="CASCADE"), index=True)
    open_key: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    employer_id: Mapped[int | None] = mapped_column(ForeignKey("employer.employer_id"))
    region_code: Mapped[str] = mapped_column(String(12))
    causes: Mapped[list[str]] = mapped_column(JSON, default=list)
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    state: Mapped[str] = mapped_column(String(8))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(8), default="")
    reason: Mapped[str] = mapped_column(String(32), default="")
    sentence: Mapped[str] = mapped_column(String(300), default="")

    __table_args__ = (
        Index("ix_job_review_state_due_at", "state", "due_at"),
        Index("ix_job_review_employer_id_decided_at", "employer_id", "decided_at"),
    )


class JobReport(Base):
    """What a worker says is wrong with an advert, and what came of it. One a person and advert."""

    __tablename__ = "job_report"
    __personal__ = Personal(
        title="我举报过的岗位",
        erase="blank",
        keep=frozenset({"job_id", "review_id", "reason", "state", "reported_at", "answered_at"}),
    )

    report_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.job_id", ondelete="CASCADE"))
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("worker.worker_id"), index=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("job_review.review_id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(String(300), default="")
    state: Mapped[str] = mapped_column(String(9), default="open")
    answer: Mapped[str] = mapped_column(String(400), default="")
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("job_id", "worker_id"),)


class RepeatLift(Base):
    """Staff let an employer start anew: findings before this moment no longer count against it."""

    __tablename__ = "employer_repeat_lift"

    lift_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employer.employer_id"), index=True)
    lifted_by: Mapped[int] = mapped_column(ForeignKey("account.account_id"))
    lifted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(300))


class RepeatObjection(Base):
    """An employer objects to its new adverts being looked at first. ``open_key`` is the employer's id while nobody has answered,
    so that one waits at a time."""

    __tablename__ = "employer_repeat_objection"
    __personal__ = NotPersonal(why="what an employer says of its own record; numbers and accounts are taken out of the words")

    objection_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employer.employer_id"), index=True)
    open_key: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    words: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(9), index=True)
    answer: Mapped[str] = mapped_column(String(300), default="")
    made_by: Mapped[int] = mapped_column(ForeignKey("account.account_id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TradeWage(Base):
    """What a trade is paid in a county, city or province: the median over employers of the middle of their pay, yuan a month."""

    __tablename__ = "trade_wage"

    trade_code: Mapped[str] = mapped_column(String(16), primary_key=True)
    region_code: Mapped[str] = mapped_column(String(12), primary_key=True)
    jobs: Mapped[int] = mapped_column(Integer)
    employers: Mapped[int] = mapped_column(Integer)
    median_yuan_month: Mapped[int] = mapped_column(Integer)
    computed_on: Mapped[date] = mapped_column(Date)
