"""Where two jobs are: division, point, address. The same, told apart, or not known."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Final, NamedTuple

from rapidfuzz import fuzz

from matching import normalise
from matching.rules.numerals import plain

APART: Final = -1
UNKNOWN: Final = 0
NEAR: Final = 1
"""The same county, or one within the other."""
SAME: Final = 2
"""The same address, or points within a walk."""
UNLIKE: Final = 3
"""Two addresses that say where, and have nothing in common: two places, or one named by its street and by its site."""
SAME_METRES: Final = 300
APART_METRES: Final = 2_000

_ROAD = re.compile(
    r"([\u4e00-\u9fff]{1,6}?(?:大道|大街|路|街|巷|道))(?:(?:与|和|交)[\u4e00-\u9fff]{2,8}(?:交叉口|交汇处))?"
    r"(?:([东南西北中]段?))?(\d+)?(?:-\d+)?号?"
)
_SITE = re.compile(
    r"([\u4e00-\u9fffa-z0-9]{2,10}?(?:工业园区|工业园|产业园|科技园|创业园|物流园|园区|开发区|工业区|广场|大厦|商城|商场|市场|小区|花园|"
    r"社区|镇|乡|村|中心|城))"
)
_SITE_KIND = re.compile(
    r"(?:工业园区|工业园|产业园|科技园|创业园|物流园|园区|开发区|工业区|广场|大厦|商城|商场|市场|小区|花园|社区|镇|乡|村|中心|城)$"
)
_TOWN = re.compile(r"([\u4e00-\u9fff]{2,4}?)(?:镇|乡|街道)")
_HOUSE = re.compile(r"([a-z]?\d{1,3}|[a-z]|[东南西北])(?:号|\#)?(?:栋|幢|座|号楼|厂房|厂区|地块|期|区)")
_DIVISION = re.compile(
    r"^(?:[\u4e00-\u9fff]{2,8}?(?:省|自治区))?(?:[\u4e00-\u9fff]{2,8}?(?:市|自治州|地区))?(?:[\u4e00-\u9fff]{1,8}?(?:区(?!域)|县|市))?"
)


class Address(NamedTuple):
    """An address in pieces; all of them may be empty."""

    text: str
    town: str
    road: str
    number: str
    site: str
    house: str


@lru_cache(maxsize=1 << 17)
def address_of(written: str) -> Address:
    """What a written address says."""
    text = plain(normalise(written))
    if text and not re.match(r"[\u4e00-\u9fff]{0,6}(?:开发区|工业区|园区|经开区|高新区)", text):
        text = _DIVISION.sub("", text, count=1) or text
    text = re.sub(r"^(?:[\u4e00-\u9fff]{2,4}(?:经开区|高新区|经济技术开发区|开发区(?=.)))", "", text) or text
    town = _TOWN.match(text)
    # 东山街道家具大道: the street is 家具大道
    road = _ROAD.search(text, town.end() if town and town[0].endswith("街道") else 0)
    site = _SITE.search(text if road is None else text[: road.start()] + " " + text[road.end() :])
    house = _HOUSE.search(text)
    return Address(
        text,
        town[1] if town else "",
        road[1] if road else "",
        (road[3] or "") if road else "",
        site[1] if site else "",
        house[1] if house else "",
    )


def addresses(one: Address, other: Address) -> int:
    """``SAME``, ``APART``, ``UNLIKE`` or ``UNKNOWN``."""
    if not one.text or not other.text:
        return UNKNOWN
    if one.text == other.text:
        return SAME
    if one.town and other.town and not (one.town.endswith(other.town) or other.town.endswith(one.town)):
        return APART
    if one.house and other.house and one.house != other.house:
        return APART
    if one.road and other.road:
        if not (one.road.endswith(other.road) or other.road.endswith(one.road)):
            return APART
        if one.number and other.number:
            return SAME if one.number == other.number else APART
        return SAME
    if one.site and other.site:
        if one.site.endswith(other.site) or other.site.endswith(one.site):
            return SAME
        return UNKNOWN if fuzz.partial_ratio(_SITE_KIND.sub("", one.site), _SITE_KIND.sub("", other.site)) >= 75 else APART
    likeness = fuzz.partial_ratio(one.text, other.text)
    if min(len(one.text), len(other.text)) >= 3 and likeness >= 90:
        return SAME
    exact = min(len(one.text), len(other.text)) >= 4 and any(sign.isdigit() for sign in one.text + other.text)
    return UNLIKE if exact and likeness < 50 else UNKNOWN


def divisions(one: str, other: str) -> int:
    """``APART``, ``NEAR`` (the same county at least) or ``UNKNOWN``, of two 12-digit codes ("" when unknown)."""
    if not one or not other:
        return UNKNOWN
    short, long = sorted((one.rstrip("0"), other.rstrip("0")), key=len)
    width = 2 if len(short) <= 2 else 4 if len(short) <= 4 else 6 if len(short) <= 6 else 9 if len(short) <= 9 else 12
    if short.ljust(width, "0") != long.ljust(12, "0")[:width]:
        return APART
    return NEAR if width >= 6 else UNKNOWN


def metres(lat: float, lng: float, other_lat: float, other_lng: float) -> float:
    """About how far two points are from each other; good enough below 100 km."""
    north = (lat - other_lat) * 111_320.0
    east = (lng - other_lng) * 111_320.0 * math.cos(math.radians((lat + other_lat) / 2))
    return math.hypot(north, east)
