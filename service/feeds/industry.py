"""The industry of an advert (a section of GB/T 4754-2017), from what its source says of it or from its employer's name."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_CODE = re.compile(r"([A-T])(?:\d{2,4})?(?![A-Za-z])")


@dataclass(frozen=True, slots=True)
class Section:
    """One section: ``C`` 制造业."""

    letter: str
    name: str
    words: tuple[str, ...]


@cache
def sections() -> tuple[Section, ...]:
    """All of them, in the order in which their words are looked for."""
    said = tomllib.loads((files("service.feeds") / "data" / "industries.toml").read_text(encoding="utf-8"))
    return tuple(Section(letter, row["name"], tuple(row["words"])) for letter, row in said.items())


def industry_of(said: str, employer_name: str) -> Section | None:
    """By its letter or its full name, else by a word; None when nothing tells it."""
    code = _CODE.match(said)
    for section in sections():
        if said == section.name or (code and code[1] == section.letter):
            return section
    for text in (said, employer_name):
        for section in sections():
            if any(word in text for word in section.words):
                return section
    return None
