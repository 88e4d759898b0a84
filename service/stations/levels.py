"""The levels of stations and what stations do, from ``data/levels.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class Level:
    """A level. A parent has a smaller ``rank``; ``region_level`` is the coarsest division the station may lie in."""

    level: str
    name: str
    rank: int
    region_level: int


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("service.stations").joinpath("data/levels.toml").read_text(encoding="utf-8"))


@cache
def levels() -> dict[str, Level]:
    """The levels by their code, the highest first."""
    return {row["level"]: Level(row["level"], row["name"], row["rank"], row["region"]) for row in _table()["level"]}


def level_names() -> dict[str, str]:
    """The levels with the names that people read."""
    return {code: level.name for code, level in levels().items()}


def function_names() -> dict[str, str]:
    """What a station can do, with the words for it."""
    return cast("dict[str, str]", _table()["function"])


def level_of_region(region_level: int) -> str:
    """The level of a station of which only the division is known."""
    return {1: "province", 2: "city", 3: "county", 4: "street"}.get(region_level, "village")
