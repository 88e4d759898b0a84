"""The lists that a profile picks from and the time limits of 代办, read from ``data/profile.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Acting:
    """How long a grant holds by kind, and what an invitation allows."""

    family: timedelta
    station: timedelta
    invitation: timedelta
    tries: int
    grants_most: int

    def lasts(self, kind: str) -> timedelta:
        """How long a grant of a kind holds."""
        return self.family if kind == "family" else self.station


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("service.workers").joinpath("data/profile.toml").read_text(encoding="utf-8"))


@cache
def _titles(kind: str) -> dict[str, str]:
    return {row["code"]: row["title"] for row in _table()[kind]}


def skill_levels() -> dict[str, str]:
    """Code to name, lowest first (新八级工)."""
    return _titles("skill_level")


def health_limits() -> dict[str, str]:
    """Code to name."""
    return _titles("health_limit")


def hardships() -> dict[str, str]:
    """Code to name."""
    return _titles("hardship")


@cache
def words_to_avoid(codes: tuple[str, ...]) -> tuple[str, ...]:
    """The words of adverts that somebody with these limits of health need not be shown."""
    return tuple(word for row in _table()["health_limit"] if row["code"] in codes for word in row["words"])


@cache
def hardship_lasts(code: str) -> timedelta:
    """How long a certificate of a category holds."""
    return next(timedelta(days=row["valid_days"]) for row in _table()["hardship"] if row["code"] == code)


@cache
def help_lines() -> tuple[tuple[str, str], ...]:
    """(number, name) of who helps somebody under 16."""
    return tuple((row["phone"], row["name"]) for row in _table()["help"])


@cache
def acting() -> Acting:
    """The limits of 代办."""
    row = _table()["acting"]
    return Acting(
        family=timedelta(days=row["family_days"]),
        station=timedelta(days=row["station_days"]),
        invitation=timedelta(hours=row["invitation_hours"]),
        tries=row["invitation_tries"],
        grants_most=row["grants_most"],
    )


def act_title(action: str) -> str:
    """What an action of the audit trail is called for the person it was done for."""
    title: str = _table()["act"].get(action.replace(".", "_"), action)
    return title
