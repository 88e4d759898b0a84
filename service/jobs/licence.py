"""Under what the open data are given, as each way out says it. The operator decides (``OPEN_DATA_LICENCE``), nobody for him."""

from __future__ import annotations

from typing import Any

from service.config import OpenDataSettings

UNDECIDED = "尚未确定"
_OURS = "城暖"


def licence(chosen: OpenDataSettings) -> dict[str, Any]:
    """Name (``UNDECIDED`` when nobody has chosen), address of the text (None), and whom to name."""
    return {
        "decided": bool(chosen.licence),
        "name": chosen.licence or UNDECIDED,
        "url": chosen.licence_url or None,
        "attribution": f"岗位信息来自{chosen.publisher or _OURS}，原始来源见每条的 source",
    }


def in_posting(chosen: OpenDataSettings) -> dict[str, Any]:
    """The same for a ``JobPosting``: it is no creative work itself, so that what is said of its text stands beside it
    (https://schema.org/subjectOf, https://schema.org/license)."""
    said = licence(chosen)
    named = {"@type": "CreativeWork", "name": said["name"]}
    return {
        "@type": "CreativeWork",
        "license": named if said["url"] is None else named | {"url": said["url"]},
        "creditText": said["attribution"],
    }


def in_sheet(chosen: OpenDataSettings) -> str:
    """The same in one cell."""
    return " ".join((chosen.licence, chosen.licence_url)) if chosen.licence else UNDECIDED
