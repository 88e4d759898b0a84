"""Numbers for the generator: PCG64's raw words and whole-number arithmetic, so that a seed means the same on every machine.

NumPy's own distributions may change with its version; its raw stream does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
"""Random bits, 32 of them in each word."""

CHUNK = 4096
"""Jobs that are drawn together; each chunk has a stream of its own, so job 5,000 needs nothing of job 1."""
WORDS = 14
"""64-bit words a job: two draws each."""


def below(bits: Words, limit: int) -> Ints:
    """32 random bits to whole numbers 0..limit-1 (limit below 2**31)."""
    return ((bits * np.uint64(limit)) >> np.uint64(32)).astype(np.int64)


def bit_columns(seed: int, chunk: int) -> Iterator[Words]:
    """Columns of 32 random bits for the jobs of a chunk, always in the same order."""
    source = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(0, chunk)))
    for row in source.random_raw(CHUNK * WORDS).reshape(WORDS, CHUNK):
        yield row >> np.uint64(32)
        yield row & np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Weights:
    """Running totals of whole-number weights: ``pick`` turns 32 random bits into a position, in proportion."""

    totals: Ints

    @classmethod
    def of(cls, weights: Sequence[int]) -> Weights:
        """From the single weights; their sum stays below 2**31."""
        return cls(np.cumsum(np.array(weights, dtype=np.int64)))

    def pick(self, bits: Words) -> Ints:
        """One position for each word of ``bits``."""
        return np.searchsorted(self.totals, below(bits, int(self.totals[-1])), side="right").astype(np.int64)


class Draws:
    """Single draws for queries, from a stream of its own."""

    def __init__(self, seed: int) -> None:
        self._source = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(1,)))

    def bits(self) -> Words:
        """The next 32 bits, as an array of one."""
        return np.array([int(self._source.random_raw()) >> 32], dtype=np.uint64)

    def below(self, limit: int) -> int:
        """A whole number 0..limit-1."""
        return int(below(self.bits(), limit)[0])

    def one(self, items: Sequence[T]) -> T:
        """One of the items, all alike."""
        return items[self.below(len(items))]

    def shuffled(self, items: list[int]) -> list[int]:
        """A copy in a random order (Fisher-Yates)."""
        mixed = list(items)
        for last in range(len(mixed) - 1, 0, -1):
            other = self.below(last + 1)
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed
