"""What was agreed to and withdrawn, and who got what. Both tables only grow: a withdrawal is a new row.

个人信息保护法 art. 14 (informed, a new text asks again), 15 (withdrawal as easy as giving), 23 (separate consent for each
recipient), 44 and 45 (the person may know).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.db import BIG_ID, Base, UtcDateTime
from service.personal import Personal

ACTIONS = ("give", "refuse", "withdraw")
CHANNELS = {"wechat": "微信小程序", "web": "网页", "station_paper": "驿站纸质签字", "phone": "电话"}


class ConsentRecord(Base):
    """One thing that a person said. The last row of a purpose (and recipient and job) is what holds now.

    ``text_hash`` is the SHA-256 of the words that were shown. ``given_by_account_id`` is who pressed the button: the person, or
    somebody acting for them under ``grant_id``. ``evidence`` is the number of a paper or of a recorded call, never its content.
    """

    __tablename__ = "consent_record"
    __personal__ = Personal(title="同意记录", erase="keep", rule="consents", since="at", while_here=True)

    consent_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.worker_id"))
    purpose: Mapped[str] = mapped_column(String(24))
    action: Mapped[str] = mapped_column(String(8))
    text_version: Mapped[str] = mapped_column(String(16))
    text_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    channel: Mapped[str] = mapped_column(String(16))
    given_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    grant_id: Mapped[int | None] = mapped_column(BIG_ID)
    guardian: Mapped[str] = mapped_column(String(16), default="")
    employer_id: Mapped[int | None] = mapped_column(ForeignKey("employer.employer_id"))
    job_id: Mapped[int | None] = mapped_column(BIG_ID)
    recipient_name: Mapped[str] = mapped_column(String(128), default="")
    fields: Mapped[list[str]] = mapped_column(JSON, default=list)
    station_id: Mapped[int | None] = mapped_column(ForeignKey("station.station_id"))
    evidence: Mapped[str] = mapped_column(String(64), default="")

    __table_args__ = (
        CheckConstraint("action in ('give', 'refuse', 'withdraw')", name="action"),
        Index("ix_consent_record_worker_id_purpose", "worker_id", "purpose"),
        Index("ix_consent_record_at", "at"),
    )


class Disclosure(Base):
    """One line of the ledger: who got which fields of whom, when, why, and on what ground.

    ``basis`` is ``consent`` (then ``consent_id`` says which) or ``duty`` (a public service does its work on the person's own
    matter, 个人信息保护法 art. 13 (3); ``purpose`` says which). Field names only, never what stood in them.
    """

    __tablename__ = "disclosure"
    __personal__ = Personal(title="谁看过我的信息", erase="keep", rule="consents", since="at")

    disclosure_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.worker_id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reader_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    reader_role: Mapped[str] = mapped_column(String(24))
    recipient_kind: Mapped[str] = mapped_column(String(16))
    recipient_id: Mapped[int | None] = mapped_column(BIG_ID)
    recipient_name: Mapped[str] = mapped_column(String(128), default="")
    fields: Mapped[list[str]] = mapped_column(JSON, default=list)
    purpose: Mapped[str] = mapped_column(String(64))
    basis: Mapped[str] = mapped_column(String(8))
    consent_id: Mapped[int | None] = mapped_column(ForeignKey("consent_record.consent_id"))
    job_id: Mapped[int | None] = mapped_column(BIG_ID)

    __table_args__ = (
        CheckConstraint("basis in ('consent', 'duty')", name="basis"),
        Index("ix_disclosure_worker_id_at", "worker_id", "at"),
        Index("ix_disclosure_at", "at"),
    )
