"""The labelled messages of the text files beside, and what a reading of them is worth.

A row of the files: title | trade | headcount | age | wage | place | address | benefits | shift | settlement | start | phone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from matching.pasted import Draft, parse_message
from matching.rules import region, trade

TODAY = date(2026, 11, 25)
FIELDS = ("title", "trade", "headcount", "age", "wage", "place", "address", "benefits", "shift", "settlement", "start", "phone")
FILES = {
    "tuned": "tuned.txt",
    "held out": "held_out.txt",
    "fresh": "fresh.txt",
    "free talk": "first_sight.txt",
    "second sight": "second_sight.txt",
    "third sight": "third_sight.txt",
    "mixed": "mixed.txt",
    "mixed b": "mixed_b.txt",
    "mixed c": "mixed_c.txt",
    "mixed d": "mixed_d.txt",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A message, and for each job that a person reads in it the fields as written in the file."""

    name: str
    message: str
    jobs: tuple[dict[str, str], ...]


def cases(which: str) -> list[Case]:
    """The messages of one file."""
    text = Path(__file__).with_name(FILES[which]).read_text(encoding="utf-8")
    found: list[Case] = []
    for block in text.split("\n=== ")[1:]:
        name, _, rest = block.partition("\n")
        lines = rest.rstrip("\n").split("\n")
        jobs = tuple(_row(name, line) for line in lines if line.startswith(">> "))
        found.append(Case(name, "\n".join(line for line in lines if not line.startswith(">> ")), jobs))
    return found


def _row(name: str, line: str) -> dict[str, str]:
    values = [value.strip() for value in line.removeprefix(">> ").split("|")]
    if len(values) != len(FIELDS):
        raise ValueError(f"{name}: {len(values)} of {len(FIELDS)} columns")
    return dict(zip(FIELDS, values, strict=True))


@cache
def _codes() -> dict[str, str]:
    """Division codes by full name."""
    provinces = ("31", "32", "33", "36", "41", "42", "44", "51", "61")
    return {
        place.full_name: place.code
        for province in provinces
        for place in (region.get(f"{province}0000"), *region.descendants(f"{province}0000"))
    }


def read(case: Case) -> list[dict[str, str]]:
    """The drafts of a message, in the words of the file; trade and place as codes."""
    return [_said(draft) for draft in parse_message(case.message, TODAY)]


def expected(row: dict[str, str]) -> dict[str, str]:
    """A row of the file with the place as a code."""
    return {**row, "place": _codes()[row["place"]] if row["place"] else ""}


def agrees(name: str, wanted: dict[str, str], got: dict[str, str] | None) -> bool:
    """Whether a field was read as the person reads it. A title counts when one holds the other."""
    if got is None:
        return False
    want, have = wanted[name], got[name]
    if name == "trade":
        codes = {"" if not word else _code(word) for word in want.split("/")}
        return have in codes
    if name == "title":
        return bool(have) and (have in want or want in have)
    if name == "benefits":
        return set(want.split()) == set(have.split())
    return want == have


def _code(word: str) -> str:
    if word[0].isdigit():
        return word
    known = trade.lookup(word)
    if known is None:
        raise ValueError(f"no such trade in the tables: {word}")
    return known.code


def _said(draft: Draft) -> dict[str, str]:
    wage, age = draft.wage, draft.age
    amount = ""
    if wage is not None and (wage.min is not None or wage.max is not None):
        low, high = ("" if n is None else f"{n:g}" for n in (wage.min, wage.max))
        amount = f"{low if low == high else f'{low}-{high}'}/{wage.unit}"
    elif wage is not None and wage.negotiable:
        amount = "面议"
    ages = ("", "") if age is None else tuple("" if n is None else str(n) for n in (age.min, age.max))
    return {
        "title": draft.title,
        "trade": draft.trade or "",
        "headcount": "" if draft.headcount is None else str(draft.headcount),
        "age": "-".join(ages) if any(ages) else "",
        "wage": amount,
        "place": draft.region or "",
        "address": draft.address or "",
        "benefits": " ".join(draft.benefits),
        "shift": draft.shift or "",
        "settlement": draft.settlement or "",
        "start": draft.start or "",
        "phone": draft.contact_phone or "",
    }
