"""The page for operators says of each timed task when the clock makes it."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path

import service.background  # noqa: F401  registers all there are
from service.tasks import registry

PAGE = Path(__file__).resolve().parents[3] / "docs/operations.md"


def test_every_time_of_the_page_is_that_of_the_task() -> None:
    rhythms = {one.kind: one.rhythm for one in registry.timed()}
    rows = re.findall(
        r"^\| ((?:every \d+ minutes|\d\d:\d\d)(?:, \d\d:\d\d)*) \| (`[^|]+`) \|", PAGE.read_text("utf-8"), re.MULTILINE
    )
    told: dict[str, int | time] = {}
    for moments, names in rows:
        for moment, name in zip(moments.split(", "), re.findall(r"`([a-z_.]+)`", names), strict=True):
            minutes = re.fullmatch(r"every (\d+) minutes", moment)
            told[name] = int(minutes[1]) * 60 if minutes else time.fromisoformat(moment)
    assert len(told) > 8
    assert told == {name: rhythms.get(name) for name in told}
