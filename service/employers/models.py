"""Employers and what is known of them: papers, the checking of papers, and the lists an authority keeps.

``Employer.verified_at`` says when the papers were last found in order; everything a person decided is a row of its own.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    and_,
    or_,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.crypto.sealed import Sealed, SealedRow
from service.db import BIG_ID, Base, UtcDateTime

PUBLISHER_CLASSES = ("agency", "public", "employer", "household")
"""经营性人力资源服务机构, 公共就业服务机构, 自主招聘, 个人或家庭 (rules D-07 c)."""
VERIFICATION_STATES = ("pending", "asked", "approved", "rejected", "withdrawn")
"""``pending``: staff are to look; ``asked``: the employer is to add something; the others are final."""
SCAN_STATES = ("clean", "scan_pending", "infected")
"""``clean`` also where no scanner is set up: what is kept was drawn anew, see ``images.py``."""


class Employer(SealedRow, Base):
    """An employer. ``verified_at`` empty means: nobody has checked the papers, or they no longer fit what it says of itself;
    once ``closed_at`` is set the company is gone, and its accounts are shut out at once.

    ``credit_code`` is held by one employer alone. Who comes later with the same code, while nobody has checked the first, has it
    in ``claimed_code``; whoever is approved first holds it from then on, and ``claim_ended_at`` says when the others lost theirs.
    ``words_by``: accounts that wrote what the papers prove, since it was last approved; none of them decides about it.
    """

    __tablename__ = "employer"

    employer_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    name: Mapped[str] = mapped_column(String(128))
    credit_code: Mapped[str | None] = mapped_column(String(18), unique=True)
    claimed_code: Mapped[str | None] = mapped_column(String(18), index=True)
    claim_ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    words_by: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    publisher_class: Mapped[str] = mapped_column(String(16), default="employer")
    industry_code: Mapped[str] = mapped_column(String(4), default="")
    size: Mapped[str] = mapped_column(String(32), default="")
    about: Mapped[str] = mapped_column(String(1000), default="")
    region_code: Mapped[str] = mapped_column(String(12), default="")
    address: Mapped[str] = mapped_column(String(256), default="")
    handler_name_sealed: Mapped[str | None] = mapped_column(Text)
    handler_id_sealed: Mapped[str | None] = mapped_column(Text)
    agency_licence_no: Mapped[str] = mapped_column(String(64), default="", server_default="")
    agency_licence_until: Mapped[date | None] = mapped_column(Date)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    suspended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    suspended_reason: Mapped[str] = mapped_column(String(32), default="", server_default="")
    suspended_note: Mapped[str] = mapped_column(String(500), default="", server_default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    demo: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    handler_name = Sealed("handler_name")
    handler_id = Sealed("handler_id")

    @property
    def said_code(self) -> str | None:
        """The credit code that it gives, whether it is held or only claimed."""
        return self.credit_code or self.claimed_code


class Verification(Base):
    """One round of checking papers, from handing in to a decision. ``open_key`` is the employer's id while it is undecided, so
    that there is never more than one; ``due_at`` is by when staff have promised to look."""

    __tablename__ = "employer_verification"

    verification_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, default=1)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employer.employer_id"), index=True)
    open_key: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    region_code: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(16))
    submitted_by: Mapped[int] = mapped_column(ForeignKey("account.account_id"))
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_employer_verification_state_due_at", "state", "due_at"),)


class Decision(Base):
    """What one person decided in a round: the outcome, why (codes of ``reasons``, and a sentence), and what he looked at."""

    __tablename__ = "employer_decision"

    decision_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    verification_id: Mapped[int] = mapped_column(ForeignKey("employer_verification.verification_id"), index=True)
    outcome: Mapped[str] = mapped_column(String(16))
    reasons: Mapped[list[str]] = mapped_column(JSON, default=list)
    sentence: Mapped[str] = mapped_column(String(500), default="")
    checked: Mapped[list[str]] = mapped_column(JSON, default=list)
    decided_by: Mapped[int] = mapped_column(ForeignKey("account.account_id"))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Paper(SealedRow, Base):
    """A picture of a paper. ``file_name`` is where it lies, sealed with ``file_key``, in the folder of files."""

    __tablename__ = "employer_paper"

    paper_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employer.employer_id"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    file_name: Mapped[str] = mapped_column(String(128))
    file_key_sealed: Mapped[str | None] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(Integer)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    scan_state: Mapped[str] = mapped_column(String(16))
    uploaded_by: Mapped[int] = mapped_column(ForeignKey("account.account_id"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    file_key = Sealed("file_key")


class ListEntry(Base):
    """One line of a list that an authority keeps: wage arrears, breaches, closed companies. Never deleted; leaving it is dated.

    It is found by ``credit_code``, whether that employer is registered here or not.
    """

    __tablename__ = "employer_list_entry"

    entry_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, default=1)
    list_kind: Mapped[str] = mapped_column(String(16))
    credit_code: Mapped[str] = mapped_column(String(18), index=True)
    name: Mapped[str] = mapped_column(String(128))
    region_code: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(String(256))
    source_url: Mapped[str] = mapped_column(String(512), default="")
    listed_on: Mapped[date] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    removed_on: Mapped[date | None] = mapped_column(Date)
    removed_because: Mapped[str] = mapped_column(String(256), default="")
    imported_by: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("list_kind", "credit_code", "listed_on"),)

    @classmethod
    def stands_on(cls, day: date) -> ColumnElement[bool]:
        """That a line speaks on this day: listed, not yet removed, not run out."""
        return and_(
            cls.listed_on <= day,
            or_(cls.removed_on.is_(None), cls.removed_on > day),
            or_(cls.until.is_(None), cls.until >= day),
        )
