"""Imports, their lines, and which job came from which line of whose sheets.

The cells of a line are sealed, since they hold names and phones, and are dropped when they have served (``data/limits.toml``);
what became of the line stays.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.crypto.blind import INDEX_LENGTH
from service.crypto.sealed import Sealed, SealedRow
from service.db import BIG_ID, Base, UtcDateTime

STATES = ("preview", "running", "done", "failed", "dropped")
"""``preview``: understood, nothing written; ``running``: confirmed, being worked off; ``failed``: the work was given up, what was
written until then stays; ``dropped``: never confirmed, its lines are gone."""


class SheetImport(Base):
    """One file on its way. ``layout`` is how its sheets were understood (``service/imports/layout.py``), without contacts.

    ``done`` counts lines worked off and is the fence: a batch counts only when it begins where the last one ended.
    ``waiting_key`` holds a file of an owner, ``running_key`` the owner, as long as it is not over.
    """

    __tablename__ = "sheet_import"
    __table_args__ = (
        CheckConstraint("state in ('preview', 'running', 'done', 'failed', 'dropped')", name="state"),
        CheckConstraint("(station_id is null) <> (employer_id is null)", name="one_owner"),
        Index("ix_sheet_import_state_created_at", "state", "created_at"),
    )

    import_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    station_id: Mapped[int | None] = mapped_column(ForeignKey("station.station_id"), index=True)
    employer_id: Mapped[int | None] = mapped_column(ForeignKey("employer.employer_id"), index=True)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    state: Mapped[str] = mapped_column(String(8), default="preview")
    waiting_key: Mapped[str | None] = mapped_column(String(128), unique=True)
    running_key: Mapped[str | None] = mapped_column(String(32), unique=True)
    file_name: Mapped[str] = mapped_column(String(128), default="")
    file_hash: Mapped[str] = mapped_column(String(64))
    form: Mapped[str] = mapped_column(String(16))
    layout: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    region_code: Mapped[str] = mapped_column(String(12), default="")
    rows: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer, default=0)
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    message: Mapped[str] = mapped_column(String(256), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cells_dropped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SheetLine(SealedRow, Base):
    """One line of data. ``line_no`` counts through the whole file from 1, ``row`` is its number on its sheet."""

    __tablename__ = "sheet_line"
    __table_args__ = (
        CheckConstraint("outcome in ('published', 'unchanged', 'held', 'rejected')", name="outcome"),
        Index("ix_sheet_line_import_id_outcome_reason_code", "import_id", "outcome", "reason_code"),
    )

    import_id: Mapped[int] = mapped_column(ForeignKey("sheet_import.import_id", ondelete="CASCADE"), primary_key=True)
    line_no: Mapped[int] = mapped_column(Integer, primary_key=True)
    sheet: Mapped[int] = mapped_column(Integer)
    row: Mapped[int] = mapped_column(Integer)
    cells_sealed: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(String(16))
    reason_code: Mapped[str] = mapped_column(String(32), default="")
    reason: Mapped[str] = mapped_column(String(512), default="")
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.job_id", ondelete="SET NULL"), index=True)
    cells = Sealed("cells")


class SheetJob(Base):
    """Which job a line made, under the source key and the number that find it again. ``content_index`` is a keyed hash of all
    that the line said, contact included: the same again changes nothing."""

    __tablename__ = "sheet_job"

    source_key: Mapped[str] = mapped_column(String(32), primary_key=True)
    original_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    content_index: Mapped[str] = mapped_column(String(INDEX_LENGTH))
    job_id: Mapped[int] = mapped_column(ForeignKey("job.job_id", ondelete="CASCADE"), index=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
