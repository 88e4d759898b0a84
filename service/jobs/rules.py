"""The rules for adverts, read from ``data/advert_rules.toml``: dated rows with their article and how well that was read."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files

from service import clock
from service.jobs.findings import Severity

_VERIFIED = ("primary", "secondary", "unverified")
_CHECKS = ("", "under_16", "minor_hazard", "age_without_reason")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. Either ``missing`` names what must be there, or ``words`` (and a ``check``) say what is looked for."""

    rule: str
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
    words: tuple[re.Pattern[str], ...]
    exceptions: tuple[re.Pattern[str], ...]
    kinds: frozenset[str]
    check: str

    def counts_on(self, day: date) -> bool:
        """Whether the rule is in force on that day."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)

    @property
    def effect(self) -> Severity:
        """What a finding of this rule does: only a rule whose article was read may block."""
        return self.severity if self.verified == "primary" else "warn"

    def found_in(self, text: str) -> str:
        """The first words of the text that the rule is about, outside its exceptions; empty when there are none."""
        spared = [span.span() for pattern in self.exceptions for span in pattern.finditer(text)]
        for pattern in self.words:
            for found in pattern.finditer(text):
                if not any(start < found.end() and found.start() < end for start, end in spared):
                    return found.group().strip()
        return ""


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every row of the table. Raises ValueError when a row cannot be used: a broken rule must not pass unnoticed."""
    rows = tomllib.loads(files("service.jobs").joinpath("data/advert_rules.toml").read_text(encoding="utf-8"))["rule"]
    return tuple(_rule(row) for row in rows)


def rules_on(now: datetime) -> tuple[Rule, ...]:
    """The rules in force on the day of ``now`` in China."""
    day = now.astimezone(clock.BEIJING).date()
    return tuple(rule for rule in all_rules() if rule.counts_on(day))


def hazard_for_minors(text: str, now: datetime) -> str:
    """The words that bar this work to people of 16 and 17 (rule D-02), empty when there are none."""
    for rule in rules_on(now):
        if rule.check == "minor_hazard" and rule.effect == "block" and (words := rule.found_in(text)):
            return words
    return ""


def _rule(row: dict[str, object]) -> Rule:
    name = str(row["rule"])
    if row["verified"] not in _VERIFIED or row["severity"] not in {"block", "warn"} or row.get("check", "") not in _CHECKS:
        raise ValueError(f"rule {name}: verified, severity or check is unknown")
    begins, ends = row["effective_from"], row.get("effective_to")
    if not isinstance(begins, date) or not (ends is None or isinstance(ends, date)):
        raise ValueError(f"rule {name}: dates")
    return Rule(
        rule=name,
        article=str(row["article"]),
        source=str(row["source"]),
        url=str(row.get("url", "")),
        effective_from=begins,
        effective_to=ends,
        verified=str(row["verified"]),
        severity="block" if row["severity"] == "block" else "warn",
        field=str(row["field"]),
        advice=str(row["advice"]),
        missing=_texts(row.get("missing")),
        words=tuple(re.compile(words) for words in _texts(row.get("words"))),
        exceptions=tuple(re.compile(words) for words in _texts(row.get("except"))),
        kinds=frozenset(_texts(row.get("kinds"))),
        check=str(row.get("check", "")),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
