"""The figures of a day, and how far the counters of a machine have been added to them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base, UtcDateTime


class DailyFigures(Base):
    """One day of Beijing. ``search_times`` and ``visible_times`` map the upper bound of a bucket in seconds (``"0.05"``,
    ``"+Inf"``) to how many fell into it; ``probes`` are the minutes in which the web should have answered (the first is that of
    its first answer of all), ``probes_ok`` those in which it did.
    """

    __tablename__ = "daily_figures"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    requests: Mapped[int] = mapped_column(Integer, default=0)
    errors: Mapped[int] = mapped_column(Integer, default=0)
    search_times: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    visible_times: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    probes: Mapped[int] = mapped_column(Integer, default=0)
    probes_ok: Mapped[int] = mapped_column(Integer, default=0)
    messages: Mapped[int] = mapped_column(Integer, default=0)
    messages_in_time: Mapped[int] = mapped_column(Integer, default=0)
    reviews: Mapped[int] = mapped_column(Integer, default=0)
    reviews_in_time: Mapped[int] = mapped_column(Integer, default=0)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CounterMark(Base):
    """How far the counters of a machine have been added up. ``epoch`` changes when they begin anew."""

    __tablename__ = "counter_mark"

    machine: Mapped[str] = mapped_column(String(64), primary_key=True)
    epoch: Mapped[str] = mapped_column(String(64))
    counted: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
