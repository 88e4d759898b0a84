"""Where a sheet's header is looked for, and how its words are compared."""

from __future__ import annotations

import re
import unicodedata

HEADER_SEARCH_ROWS = 20
"""Rows from the top in which the header may stand: above it are titles and notes."""
_BRACKETS = re.compile(r"\(.*?\)")
_LOOSE = re.compile(r"[\s*:、,。'\"“”./_-]")


def header_key(text: str) -> str:
    """A header as it is compared: 「招聘 人数（人）*」 is 招聘人数; what stands in brackets counts when there is nothing else."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _LOOSE.sub("", _BRACKETS.sub("", plain)) or _LOOSE.sub("", plain)
