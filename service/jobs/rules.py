"""The rules for adverts, read from ``data/advert_rules.toml`` and ``advert_hints.toml``: dated rows with their article and how
well that was read."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from matching.rules.needles import needles, straws
from service import clock
from service.jobs.findings import Finding, Severity

_VERIFIED = ("primary", "secondary", "unverified")
_CHECKS = {
    "": (),
    "under_16": ("youngest",),
    "minor_hazard": ("youngest", "grown"),
    "age_without_reason": ("below",),
    "high_pay": (),
    "pay_ceiling": ("hour", "day", "month", "year"),
    "day_pay": ("paid_days",),
    "long_day": ("hours", "away"),
    "no_rest": (),
    "name": (),
}
"""What words alone cannot see, with the numbers that a row must give for it."""
_TABLES = ("advert_rules.toml", "advert_hints.toml")
_SHORT = 5
"""Characters of a word that is split in two."""
_FRAGMENT = re.compile(r"<([a-z_]+)>")
Possible = Mapping[int, Sequence[re.Pattern[str]]]
"""Words of rules by the number of the rule."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a whole advert says: in one of these fields, or in words that match."""

    name: str
    fields: tuple[str, ...]
    words: tuple[re.Pattern[str], ...]

    def is_said(self, present: Mapping[str, Any], text: str) -> bool:
        """Whether an advert says it."""
        return any(present.get(name) for name in self.fields) or any(pattern.search(text) for pattern in self.words)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row, ``number`` its place in the table. Either ``missing`` or ``parts`` name what must be there, or ``words`` (and a
    ``check``) say what is looked for."""

    number: int
    rule: str
    family: str
    article: str
    source: str
    url: str
    effective_from: date
    effective_to: date | None
    verified: str
    severity: Severity
    field: str
    advice: str
    missing: tuple[str, ...]
    parts: tuple[Part, ...]
    words: tuple[re.Pattern[str], ...]
    exceptions: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...]
    kinds: frozenset[str]
    publishers: frozenset[str]
    check: str
    factor: float
    limits: Mapping[str, float]

    def counts_on(self, day: date) -> bool:
        """Whether the rule is in force on that day."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)

    @property
    def effect(self) -> Severity:
        """What a finding of this rule does: only a rule whose article was read may block or hold."""
        return self.severity if self.verified == "primary" else "warn"

    @property
    def only_words(self) -> bool:
        """Whether nothing but words of the text can break it."""
        return not (self.check or self.missing or self.parts)

    def found_across(self, text: str, middle: int, words: Possible) -> str:
        """The same of a word that begins before ``middle`` and ends after it. A short one only: of two texts that are read as
        one, words that leave room between them would meet by chance (「冲压工」 and 「一百人的厂」)."""
        for pattern in words.get(self.number, ()):
            for found in pattern.finditer(text):
                if found.start() < middle < found.end() and found.end() - found.start() <= _SHORT:
                    spared = any(excuse.search(text) for excuse in (*self.unless, *self.exceptions))
                    return "" if spared else found.group()
        return ""

    def found_in(self, text: str, words: Possible | None = None) -> str:
        """The first words of the text that the rule is about, outside its exceptions; empty when there are none. ``words``: what
        :func:`possible_words` gives for the text, for whoever asks many rules about one text."""
        spared: list[tuple[int, int]] | None = None
        for pattern in (possible_words(text) if words is None else words).get(self.number, ()):
            for found in pattern.finditer(text):
                if spared is None:
                    # Most texts hold no such words at all: only now is it worth looking for what excuses them.
                    if any(excuse.search(text) for excuse in self.unless):
                        return ""
                    spared = [span.span() for excuse in self.exceptions for span in excuse.finditer(text)]
                if not any(start < found.end() and found.start() < end for start, end in spared):
                    return found.group().strip()
        return ""


def possible_words(text: str) -> Possible:
    """The words of each rule that the characters of a text leave possible, in their order: most rules have none."""
    index = _index()
    places = set(index.always)
    for straw in index.of_needle.keys() & straws(text):
        places.update(index.of_needle[straw])
    found: dict[int, list[re.Pattern[str]]] = defaultdict(list)
    for place in sorted(places):
        number, pattern = index.words[place]
        found[number].append(pattern)
    return found


@dataclass(frozen=True, slots=True)
class _Index:
    """The words of all rules, each with the number of its rule, and which of them a character or a pair leaves possible."""

    words: tuple[tuple[int, re.Pattern[str]], ...]
    of_needle: Mapping[str, list[int]]
    always: tuple[int, ...]


