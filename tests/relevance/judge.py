"""The judge: grades 0 to 3 for every job of the pool, by what was written down for each query. It shares nothing with the engine.

3: exactly what was asked, conditions, place and age included. 2: the work, and most of the conditions. 1: related work, or the
work far away: worth a look. 0: not that. The work gives the points to begin with (``works.toml``), each condition that is not met
takes some away, what was refused takes all. Where reading the advert showed the rule to be wrong, ``overrides.csv`` has the last
word.
"""

from __future__ import annotations

import csv
import math
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from matching.model import Job, Sex
from matching.rules import region

_HERE: Final = Path(__file__).parent
_OFFICE: Final = re.compile(
    "工程师|经理|总监|教师|讲师|老师|研究|算法|医师|主任|院长|开发|顾问|设计师|主管|专员|带头人|中心|实习生|编辑"
)
"""Not work of the hand, whatever trade is named beside it; a work that wants one of these says so in ``exact``."""
TAGS: Final[dict[str, str]] = {
    "lodging": "包住|包吃住|包食宿|住工棚|住门房|住家|可住|住果园|工地有宿舍|宿舍免费|夫妻房|提供住宿",
    "board": "包吃|包餐|管[早中晚一两三午夜].{0,2}[饭餐]|管饭|包两餐|包午餐|工作餐|食堂|管一餐|管夜宵|有夜宵|管早中饭",
    "dayshift": "长白班|白班|日班",
    "insured": "五险|社保",
    "sitting": "坐着|坐班|坐在|坐站结合",
    "couple": "夫妻",
    "couple_room": "夫妻房",
    "novice": "无经验|不限经验|学徒|师傅带|跟师傅|新手|可以学|带薪培训|有人带|肯学|不会学|做不上有人带|老员工带",
    "halfday": "半天活|三小时起|中午一餐|钟点",
    "shuttle": "接送|班车|有车|车接|发车",
}
REFUSED: Final[dict[str, str]] = {
    "night": "夜班|夜间|夜里|守夜|凌晨|晚上|两班倒|三班倒|倒班",
    "rotating": "两班倒|三班倒|倒班|轮班",
    "cleanroom": "(?<!不)穿无尘服|无尘车间",
    "height": "登高|高空|吊篮|外架|屋面|塔吊|架子工",
    "guard": "保安|门卫|安保|秩序",
    "line": "流水线|普工|操作工|操作员|作业员|电子厂|插件|装配",
    "live_in": "住家|包住",
    "overtime": "加班",
    "hospital": "医院|别墅",
    "sales": "销售|推销|促销",
    "carry": "搬运|装卸|卸货|卸车|装车|码垛|搬家|装柜|卸柜",
    "factory": "厂(?!区)|车间|普工|操作工|操作员|插件|流水线",
}
CONTRARY: Final[dict[str, str]] = {"dayshift": REFUSED["night"], "sitting": "站着|站岗"}
"""What an advert says when it offers the opposite of what was asked for."""
COMMUTE_KM, REGION_KM = 60.0, 300.0
_YEARS: Final = 5
_LEADS: Final = re.compile("组长|班长|领班|站长|厂长(?!白班)")


@dataclass(frozen=True, slots=True)
class Work:
    """Patterns of one kind of work; an empty ``exact`` takes any work of the hand."""

    exact: str = ""
    kin: str = ""
    near: str = ""
    said: str = ""
    never: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """One query with what is held to be asked in it. The fields are explained at the head of ``queries.toml``."""

    key: str
    group: str
    text: str
    work: str
    at: str = ""
    age: int | None = None
    sex: Sex | None = None
    judged_age: int | None = None
    tags: tuple[str, ...] = ()
    refuse: tuple[str, ...] = ()
    day: bool = False
    week: bool = False
    gig: bool = False
    wage: int = 0
    within: float = 0.0
    region: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def point(self) -> tuple[float, float] | None:
        """Where the person stands: the middle of the county."""
        return _point(self.at) if self.at else None


@dataclass(frozen=True, slots=True)
class Grade:
    """What a job is worth for a query, and why."""

    points: int
    why: str


@cache
def queries() -> tuple[Judged, ...]:
    """All judged queries in the order of the file."""
    groups: dict[str, dict[str, dict[str, Any]]] = tomllib.loads((_HERE / "queries.toml").read_text(encoding="utf-8"))
    return tuple(_query(key, group, said) for group, lines in groups.items() for key, said in lines.items())


def _query(key: str, group: str, said: dict[str, Any]) -> Judged:
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
    return Judged(key=key, group=group, **fields)


@cache
def works() -> dict[str, Work]:
    """The kinds of work by name."""
    return {name: Work(**said) for name, said in tomllib.loads((_HERE / "works.toml").read_text(encoding="utf-8")).items()}


