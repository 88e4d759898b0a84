"""What a pull brought home before anybody judged it: rows, and how far they may be trusted to be everything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from service.feeds.tables import Row, Table

Mode = Literal["full", "delta", "same"]


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a source was read: see ``FeedCursor``."""

    since: str = ""
    etag: str = ""
    last_modified: str = ""
    full_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Haul:
    """``mode``: ``full`` is the whole list, so that what is absent is gone; ``delta`` only what changed, with the ids that are
    ``gone``; ``same``: the list we have already. ``gap`` says in Chinese what could not be had: then nothing is taken for gone
    because it is absent. ``cursor`` is where the next pull goes on, when this one is written whole."""

    rows: tuple[Row, ...]
    form: str
    name: str
    file_hash: str
    mode: Mode = "full"
    gone: frozenset[str] = field(default_factory=frozenset)
    gap: str = ""
    repeated: int = 0
    cursor: Cursor | None = None

    @property
    def whole(self) -> bool:
        """Whether a record that is not in it is no longer in the source."""
        return self.mode == "full" and not self.gap


def of_table(table: Table, name: str) -> Haul:
    """A file that is the whole list."""
    return Haul(table.rows, table.form, name, table.file_hash)
