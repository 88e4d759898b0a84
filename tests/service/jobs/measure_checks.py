"""How often the checks miss a trap, and how often they stop a clean advert: ``python -m tests.service.jobs.measure_checks``.

The adverts are written by hand (``adverts/*.txt``); each says what came out at first sight. A trap is
*found* when a finding of its kind is there (as a block, a hold or a warning: a rule that was not read in its own text may only
warn); it is *stopped* when the advert is not published as it is. A clean advert is a false alarm when it is stopped, and is
*remarked upon* when a warning about a trap is made.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from matching.rules.dated import rows
from service.jobs.advert import Advert, GigAdvert, LiveAdvert, Source
from service.jobs.checks import check_advert, verdict
from service.jobs.checks.pay import UsualWage
from service.jobs.findings import Finding
from service.jobs.rules import families

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
HERE = Path(__file__).parent / "adverts"
SETS = (
    "tuned", "tuned_too", "tuned_last", "held_out", "blind", "seen_late", "seen_late_b", "seen_late_c", "seen_late_d",
    "variations", "variations_more", "variations_last", "variations_late",
)  # fmt: skip
CLEAN = "clean"
_OF_READING = {"contact_in_text": "contact", "gig_terms": "missing", "live_terms": "missing"}
_QUIET = frozenset({"missing", "age"})
"""Warnings that say what could be added; not an accusation."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One advert by hand: ``label`` is ``clean`` or the kind of trap."""

    label: str
    line: int
    advert: Advert
    usual: UsualWage | None

    def findings(self) -> tuple[Finding, ...]:
        """What the checks say of it."""
        return check_advert(self.advert, NOW, usual=self.usual)


@dataclass(slots=True)
class Rates:
    """Of one kind: how many there are, how many were found and stopped, and the lines that were not."""

    adverts: int = 0
    found: int = 0
    stopped: int = 0
    wrong: list[str] = field(default_factory=list)


def samples(name: str) -> list[Sample]:
    """The adverts of a set. Raises ValueError for a line that cannot be read."""
    lines = (HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [_sample(line, number) for number, line in enumerate(lines, 1) if line and not line.startswith("#")]


def measure(name: str) -> dict[str, Rates]:
    """The rates of a set, by label."""
    rates: dict[str, Rates] = defaultdict(Rates)
    for sample in samples(name):
        findings = sample.findings()
        kinds = kinds_of(findings)
        one = rates[sample.label]
        one.adverts += 1
        stopped = verdict(findings) != "publish"
        one.stopped += stopped
        hit = bool(kinds - _QUIET) if sample.label == CLEAN else sample.label in kinds
        one.found += hit
        if (stopped or hit) if sample.label == CLEAN else not hit:
            said = "; ".join(f"{finding.rule} {finding.severity} {finding.words}" for finding in findings)
            one.wrong.append(f"{name}:{sample.line} {sample.advert.title} | {sample.advert.description} -> {said}")
    return dict(rates)


def kinds_of(findings: tuple[Finding, ...]) -> set[str]:
    """The kinds of trap that the findings speak of; a note is none, but for a number that was lifted out of the text."""
    known = families()
    minimum = {row.rule.rule_id for row in rows("minimum_wages")}
    found = {known[one.rule] for one in findings if one.rule in known}
    found |= {_OF_READING[one.rule] for one in findings if one.rule in _OF_READING}
    return found | ({"min_wage"} if any(one.rule in minimum for one in findings) else set())


def _sample(line: str, number: int) -> Sample:
    parts = [part.strip() for part in line.split("|")]
    if len(parts) not in {3, 4}:
        raise ValueError(f"line {number}: label | title | text | field=value; …")
    said = dict(pair.strip().split("=", 1) for pair in parts[3].split(";")) if len(parts) == 4 and parts[3] else {}
    kind = said.get("kind", "public")
    gig = GigAdvert(NOW + timedelta(days=1), NOW + timedelta(days=1, hours=8), 5, "意外险，雇主买")
    fields: dict[str, Any] = {
        "kind": kind,
        "title": parts[1],
        "description": parts[2],
        "source": Source("direct", "演示单位", publisher_class=said.get("publisher", "employer")),
        "employer_name": said.get("employer", "演示单位"),
        "headcount": 3 if "headcount" not in said else int(said["headcount"] or 0) or None,
        "wage": said.get("wage", "5000-6000元/月"),
        "age": said.get("age", "18岁以上"),
        "age_reason": said.get("age_reason", ""),
        "region": said.get("region", "赣州市章贡区"),
        "address": said.get("address", "演示路1号" if said.get("region") is None else ""),
        "contract_kind": said.get("contract"),
        "hours_per_day": float(said["hours"]) if "hours" in said else None,
        "contact_phone": "13800000001",
        "settlement": said.get("settlement", "day" if kind == "gig" else None),
        "gig": gig if kind == "gig" and "gig" not in said else None,
        "live": LiveAdvert(1, 3) if kind == "live" else None,
    }
    if said.get("region") == "":
        fields["address"] = ""
    usual = UsualWage(int(said["usual"]), 60, 20, "赣州市", date(2026, 11, 21)) if "usual" in said else None
    return Sample(parts[0], number, Advert(**fields), usual)


def main(arguments: list[str] | None = None) -> int:
    """Print the rates; ``--wrong`` also prints every advert that was judged wrongly."""
    parser = argparse.ArgumentParser(prog="python -m tests.service.jobs.measure_checks")
    parser.add_argument("sets", nargs="*", help=f"which sets, default all: {', '.join(SETS)}")
    parser.add_argument("--wrong", action="store_true", help="also print what was judged wrongly")
    said = parser.parse_args(arguments)
    if unknown := set(said.sets) - set(SETS):
        parser.error(f"no such set: {', '.join(sorted(unknown))}")
    for name in said.sets or SETS:
        rates = measure(name)
        clean = rates.pop(CLEAN)
        traps, missed = sum(one.adverts for one in rates.values()), sum(one.adverts - one.found for one in rates.values())
        stopped = sum(one.stopped for one in rates.values())
        sys.stdout.write(
            f"\n{name}: {traps} traps, missed {missed} ({missed / traps:.1%}), not published as they are {stopped}\n"
        )
        sys.stdout.write(
            f"{name}: {clean.adverts} clean, stopped {clean.stopped} ({clean.stopped / clean.adverts:.1%}), "
            f"remarked upon {clean.found} ({clean.found / clean.adverts:.1%})\n"
        )
        sys.stdout.write(f"{'kind':<10} {'adverts':>7} {'found':>6} {'missed':>7} {'stopped':>8}\n")
        for label, one in sorted(rates.items()):
            rate = (one.adverts - one.found) / one.adverts
            sys.stdout.write(f"{label:<10} {one.adverts:>7} {one.found:>6} {rate:>7.1%} {one.stopped:>8}\n")
        if said.wrong:
            for line in (*clean.wrong, *(line for one in rates.values() for line in one.wrong)):
                sys.stdout.write(f"  {line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
