"""What one line of a sheet says: its cells under the meanings of their columns, put together to the texts of an advert."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.imports.layout import Column
from service.imports.meanings import NOT_USED
from service.jobs.advert import clean
from service.jobs.contacts import LEFT_OUT, first_phone, without_contacts, without_numbers
from service.sheets.numerals import arabic
from service.sheets.write import unquoted

_CONTACT = frozenset({"contact", "contact_name", "contact_phone"})
_BESIDE = _CONTACT | {"headcount", "headcount_part", "valid_until", "number"}
"""What may change while the job stays the same job."""
_JOINED_WITH = {"headcount_part": " ", "experience": "，"}
_UNITS = (
    ("时薪", "元/小时"), ("时工资", "元/小时"), ("日薪", "元/天"), ("日工资", "元/天"), ("年薪", "元/年"), ("月薪", "元/月"),
    ("月工资", "元/月"),
)  # fmt: skip
_UNIT_SAID = re.compile(r"(?:元|万元|万|千元|k)?/?[按每]?(?P<per>小时|时|天|日|月|年|件)(?:薪|算|计算)?")
_PER = {"小时": "小时", "时": "小时", "天": "天", "日": "天", "月": "月", "年": "年", "件": "件"}
_PLAIN_PAY = re.compile(r"\d+(?:\.\d+)?(?:\s*[-~—至到]\s*\d+(?:\.\d+)?)?\+?")
_NUMBER = re.compile(r"\d{1,6}")
_NONE = frozenset({"", "/", "-", "--", "—", "——", "无", "\\", "暂无", "空"})
_PERSON_REST = re.compile(
    rf"{re.escape(LEFT_OUT)}|[\d\s()（）+\-–—:：;；,，、/／]|微信同号|同微信|微信|联系电话|电话|手机|联系人|联系方式"
)
LONGEST_NUMBER = 100


@dataclass(frozen=True, slots=True)
class Said:
    """The texts of a line by meaning, contacts where they belong. ``number`` is the sender's own number of the job.

    ``original_id`` finds the job again in the next sheet: by the sender's own number, else by what makes the job what it is.
    ``content`` is everything that the line says, to compare; it holds the contact, so only a keyed hash of it is kept.
    ``slipped``: the line has more cells than the header has columns, so nobody knows which is which.
    """

    texts: Mapping[str, str]
    wage: str
    headcount: int | None
    contact_name: str
    contact_phone: str
    number: str
    original_id: str
    content: str
    slipped: bool

    def text(self, meaning: str) -> str:
        """What stands under a meaning; empty when nothing does."""
        return self.texts.get(meaning, "")


def said_by(cells: Sequence[str], columns: Sequence[Column]) -> Said:
    """Put a line together."""
    texts: dict[str, str] = {}
    wage_unit = ""
    for place, column in enumerate(columns[: len(cells)]):
        text = clean(unquoted(cells[place]))
        if not column.meaning or column.meaning in NOT_USED or text in _NONE:
            continue
        joined_with = _JOINED_WITH.get(column.meaning, "\n")
        texts[column.meaning] = joined_with.join((texts[column.meaning], text)) if column.meaning in texts else text
        if column.meaning in {"wage", "wage_min", "wage_max"}:
            wage_unit = wage_unit or unit_of(column.header)
    if "title" not in texts and "trade" in texts:
        texts["title"] = texts["trade"]
    number = "".join(without_contacts(texts.pop("number", "")).split())[:LONGEST_NUMBER]
    name, phone = _contact(texts)
    wage = _wage(texts, wage_unit)
    count = _headcount(texts)
    for gone in (*_CONTACT, "wage", "wage_min", "wage_max", "wage_unit", "headcount", "headcount_part"):
        texts.pop(gone, None)
    core = {key: text for key, text in texts.items() if key not in _BESIDE} | {"wage": wage}
    content = json.dumps([sorted(texts.items()), wage, count, name, phone, number], ensure_ascii=False)
    original_id = f"n-{number}" if number else "c-" + _hash(core)[:40]
    return Said(texts, wage, count, name, phone, number, original_id, content, any(cells[len(columns) :]))


def unit_of(header: str) -> str:
    """The unit that a header says, 「月薪」 or 「工资（元/天）」, as it is written behind a number; empty when it says none."""
    plain = unicodedata.normalize("NFKC", header).casefold()
    for word, unit in _UNITS:
        if word in plain:
            return unit
    inside = re.search(r"\((.*?)\)", plain)
    return _unit(inside[1]) if inside else ""


def _unit(text: str) -> str:
    found = _UNIT_SAID.fullmatch(unicodedata.normalize("NFKC", text).casefold().replace(" ", ""))
    return f"元/{_PER[found['per']]}" if found else ""


def _wage(texts: Mapping[str, str], unit: str) -> str:
    low, high, said = texts.get("wage_min", ""), texts.get("wage_max", ""), texts.get("wage", "")
    way = texts.get("wage_unit", "")
    unit = _unit(way) or unit
    if not said and (low or high):
        said = f"{low}-{high}" if low and high and low != high else (low or high)
        said += "" if low else "以内"
    # A unit of the header goes only behind bare numbers: what names its own unit keeps it.
    if unit and _PLAIN_PAY.fullmatch(said):
        said += unit
    # 计件, 底薪+提成: no unit that can be put behind a number, and yet what the worker must know.
    return f"{said}（{way}）" if said and way and not _unit(way) and way not in said else said


def _headcount(texts: Mapping[str, str]) -> int | None:
    """How many; of 「3-5人」 the lower number, which is surely wanted. Parts (men, women) count together."""
    said = texts.get("headcount", "")
    if said:
        found = _NUMBER.search(arabic(said))
        return int(found[0]) if found and int(found[0]) > 0 else None
    parts = [int(one) for one in _NUMBER.findall(arabic(texts.get("headcount_part", "")))]
    return sum(parts) or None


def _contact(texts: Mapping[str, str]) -> tuple[str, str]:
    """Name and number, whichever of the cells they stand in."""
    named, called, both = texts.get("contact_name", ""), texts.get("contact_phone", ""), texts.get("contact", "")
    phone = next((found for text in (called, both, named) if (found := first_phone(text))), "") or (called if not both else "")
    person = named or both or (called if first_phone(called) else "")
    name = _PERSON_REST.sub("", without_numbers(person)) if first_phone(person) else person
    return name[:32].strip(), phone[:32]


def _hash(said: Mapping[str, str]) -> str:
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
