"""A row as its source gave it, made readable: encoding undone, markup taken off, contacts lifted out of the texts.

The raw row is kept for a later look, so that nothing of it may hold what must not be copied: numbers are out of it, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from service.feeds.encodings import broken, repaired, simplified
from service.feeds.html_text import plain_text
from service.jobs.contacts import first_name, first_phone, without_contacts, without_numbers

CONTACT_FIELDS = ("contact_name", "contact_phone")
LONG_FIELDS = frozenset({"content", "remarks", "description"})
"""Fields in which a line break says something."""
NOTES = {
    "encoding_repaired": "编码已修复",
    "markup_removed": "网页标记已去掉",
    "simplified": "繁体已转简体",
    "contact_lifted": "联系方式已移出正文",
}
"""What may have been done to a row, in the order in which it is told."""


FIELDS = {
    "title": "岗位名称",
    "occupation": "职业名称",
    "company": "单位名称",
    "company_info": "单位介绍",
    "content": "工作内容",
    "remarks": "备注",
    "description": "工作内容",
    "education": "学历",
    "major": "专业",
    "experience": "经验要求",
    "age": "年龄",
    "headcount": "人数",
    "industry": "行业",
    "sector": "行业",
    "wage": "工资",
    "wage_text": "工资",
    "pay": "待遇",
    "benefits": "福利",
    "tags": "福利",
    "province": "省份",
    "city": "城市",
    "region": "地区",
    "locality": "地区",
    "location": "工作地点",
    "address": "工作地点",
}
"""What the fields of our sources are called, where people read about them."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call about an advert; kept sealed."""

    phone: str = ""
    name: str = ""

    def packed(self) -> str:
        """As it is kept: two lines, or nothing."""
        return f"{self.phone}\n{self.name}" if self.phone else ""


def unpacked(text: str) -> Contact:
    """From what was kept."""
    phone, _, name = text.partition("\n")
    return Contact(phone, name)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """``raw`` without contacts, as it is kept; ``values`` as they are read; ``notes``: code to the fields it happened to;
    ``lost``: the fields in which characters are lost for good."""

    raw: dict[str, str]
    values: dict[str, str]
    contact: Contact
    notes: dict[str, list[str]] = field(default_factory=dict)
    lost: tuple[str, ...] = ()

    def told(self) -> str:
        """The notes in one sentence."""
        return "；".join(f"{NOTES[code]}：{told(self.notes[code])}" for code in NOTES if code in self.notes)


def told(fields: Iterable[str]) -> str:
    """Fields of a source as people call them."""
    return "、".join(dict.fromkeys(FIELDS.get(name, "其他栏") for name in fields))


def _phone(said: str) -> str:
    """The number of a field that is for numbers: there a bare local one (seven or eight digits) is one, too."""
    digits = "".join(c for c in said if c.isdecimal())
    return first_phone(said) or (digits if 7 <= len(digits) <= 12 and len(said) < 24 else "")


def cleaned(given: Mapping[str, str], kept: Contact | None = None) -> Cleaned:
    """``kept`` is the contact of an earlier look at the same row, whose raw texts have none any more."""
    raw: dict[str, str] = {}
    values: dict[str, str] = {}
    notes: dict[str, list[str]] = {}
    found = named = ""
    for name, text in given.items():
        if name in CONTACT_FIELDS:
            continue
        if name == "original_id":
            raw[name] = values[name] = text
            continue
        mended = repaired(text)
        plain = plain_text(mended)
        simple = simplified(plain)
        if name not in LONG_FIELDS:
            simple = simple.replace("\n", " ")
        left = without_contacts(simple)
        done = {
            "encoding_repaired": mended != text,
            "markup_removed": plain != mended,
            "simplified": simple.replace("\n", " ") != plain.replace("\n", " "),
            "contact_lifted": left != simple,
        }
        for code, so in done.items():
            if so:
                notes.setdefault(code, []).append(name)
        if left != simple and not found:
            found = first_phone(simple)
        if left != simple and not named:
            named = first_name(simple)
        values[name] = left
        # A number can hide between tags or in a wrong encoding: then the cleaned text is what is kept.
        raw[name] = without_contacts(text) if simple in {text, left} else left
    phone = _phone(plain_text(given.get("contact_phone", ""))) or found
    person = without_numbers(plain_text(repaired(given.get("contact_name", ""))))[:32] or named
    contact = Contact(phone, person) if phone else kept
    lost = tuple(name for name, text in values.items() if broken(text))
    return Cleaned(raw, values, contact or Contact(), notes, lost)