@cache
def _index() -> _Index:
    words = tuple((rule.number, pattern) for rule in all_rules() for pattern in rule.words)
    of_needle: dict[str, list[int]] = defaultdict(list)
    always = []
    for place, (_, pattern) in enumerate(words):
        needed = needles(pattern)
        for needle in needed:
            of_needle[needle].append(place)
        if not needed:
            always.append(place)
    return _Index(words, dict(of_needle), tuple(always))


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every row of the tables. Raises ValueError when a row cannot be used: a broken rule must not pass unnoticed."""
    fragments: dict[str, str] = {}
    rows: list[dict[str, object]] = []
    for name in _TABLES:
        table = tomllib.loads(files("service.jobs").joinpath("data", name).read_text(encoding="utf-8"))
        for fragment, words in table["fragments"].items():
            # One may be made of those before it.
            fragments[fragment] = _whole(words, fragments)
        rows += table["rule"]
    return tuple(_rule(number, row, fragments) for number, row in enumerate(rows))


@cache
def families() -> dict[str, str]:
    """What each rule is about, by its code: ``sex``, ``deposit`` …"""
    return {rule.rule: rule.family for rule in all_rules()}


def rules_on(now: datetime) -> tuple[Rule, ...]:
    """The rules in force on the day of ``now`` in China."""
    return _rules_of(now.astimezone(clock.BEIJING).date())


@lru_cache(maxsize=8)
def _rules_of(day: date) -> tuple[Rule, ...]:
    return tuple(rule for rule in all_rules() if rule.counts_on(day))


def found_by(rule: Rule, words: str, **told: str) -> Finding:
    """What a rule says about these words; ``told`` stands in its advice at ``<name>``."""
    advice = _FRAGMENT.sub(lambda found: told[found[1]], rule.advice)
    return Finding(rule.rule, rule.field, words, advice, rule.effect, rule.article, rule.source, rule.verified)


def hazard_for_minors(text: str, now: datetime) -> str:
    """The words that bar this work to people of 16 and 17 (rule D-02), empty when there are none."""
    for rule in rules_on(now):
        if rule.check == "minor_hazard" and rule.effect == "block" and (words := rule.found_in(text)):
            return words
    return ""


def _rule(number: int, row: dict[str, object], fragments: dict[str, str]) -> Rule:
    name = str(row["rule"])
    if (
        row["verified"] not in _VERIFIED
        or row["severity"] not in {"block", "hold", "warn"}
        or row.get("check", "") not in _CHECKS
    ):
        raise ValueError(f"rule {name}: verified, severity or check is unknown")
    limits = row.get("limits", {})
    if not isinstance(limits, dict) or set(limits) != set(_CHECKS[str(row.get("check", ""))]):
        raise ValueError(f"rule {name}: limits")
    begins, ends = row["effective_from"], row.get("effective_to")
    if not isinstance(begins, date) or not (ends is None or isinstance(ends, date)):
        raise ValueError(f"rule {name}: dates")
    return Rule(
        number=number,
        rule=name,
        family=str(row["family"]),
        article=str(row["article"]),
        source=str(row["source"]),
        url=str(row.get("url", "")),
        effective_from=begins,
        effective_to=ends,
        verified=str(row["verified"]),
        severity=row["severity"],
        field=str(row["field"]),
        advice=str(row["advice"]),
        missing=_texts(row.get("missing")),
        parts=_parts(row.get("parts"), fragments),
        words=_patterns(row.get("words"), fragments),
        exceptions=_patterns(row.get("except"), fragments),
        unless=_patterns(row.get("unless"), fragments),
        kinds=frozenset(_texts(row.get("kinds"))),
        publishers=frozenset(_texts(row.get("publishers"))),
        check=str(row.get("check", "")),
        factor=float(str(row.get("factor", 0))),
        limits=limits,
    )


def _parts(value: object, fragments: dict[str, str]) -> tuple[Part, ...]:
    return tuple(
        Part(str(one["name"]), _texts(one["fields"]), _patterns(one["words"], fragments))
        for one in (value if isinstance(value, list) else ())
    )


def _patterns(value: object, fragments: dict[str, str]) -> tuple[re.Pattern[str], ...]:
    """Regular expressions; ``<name>`` stands for a fragment of the table. A name that is not there is a KeyError."""
    return tuple(re.compile(_whole(words, fragments)) for words in _texts(value))


def _whole(words: str, fragments: dict[str, str]) -> str:
    return _FRAGMENT.sub(lambda found: fragments[found[1]], words)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
