"""From what was asked to one query: arguments first, then what the free text adds. What was set by hand is never overruled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from matching import Wished, wished
from matching.geo import wgs84_to_gcj02
from matching.model import Kind, Query, Settlement
from matching.rules import region as region_rules
from matching.rules import trade as trade_rules
from matching.rules.benefits import TAGS, tags_named
from matching.rules.wage import yuan_month
from service.clock import seconds
from service.errors import Invalid


def from_search(args: dict[str, Any], now: int) -> Wished:
    """The query of ``GET /v1/jobs``: here the named conditions are filters."""
    wage = _wage(args)
    query = _base(args, now, text=args["q"])
    query = replace(
        query,
        kinds=cast("frozenset[Kind]", frozenset(args.get("kind", ()))),
        wage_min_yuan_month=wage,
        wage_floor_yuan_month=wage,
        tags_all=_tags(args.get("tags", ())),
        tags_any=_tags(args.get("tags_any", ())),
        tags_none=_tags(args.get("tags_none", ())),
        settlements=cast("frozenset[Settlement]", frozenset(args.get("settlement", ()))),
        hours_max=args.get("hours_max"),
        sort=args["sort"],
    )
    return _with_trades(wished(query, args["ignore"]), args["trades"])


def from_match(args: dict[str, Any], now: int) -> Wished:
    """The query of ``POST /v1/match``: here they are wishes that rank."""
    wishes = args["preferences"]
    query = replace(
        _base(args, now, text=args["text"]),
        skills=tuple(args["skills"]),
        kinds=cast("frozenset[Kind]", frozenset(args["kinds"])),
        wage_min_yuan_month=_wage(args),
        wage_floor_yuan_month=yuan_month(args["wage_floor"], args["wage_unit"]) if "wage_floor" in args else None,
        tags_wanted=_tags(wishes.get("tags", ())),
        tags_all=_tags(wishes.get("tags_required", ())),
        tags_any=_tags(wishes.get("tags_any", ())),
        tags_none=_tags(wishes.get("tags_none", ())),
        settlements=cast("frozenset[Settlement]", frozenset(wishes.get("settlement", ()))),
        hours_max=wishes.get("hours_max"),
    )
    return _with_trades(wished(query, args["ignore"]), args["trades"])


def refuse_unknown_tags(said: Mapping[str, Iterable[str]], carried: Callable[[str], bool]) -> None:
    """Raises 422 for words, by field, that are no benefit of the table and on no advert: they would silently find nothing."""
    errors: dict[str, list[str]] = {}
    for field, words in said.items():
        for word in words:
            if not all(tag in TAGS or carried(tag) for tag in tags_named(word)):
                errors.setdefault(field, []).append(f"没有「{word}」这个标签，可用：{'、'.join(TAGS)}。")
    if errors:
        raise Invalid("tag_unknown", next(iter(errors.values()))[0], errors=errors)


def _tags(said: Iterable[str]) -> frozenset[str]:
    return frozenset(tag for word in said for tag in tags_named(word))


def _base(args: dict[str, Any], now: int, text: str) -> Query:
    lat, lng = args.get("lat"), args.get("lng")
    if lat is not None and lng is not None and args["crs"] == "wgs84":
        lat, lng = wgs84_to_gcj02(lat, lng)
    return Query(
        now=now,
        text=text.strip(),
        age=args.get("age"),
        sex=args.get("sex"),
        lat=lat,
        lng=lng,
        radius_km=args.get("radius_km"),
        regions=tuple(dict.fromkeys(_region(said) for said in args["regions"])),
        published_since=seconds(args["published_since"]) if "published_since" in args else None,
        personal=args["personal"],
        limit=args["limit"],
    )


def _wage(args: dict[str, Any]) -> int | None:
    return yuan_month(args["wage_min"], args["wage_unit"]) if "wage_min" in args else None


def _region(said: str) -> str:
    """The code of a region given by code or name. Raises 422 with the candidates when there are several."""
    found = region_rules.find(said)
    if found.code is not None:
        return found.code
    if found.ambiguous:
        names = "、".join(region_rules.get(code).full_name for code in found.ambiguous[:6])
        message = f"叫「{said}」的地方不止一个（{names}），请写上省或市。"
    else:
        message = f"没有找到地区「{said}」，请检查名称或代码。"
    raise Invalid("region_unknown", message, errors={"region": [message]})


def _with_trades(asked: Wished, said: Sequence[str]) -> Wished:
    """Trades by code, or by a word that is searched as a skill."""
    codes = tuple(one for one in said if trade_rules.occupation(one) is not None)
    words = tuple(one for one in said if one not in codes)
    query = asked.query
    return asked._replace(query=replace(query, trade_codes=(*query.trade_codes, *codes), skills=(*query.skills, *words)))
