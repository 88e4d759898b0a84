"""Which keys this database was written with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base, UtcDateTime


class KeyCheck(Base):
    """A known word sealed with each key that was ever active here: with another key file it does not open, and the service says
    so at its start instead of writing with keys that do not fit."""

    __tablename__ = "key_check"

    key_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    proof: Mapped[str] = mapped_column(Text)
    first_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
