"""Words typed wrongly: alike in sound, in shape or in spelling, among the words that the index knows, never among the jobs.

By sound through a pinyin key (汗工 and 焊工 are both ``han gong``), which no similarity of characters can find, and through a
looser key for those who do not hear n from l, f from h, zh from z or in from ing. By shape through a table of characters taken
for each other (又车 for 叉车). By spelling through ``matching.nearness``.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pypinyin

from matching.nearness import LONGEST, Nearness
from matching.text import STOP_WORDS

LEAST_RATIO: Final = 66  # one wrong character of three; one of two (50) would make anything of anything
HOMOPHONE_PERCENT: Final = 90
SHAPE_PERCENT: Final = 85
LOOSE_PERCENT: Final = 75
MOST: Final = 3
_REMEMBERED: Final = 4096


class Correction(NamedTuple):
    """A known word for a typed one; ``percent`` is how sure, at most 90 so that a word typed rightly always wins."""

    word: str
    percent: int


@lru_cache(maxsize=1 << 16)
def pinyin_of(word: str) -> str:
    """Syllables without tones, by the reading inside the word (重庆 is ``chong qing``), separated by spaces."""
    return " ".join(pypinyin.lazy_pinyin(word))


@lru_cache(maxsize=8192)
def _syllable(character: str) -> str:
    return str(pypinyin.lazy_pinyin(character)[0])


def typed_pinyin(text: str) -> str:
    """As ``pinyin_of`` but character by character: what was typed wrongly is no word, so it has no reading as one."""
    return " ".join(map(_syllable, text))


_LOOSE_LETTERS = str.maketrans("lfv", "nhu")


_LONG_TONGUE, _NASAL = re.compile("([zcs])h"), re.compile("n[ng]*")


@lru_cache(maxsize=1 << 12)
def loose_sound(letters: str) -> str:
    """Pinyin, a syllable or run together, less what southern speakers do not tell apart: zh z, ch c, sh s, n l, f h, ing in."""
    return _NASAL.sub("n", _LONG_TONGUE.sub(r"\1", letters).translate(_LOOSE_LETTERS))


def _loose(sound: str) -> str:
    return " ".join(map(loose_sound, sound.split(" ")))


def _run_together(sound: str) -> str:
    return sound.replace(" ", "")


def _first_letters(sound: str) -> str:
    return "".join([syllable[0] for syllable in sound.split(" ")])


@cache
def _near_shapes() -> dict[str, str]:
    """For every character those that it is taken for."""
    alike: dict[str, set[str]] = {}
    lines = resources.files("matching").joinpath("data", "near_shapes.txt").read_text(encoding="utf-8").splitlines()
    for group in lines:
        if not group.startswith("#"):
            for character in group:
                alike.setdefault(character, set()).update(set(group) - {character})
    return {character: "".join(sorted(others)) for character, others in alike.items()}


class _Begun:
    """Keys in order, each with the rank of its word: all words that begin with a prefix are one slice."""

    def __init__(self, keys: Iterable[tuple[str, int]]) -> None:
        entries = sorted(keys)
        self._keys = [key for key, _ in entries]
        self._ranks = np.array([rank for _, rank in entries], dtype=np.int32)

    def ranks(self, prefix: str) -> npt.NDArray[np.int32]:
        return self._ranks[bisect_left(self._keys, prefix) : bisect_left(self._keys, prefix + "\U0010ffff")]


class Spelling:
    """The words of one full build, with their pinyin and how many jobs carry each, ready for correction and typeahead."""

    def __init__(self, words: Sequence[str], pinyin: Sequence[str], counts: Sequence[int], trusted: frozenset[str]) -> None:
        """``trusted`` are words of the trade: only they are offered for a homophone of few characters."""
        self.words: Final = list(words)
        self.counts: Final = list(counts)
        self._trusted = trusted
        self._sounds = list(pinyin)
        self._number = {word: number for number, word in enumerate(self.words)}
        self._by_sound: dict[str, list[int]] = {}
        for number, sound in enumerate(self._sounds):
            if sound:
                self._by_sound.setdefault(sound, []).append(number)
        self._nearness = Nearness(self.words, LEAST_RATIO)
        self._repairs: dict[str, tuple[str, tuple[Correction, ...]]] = {}

    def __contains__(self, word: str) -> bool:
        return word in self._number

    @cached_property
    def _place(self) -> list[int]:
        """Of every word its place among corrections that are equally good: words of the trade first, then those of most jobs."""
        order = sorted(range(len(self.words)), key=lambda n: (self.words[n] not in self._trusted, -self.counts[n], self.words[n]))
        places = [0] * len(order)
        for place, number in enumerate(order):
            places[number] = place
        return places

    @cached_property
    def _letters(self) -> dict[str, list[int]]:
        return self._trusted_by(_run_together)

    @cached_property
    def _initials(self) -> dict[str, list[int]]:
        return self._trusted_by(_first_letters)

    @cached_property
    def _by_loose_sound(self) -> dict[str, list[int]]:
        return self._trusted_by(_loose)

    @cached_property
    def _by_loose_letters(self) -> dict[str, list[int]]:
        return self._trusted_by(
            lambda sound: _NASAL.sub("n", _run_together(_loose(sound)))
        )  # as loose_sound of all, in half the time

    def _trusted_by(self, key_of: Callable[[str], str]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, (word, sound) in enumerate(zip(self.words, self._sounds, strict=True)):
            if sound and word in self._trusted:
                found.setdefault(key_of(sound), []).append(number)
        return found

    def _best(self, numbers: list[int], percent: int) -> list[Correction]:
        if len(numbers) > 1:
            numbers = sorted(numbers, key=self._place.__getitem__)[:MOST]
        return [Correction(self.words[number], percent) for number in numbers]

    def homophones(self, typed: str) -> list[Correction]:
        """Known words that sound like ``typed``; Latin letters are read as pinyin or as first letters (``dhg`` 电焊工)."""
        if typed.isascii():
            return self._best(
                self._letters.get(typed) or (self._initials.get(typed, []) if len(typed) >= 3 else []), HOMOPHONE_PERCENT
            )
        same = self._by_sound.get(typed_pinyin(typed))
        if same is None:
            return []
        numbers = [n for n in same if self.words[n] != typed and len(self.words[n]) == len(typed)]
        return self._best([n for n in numbers if len(typed) > 2 or self.words[n] in self._trusted], HOMOPHONE_PERCENT)

    def look_alikes(self, typed: str) -> list[Correction]:
        """Known words that differ from ``typed`` in one character that is taken for another by its shape."""
        shapes = _near_shapes()
        numbers: list[int] = []
        for at, character in enumerate(typed):
            for other in shapes.get(character, ""):
                number = self._number.get(typed[:at] + other + typed[at + 1 :])
                if number is not None and (len(typed) > 2 or self.words[number] in self._trusted):
                    numbers.append(number)
        return self._best(numbers, SHAPE_PERCENT) if numbers else []

    def loosely_sounding(self, typed: str) -> list[Correction]:
        """Words of the trade like ``typed`` to those who do not tell some sounds apart; of two characters one must be right."""
        if typed.isascii():
            return self._best(self._by_loose_letters.get(loose_sound(typed), []) if len(typed) > 3 else [], LOOSE_PERCENT)
        found = self._by_loose_sound.get(_loose(typed_pinyin(typed)), [])
        numbers = [n for n in found if len(self.words[n]) == len(typed)]
        if len(typed) == 2:
            numbers = [n for n in numbers if self.words[n][0] == typed[0] or self.words[n][1] == typed[1]]
        return self._best([n for n in numbers if self.words[n] != typed], LOOSE_PERCENT)

    def near(self, typed: str) -> list[Correction]:
        """The words most like ``typed``, at most three, all as good as the best one."""
        ratio, numbers = self._nearness.best(typed)
        return self._best(numbers, int(ratio * HOMOPHONE_PERCENT) // 100)

    def corrections(self, typed: str) -> list[Correction]:
        """What ``typed`` as a whole was probably meant to be: the surest way of being wrong that leads to a known word."""
        return self.homophones(typed) or self.look_alikes(typed) or self.loosely_sounding(typed) or self.near(typed)

    def repair(self, typed: str) -> tuple[str, tuple[Correction, ...]]:
        """The longest part of ``typed`` that sounds or looks like a known word, else what it is most like as a whole."""
        known = self._repairs.get(typed)
        if known is None:
            if len(self._repairs) >= _REMEMBERED:
                self._repairs.clear()
            part, found = self._repaired(typed)
            self._repairs[typed] = known = part, tuple(found)
        return known

    def _repaired(self, typed: str) -> tuple[str, list[Correction]]:
        if typed.isascii():
            return typed, self.corrections(typed)
        for length in range(min(len(typed), LONGEST), 1, -1):
            for start in range(len(typed) - length + 1):
                part = typed[start : start + length]
                found = self.homophones(part) or self.look_alikes(part)
                if found:
                    return part, found
        kept = typed
        while kept and kept[0] in STOP_WORDS:
            kept = kept[1:]
        for candidate in dict.fromkeys((kept, typed)):
            found = self.loosely_sounding(candidate) or self.near(candidate)
            if found:
                return candidate, found
        return typed, []

    def ready(self) -> None:
        """Make all tables that are made at first use (0.1 s for 13,000 words), before anybody waits for them."""
        _ = self._place, self._letters, self._initials, self._by_loose_sound, self._by_loose_letters, self._begun
        _near_shapes()

    @cached_property
    def _by_use(self) -> list[str]:
        """All words, those of most jobs first: a word's place here is its rank in typeahead."""
        order = sorted(
            zip(self.words, self.counts, strict=True), key=lambda of: (-of[1], of[0] not in self._trusted, len(of[0]), of[0])
        )
        return [word for word, _ in order]

    @cached_property
    def _begun(self) -> tuple[_Begun, _Begun, _Begun]:
        rank = {word: place for place, word in enumerate(self._by_use)}
        sounds = [(sound, rank[word]) for word, sound in zip(self.words, self._sounds, strict=True) if sound]
        return (
            _Begun(rank.items()),
            _Begun((_run_together(sound), place) for sound, place in sounds),
            _Begun((_first_letters(sound), place) for sound, place in sounds),
        )

    def starting(self, prefix: str, limit: int) -> list[str]:
        """Known words that begin with ``prefix`` as written, in pinyin or in first letters; those of most jobs first."""
        kinds = self._begun if prefix.isascii() else self._begun[:1]
        ranks = np.concatenate([kind.ranks(prefix) for kind in kinds])
        if len(ranks) > 3 * limit:
            ranks = np.partition(ranks, 3 * limit)[: 3 * limit]  # a word may come once for every kind
        return [self._by_use[rank] for rank in np.unique(ranks)[:limit].tolist()]
