"""The page of security names tests that exist, and says something about every chapter of the standard."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
THREATS = (ROOT / "docs/threat-model.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if re.match(r"\| V\d", line)]


def _file(named: str) -> Path:
    below = ROOT / "tests" / "service" / named
    return below if below.exists() else ROOT / "tests" / named


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", PAGE)
    assert len(named) > 60
    for path, test in named:
        source = _file(path)
        assert source.is_file(), path
        if test:
            assert re.search(rf"^\s*def {test}\(", source.read_text(encoding="utf-8"), flags=re.MULTILINE), f"{path}::{test}"


def test_a_row_shows_a_test_or_says_the_gap() -> None:
    assert len(ROWS) > 50
    for section, asked, done, shown in ROWS:
        assert asked, section
        assert ".py" in shown or "Gap" in done or "none" in done, section


def test_every_chapter_has_a_row() -> None:
    chapters = {int(number) for section, *_ in ROWS for number in re.findall(r"V(\d+)", section)}
    assert chapters == set(range(1, 18))


def test_the_threats_point_at_rows() -> None:
    table = THREATS[THREATS.index("| threat (STRIDE)") : THREATS.index("## What is left")]
    sections = " ".join(section for section, *_ in ROWS)
    threats = [line for line in table.splitlines() if line.startswith("| **")]
    assert {line[4] for line in threats} == set("STRIDE")
    for line in threats:
        for told in re.findall(r"V(\d+)(?:\.\d+)*", line.rsplit("|", 2)[1]):
            assert f"V{told}" in sections, line