@cache
def overrides() -> dict[tuple[str, int], Grade]:
    """Grades given by hand, by query and job."""
    with (_HERE / "overrides.csv").open(encoding="utf-8") as lines:
        return {(row["query"], int(row["job"])): Grade(int(row["grade"]), row["why"]) for row in csv.DictReader(lines)}


def judge(query: Judged, job: Job) -> Grade:
    """The grade of one job for one query."""
    by_hand = overrides().get((query.key, job.job_id))
    if by_hand is not None:
        return by_hand
    points, why = _work(query.work, job.title, job.skills, job.description)
    reasons = [why]
    for cost, reason in _costs(query, job) if points else ():
        points -= cost
        reasons.append(f"{reason} -{cost}")
    return Grade(max(0, points), "; ".join(reasons))


@cache
def _work(name: str, title: str, skills: tuple[str, ...], description: str) -> tuple[int, str]:
    """The points of an advert for a kind of work; kept, since many queries ask for the same work."""
    work = works()[name]
    if work.never and re.search(work.never, title):
        return 0, "other work"
    office = _OFFICE.search(title)
    for points, how, pattern in ((3, "exact", work.exact), (2, "kin", work.kin), (1, "near", work.near)):
        found = re.search(pattern, title) if pattern or how == "exact" else None
        if found and (not office or office.group() in pattern):
            leads = _LEADS.search(title)
            return points - bool(leads), f"{how} {found.group()}".strip() + (", but leads the others" if leads else "")
    found = re.search(work.said, " ".join((*skills, description))) if work.said and not office else None
    return (1, f"said {found.group()}") if found else (0, "other work")


def _costs(query: Judged, job: Job) -> Iterator[tuple[int, str]]:
    text = _text(job)
    anything = not works()[query.work].exact  # no work was named: the conditions are all that was asked for
    for refused in query.refuse:
        found = re.search(REFUSED[refused], text)
        if found:
            yield 3, f"refused {found.group()}"
    missing = [tag for tag in query.tags if not re.search(TAGS[tag], text)]
    if missing:
        contrary = any(tag in CONTRARY and re.search(CONTRARY[tag], text) for tag in missing)
        heavy = contrary or anything or "couple_room" in missing
        yield (3 if anything and not query.refuse else 2 if heavy else min(2, len(missing))), "without " + " ".join(missing)
    if query.day and job.settlement != "day":
        yield (3 if anything and job.settlement != "week" else 2), "not paid by the day"
    if query.week and job.settlement != "week":
        yield (1 if job.settlement == "day" else 2), "not paid by the week"
    if query.gig and job.kind != "gig":
        yield (3 if anything else 2), "no gig"
    if query.wage:
        top = job.wage_max_yuan_month or job.wage_min_yuan_month
        if top is None:
            yield 1, "pay not known"
        elif top < query.wage:
            yield (2 if top < 0.7 * query.wage else 1), f"pays {top}"
    age = query.age or query.judged_age
    if age is not None:
        over = max((job.age_min or 0) - age, age - (job.age_max or 999))
        if over > 0:
            yield (2 if over > _YEARS else 1), f"ages {job.age_min}-{job.age_max}"
    yield from _place(query, job)


def _place(query: Judged, job: Job) -> Iterator[tuple[int, str]]:
    if query.region:
        if not job.region.startswith(query.region):
            if job.region.startswith(query.beside or ("-",)):
                yield 1, "beside the place"
            elif job.region[:2] in {code[:2] for code in query.region}:
                yield 2, "same province"
            else:
                yield 3, "elsewhere"
    elif query.point is not None:
        km = great_circle_km(query.point, job) if job.lat is not None else REGION_KM + 1
        if query.within:
            if km > query.within:
                yield (1 if km <= 2.5 * query.within else 3), f"{km:.0f} km, asked for nearness"
        elif km > COMMUTE_KM:
            yield (1 if km <= REGION_KM else 2), "far away"


def _text(job: Job) -> str:
    return " ".join((job.title, *job.skills, job.description, *sorted(job.tags)))


def great_circle_km(point: tuple[float, float], job: Job) -> float:
    """Great circle by the haversine; the engine measures chords."""
    lat, lng = map(math.radians, (job.lat or 0.0, job.lng or 0.0))
    own_lat, own_lng = map(math.radians, point)
    half = math.sin((lat - own_lat) / 2) ** 2 + math.cos(lat) * math.cos(own_lat) * math.sin((lng - own_lng) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(half))


@cache
def _point(name: str) -> tuple[float, float]:
    place = region.get(region.find(name).code or "")
    if place.lat is None or place.lng is None:
        raise ValueError(f"queries.toml: no point for {name}")
    return place.lat, place.lng
