"""Risky words behind a mask: other characters that sound or look alike (鸭金, 保正金), letters for characters (yā金,
SFZ), characters in two halves (扌甲金). Only the words of ``spellings.toml`` are looked for: ordinary words stay what they are.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_HAN = r"\u3400-\u9fff"
_MARK = re.compile("[\u0300-\u036f]")
_LETTER = re.compile("[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Masks:
    """The table, ready to look: ``alike`` turns a character into the one that it stands for in a risky word."""

    alike: dict[int, str]
    words: tuple[str, ...]
    ordinary: frozenset[str]
    halves: tuple[tuple[str, str], ...]
    sounds: tuple[tuple[frozenset[str], re.Pattern[str], str], ...]
    any_sound: re.Pattern[str]
    letters: tuple[tuple[re.Pattern[str], str], ...]


@cache
def masks() -> Masks:
    """The table. KeyError when a part of it is missing, ValueError when a word has not one sound a character."""
    table = tomllib.loads(files("service.jobs").joinpath("data/spellings.toml").read_text(encoding="utf-8"))
    looks: dict[str, str] = table["alike"]
    alike = {ord(mask): plain for plain, all_of_it in looks.items() for mask in all_of_it}
    sounds = {word: toneless(said).split() for word, said in table["pinyin"].items()}
    initials = frozenset(table["initials"]["words"])
    syllables = "|".join(sorted({sound for said in sounds.values() for sound in said}))
    return Masks(
        alike=alike,
        words=tuple(table["masked"]["words"]),
        ordinary=frozenset(table["masked"]["ordinary"]),
        halves=tuple(table["halves"].items()),
        sounds=tuple(
            (_written(word, looks), _sounding(word, said, looks, initials=word in initials), word)
            for word, said in sounds.items()
        ),
        any_sound=re.compile(rf"(?<![A-Za-z])(?:{syllables})+(?![A-Za-z])", re.IGNORECASE),
        letters=tuple((re.compile(pattern, re.IGNORECASE), word) for word, pattern in table["letters"].items()),
    )


def unmasked(text: str) -> str:
    """The text with its masked words in plain spelling; the same text when there are none."""
    for mask, word in _found(text):
        text = text.replace(mask, word)
    return text


def as_written(words: str, text: str) -> str:
    """Words that were found in an unmasked text, as they stand in the text itself; empty when they do not."""
    for mask, word in _found(text):
        words = words.replace(word, mask)
    return words if words in text else ""


def toneless(text: str) -> str:
    """shēn is shen; ü keeps nothing either: nü is written nu as often."""
    return _MARK.sub("", unicodedata.normalize("NFD", text))


def _found(text: str) -> Iterator[tuple[str, str]]:
    """Each mask and the word behind it."""
    table = masks()
    for half, whole in table.halves:
        if half in text:
            yield half, whole
            text = text.replace(half, whole)
    folded = text.translate(table.alike)
    if folded != text:
        yield from _alike(text, folded, table)
    if _LETTER.search(text):
        yield from _sounds(text, table)


def _alike(text: str, folded: str, table: Masks) -> Iterator[tuple[str, str]]:
    for word in table.words:
        place = folded.find(word)
        while place >= 0:
            mask = text[place : place + len(word)]
            if mask != word and mask not in table.ordinary:
                yield mask, word
            place = folded.find(word, place + 1)


def _sounds(text: str, table: Masks) -> Iterator[tuple[str, str]]:
    spelt = table.any_sound.search(text) is not None
    for characters, pattern, word in table.sounds:
        if spelt or not characters.isdisjoint(text):
            for found in pattern.finditer(text):
                # Initials alone (SD) are words of their own.
                if len(found[0]) > len(word) or not found[0].isascii():
                    yield found[0], word
    for pattern, word in table.letters:
        for found in pattern.finditer(text):
            yield found[0], word


def _written(word: str, looks: dict[str, str]) -> frozenset[str]:
    return frozenset(word + "".join(looks.get(one, "") for one in word))


def _sounding(word: str, sounds: list[str], looks: dict[str, str], *, initials: bool) -> re.Pattern[str]:
    """A word of which at least one character is written by its sound, or by the first letter of it."""
    each = [
        f"(?:[{character}{looks.get(character, '')}]|{sound}{'|' + sound[0] if initials else ''})"
        for character, sound in zip(word, sounds, strict=True)
    ]
    return re.compile(rf"(?<![A-Za-z])(?=[{_HAN}]*[A-Za-z]){'[ ]?'.join(each)}(?![A-Za-z])", re.IGNORECASE)
