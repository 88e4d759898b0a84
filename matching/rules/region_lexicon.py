"""The names that `region_text` looks for: every form of every division, and the words that need care.

Built once from the tables, at first use: about a quarter of a second.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from matching.rules import region_table as tree
from matching.rules.region_names import kinds, stem

FULL, SHORT, OLD, TOWN = "full", "short", "old", "town"
# A town's short name that ends like this is read as the street or the park it is named after.
STREET_LIKE = ("路", "街", "大道", "巷", "园", "场")


@dataclass(frozen=True, slots=True)
class Entry:
    key: str  # 6 digits, 9 for a town
    form: str  # FULL, SHORT, OLD or TOWN
    old_province: str  # first two digits of the old code: 四川万县 lies in 重庆 today


@dataclass(frozen=True, slots=True)
class Words:
    ordinary: frozenset[str]
    directions: frozenset[str]
    not_before: dict[str, str]
    not_after: dict[str, str]
    allowed_before: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lexicon:
    entries: dict[str, tuple[Entry, ...]]
    lengths: dict[str, tuple[int, ...]]  # first two characters -> lengths of the names that begin so, longest first
    exact: dict[str, tuple[str, ...]]
    several: dict[str, tuple[str, ...]]
    hints: dict[str, tuple[str, str]]  # name -> (words that must follow, key)
    zones: frozenset[str]  # names that narrow the place and stay in the address
    old_districts: frozenset[str]  # short names of former 区 only (动力, 三元): words more than places
    words: Words


@cache
def lexicon() -> Lexicon:
    with (tree.DATA / "region_words.json").open(encoding="utf-8") as file:
        raw = json.load(file)
    words = Words(
        frozenset(raw["ordinary"].split()),
        frozenset(raw["stand_off"].split()),
        raw["not_before"],
        raw["not_after"],
        frozenset(raw["allowed_before"]),
    )
    entries: dict[str, list[Entry]] = defaultdict(list)
    for code, (level, name, *_) in tree.table().rows.items():
        entries[name].append(Entry(code, FULL, ""))
        for form in kinds(name):
            entries[form].append(Entry(code, FULL, ""))
        if level < 4 and stem(name) != name:
            entries[stem(name)].append(Entry(code, SHORT, ""))
    for prefix6, towns in tree.table().raw_towns.items():
        for town in towns.split(" "):
            if len(town) >= 6:  # three digits and at least three characters: 龙镇 alone is too little to go by
                entries[town[3:]].append(Entry(prefix6 + town[:3], TOWN, ""))
    exact: dict[str, tuple[str, ...]] = {}
    several: dict[str, tuple[str, ...]] = {}
    hints: dict[str, tuple[str, str]] = {}
    zones: set[str] = set()
    with (tree.DATA / "region_aliases.csv").open(encoding="utf-8", newline="") as file:
        for name, today, before, kind, _ in list(csv.reader(file))[1:]:
            codes = tuple(today.split())
            if kind == "exact":
                exact[name] = codes
            elif kind == "several":
                several[name] = codes
            elif kind == "hint":
                hints[name] = (before, codes[0])
            else:
                entries[name] = [Entry(code, FULL, "") for code in codes]
                zones |= {name} if kind == "zone" else set()
    known = set(entries)
    old_names = {former.name for former in tree.history()}
    districts = frozenset(stem(name) for name in old_names if name[-1] == "区" and not name.endswith("地区"))
    for former in tree.history():
        for form in {former.name, stem(former.name)}:
            # 万县 is what 万县 became, not also all that 万县地区 fell apart into.
            if form != former.name and (form in known or form in old_names or form in words.ordinary):
                continue
            for code in former.today:
                entry = Entry(code, OLD, former.code[:2])
                if entry not in entries[form]:
                    entries[form].append(entry)
    lengths: dict[str, set[int]] = defaultdict(set)
    for name in entries.keys() | several.keys() | hints.keys():
        lengths[name[:2]].add(len(name))
    return Lexicon(
        {name: tuple(found) for name, found in entries.items()},
        {start: tuple(sorted(found, reverse=True)) for start, found in lengths.items()},
        exact,
        several,
        hints,
        frozenset(zones),
        districts - {stem(name) for name in old_names if name[-1] != "区"},
        words,
    )


@cache
def towns_by_form(holder: str) -> dict[str, tuple[str, ...]]:
    """Every form of the names of the towns directly below a division -> their 9-digit keys."""
    found: dict[str, list[str]] = defaultdict(list)
    without_counties = holder.endswith("00")
    for key, name in tree.towns_of(holder).items():
        forms = {name, *kinds(name)}
        short = stem(name)
        if len(short) >= 2 and not short.endswith(STREET_LIKE):
            forms.add(short)
        if without_counties and name.endswith("街道"):
            forms.add(short if short.endswith("区") else short + "区")  # people say 东莞南城区 for 南城街道
        for form in forms:
            found[form].append(key)
    return {form: tuple(keys) for form, keys in found.items()}


@cache
def towns_in_city(city: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for county in tree.table().below.get(city, ()):
        for form, keys in towns_by_form(county).items():
            found[form].extend(keys)
    return {form: tuple(keys) for form, keys in found.items()}
