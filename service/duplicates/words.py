"""The words that tell names and titles apart, from ``data/words.toml``, where people who know the trade can mend them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

TABLE = Path(__file__).resolve().parent / "data" / "words.toml"


@cache
def words() -> Mapping[str, frozenset[str]]:
    """The lists by name."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {name: frozenset(row) for name, row in rows.items()}
