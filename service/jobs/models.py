"""The job tables. One ``Job`` for the three kinds; what only one kind has hangs off it.

``JobChange`` is written in the transaction that changes the job: a committed change is therefore never missing from the log.
A reader must not remember "greater than the last number", because numbers become visible out of order when transactions
overlap; ``service/indexing/changes.py`` says how it is read without losing any.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    FetchedValue,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.crypto.sealed import Sealed, SealedRow
from service.db import BIG_ID, Base, UtcDateTime
from service.employers.models import Employer
from service.personal import NotPersonal
from service.stations.models import Station

STATUSES = ("open", "held", "closed")
"""``open``: may be shown until ``valid_until``; ``held``: waits for a check; ``closed``: over, kept for the record."""
HOLDS = ("advert", "employer", "station")
"""What a held job waits for: somebody to look at its words, the employer's papers, or the station it names (``hold.py``)."""

SOURCE_CLASSES = ("vacancy", "catalogue", "demo")
"""``vacancy``: holds what the law asks for; ``catalogue``: public list or sample, labelled, never counted as a vacancy."""
CONTRACT_KINDS = ("full_time", "part_time", "labour_dispatch", "service", "internship", "other")
SHIFTS = ("day", "night", "rotating", "flexible")
FEED_RUN = "feed_run_id"
"""Under this name in ``session.info`` a run of a feed says that the transaction is its own: its lines of history bear it."""
CONTACT = "contact"
"""The columns of the contact, read only where it is shown or changed: the index is built from a million rows without them."""
POINT_SOURCES = ("given", "address", "region")
"""How the point was found: said by the poster, or only the middle of the county. ``address`` stands on older rows, where an
address told the county: that is its middle, too."""


def held_columns(reasons: Collection[str]) -> dict[str, Any]:
    """The columns of a job that waits for these reasons, or for none."""
    return {"status": "held" if reasons else "open", "held_for": sorted(reasons) or None}


