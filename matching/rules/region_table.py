"""The divisions of China: codes of 2026, their tree, and the way from old codes and names to today's.

Codes are those of GB/T 2260 with the three digits of GB/T 10114 for towns, padded to the 12 digits of the statistical
code. Tables, their origin and what was changed in them: data/SOURCES.md.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from matching.rules.region_names import kinds, stem

DATA = Path(__file__).parent / "data"
# Short names that a city shares with a district or county at least as well known: never settled by rank alone.
SHARED_BY_EQUALS = frozenset({"朝阳", "兴安"})


class UnknownRegion(ValueError):  # noqa: N818 - the name reads as what it is in an `except` and is part of the promise
    """A code or name that is not in the tables; carries a sentence for people."""


@dataclass(frozen=True, slots=True)
class Region:
    """One division. `level` 1 province, 2 city, 3 county, 4 town; `lat`, `lng` are GCJ-02 degrees.

    `coord_source`: `place` (the seat's point), `centroid` (middle of the area), `parent` (the point of the division
    above, because no own one is known; always so for towns).
    """

    code: str
    name: str
    full_name: str
    level: int
    parent: str | None
    lat: float
    lng: float
    coord_source: str


@dataclass(frozen=True, slots=True)
class Current:
    """Where an old code or name leads: one `code`, or several in `ambiguous`, or neither and a `reason`.

    `changed` is the last year in which the old code or name stopped being valid, None when it still is.
    """

    code: str | None
    ambiguous: tuple[str, ...] = ()
    changed: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Former:
    """One line of the history table; codes have 6 digits. `today` may be empty (not known) or several (split)."""

    code: str
    name: str
    year: int
    today: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Everything of levels 1-3, and the towns as raw text until they are asked for. Keys are 6-digit codes."""

    rows: dict[str, tuple[int, str, str, float, float, str]]  # level, name, parent, lng, lat, coord_source
    below: dict[str, tuple[str, ...]]
    raw_towns: dict[str, str]


