"""What a source's ``parse.py`` makes of one row: an advert's plain fields, or the reason why there is none.

Plain values only, so that it can be kept as JSON, compared by its hash and made into an ``Advert`` without the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

RecordOutcome = Literal["published", "unchanged", "held", "rejected"]

ELEMENTS = {
    "employer": "用人单位",
    "headcount": "招聘人数",
    "conditions": "招聘条件",
    "content": "工作内容",
    "place": "工作地点",
    "pay": "基本劳动报酬",
    "validity": "有效期",
}
"""What recruitment information must hold, code to the words that people read: 人力资源市场暂行条例 (State Council 700, 2018)
article 24; the validity comes from the notice 人社厅发〔2025〕60号 (rules D-07)."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """One advert as the source says it. Texts stay texts: wage, age and place are read by ``jobs/advert.py``.

    ``published_on`` and ``valid_until_on`` are ISO days (Beijing), empty when the source does not say. ``original_id`` is empty
    when the file has none; ``ingest`` then derives one from the content. ``content`` is what the work is, ``remarks`` is what
    else the source says that has no field of its own; the description shows both. ``credit_code`` is the employer's.
    ``unknown`` names the codes of the source that none of its look-ups has (学历 95): they are left out, and said so. They are
    no part of what the advert says, and are not kept with it.
    """

    title: str
    original_id: str = ""
    employer_name: str = ""
    content: str = ""
    remarks: str = ""
    trade: str = ""
    skills: tuple[str, ...] = ()
    headcount: int | None = None
    education: str = ""
    experience: str = ""
    wage: str = ""
    age: str = ""
    region: str = ""
    address: str = ""
    lat: float | None = None
    lng: float | None = None
    crs: Literal["gcj02", "wgs84"] = "gcj02"
    industry: str = ""
    credit_code: str = ""
    tags: tuple[str, ...] = ()
    url: str = ""
    published_on: str = ""
    valid_until_on: str = ""
    unknown: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Days are ISO days: a parser that lets another form through is told at once (ValueError)."""
        for day in (self.published_on, self.valid_until_on):
            if day:
                date.fromisoformat(day)


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why a row is not published: ``code`` is stable, ``reason`` one Chinese sentence."""

    code: str
    reason: str
    outcome: Literal["held", "rejected"] = "rejected"


def as_json(parsed: Parsed) -> dict[str, Any]:
    """The fields that say something."""
    said = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(parsed).items() if value}
    said.pop("unknown", None)
    if parsed.lat is None:
        said.pop("crs")
    return said


def from_json(said: Mapping[str, Any]) -> Parsed:
    """Back from what was kept. Raises TypeError for fields that this version does not know."""
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
    return Parsed(**values)


def content_hash(value: Mapping[str, Any]) -> str:
    """32 hex digits of the SHA-256 of a plain mapping; the order of its keys does not matter."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def missing_elements(parsed: Parsed) -> tuple[str, ...]:
    """The legal elements that a row lacks, codes of :data:`ELEMENTS` in their order."""
    has = {
        "employer": parsed.employer_name,
        "headcount": parsed.headcount,
        "conditions": parsed.education or parsed.experience or parsed.age or parsed.skills,
        "content": parsed.content,
        "place": parsed.region or parsed.address,
        "pay": parsed.wage,
        "validity": parsed.valid_until_on,
    }
    return tuple(code for code, value in has.items() if not value)
