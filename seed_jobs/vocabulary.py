"""The tables behind :mod:`seed_jobs.synthesize`: titles, counties, families of trades, and the words of adverts."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from matching.rules import region
from matching.rules.region import Region, UnknownRegion

SKILL_SETS = 96
"""How many different skill lists a family has; shared between jobs, so that ten million of them stay small."""

FAVOURED = ("36", "42", "32")
"""Jiangxi, Hubei, Jiangsu: where the seeds of the product are, 40 % of all jobs."""


@dataclass(frozen=True, slots=True)
class Title:
    """A real title: how often it was seen, whether it is manual work, its occupation code ("" = not known), its family."""

    text: str
    count: int
    blue_collar: bool
    code: str
    family: int


@dataclass(frozen=True, slots=True)
class County:
    """A county-level division with its centre in GCJ-02 millionths of a degree."""

    code: str
    name: str
    lat_e6: int
    lng_e6: int


@dataclass(frozen=True, slots=True)
class Family:
    """Trades that share pay, skills and phrases. ``wage`` yuan a month, ``day`` yuan a day, lowest start and highest end."""

    name: str
    first: tuple[str, ...]
    match: tuple[str, ...]
    wage: tuple[int, int]
    day: tuple[int, int]
    minors_barred: bool
    skill_sets: tuple[tuple[str, ...], ...]
    duties: tuple[str, ...]
    colloquial: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Benefit:
    """Words beside the wage and the tags they mean."""

    text: str
    tags: frozenset[str]
    weight: int


@dataclass(frozen=True, slots=True)
class Age:
    """An age limit as written; ``men`` and ``women`` only where they differ. ``None`` is open."""

    text: str
    min: int | None
    max: int | None
    men: tuple[int | None, int | None] | None
    women: tuple[int | None, int | None] | None
    weight: int


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything the generator draws from, in a fixed order. ``largest``: six-digit codes of the counties that lead."""

    titles: tuple[Title, ...]
    counties: tuple[County, ...]
    families: tuple[Family, ...]
    benefits: tuple[Benefit, ...]
    ages: tuple[Age, ...]
    largest: tuple[str, ...]
    places: tuple[str, ...]
    extras: tuple[str, ...]
    heads: tuple[str, ...]
    tails: tuple[str, ...]
    typing: dict[str, str]


@cache
def load() -> Vocabulary:
    """Read the committed tables once; about 50 ms."""
    folder = files("seed_jobs") / "data"
    raw = tomllib.loads((folder / "synthesis.toml").read_text(encoding="utf-8"))
    families = tuple(_family(row) for row in raw["family"])
    titles = tuple(
        Title(row["title"], int(row["count"]), row["blue_collar"] == "1", row["code"], _family_of(row["title"], families))
        for row in csv.DictReader((folder / "titles.csv").read_text(encoding="utf-8").splitlines())
    )
    counties = tuple(County(found.code, found.name, round(found.lat * 1e6), round(found.lng * 1e6)) for found in _counties())
    return Vocabulary(
        titles=titles,
        counties=counties,
        families=families,
        benefits=tuple(Benefit(row["text"], frozenset(row["tags"]), row["weight"]) for row in raw["benefit"]),
        ages=tuple(_age(row) for row in raw["age"]),
        largest=tuple(raw["words"]["largest"]),
        places=tuple(raw["words"]["places"]),
        extras=tuple(raw["words"]["extras"]),
        heads=tuple(raw["query"]["heads"]),
        tails=tuple(raw["query"]["tails"]),
        typing=dict(raw["typing"]),
    )


def _counties() -> Iterator[Region]:
    """All county-level divisions by code; a city without counties (东莞) stands for itself."""
    for province in range(11, 83):
        with suppress(UnknownRegion):
            yield from _counties_below(region.get(f"{province}0000"))


def _counties_below(above: Region) -> Iterator[Region]:
    below = [child for child in region.children(above.code) if child.level <= 3]
    if not below:
        yield above
    for child in below:
        if child.level == 3:
            yield child
        else:
            yield from _counties_below(child)


def _family(row: dict[str, object]) -> Family:
    skills = tuple(str(word) for word in _list(row["skills"]))
    return Family(
        name=str(row["name"]),
        first=tuple(str(word) for word in _list(row.get("first", []))),
        match=tuple(str(word) for word in _list(row["match"])),
        wage=_pair(row["wage"]),
        day=_pair(row["day"]),
        minors_barred=bool(row.get("minors_barred", False)),
        skill_sets=tuple(_skill_set(skills, number) for number in range(SKILL_SETS)),
        duties=tuple(str(word) for word in _list(row["duties"])),
        colloquial=tuple(str(word) for word in _list(row["colloquial"])),
    )


def _skill_set(skills: tuple[str, ...], number: int) -> tuple[str, ...]:
    """Two to four different skills, counted through by a start and a step, so that no draw is needed."""
    wanted = 2 + number % 3
    start, step = number * 7 % len(skills), 1 + number // len(skills) % (len(skills) - 1)
    chosen: list[str] = []
    position = start
    while len(chosen) < wanted:
        if skills[position] in chosen:  # the step divides the length: go on with the next one
            position = (position + 1) % len(skills)
            continue
        chosen.append(skills[position])
        position = (position + step) % len(skills)
    return tuple(chosen)


def _family_of(title: str, families: tuple[Family, ...]) -> int:
    for words in ([family.first for family in families], [family.match for family in families]):
        for number, wanted in enumerate(words):
            if any(word in title for word in wanted):
                return number
    return len(families) - 1


def _age(row: dict[str, object]) -> Age:
    men, women = row.get("men"), row.get("women")
    if men is None or women is None:
        return Age(str(row["text"]), _bound(row.get("min", 0)), _bound(row.get("max", 0)), None, None, _number(row["weight"]))
    for_men, for_women = _pair(men), _pair(women)
    low, high = min(for_men[0], for_women[0]), max(for_men[1], for_women[1])
    return Age(
        text=str(row["text"]),
        min=_bound(low),
        max=_bound(high),
        men=(_bound(for_men[0]), _bound(for_men[1])),
        women=(_bound(for_women[0]), _bound(for_women[1])),
        weight=_number(row["weight"]),
    )


def _bound(value: object) -> int | None:
    return _number(value) or None


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"synthesis.toml: a whole number is wanted, not {value!r}")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"synthesis.toml: a list is wanted, not {value!r}")
    return value


def _pair(value: object) -> tuple[int, int]:
    low, high = _list(value)
    return _number(low), _number(high)
