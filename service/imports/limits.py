"""How much one import may be and how long what is kept: ``data/limits.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from service import clock
from service.sheets.cells import Limits


@dataclass(frozen=True, slots=True)
class Bounds:
    """``rows``: data rows of all sheets together. ``previews``: unconfirmed sheets of one owner at a time. ``preview`` and
    ``cells``: how long an unconfirmed sheet, and the cells of one that was worked off, are kept. ``rehearsal``: how long somebody
    waits for what would become of every line."""

    sheet: Limits
    rows: int
    previews: int
    preview: timedelta
    cells: timedelta
    rehearsal: timedelta


@cache
def _rows() -> list[dict[str, Any]]:
    text = files("service.imports").joinpath("data/limits.toml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["limits"]
    return sorted(found, key=lambda row: row["effective_from"])


def bounds(now: datetime) -> Bounds:
    """What holds on the day of ``now`` in China. Raises LookupError when no row does."""
    day = now.astimezone(clock.BEIJING).date()
    row = next((row for row in reversed(_rows()) if row["effective_from"] <= day), None)
    if row is None:
        raise LookupError(f"no limits for imports on {day}")
    sheet = Limits(
        "sheet_file",
        file_bytes=row["file_mb"] * 2**20,
        plain_bytes=row["plain_mb"] * 2**20,
        rows=row["rows"] + 1_000,  # titles and notes stand around the data
        columns=row["columns"],
        cells=row["cells"],
        sheets=row["sheets"],
    )
    kept, cells = timedelta(hours=row["preview_hours"]), timedelta(days=row["cells_days"])
    return Bounds(sheet, row["rows"], row["previews"], kept, cells, timedelta(seconds=row["rehearsal_seconds"]))
