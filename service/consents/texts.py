"""The words that people agree to, read from ``data/consent_texts.toml``: dated versions, each with its hash."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files

from service import clock
from service.errors import NotFound

BASIC, RANKING, DISCLOSURE, BATCH, PROXY = "basic", "ranking", "disclosure", "batch_match", "proxy"
HEALTH, HARDSHIP, EXACT_PLACE, ID_NUMBER = "health", "hardship", "exact_place", "id_number"
CANDIDATE_LIST, MESSAGES = "candidate_list", "messages"
_VERIFIED = ("primary", "secondary", "unverified")


@dataclass(frozen=True, slots=True)
class ConsentText:
    """One version of the words of one purpose. ``separate``: asked for by itself. ``lasts_days`` 0: until withdrawn."""

    purpose: str
    version: str
    effective_from: date
    effective_to: date | None
    title: str
    text: str
    refused: str
    separate: bool
    lasts_days: int
    article: str
    source: str
    url: str
    verified: str

    @property
    def text_hash(self) -> str:
        """SHA-256 of purpose, version and words: what a record proves was shown."""
        return hashlib.sha256(f"{self.purpose}\n{self.version}\n{self.text}".encode()).hexdigest()

    def in_force(self, on: date) -> bool:
        """Whether these are the words of that day."""
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)


@cache
def all_texts() -> tuple[ConsentText, ...]:
    """Every version of every purpose. Raises ValueError for a row that cannot be used."""
    rows = tomllib.loads(files("service.consents").joinpath("data/consent_texts.toml").read_text(encoding="utf-8"))["text"]
    found = tuple(ConsentText(**{"effective_to": None, **row}) for row in rows)
    names = [(row.purpose, row.version) for row in found]
    if len(set(names)) < len(names) or any(row.verified not in _VERIFIED for row in found):
        raise ValueError("consent_texts.toml: a version twice, or an unknown value of verified")
    return found


def purposes() -> tuple[str, ...]:
    """Every purpose, in the order of the file."""
    return tuple(dict.fromkeys(row.purpose for row in all_texts()))


def current(now: datetime) -> tuple[ConsentText, ...]:
    """The words in force at ``now`` (the day in China), one of each purpose; before all of them (a clock set back) the first."""
    day = now.astimezone(clock.BEIJING).date()
    newest: dict[str, ConsentText] = {}
    for row in sorted(all_texts(), key=lambda row: row.effective_from):
        if row.in_force(day) or row.purpose not in newest:
            newest[row.purpose] = row
    return tuple(newest[purpose] for purpose in purposes() if purpose in newest)


def text_of(purpose: str, now: datetime) -> ConsentText:
    """The words of one purpose in force at ``now``. Raises NotFound."""
    for row in current(now):
        if row.purpose == purpose:
            return row
    raise NotFound("purpose_unknown", "没有这个同意事项，请从 /v1/privacy/current 里选。")
