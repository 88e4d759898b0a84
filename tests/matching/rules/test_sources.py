"""Every table of the rules is named in SOURCES.md, with its rows where the line says how many."""

from __future__ import annotations

from pathlib import Path

import pytest

import matching.rules

DATA = Path(matching.rules.__file__).parent / "data"
SOURCES = (DATA / "SOURCES.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.iterdir() if path.suffix in {".csv", ".json"}))
def test_every_table_has_its_origin(name: str) -> None:
    assert f"`{name}`" in SOURCES


@pytest.mark.parametrize(
    "name", ["occupations.csv", "trades.csv", "trade_synonyms.csv", "trade_traps.csv", "titles.csv", "engineer_fields.csv"]
)
def test_the_rows_are_as_many_as_said(name: str) -> None:
    rows = len((DATA / name).read_text(encoding="utf-8").splitlines()) - 1
    line = next(line for line in SOURCES.splitlines() if line.startswith(f"| `{name}`"))
    assert f"| {rows:,} |" in line
