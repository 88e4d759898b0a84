"""What the checks say of real public adverts, and how long they take: ``python -m tests.service.jobs.measure_catalogues``.

The two catalogues held here (``seed_jobs/feeds``: public lists of governments, a sample of a commercial site) are taken as
lawful: whatever is stopped in them is a false alarm until somebody has read it and found the trap in its words. What the law asks
for and such lists never hold (``missing``) is counted by the feeds and not here.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from service.feeds.records import records_of
from service.feeds.settle import advert_of
from service.feeds.source import open_source
from service.feeds.tables import read_table
from service.jobs.advert import Advert, read_advert
from service.jobs.checks import check_advert, holds
from service.jobs.rules import families

CATALOGUES = ("shortage_lists", "job51_sample")
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@dataclass(slots=True)
class Counts:
    """How many adverts were looked at, by rule how many were stopped or remarked upon, and the CPU seconds it took."""

    adverts: int = 0
    stopped: Counter[str] = field(default_factory=Counter)
    remarked: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)
    reading: float = 0.0
    checking: float = 0.0


def adverts(key: str, every: int = 1) -> Iterator[Advert]:
    """Every so-manieth advert of a catalogue, as the feed would publish it."""
    source = open_source(key)
    rows = read_table(source.file, source.columns).rows[::every]
    for record in records_of(rows, source):
        if record.parsed is not None:
            yield advert_of(record, source, NOW, NOW + timedelta(days=60))


def measure(key: str, every: int = 1) -> Counts:
    """Judge a catalogue."""
    known, counts = families(), Counts()
    for advert in adverts(key, every):
        begin = time.process_time()
        reading = read_advert(advert, NOW)
        read = time.process_time()
        findings = check_advert(advert, NOW, reading)
        counts.checking += time.process_time() - read
        counts.reading += read - begin
        counts.adverts += 1
        of_words = [one for one in findings if one not in reading.findings and known.get(one.rule) != "missing"]
        for finding in of_words:
            stops = finding.severity == "block" or holds(finding)
            if stops or finding.severity == "warn":
                (counts.stopped if stops else counts.remarked)[finding.rule] += 1
                counts.lines.append(
                    f"{finding.severity} {finding.rule} 「{finding.words}」 {advert.title} | {advert.description}"
                )
    return counts


def main(arguments: list[str] | None = None) -> int:
    """Print the counts by rule and the CPU time of a check; ``--lines`` also every advert that something is said about."""
    parser = argparse.ArgumentParser(prog="python -m tests.service.jobs.measure_catalogues")
    parser.add_argument("--every", type=int, default=1, help="take only one of so many adverts")
    parser.add_argument("--lines", action="store_true", help="also print the adverts that something is said about")
    said = parser.parse_args(arguments)
    for key in CATALOGUES:
        counts = measure(key, said.every)
        micro = 1e6 / max(1, counts.adverts)
        sys.stdout.write(
            f"{key}: {counts.adverts} adverts, stopped {sum(counts.stopped.values())} {dict(counts.stopped)}, "
            f"remarked upon {sum(counts.remarked.values())} {dict(counts.remarked)}; "
            f"read in {counts.reading * micro:.0f} µs, checked in {counts.checking * micro:.0f} µs an advert\n"
        )
        for line in counts.lines if said.lines else ():
            sys.stdout.write(f"  {line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
