"""The station record: where gigs are posted and people come for help."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Boolean, Float, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from service.db import BIG_ID, Base, UtcDateTime

Hours = dict[str, list[list[str]]]
"""Weekday ``"1"`` (Monday) to ``"7"``, its spans each ``["08:30", "12:00"]`` at Beijing time; a day that is missing is closed."""


class Station(Base):
    """A station in the 5+2 hierarchy (``data/levels.toml``). The point is GCJ-02; ``phone`` is the station's own, for everybody.

    ``opening_hours`` is the text people read; ``hours`` the same in a form that can be asked. ``closed_at`` set means it is gone.
    """

    __tablename__ = "station"

    station_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(128))
    level: Mapped[str] = mapped_column(String(16))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("station.station_id"))
    region_code: Mapped[str] = mapped_column(String(12), index=True)
    address: Mapped[str] = mapped_column(String(256), default="")
    lat: Mapped[float | None] = mapped_column(Float)
    lng: Mapped[float | None] = mapped_column(Float)
    phone: Mapped[str] = mapped_column(String(32), default="", server_default="")
    opening_hours: Mapped[str] = mapped_column(String(128), default="")
    hours: Mapped[Hours | None] = mapped_column(JSON(none_as_null=True))
    holiday_note: Mapped[str] = mapped_column(String(128), default="", server_default="")
    functions: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    service_regions: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    demo: Mapped[bool] = mapped_column(Boolean, default=False)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
