"""The words most like a typed one: the exact Indel similarity (the ratio of rapidfuzz), for all words at once.

Two words cannot be more alike than the characters that they share, in whatever order. So the words that share enough are found
first, with sets of words as big integers (bit n is word n): a binary counter of four such integers counts for every word at once
how many characters of the typed one it has. The ratio itself is asked for the few that are left: 5 us in all among 13,000 words,
where a scan takes 700.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz

LONGEST: Final = 8
"""Characters of a typed word that is compared at all; four bits count no further."""
_ONE_BY_ONE = 16


class Nearness:
    """Words to be compared with; ``least`` is the ratio (0 to 100) below which nothing is like anything."""

    def __init__(self, words: Sequence[str], least: int) -> None:
        self._words = words
        self._least = least
        self._carriers: dict[str, list[int]] = {}
        for number, word in enumerate(words):
            for key in _occurrences(word):
                self._carriers.setdefault(key, []).append(number)
        self._sets: dict[str, int] = {}
        self._enough = [self._enough_for(typed) for typed in range(LONGEST + 1)]

    def _enough_for(self, typed: int) -> list[tuple[int, int]]:
        """(n, set of words that must share n characters with ``typed`` typed ones to reach the least ratio)."""
        lengths = np.array([len(word) for word in self._words], dtype=np.int64)
        needed = -(-self._least * (lengths + typed) // 200)
        possible = needed <= np.minimum(lengths, typed)
        sets = [(n, _as_set(np.flatnonzero(possible & (needed == n)), len(lengths))) for n in range(1, typed + 1)]
        return [(shared, words) for shared, words in sets if words]

    def best(self, typed: str) -> tuple[float, list[int]]:
        """The highest ratio, and the numbers of the words that have it, in no order; ``typed`` itself is not among them."""
        if not 2 <= len(typed) <= LONGEST:
            return 0.0, []
        ones = twos = fours = eights = 0
        for key in _occurrences(typed):
            carry = self._sets.get(key) or self._set_of(key)
            if carry:
                ones, carry = ones ^ carry, ones & carry
            if carry:
                twos, carry = twos ^ carry, twos & carry
            if carry:
                fours, carry = fours ^ carry, fours & carry
                eights |= carry
        possible = 0
        for shared, words in self._enough[len(typed)]:
            possible |= words & _at_least(shared, ones, twos, fours, eights)
        most, best = float(self._least), list[int]()
        for number in _members(possible):
            ratio = fuzz.ratio(typed, self._words[number])
            if ratio >= most and self._words[number] != typed:
                if ratio > most:
                    most = ratio
                    best.clear()
                best.append(number)
        return most, best

    def _set_of(self, key: str) -> int:
        numbers = self._carriers.get(key)
        if numbers is None:
            return 0
        self._sets[key] = made = _as_set(np.array(numbers), len(self._words))
        return made


def _occurrences(word: str) -> list[str]:
    """The characters of a word, the second and later of the same one numbered."""
    if len(set(word)) == len(word):
        return list(word)
    return [character + (str(before) if (before := word[:at].count(character)) else "") for at, character in enumerate(word)]


def _as_set(members: npt.NDArray[np.int64], size: int) -> int:
    bits = np.zeros(size, dtype=np.uint8)
    bits[members] = 1
    return int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")


def _at_least(shared: int, ones: int, twos: int, fours: int, eights: int) -> int:
    """The words whose count, in binary, is ``shared`` (1 to 8) or more."""
    match shared:
        case 1:
            return ones | twos | fours | eights
        case 2:
            return twos | fours | eights
        case 3:
            return ones & twos | fours | eights
        case 4:
            return fours | eights
        case 5:
            return fours & (ones | twos) | eights
        case 6:
            return fours & twos | eights
        case 7:
            return fours & twos & ones | eights
        case _:
            return eights


def _members(numbers: int) -> list[int]:
    if numbers.bit_count() > _ONE_BY_ONE:
        data = np.frombuffer(numbers.to_bytes((numbers.bit_length() + 7) // 8, "little"), dtype=np.uint8)
        members: list[int] = np.flatnonzero(np.unpackbits(data, bitorder="little")).tolist()
        return members
    found: list[int] = []
    while numbers:
        number = numbers.bit_length() - 1
        found.append(number)
        numbers ^= 1 << number
    return found
