"""Who hires, as a person reads it in the labelled messages, and how well the reader does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from matching.pasted import parse_message
from tests.matching.pasted.cases import FILES, TODAY, cases

SETS = ("worked on", "read once", "older", "unmarked")
"""The last: the first two without 演示, which marks a made-up name and gives it away."""


class Named(NamedTuple):
    """A message, and for each of its jobs the title and who hires ("" = nobody is named)."""

    name: str
    message: str
    jobs: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Names:
    """Counts over jobs. ``said``: a person reads a name; ``given``: the reader gives one; ``right``: the same one."""

    messages: int = 0
    messages_naming: int = 0
    said: int = 0
    given: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Share of the names given that are right, 0 to 1."""
        return self.right / self.given

    @property
    def recall(self) -> float:
        """Share of the names a person reads that were given, 0 to 1."""
        return self.right / self.said


def named_jobs(which: str) -> Iterator[Named]:
    """The messages of one of ``SETS``."""
    if which == "older":
        yield from _older()
        return
    if which == "unmarked":
        for made_up in SETS[:2]:
            for one in named_jobs(made_up):
                bare = tuple((title, employer.replace("演示", "")) for title, employer in one.jobs)
                yield Named(one.name, one.message.replace("演示", ""), bare)
        return
    text = Path(__file__).with_name("employers.txt").read_text(encoding="utf-8")
    for block in text.split("\n=== ")[1:]:
        name, _, rest = block.partition("\n")
        if name.startswith("e") != (which == "worked on"):
            continue
        lines = rest.strip("\n").split("\n")
        rows = [line.removeprefix(">> ").split("|") for line in lines if line.startswith(">> ")]
        jobs = tuple((title.strip(), employer.strip()) for title, employer in rows)
        yield Named(name, "\n".join(line for line in lines if not line.startswith(">> ")), jobs)


def _older() -> Iterator[Named]:
    lines = Path(__file__).with_name("employers_older.txt").read_text(encoding="utf-8").splitlines()
    said: dict[str, str] = {}
    for line in lines:
        if not line.startswith("#"):
            where, _, employer = line.partition("|")
            said[where.strip()] = employer.strip()
    for which in FILES:
        for case in cases(which):
            titles = [row["title"] for row in case.jobs]
            jobs = tuple((title, said.get(f"{case.name} {title}", said.get(case.name, ""))) for title in titles)
            yield Named(case.name, case.message, jobs)


def measure_employers(which: str) -> Names:
    """Read every message of a set. A job that was not found has no name."""
    names = Names()
    for one in named_jobs(which):
        names.messages += 1
        names.messages_naming += any(employer for _, employer in one.jobs)
        got = parse_message(one.message, TODAY)
        for at, (title, employer) in enumerate(one.jobs):
            mine = next((draft for draft in got if draft.title in title or title in draft.title), None)
            if mine is None and len(got) == len(one.jobs):
                mine = got[at]
            read = mine.employer if mine else ""
            names.said += bool(employer)
            names.given += bool(read)
            names.right += bool(employer) and read == employer
            if read != employer:
                names.wrong.append(f"{one.name} {title}: {employer!r} read as {read!r}")
    return names
