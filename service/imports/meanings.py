"""What the header of a column means, from ``data/columns.toml``: words, likely words, and words below a group."""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from service.sheets.headers import header_key

NOT_USED = frozenset({"serial", "published_on", "credit_code", "reason"})
"""Columns that are known and say nothing about the job."""
_SAMPLE = ("number", "title", "employer", "contact_phone")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a header was taken for. ``sure``: the very word stands in the table; else it was only likely."""

    code: str
    sure: bool


@dataclass(frozen=True, slots=True)
class TemplateColumn:
    """A column of the template: its header and what may stand below it."""

    header: str
    example: str


@dataclass(frozen=True, slots=True)
class _Words:
    exact: dict[str, str]
    within: list[tuple[str, str]]
    under: dict[str, dict[str, str]]
    names: dict[str, str]
    below: tuple[str, ...]
    totals: frozenset[str]
    template: tuple[TemplateColumn, ...]
    sample: dict[str, str]


@cache
def _words() -> _Words:
    """The table. Raises ValueError when one word has two meanings: a sheet would be read by chance."""
    table: dict[str, Any] = tomllib.loads(files("service.imports").joinpath("data/columns.toml").read_text(encoding="utf-8"))
    exact: dict[str, str] = {}
    within: list[tuple[str, str]] = []
    under: dict[str, dict[str, str]] = {}
    for code, row in table["columns"].items():
        for word in row.get("words", ()):
            if exact.setdefault(header_key(word), code) != code:
                raise ValueError(f"columns.toml: {word}: {code} and {exact[header_key(word)]}")
        within += [(header_key(word), code) for word in row.get("within", ())]
        under[code] = {header_key(word): inner for inner, words in row.get("under", {}).items() for word in words}
    for code, row in table["columns"].items():
        exact.setdefault(header_key(row["name"]), code)
    placed = sorted((row["template"], row) for row in table["columns"].values() if row.get("template"))
    template = tuple(TemplateColumn(row["name"], row["example"]) for _, row in placed)
    sample = {code: table["columns"][code]["example"] for code in _SAMPLE}
    names = {code: row["name"] for code, row in table["columns"].items()}
    within.sort(key=lambda pair: -len(pair[0]))
    below, totals = tuple(table["below"]["words"]), frozenset(table["below"]["totals"])
    return _Words(exact, within, under, names, below, totals, template, sample)


def names() -> dict[str, str]:
    """Every meaning with the name that people read."""
    return dict(_words().names)


def template_columns() -> tuple[TemplateColumn, ...]:
    """The columns of the template, in their order."""
    return _words().template


def sample() -> dict[str, str]:
    """By which cells the example of the template is known: its number, title, employer and phone."""
    return dict(_words().sample)


def begins_like_a_note(text: str) -> bool:
    """Whether a line that holds nothing else is a note, a total or a signature."""
    return unicodedata.normalize("NFKC", text).replace(" ", "").lstrip("*※#").startswith(_words().below)


def is_total(text: str) -> bool:
    """Whether a line only adds up the lines above it."""
    return header_key(text) in _words().totals


def meaning_of(upper: str, lower: str = "") -> Meaning | None:
    """What a column means whose header is ``upper``, over ``lower`` when there are two lines. None: not known."""
    words = _words()
    if not lower or header_key(lower) == header_key(upper):
        return _of_one(header_key(upper), words)
    inner, group = header_key(lower), _of_one(header_key(upper), words)
    if group is not None and inner in words.under[group.code]:
        return Meaning(words.under[group.code][inner], group.sure)
    both = words.exact.get(header_key(upper + lower))
    if both is not None:
        return Meaning(both, True)
    return _of_one(inner, words) or (group and Meaning(group.code, False))


def _of_one(word: str, words: _Words) -> Meaning | None:
    if not word:
        return None
    if word in words.exact:
        return Meaning(words.exact[word], True)
    return next((Meaning(code, False) for part, code in words.within if part in word), None) if len(word) <= 24 else None
