"""Source keys of sheets that a station or an employer sends: such jobs are its own, though they carry the number of a source.

A job of a feed follows its feed and is changed there; a job of one's own sheet may also be changed by hand, and a sheet that says
the same as before leaves the change alone (``service/imports``).
"""

from __future__ import annotations

import re

_SHEETS = re.compile(r"(?P<owner>station|employer)-(?P<number>[1-9]\d{0,15})")


def station_sheets(station_id: int) -> str:
    """The source key of a station's sheets."""
    return f"station-{station_id}"


def employer_sheets(employer_id: int) -> str:
    """The source key of an employer's sheets."""
    return f"employer-{employer_id}"


def station_of(source_key: str) -> int | None:
    """The station whose sheet a job comes from, None when it comes from elsewhere."""
    found = _SHEETS.fullmatch(source_key)
    return int(found["number"]) if found is not None and found["owner"] == "station" else None


def follows_its_source(source_key: str, original_id: str | None) -> bool:
    """Whether a job is changed where it comes from, and not here."""
    return original_id is not None and _SHEETS.fullmatch(source_key) is None
