"""The audit trail: rows that are only ever added, each bound to the one before it.

The database itself refuses to change or remove them (triggers in the migration); the chain shows it when somebody got round that.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from service.db import BIG_ID, Base, UtcDateTime
from service.personal import NotPersonal

HASH_LENGTH = 80
"""Characters of a link: id of the chain key, a dot, 64 hexadecimal digits."""


class AuditEvent(Base):
    """Who did what to which object, when, for whom. ``details`` holds ids and names of fields, never what stood in them.

    ``seq`` counts from 1 without gaps in the order of the commits. ``hash`` is the HMAC of the row and of ``prev_hash`` with the
    chain key, which does not lie in the database: who can write the table cannot make a row that fits.
    """

    __tablename__ = "audit_event"
    __personal__ = NotPersonal(
        why="numbers, names of fields and a county only, kept as proof; the export and /v1/me/acts show a person's part"
    )

    seq: Mapped[int] = mapped_column(BIG_ID, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    account_id: Mapped[int | None] = mapped_column(BigInteger)
    role: Mapped[str] = mapped_column(String(24))
    acting_for: Mapped[int | None] = mapped_column(BigInteger)
    worker_id: Mapped[int | None] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(String(64))
    object_kind: Mapped[str] = mapped_column(String(32))
    object_id: Mapped[str] = mapped_column(String(64))
    region_code: Mapped[str] = mapped_column(String(12))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    request_id: Mapped[str] = mapped_column(String(64))
    prev_hash: Mapped[str] = mapped_column(String(HASH_LENGTH))
    hash: Mapped[str] = mapped_column(String(HASH_LENGTH))

    __table_args__ = (
        Index("ix_audit_event_account_id_seq", "account_id", "seq"),
        Index("ix_audit_event_worker_id_seq", "worker_id", "seq"),
        Index("ix_audit_event_object_kind_object_id_seq", "object_kind", "object_id", "seq"),
        Index("ix_audit_event_region_code_seq", "region_code", "seq"),
    )


class AuditHead(Base):
    """The end of the chain, in one row: whoever adds holds it, so that one writer follows another."""

    __tablename__ = "audit_head"

    head_id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    hash: Mapped[str] = mapped_column(String(HASH_LENGTH))


class AuditArchive(Base):
    """A beginning of the chain that was moved to a file when its time had come. Only what such a row covers can be removed.

    ``last_hash`` is the link by which the rest of the chain hangs on the file; ``proof`` is the HMAC of this row.
    """

    __tablename__ = "audit_archive"

    to_seq: Mapped[int] = mapped_column(BIG_ID, primary_key=True, autoincrement=False)
    from_seq: Mapped[int] = mapped_column(BigInteger)
    last_hash: Mapped[str] = mapped_column(String(HASH_LENGTH))
    file_name: Mapped[str] = mapped_column(String(128))
    file_hash: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    proof: Mapped[str] = mapped_column(String(HASH_LENGTH))
