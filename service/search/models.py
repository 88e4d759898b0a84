"""What was searched for, counted, without anybody who searched."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.db import BIG_ID, Base, UtcDateTime

LONGEST_WORDS = 60


class SearchLog(Base):
    """How often some words were asked for in a district in an hour, and how often nothing was found at first.

    No account, no address, no device, no exact place: the district is the finest that is kept. ``found`` is what the last of
    these searches found; ``widened``: only after conditions were given up.
    """

    __tablename__ = "search_log"

    log_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcDateTime)
    region_code: Mapped[str] = mapped_column(String(12))
    words: Mapped[str] = mapped_column(String(LONGEST_WORDS))
    widened: Mapped[bool] = mapped_column(Boolean)
    asked: Mapped[int] = mapped_column(Integer)
    missed: Mapped[int] = mapped_column(Integer)
    found: Mapped[int] = mapped_column(Integer)

    __table_args__ = (
        UniqueConstraint("hour", "region_code", "words", "widened"),
        Index("ix_search_log_region_code_hour", "region_code", "hour"),
    )