def _lines(name: str) -> Iterator[list[str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        yield from reader


@cache
def table() -> Table:
    """The tables, read once, at first use."""
    rows: dict[str, tuple[int, str, str, float, float, str]] = {}
    below: dict[str, list[str]] = defaultdict(list)
    for code, level, name, above, lng, lat, source in _lines("divisions.csv"):
        rows[code] = (int(level), name, above, float(lng), float(lat), source)
        below[above].append(code)
    return Table(rows, {code: tuple(codes) for code, codes in below.items()}, dict(_lines("townships.csv")))


@cache
def history() -> tuple[Former, ...]:
    """All former codes and names, oldest first within a code."""
    return tuple(Former(code, name, int(year), tuple(today.split())) for code, name, year, today in _lines("region_history.csv"))


@cache
def _former_by_code() -> dict[str, tuple[Former, ...]]:
    found: dict[str, list[Former]] = defaultdict(list)
    for former in history():
        found[former.code].append(former)
    return {code: tuple(rows) for code, rows in found.items()}


def town_holder(prefix6: str) -> str:
    """The division a town's first six digits belong to: its county, or the city where there are no counties (620201)."""
    return prefix6 if prefix6 in table().rows else prefix6[:4] + "00"


@cache
def towns_of(code6: str) -> dict[str, str]:
    """9-digit code -> name of the towns directly below a county, or below a city without counties."""
    raw = table().raw_towns
    prefixes = [code6] if code6 in raw else []
    if code6.endswith("00") and not table().below.get(code6):
        prefixes = [p for p in raw if town_holder(p) == code6]
    return {p + town[:3]: town[3:] for p in prefixes for town in raw[p].split(" ")}


def short(code: str) -> str:
    """A 12-digit code as the tables keep it: 6 digits down to counties, 9 for towns."""
    return code[:6] if code[6:] == "000000" else code[:9]


def padded(code: str | int) -> str:
    """12 digits from 6, 9 or 12; UnknownRegion when it is not a code at all."""
    text = str(code).strip()
    if not text.isdecimal() or not text.isascii() or len(text) not in (6, 9, 12):
        raise UnknownRegion(f"“{text}”不是行政区划代码，应是 6、9 或 12 位数字")
    return text.ljust(12, "0")


def _named(code6: str) -> str:
    """县 with everything above it: 江西省赣州市章贡区."""
    names: list[str] = []
    while code6:
        _, name, above, *_ = table().rows[code6]
        names.append(name)
        code6 = above
    return "".join(reversed(names))


@cache
def _get(code12: str) -> Region:
    key = short(code12)
    if len(key) == 6 and (row := table().rows.get(key)):
        level, name, above, lng, lat, source = row
        return Region(code12, name, _named(key), level, above.ljust(12, "0") if above else None, lat, lng, source)
    if len(key) == 9 and code12.endswith("000"):
        holder = town_holder(key[:6])
        if holder in table().rows and (town := towns_of(holder).get(key)):
            above_it = _get(holder + "000000")
            name = above_it.full_name + town
            return Region(code12, town, name, 4, above_it.code, above_it.lat, above_it.lng, "parent")
    raise UnknownRegion(f"没有代码为 {code12} 的行政区")


def get(code: str | int) -> Region:
    """The division with that code (6, 9 or 12 digits); UnknownRegion when there is none today."""
    return _get(padded(code))


def parent(code: str | int) -> Region | None:
    """The division above; None for a province."""
    above = get(code).parent
    return _get(above) if above else None


def ancestors(code: str | int) -> tuple[Region, ...]:
    """Everything above, nearest first."""
    found: list[Region] = []
    above = parent(code)
    while above:
        found.append(above)
        above = parent(above.code)
    return tuple(found)


def _codes_below(region: Region) -> tuple[str, ...]:
    key = short(region.code)
    if region.level == 4:
        return ()
    return tuple(c + "000000" for c in table().below.get(key, ())) + tuple(c + "000" for c in towns_of(key))


def children(code: str | int) -> tuple[Region, ...]:
    """The divisions directly below, by code: a municipality's districts, or the towns of a city without counties."""
    return tuple(_get(c) for c in _codes_below(get(code)))


def descendants(code: str | int) -> tuple[Region, ...]:
    """Everything below at every level, parents before their children."""
    found: list[Region] = []
    for child in children(code):
        found.append(child)
        found.extend(descendants(child.code))
    return tuple(found)


def prefix(code: str | int) -> str:
    """The shortest start that exactly the codes within this division share, for `LIKE '3607%'`.

    Two digits for a province, four for a city, six for a county (also one directly under its province, like 429004),
    nine for a town.
    """
    region = get(code)
    return region.code[: (2, 4, 6, 9)[region.level - 1]]


def is_within(code: str | int, ancestor: str | int) -> bool:
    """Whether the first is the second or lies in it. Both must exist."""
    return get(code).code.startswith(prefix(ancestor))


def within(key: str, above: str) -> bool:
    """`is_within` on table keys (6 or 9 digits), without checks: for the inner loop of `find`."""
    if above.endswith("0000") and len(above) == 6:
        return key.startswith(above[:2])
    if above.endswith("00") and len(above) == 6:
        return key.startswith(above[:4])
    return key.startswith(above)


def outermost(keys: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Which of several same-named divisions a bare name means: all of them, unless one is sure.

    Sure is one that holds all others (南昌 is 南昌市 around 南昌县), and a single province or city among districts and
    counties elsewhere (西安, 中山, 大同: nobody calls 辽源's 西安区 just 西安), SHARED_BY_EQUALS excepted.
    """
    if len(keys) == 1:
        return keys
    for key in keys:
        if all(within(other, key) for other in keys):
            return (key,)
    for zeros in ("0000", "00"):
        higher = [key for key in keys if len(key) == 6 and key.endswith(zeros)]
        if len(higher) == 1 and name not in SHARED_BY_EQUALS:
            return (higher[0],)
    return keys


@cache
def _by_name() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for code, (_, name, *_) in table().rows.items():
        for form in {name, stem(name), *kinds(name)}:
            found[form].append(code)
    for prefix6, raw in table().raw_towns.items():
        for town in raw.split(" "):
            found[town[3:]].append(prefix6 + town[:3])
    return {name: tuple(codes) for name, codes in found.items()}


def by_name(name: str, within: str | int | None = None) -> tuple[Region, ...]:
    """All divisions of that name: full names of every level, short ones (赣州, 章贡) down to counties, higher levels first.

    `within` keeps those in one division. Old names are not looked at: that is `current`.
    """
    start = prefix(within) if within is not None else ""
    found = [_get(code.ljust(12, "0")) for code in _by_name().get(name.strip(), ())]
    return tuple(sorted((r for r in found if r.code.startswith(start)), key=lambda r: (r.level, r.code)))


def _ended(rows: list[Former], what: str) -> Current:
    """The answer for former divisions that all carry the asked code or name."""
    codes = sorted({code.ljust(12, "0") for row in rows for code in row.today})
    year = max(row.year for row in rows)
    if len(codes) == 1:
        return Current(codes[0], changed=year)
    if codes:
        return Current(None, tuple(codes), year, f"“{what}”已拆分或有重名，今属" + "、".join(get(c).name for c in codes))
    return Current(None, (), year, f"“{what}”{year} 年已撤销，资料里没有去向")


def current(code_or_name: str | int) -> Current:
    """Today's division of a code or name of the last forty years, chains followed; never raises for an unknown one.

    What is valid today is itself. A name that several divisions carry, or one that was split, comes back as
    `ambiguous`. Codes were dealt out anew several times before 1984: there only a line whose division still carries
    its name is believed, and of several meanings of a code the last one counts.
    """
    text = str(code_or_name).strip()
    if text.isdecimal() and text.isascii():
        return _current_code(text)
    found = by_name(text)
    if found:
        chosen = outermost(tuple(short(r.code) for r in found), text)
        if len(chosen) == 1:
            return Current(chosen[0].ljust(12, "0"))
        names = "、".join(r.full_name for r in found[:5])
        return Current(None, tuple(r.code for r in found), None, f"“{text}”有 {len(found)} 处：{names}")
    rows = [row for row in history() if text in (row.name, stem(row.name))]
    exact = [row for row in rows if row.name == text]
    if rows:
        return _ended(exact or rows, text)
    return Current(None, reason=f"没有认出地名“{text}”")


def _current_code(text: str) -> Current:
    try:
        return Current(get(text).code)
    except UnknownRegion as unknown:
        reason = str(unknown)
    if len(text) not in (6, 9, 12):
        return Current(None, reason=reason)
    rows = _former_by_code().get(text[:6], ())
    if rows:
        last = max(row.year for row in rows)
        # A county of the same code may have ended in another year under another name: the last holder counts.
        return _ended([row for row in rows if row.year == last], text)
    if len(text) > 6 and text[6:9] != "000" and text[:6] in table().rows:
        county = text[:6] + "000000"
        return Current(county, reason=f"乡镇代码 {text} 已不用，取所在的{get(county).name}")
    return Current(None, reason=reason)