class Job(SealedRow, Base):
    """One advert. Wage and age keep the original text; the numbers beside it are our reading of it.

    ``verified_at``: when staff last found that it is real; ``confirmed_at``: when its owner last said that it still stands;
    ``stale_at``: since when it sinks because nobody has said so for long (``lifetimes.py``).
    """

    __tablename__ = "job"

    job_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, default=1)
    kind: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(8), default="open")
    closed_reason: Mapped[str] = mapped_column(String(64), default="")
    held_for: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))

    title: Mapped[str] = mapped_column(String(128))
    description: Mapped[str] = mapped_column(Text, default="")
    employer_id: Mapped[int | None] = mapped_column(ForeignKey("employer.employer_id"), index=True)
    employer_name: Mapped[str] = mapped_column(String(128), default="")
    trade_codes: Mapped[list[str]] = mapped_column(JSON, default=list)
    skills: Mapped[list[str]] = mapped_column(JSON, default=list)
    headcount: Mapped[int | None] = mapped_column(Integer)
    education: Mapped[str] = mapped_column(String(64), default="")
    experience: Mapped[str] = mapped_column(String(64), default="")

    wage_text: Mapped[str] = mapped_column(String(512), default="")
    wage_min: Mapped[float | None] = mapped_column(Float)
    wage_max: Mapped[float | None] = mapped_column(Float)
    wage_unit: Mapped[str | None] = mapped_column(String(8))
    wage_min_yuan_month: Mapped[int | None] = mapped_column(Integer)
    wage_max_yuan_month: Mapped[int | None] = mapped_column(Integer)
    wage_negotiable: Mapped[bool] = mapped_column(Boolean, default=False)

    age_text: Mapped[str] = mapped_column(String(128), default="")
    age_min: Mapped[int | None] = mapped_column(Integer)
    age_max: Mapped[int | None] = mapped_column(Integer)
    age_men: Mapped[list[int | None] | None] = mapped_column(JSON(none_as_null=True))
    age_women: Mapped[list[int | None] | None] = mapped_column(JSON(none_as_null=True))
    age_reason: Mapped[str] = mapped_column(String(256), default="")
    age_binding: Mapped[bool] = mapped_column(Boolean, default=False)
    minors_barred: Mapped[bool] = mapped_column(Boolean, default=False)

    region_code: Mapped[str] = mapped_column(String(12), default="", index=True)
    address: Mapped[str] = mapped_column(String(256), default="")
    lat: Mapped[float | None] = mapped_column(Float)
    lng: Mapped[float | None] = mapped_column(Float)
    point_source: Mapped[str | None] = mapped_column(String(8))

    contract_kind: Mapped[str | None] = mapped_column(String(16))
    hours_per_day: Mapped[float | None] = mapped_column(Float)
    shift: Mapped[str | None] = mapped_column(String(8))
    settlement: Mapped[str | None] = mapped_column(String(8))
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    contact_name_sealed: Mapped[str | None] = mapped_column(Text, deferred=True, deferred_group=CONTACT)
    contact_phone_sealed: Mapped[str | None] = mapped_column(Text, deferred=True, deferred_group=CONTACT)
    # Where older versions wrote the two; `flask keys reseal` moves them, and a later release drops the columns.
    contact_name_open: Mapped[str] = mapped_column("contact_name", String(32), default="", deferred=True, deferred_group=CONTACT)
    contact_phone_open: Mapped[str] = mapped_column(
        "contact_phone", String(32), default="", deferred=True, deferred_group=CONTACT
    )
    contact_name = Sealed("contact_name", legacy="contact_name_open")
    contact_phone = Sealed("contact_phone", legacy="contact_phone_open")

    source_key: Mapped[str] = mapped_column(String(32), default="direct")
    source_name: Mapped[str] = mapped_column(String(128), default="")
    source_class: Mapped[str] = mapped_column(String(16), default="vacancy")
    original_id: Mapped[str | None] = mapped_column(String(128))
    source_url: Mapped[str] = mapped_column(String(512), default="")
    legal_basis: Mapped[str] = mapped_column(String(256), default="")
    publisher_class: Mapped[str] = mapped_column(String(16), default="employer")
    label: Mapped[str] = mapped_column(String(32), default="")
    missing: Mapped[list[str]] = mapped_column(JSON, default=list)

    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stale_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime] = mapped_column(UtcDateTime)
    renewals: Mapped[int] = mapped_column(Integer, default=0)
    applications: Mapped[int] = mapped_column(Integer, default=0)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("job.job_id"))
    duplicate_reason: Mapped[str] = mapped_column(String(64), default="", server_default="")
    duplicate_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    also_from: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    """Of the advert that is shown: the other sources of the same job, written down so that a list needs no second question."""

    employer: Mapped[Employer | None] = relationship(lazy="raise")
    gig: Mapped[GigTerms | None] = relationship(back_populates="job", lazy="raise", cascade="all, delete-orphan")
    listing: Mapped[LiveListing | None] = relationship(back_populates="job", lazy="raise", cascade="all, delete-orphan")

    __table_args__ = (
        UniqueConstraint("source_key", "original_id"),
        CheckConstraint("kind in ('public', 'gig', 'live')", name="kind"),
        CheckConstraint("status in ('open', 'held', 'closed')", name="status"),
        CheckConstraint("headcount is null or headcount > 0", name="headcount"),
        CheckConstraint("wage_min is null or wage_max is null or wage_min <= wage_max", name="wage_order"),
        CheckConstraint("age_min is null or age_max is null or age_min <= age_max", name="age_order"),
        CheckConstraint("(lat is null) = (lng is null)", name="point_whole"),
        Index("ix_job_status_valid_until", "status", "valid_until"),
        Index("ix_job_employer_name", "employer_name"),
        # Few rows have one; the many that have none cost the index nothing.
        Index(
            "ix_job_duplicate_of_id",
            "duplicate_of_id",
            postgresql_where=text("duplicate_of_id IS NOT NULL"),
            sqlite_where=text("duplicate_of_id IS NOT NULL"),
        ),
    )

    @property
    def waits_for(self) -> frozenset[str]:
        """What it waits for. One held before reasons were written down waits for its employer, the usual reason then."""
        if self.status != "held":
            return frozenset()
        return frozenset({"employer"}) if self.held_for is None else frozenset(self.held_for)


