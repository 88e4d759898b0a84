"""``python -m tests.matching.pasted.accuracy [--worst]``: how many fields of the labelled messages are read as a person does.

Counted over the jobs that a person reads in the messages: a job that was not found has every field wrong. Jobs found that nobody
wrote are counted beside.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass, field

from tests.matching.pasted.cases import FIELDS, FILES, agrees, cases, expected, read
from tests.matching.pasted.employers import SETS, measure_employers

WORKED_ON = ("tuned", "fresh", "free talk", "third sight", "mixed", "mixed b", "mixed c")


@dataclass(slots=True)
class Figures:
    """Counts of one file."""

    messages: int = 0
    jobs: int = 0
    split_right: int = 0
    invented: int = 0
    right: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def share(self, name: str) -> float:
        """Share of jobs with this field right, 0 to 1."""
        return self.right[name] / self.jobs


def measure(which: str) -> Figures:
    """Read every message of one file and compare."""
    figures = Figures()
    for case in cases(which):
        got = read(case)
        figures.messages += 1
        figures.jobs += len(case.jobs)
        figures.split_right += len(got) == len(case.jobs)
        figures.invented += max(0, len(got) - len(case.jobs))
        left = list(got)
        for row in case.jobs:
            wanted = expected(row)
            mine = next((one for one in left if agrees("title", wanted, one)), None)
            if mine is None and len(got) == len(case.jobs):
                mine = got[case.jobs.index(row)]
            if mine in left:
                left.remove(mine)
            for name in FIELDS:
                if agrees(name, wanted, mine):
                    figures.right[name] += 1
                else:
                    figures.wrong.append(f"{case.name} {row['title']} {name}: {wanted[name]!r} read as {mine and mine[name]!r}")
        if len(got) != len(case.jobs):
            figures.wrong.append(
                f"{case.name} jobs: {[row['title'] for row in case.jobs]} read as {[one['title'] for one in got]}"
            )
    return figures


def main(arguments: list[str]) -> int:
    """Print the table; with ``--worst`` every wrong field of the tuned files (the others stay unread)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worst", action="store_true")
    asked = parser.parse_args(arguments)
    both = {which: measure(which) for which in FILES}
    print(f"{'':12}" + "".join(f"{which:>14}" for which in both))
    for name, count in (("messages", "messages"), ("jobs", "jobs"), ("split right", "split_right"), ("invented", "invented")):
        print(f"{name:12}" + "".join(f"{getattr(one, count):14}" for one in both.values()))
    for name in FIELDS:
        print(f"{name:12}" + "".join(f"{one.share(name):14.1%}" for one in both.values()))
    print(f"\n{'employer':12}{'messages':>10}{'naming one':>12}{'names':>8}{'precision':>11}{'recall':>9}")
    for which in SETS:
        names = measure_employers(which)
        print(f"{which:12}{names.messages:10}{names.messages_naming:12}{names.said:8}{names.precision:11.1%}{names.recall:9.1%}")
    if asked.worst:
        print("\n".join([line for name in WORKED_ON for line in both[name].wrong]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
