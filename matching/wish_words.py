"""The words of wishes: what everyday phrases mean, and what a refusal leaves out. Two tables, written for this project.

``data/wish_words.csv``: a meaning (``field=value``, several where one phrase says several things, ``?`` behind it when it is only
offered, nothing for ways of speaking), how sure it is, and the phrases. ``data/refusals.csv``: what can be refused, what is left
out for it (tags, occupations with all below them, words of adverts), what is wished instead, and its names behind a refusal.

What can be told by a tag is told by the tag and not by the word: an advert that says 无夜班 or 非中介 carries the word of what is
refused, but no tag (``rules.benefits`` reads the denial). A word stands in the table only where adverts do not deny it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Final, NamedTuple, TypeAlias

FACTORY_WORK: Final = dict.fromkeys(("厂", "工厂", "进厂", "厂里", "厂子", "大厂", "进工厂", "厂里上班"), "普工")
"""Ways of asking for any work in a factory, when no trade is named, to the word that is searched for."""


class Meaning(NamedTuple):
    """One thing a phrase says."""

    field: str
    value: str | int | bool
    applied: bool


class Phrase(NamedTuple):
    """What a phrase says, and how surely; nothing for a way of speaking."""

    sure: float
    meanings: tuple[Meaning, ...]


class Refusal(NamedTuple):
    """What a refused thing leaves out; all empty when no advert can be left out for it."""

    tags: frozenset[str]
    trades: tuple[str, ...]
    words: tuple[str, ...]
    wanted: frozenset[str]
    hours_max: float | None

    @property
    def is_applied(self) -> bool:
        return bool(self.tags or self.trades or self.words or self.hours_max)


def _rows(name: str) -> list[list[str]]:
    lines = resources.files("matching").joinpath("data", name).read_text(encoding="utf-8").splitlines()
    return list(csv.reader(lines))[1:]


def _meaning(said: str) -> Meaning:
    field, _, value = said.partition("=")
    applied, value = not value.endswith("?"), value.rstrip("?")
    return Meaning(field, True if value == "true" else int(value) if value.isdecimal() else value, applied)


@cache
def phrases() -> dict[str, Phrase]:
    """Phrase to what it says."""
    found: dict[str, Phrase] = {}
    for meaning, sure, words in _rows("wish_words.csv"):
        phrase = Phrase(float(sure), tuple(_meaning(said) for said in meaning.split()))
        for word in words.split():
            if found.setdefault(word, phrase) is not phrase:
                raise ValueError(f"wish_words.csv names {word} twice")
    return found


@cache
def refusals() -> dict[str, Refusal]:
    """What can be refused (``shift:夜班``, ``word:工地``) to what is left out for it."""
    return {
        what: Refusal(
            frozenset(tags.split()),
            tuple(trades.split()),
            tuple(words.split()),
            frozenset(wanted.split()),
            float(hours) if hours else None,
        )
        for what, tags, trades, words, wanted, hours, _ in _rows("refusals.csv")
    }


@cache
def refusable() -> dict[str, str]:
    """How people name what they refuse, to what that is."""
    return {word: what for what, *_, said in _rows("refusals.csv") for word in said.split()}


@cache
def phrase_pattern() -> re.Pattern[str]:
    """Matches the longest phrase at each place."""
    return _longest(phrases())


@cache
def refusable_pattern() -> re.Pattern[str]:
    """Matches the longest name of something refusable."""
    return _longest(refusable())


_END: Final = ""
_Tree: TypeAlias = dict[str, "_Tree"]


def _longest(words: Iterable[str]) -> re.Pattern[str]:
    """One pattern for a set of words, the longest first: a tree of characters, a word costs nothing where it cannot begin."""
    tree: _Tree = {}
    for word in words:
        node = tree
        for letter in word:
            node = node.setdefault(letter, {})
        node[_END] = {}
    return re.compile(_branch(tree))


def _branch(node: _Tree) -> str:
    ends = _END in node
    parts = [re.escape(letter) + _branch(below) for letter, below in node.items() if letter]
    if not parts:
        return ""
    together = parts[0] if len(parts) == 1 and not ends else f"(?:{'|'.join(parts)})"
    return f"{together}?" if ends else together
