"""Where a job comes from, told by its source key: published here, a sheet of a station or an employer, a partner, or a feed.

A job of a sheet is its sender's own, though it carries the number of a source.

A job of a feed follows its feed and is changed there; a job of one's own sheet may also be changed by hand, and a sheet that says
the same as before leaves the change alone (``service/imports``).
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

DIRECT: Final = "direct"
"""The source key of what people publish here themselves."""
FIRST_PARTY_PREFIXES: Final = ("station-", "employer-")
PARTNER_PREFIX: Final = "partner-"
"""The key of a feed holds no hyphen, so nobody can give a feed one of these."""
_SHEETS = re.compile(r"(?P<owner>station|employer)-(?P<number>[1-9]\d{0,15})")


class Party(IntEnum):
    """Who says that there is a job, the nearest to it first.

    An employer's code and name were checked; stations and offices publish what they were given; an agency recruits for
    others. The papers of a household prove who a person is, and not the name that it hires under.
    """

    EMPLOYER = 0
    OFFICE = 1
    AGENCY = 2
    HOUSEHOLD = 3
    PARTNER = 4
    FEED = 5


def party(source_key: str, publisher_class: str) -> Party:
    """Who says that there is a job. ``publisher_class`` counts only for who publishes here: others write what they like."""
    if source_key != DIRECT and not _SHEETS.fullmatch(source_key):
        return Party.PARTNER if source_key.startswith(PARTNER_PREFIX) else Party.FEED
    return _PARTIES.get(publisher_class, Party.HOUSEHOLD)


_PARTIES = {"employer": Party.EMPLOYER, "public": Party.OFFICE, "agency": Party.AGENCY}


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
