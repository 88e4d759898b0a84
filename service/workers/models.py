"""The worker record. Age brackets are computed at the moment of use and never stored (rules D-06)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Boolean, Date, Float, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from service.db import BIG_ID, Base, UtcDateTime


class Worker(Base):
    """What a person told us. ``birth_month`` is the first day of the month of birth; the point is GCJ-02."""

    __tablename__ = "worker"

    worker_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    display_name: Mapped[str] = mapped_column(String(64))
    sex: Mapped[str | None] = mapped_column(String(8))
    birth_month: Mapped[date | None] = mapped_column(Date)
    wish: Mapped[str] = mapped_column(String(256), default="")
    skills: Mapped[list[str]] = mapped_column(JSON, default=list)
    region_code: Mapped[str] = mapped_column(String(12), default="")
    lat: Mapped[float | None] = mapped_column(Float)
    lng: Mapped[float | None] = mapped_column(Float)
    radius_km: Mapped[float | None] = mapped_column(Float)
    wage_min_yuan_month: Mapped[int | None] = mapped_column(Integer)
    demo: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
