"""From what was asked to one query: arguments first, then what the free text adds. What was set by hand is never overruled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from matching import understand
from matching.geo import wgs84_to_gcj02
from matching.model import Kind, Piece, Query, Settlement
from matching.rules import region as region_rules
from matching.rules import trade as trade_rules
from matching.rules.wage import yuan_month
from service.clock import seconds
from service.errors import Invalid

NEAR_KM = 20.0
"""What "附近" means when no number was said."""
WORDS = frozenset({"trade", "skill", "certificate", "text"})
"""Pieces that are searched as words; all others become wishes and filters."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, and what was understood of the words in it.

    ``loose``: the words searched for, when none of them is a trade, a skill or a certificate but something else was understood.
    If nobody offers anything under such words, they may be a way of speaking, and what was understood is still worth answering.
    """

    query: Query
    pieces: tuple[Piece, ...]
    loose: str = ""


def from_search(args: dict[str, Any], now: int) -> Asked:
    """The query of ``GET /v1/jobs``: here the named conditions are filters."""
    wage = _wage(args)
    query = _base(args, now, text=args["q"])
    query = replace(
        query,
        kinds=cast("frozenset[Kind]", frozenset(args.get("kind", ()))),
        wage_min_yuan_month=wage,
        wage_floor_yuan_month=wage,
        tags_all=frozenset(args.get("tags", ())),
        tags_any=frozenset(args.get("tags_any", ())),
        tags_none=frozenset(args.get("tags_none", ())),
        settlements=cast("frozenset[Settlement]", frozenset(args.get("settlement", ()))),
        hours_max=args.get("hours_max"),
        sort=args["sort"],
    )
    return _with_trades(_with_words(query), args["trades"])


def from_match(args: dict[str, Any], now: int) -> Asked:
    """The query of ``POST /v1/match``: here they are wishes that rank."""
    wishes = args["preferences"]
    query = replace(
        _base(args, now, text=args["text"]),
        skills=tuple(args["skills"]),
        kinds=cast("frozenset[Kind]", frozenset(args["kinds"])),
        wage_min_yuan_month=_wage(args),
        wage_floor_yuan_month=yuan_month(args["wage_floor"], args["wage_unit"]) if "wage_floor" in args else None,
        tags_wanted=frozenset(wishes.get("tags", ())),
        tags_all=frozenset(wishes.get("tags_required", ())),
        tags_any=frozenset(wishes.get("tags_any", ())),
        tags_none=frozenset(wishes.get("tags_none", ())),
        settlements=cast("frozenset[Settlement]", frozenset(wishes.get("settlement", ()))),
        hours_max=wishes.get("hours_max"),
    )
    return _with_trades(_with_words(query), args["trades"])


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


def _with_trades(asked: Asked, said: Sequence[str]) -> Asked:
    """Trades by code, or by a word that is searched as a skill."""
    codes = tuple(one for one in said if trade_rules.occupation(one) is not None)
    words = tuple(one for one in said if one not in codes)
    query = asked.query
    return replace(asked, query=replace(query, trade_codes=(*query.trade_codes, *codes), skills=(*query.skills, *words)))


def _with_words(query: Query) -> Asked:
    """Add what the free text says. A condition that was also given by name keeps the given value."""
    if not query.text:
        return Asked(query, ())
    pieces = understand(query.text)
    words = " ".join(piece.text for piece in pieces if piece.field in WORDS)
    query = replace(query, text=words)
    done: list[Piece] = []
    for piece in pieces:
        changed = _apply(query, piece) if piece.applied and piece.field not in WORDS else None
        if changed is not None:
            query = changed
        done.append(replace(piece, applied=piece.field in WORDS or changed is not None))
    query = _age_between(query, done)
    vague = all(piece.field == "text" for piece in pieces if piece.field in WORDS)
    understood = any(piece.applied and piece.field not in WORDS for piece in done)
    return Asked(query, tuple(done), words if words and vague and understood and not query.skills else "")


def _apply(query: Query, piece: Piece) -> Query | None:  # one line a field: a table would hide the conditions
    """The query with one piece in it; None when the piece adds nothing (already given, or not for the engine)."""
    match piece.field:
        case "region" if not query.regions:
            return replace(query, regions=(str(piece.value),))
        case "near" if query.lat is not None and query.radius_km is None:
            return replace(query, radius_km=NEAR_KM if piece.value is True else float(piece.value))
        case "wage_min" if query.wage_min_yuan_month is None:
            return replace(query, wage_min_yuan_month=int(piece.value))
        case "benefit":
            return replace(query, tags_wanted=query.tags_wanted | {str(piece.value)})
        case "settlement" if not query.settlements:
            return replace(query, settlements=frozenset({cast("Settlement", piece.value)}))
        case "kind" if not query.kinds:
            return replace(query, kinds=frozenset({cast("Kind", piece.value)}))
        case "hours_max" if query.hours_max is None:
            return replace(query, hours_max=float(piece.value))
        case "age_min" | "age_max" if query.age is None:
            return query  # both ends are needed: see _age_between
        case _:
            return None


def _age_between(query: Query, pieces: Sequence[Piece]) -> Query:
    """Somebody of "五十多岁" is taken as the middle of what was understood, when no age was given."""
    ends = [int(piece.value) for piece in pieces if piece.field in {"age_min", "age_max"} and piece.applied]
    return replace(query, age=sum(ends) // len(ends)) if ends and query.age is None else query
