"""Adverts for the tests of duplicates: the lines of the two files of pairs, read as any advert is, and adverts by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from service.duplicates.sketch import Given, Sketch, plain_text, sketch
from service.jobs.advert import Advert, Source, read_advert

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HERE = Path(__file__).resolve().parent
NAMES = "etrwad"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Case:
    """One line: two adverts, and whether they are one job."""

    line: int
    text: str
    same: bool
    one: Given
    other: Given


def cases(name: str) -> Iterator[Case]:
    """The lines of ``pairs.txt`` or ``pairs_held_out.txt``."""
    for number, line in enumerate((HERE / name).read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#") or not line.strip():
            continue
        first, change = line[2:].split("=>", 1)
        parts = [part.strip() for part in first.split("|")]
        said = dict(zip(NAMES, parts, strict=False))
        more = parts[6] if len(parts) > 6 else ""
        said |= dict(part.split("=", 1) for part in more.split(",") if part)
        changed = dict(part.strip().split("=", 1) for part in change.split("|") if part.strip())
        yield Case(number, line, line[0] == "+", given(None, **said), given(None, **(said | changed)))


def given(job_id: int | None = None, **said: Any) -> Given:
    """An advert as a row: e employer, t title, r region, w wage, a address, d description, n headcount, s shift, k kind, g day a
    gig begins, h phone, c number of a credit code, p class of the publisher, x source, i employer's id,
    at hours since it was published.
    """
    advert = Advert(
        kind=said.get("k") or "public",
        title=said.get("t", ""),
        source=Source(key=said.get("x") or "direct", name="演示", publisher_class=said.get("p") or "employer"),
        description=said.get("d", ""),
        employer_name=said.get("e", ""),
        headcount=int(said["n"]) if said.get("n") else None,
        wage=said.get("w", ""),
        region=said.get("r", ""),
        address=said.get("a", ""),
        shift=said.get("s") or None,
        contact_phone=said.get("h", ""),
    )
    read = read_advert(advert, NOW).fields
    extra = {
        "job_id": job_id or next(_numbers),
        "employer_id": int(said["i"]) if said.get("i") else None,
        "credit_code": f"code-{said['c']}" if said.get("c") else None,
        "published_at": NOW - timedelta(hours=int(said.get("at") or 0)),
        "starts_at": NOW + timedelta(days=int(said["g"])) if said.get("g") else None,
    }
    return Given._make(
        (extra | {name: read[name] for name in Given._fields if name not in extra})[name] for name in Given._fields
    )


def made(job_id: int | None = None, **said: Any) -> Sketch:
    """As :func:`given`, as a sketch."""
    return sketch(given(job_id, **said))


def texts_of(*rows: Given) -> dict[int, str]:
    """The plain descriptions."""
    return {row.job_id: plain_text(row.description) for row in rows}
