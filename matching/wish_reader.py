"""A wish while it is being read: what still stands there, and what was found."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from matching.model import Piece
from matching.rules import trade

Said = tuple[str, str | int | float | bool, float, bool]
"""Field, value, confidence, applied."""


class Fact(NamedTuple):
    """Where a number with its words stands, and what it says."""

    start: int
    end: int
    says: tuple[Said, ...]


_EDGES = " ,.;:、"


class Reader:
    """The text with what was understood blanked out, and the pieces with where they stood."""

    __slots__ = ("_trades", "found", "rest", "today", "whole")

    def __init__(self, whole: str, today: date | None) -> None:
        self.whole = self.rest = whole
        self.today = today
        self.found: list[tuple[int, Piece]] = []
        self._trades: list[tuple[str, int, int]] | None = None

    def take(self, start: int, end: int) -> str:
        """Blank out a span; the words that stood there, without what was taken before at either end."""
        rest = self.rest
        self.rest = f"{rest[:start]}{' ' * (end - start)}{rest[end:]}"
        said = rest[start:end]
        start += len(said) - len(said.lstrip(_EDGES))
        return self.whole[start : start + len(said.strip(_EDGES))]

    def add(self, at: int, name: str, value: str | float | bool, words: str, sure: float, *, applied: bool = True) -> None:
        self.found.append((at, Piece(name, value, words, sure, applied)))

    def trades(self) -> list[tuple[str, int, int]]:
        """The trade words that still stand there, with their places."""
        if self._trades is None:
            self._trades = trade.find_words(self.rest)
        return [found for found in self._trades if self.rest.startswith(found[0], found[1])]

    def says(self, name: str) -> bool:
        return any(piece.field == name for _, piece in self.found)