class GigTerms(Base):
    """What only a gig has: when it starts and ends, seats, who insures, which station stands behind it (rules D-14)."""

    __tablename__ = "gig_terms"

    job_id: Mapped[int] = mapped_column(ForeignKey("job.job_id", ondelete="CASCADE"), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seats: Mapped[int] = mapped_column(Integer)
    seats_taken: Mapped[int] = mapped_column(Integer, default=0)
    insurance: Mapped[str] = mapped_column(String(128), default="")
    station_id: Mapped[int | None] = mapped_column(ForeignKey("station.station_id"), index=True)

    job: Mapped[Job] = relationship(back_populates="gig", lazy="raise")
    station: Mapped[Station | None] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="period"),
        CheckConstraint("seats > 0 and seats_taken >= 0 and seats_taken <= seats", name="seats"),
    )


class LiveSession(Base):
    """A stream in which employers show jobs. ``licence`` is the organiser's, asked for by rules D-07 (c) and D-13.

    ``employer_id`` or ``station_id``: whose stream it is; with neither it is the office's of ``region_code``.
    """

    __tablename__ = "live_session"

    session_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    title: Mapped[str] = mapped_column(String(128))
    host: Mapped[str] = mapped_column(String(64))
    platform: Mapped[str] = mapped_column(String(32))
    room: Mapped[str] = mapped_column(String(256))
    licence: Mapped[str] = mapped_column(String(64), default="")
    region_code: Mapped[str] = mapped_column(String(12), default="")
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    employer_id: Mapped[int | None] = mapped_column(ForeignKey("employer.employer_id"), index=True)
    station_id: Mapped[int | None] = mapped_column(ForeignKey("station.station_id"), index=True)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    demo: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LiveListing(Base):
    """The numbered place of a job in a stream: 「3号链接」. ``slot`` is the part of the running order it belongs to."""

    __tablename__ = "live_listing"

    job_id: Mapped[int] = mapped_column(ForeignKey("job.job_id", ondelete="CASCADE"), primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("live_session.session_id"))
    listing_no: Mapped[int] = mapped_column(Integer)
    slot: Mapped[str] = mapped_column(String(64), default="", server_default="")
    slot_starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    job: Mapped[Job] = relationship(back_populates="listing", lazy="raise")
    session: Mapped[LiveSession] = relationship(lazy="raise")

    __table_args__ = (UniqueConstraint("session_id", "listing_no"),)


class JobHistory(Base):
    """What happened to a job, by whom and when; ``changes`` maps a field to [before, after]. ``feed_run_id`` is the run of a feed
    that did it, so that a run can be taken back."""

    __tablename__ = "job_history"
    __personal__ = NotPersonal(why="what became of an advert and which account did it; the advert is the employer's")

    history_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.job_id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    action: Mapped[str] = mapped_column(String(16))
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    feed_run_id: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index(
            "ix_job_history_feed_run_id",
            "feed_run_id",
            "job_id",
            postgresql_where=text("feed_run_id IS NOT NULL"),
            sqlite_where=text("feed_run_id IS NOT NULL"),
        ),
    )


class JobChange(Base):
    """One line of the change log, in the same transaction as the change of the job it names.

    ``transaction_id`` is PostgreSQL's number of the writing transaction (filled by the database, see the migration); on SQLite,
    where one writer follows another, it stays empty and ``change_id`` itself is in the order of the commits.
    """

    __tablename__ = "job_change"

    change_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    job_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    # FetchedValue: an INSERT leaves the column out, so that the default of the database fills it (an explicit NULL would not).
    transaction_id: Mapped[int | None] = mapped_column(BigInteger, index=True, server_default=FetchedValue())

    __table_args__ = ({"sqlite_autoincrement": True},)
