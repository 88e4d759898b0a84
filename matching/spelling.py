"""Words typed wrongly: homophones and near spellings among the words that the index knows, never among the jobs.

Homophones by a pinyin key (汗工 and 焊工 are both ``han gong``), which no similarity of characters can find. Near spellings by an
inverted list of characters that leaves a handful of words, then the exact Indel similarity (the ratio of rapidfuzz).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pypinyin
from rapidfuzz import fuzz

LEAST_RATIO: Final = 66  # one wrong character of three; one of two (50) would make anything of anything
HOMOPHONE_PERCENT: Final = 90
LONGEST: Final = 8
MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Correction:
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
    return " ".join(_syllable(character) for character in text)


class Spelling:
    """The words of one full build, with their pinyin and how many jobs carry each, ready for correction and typeahead."""

    def __init__(self, words: Sequence[str], pinyin: Sequence[str], counts: Sequence[int], trusted: frozenset[str]) -> None:
        """``trusted`` are words of the trade: only they are offered for a homophone of few characters."""
        self.words: Final = list(words)
        self.counts: Final = list(counts)
        self._trusted = trusted
        self._number = {word: number for number, word in enumerate(self.words)}
        self._by_sound: dict[str, list[int]] = {}
        self._letters: dict[str, list[int]] = {}
        self._initials: dict[str, list[int]] = {}
        lists: dict[tuple[str, int], list[int]] = {}
        for number, (word, sound) in enumerate(zip(self.words, pinyin, strict=True)):
            if sound:
                self._by_sound.setdefault(sound, []).append(number)
                self._letters.setdefault(sound.replace(" ", ""), []).append(number)
                self._initials.setdefault("".join(part[0] for part in sound.split()), []).append(number)
            for at, character in enumerate(word):
                lists.setdefault((character, word[:at].count(character)), []).append(number)
        self._lists: dict[tuple[str, int], npt.NDArray[np.int32]] = {
            key: np.array(numbers, dtype=np.int32) for key, numbers in lists.items()
        }
        lengths = np.array([len(word) for word in self.words], dtype=np.int32)
        # For every length that is typed: how many characters each word must share with it to reach the ratio.
        self._needed: list[npt.NDArray[np.uint8]] = [
            np.minimum(255, -(-LEAST_RATIO * (lengths + typed) // 200)).astype(np.uint8) for typed in range(LONGEST + 1)
        ]
        self._sorted: dict[str, list[tuple[str, int]]] = {
            "word": sorted((word, number) for number, word in enumerate(self.words)),
            "letters": sorted((key, number) for key, numbers in self._letters.items() for number in numbers),
            "initials": sorted((key, number) for key, numbers in self._initials.items() for number in numbers),
        }

    def __contains__(self, word: str) -> bool:
        return word in self._number

    def _best(self, numbers: list[int]) -> list[str]:
        ranked = sorted(numbers, key=lambda n: (self.words[n] not in self._trusted, -self.counts[n], self.words[n]))
        return [self.words[number] for number in ranked[:MOST]]

    def homophones(self, typed: str) -> list[Correction]:
        """Known words that sound like ``typed``; Latin letters are read as pinyin or as first letters (``dhg`` 电焊工)."""
        if typed.isascii():
            found = self._letters.get(typed, []) or (self._initials.get(typed, []) if len(typed) >= 3 else [])
            numbers = [n for n in found if self.words[n] in self._trusted]
        else:
            same = self._by_sound.get(typed_pinyin(typed), [])
            numbers = [n for n in same if self.words[n] != typed and len(self.words[n]) == len(typed)]
            numbers = [n for n in numbers if self.words[n] in self._trusted or len(typed) > 2]
        return [Correction(word, HOMOPHONE_PERCENT) for word in self._best(numbers)]

    def near(self, typed: str) -> list[Correction]:
        """The words most like ``typed``, at most three, all as good as the best one."""
        if not 2 <= len(typed) <= LONGEST:
            return []
        shared = np.zeros(len(self.words), dtype=np.uint8)
        for at, character in enumerate(typed):
            numbers = self._lists.get((character, typed[:at].count(character)))
            if numbers is not None:
                shared[numbers] += 1
        possible = np.flatnonzero(shared >= self._needed[len(typed)])
        scored = [(fuzz.ratio(typed, self.words[number]), number) for number in possible.tolist()]
        scored = [(ratio, number) for ratio, number in scored if ratio >= LEAST_RATIO and self.words[number] != typed]
        if not scored:
            return []
        most = max(ratio for ratio, _ in scored)
        best = self._best([number for ratio, number in scored if ratio == most])
        return [Correction(word, int(most * HOMOPHONE_PERCENT) // 100) for word in best]

    def starting(self, prefix: str, limit: int) -> list[str]:
        """Known words that begin with ``prefix`` as written, in pinyin or in first letters; those of most jobs first."""
        kinds = ("word", "letters", "initials") if prefix.isascii() else ("word",)
        numbers: dict[int, None] = {}
        for kind in kinds:
            entries = self._sorted[kind]
            at = bisect_left(entries, (prefix, -1))
            while at < len(entries) and entries[at][0].startswith(prefix) and len(numbers) < 2000:
                numbers[entries[at][1]] = None
                at += 1

        def rank(number: int) -> tuple[int, bool, int, str]:
            word = self.words[number]
            return -self.counts[number], word not in self._trusted, len(word), word

        ranked = sorted(numbers, key=rank)
        return [self.words[number] for number in ranked[:limit]]
