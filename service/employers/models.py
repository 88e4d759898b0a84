"""The employer record. Verification work comes with accounts; here is what an advert needs to name its poster."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, String
from sqlalchemy.orm import Mapped, mapped_column

from service.db import BIG_ID, Base, UtcDateTime

PUBLISHER_CLASSES = ("agency", "public", "employer", "household")
"""经营性人力资源服务机构, 公共就业服务机构, 自主招聘, 个人或家庭 (rules D-07 c)."""


class Employer(Base):
    """An employer. ``verified_at`` empty means: nobody has checked the papers yet."""

    __tablename__ = "employer"

    employer_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    credit_code: Mapped[str | None] = mapped_column(String(18), unique=True)
    publisher_class: Mapped[str] = mapped_column(String(16), default="employer")
    industry_code: Mapped[str] = mapped_column(String(4), default="")
    size: Mapped[str] = mapped_column(String(32), default="")
    about: Mapped[str] = mapped_column(String(1000), default="")
    region_code: Mapped[str] = mapped_column(String(12), default="")
    address: Mapped[str] = mapped_column(String(256), default="")
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    demo: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
