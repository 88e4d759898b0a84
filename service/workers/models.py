"""The worker record. Age brackets are computed at the moment of use and never stored (rules D-06)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Boolean, CheckConstraint, Date, Float, ForeignKey, Integer, String, Text, false, true
from sqlalchemy.orm import Mapped, mapped_column

from service.crypto.sealed import Sealed, SealedRow
from service.db import BIG_ID, Base, UtcDateTime
from service.personal import Personal

GONE = "已注销"
HARDSHIP_STATES = ("claimed", "certified", "refused")


class Worker(SealedRow, Base):
    """What a person told us. ``birth_month`` is the first day of the month of birth; the point is GCJ-02.

    The point is rounded to about a kilometre unless the person agreed to the exact place (``point_exact``). What is sealed can
    be read only with the key: the real name, the ID number (kept only where a purpose needs it), limits of health.
    ``left_at``: the person is leaving, nothing shows them any more; ``erased_at``: the row is empty.
    """

    __tablename__ = "worker"
    __personal__ = Personal(
        title="求职档案",
        erase="blank",
        keep=frozenset({"worker_id", "created_at", "left_at", "erased_at", "row_key", "version", "demo"}),
        values={"display_name": lambda: GONE},
        hidden=frozenset({"demo"}),
    )

    worker_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    display_name: Mapped[str] = mapped_column(String(64))
    real_name_sealed: Mapped[str | None] = mapped_column(Text)
    id_number_sealed: Mapped[str | None] = mapped_column(Text)
    health_limits_sealed: Mapped[str | None] = mapped_column(Text)
    sex: Mapped[str | None] = mapped_column(String(8))
    birth_month: Mapped[date | None] = mapped_column(Date)
    female_track: Mapped[int | None] = mapped_column(Integer)
    wish: Mapped[str] = mapped_column(String(256), default="")
    trades: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    skills: Mapped[list[str]] = mapped_column(JSON, default=list)
    skill_levels: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    certificates: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    region_code: Mapped[str] = mapped_column(String(12), default="")
    lat: Mapped[float | None] = mapped_column(Float)
    lng: Mapped[float | None] = mapped_column(Float)
    point_exact: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    radius_km: Mapped[float | None] = mapped_column(Float)
    wage_min: Mapped[float | None] = mapped_column(Float)
    wage_unit: Mapped[str | None] = mapped_column(String(8))
    wage_min_yuan_month: Mapped[int | None] = mapped_column(Integer)
    kinds: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    shifts: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    settlements: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    tags_wanted: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    hours_max: Mapped[float | None] = mapped_column(Float)
    group_size: Mapped[int | None] = mapped_column(Integer)
    couple: Mapped[bool | None] = mapped_column(Boolean)
    personal_ranking: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())
    station_id: Mapped[int | None] = mapped_column(BIG_ID, index=True)  # no foreign key: SQLite could not drop the column again
    demo: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    active_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    real_name = Sealed("real_name")
    id_number = Sealed("id_number")
    health_limits = Sealed("health_limits")


class Hardship(Base):
    """A category of hardship that a person claims and an office certifies against its register, until ``expires_at``.

    Read by the person, and by station staff and bureau of the territory who handle it; by nobody else (就业促进法 art. 52 leaves
    the categories to the provinces, so they are data).
    """

    __tablename__ = "hardship"
    __personal__ = Personal(title="就业困难类别", erase="delete")

    hardship_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.worker_id"), index=True)
    category: Mapped[str] = mapped_column(String(24))
    state: Mapped[str] = mapped_column(String(12), default="claimed")
    register: Mapped[str] = mapped_column(String(64), default="")
    reference: Mapped[str] = mapped_column(String(64), default="")
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("state in ('claimed', 'certified', 'refused')", name="state"),)


class GrantInvitation(Base):
    """A one-time code by which a worker lets somebody act for them. Only its hash is kept; the code has 60 random bits."""

    __tablename__ = "grant_invitation"
    __personal__ = Personal(title="代办邀请", erase="delete")

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.worker_id"), index=True)
    consent_id: Mapped[int] = mapped_column(ForeignKey("consent_record.consent_id"))
    scopes: Mapped[list[str]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
