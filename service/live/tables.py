"""The tables of streams: the licence rule, bounds, header words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from service import clock
from service.jobs.findings import Finding
from service.sheets.cells import Limits


@dataclass(frozen=True, slots=True)
class Columns:
    """Header words: our field to the names it may have, and the fields without which a row is no header. ``meanings``: which of
    our fields a meaning of ``service/imports/data/columns.toml`` is; ``titles``: what people read for a field."""

    names: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    meanings: Mapping[str, str]
    titles: Mapping[str, str]


@cache
def _file(name: str) -> dict[str, Any]:
    return tomllib.loads(files("service.live").joinpath(f"data/{name}.toml").read_text(encoding="utf-8"))


@cache
def columns() -> Columns:
    """The header words of a running order."""
    rows = _file("columns")
    names = {field: tuple(words) for field, words in rows["names"].items()}
    return Columns(names, tuple(rows["required"]), rows["meanings"], rows["titles"])


def bounds() -> Mapping[str, int]:
    """Bounds of a running order."""
    found: Mapping[str, int] = _file("rules")["limits"]
    return found


def limits() -> Limits:
    """How large a file may be."""
    said = bounds()
    return Limits("running_order", **{name: said[name] for name in ("file_bytes", "plain_bytes", "rows", "columns", "cells")})


def licence_findings(now: datetime) -> tuple[Finding, ...]:
    """What is to be said of a stream that shows other people's jobs and names no licence. It warns."""
    day = now.astimezone(clock.BEIJING).date()
    return tuple(
        Finding(row["rule"], "licence", "", row["advice"], "warn", row["article"], row["source"], row["verified"])
        for row in _file("rules")["rule"]
        if row["effective_from"] <= day and row["verified"] != "primary"
    )
