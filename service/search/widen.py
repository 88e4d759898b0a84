"""What to offer when nothing fits: look further away first, and only then ask for less.

A person who wants work within 5 km is better served by a job at 12 km, said so, than by an empty page. Steps are tried in order
until one finds something; a trade that was asked for is never dropped, because other work is not what was asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from matching import COUPLE, Wished
from matching.model import Query
from matching.rules import region

RADII_KM = (10, 20, 50, 100, 200)
_EASY: Final = frozenset({"无经验可", "学历不限", "年龄不限"})
"""What somebody says of themselves rather than asks for: an advert without the word for it may do as well."""
_PARTLY: Final = "没有全部满足的，已为您列出满足一部分的"


def asks(asked: Wished) -> Iterator[tuple[str, Query]]:
    """What to ask the index in turn until it finds something: the question itself without a sentence, then its wider forms."""
    query = asked.query
    named = asked.tags - _EASY
    alone = bool(named) and query.lat is not None and not (query.skills or query.trade_codes)
    if alone and not query.text:
        yield from _demanded(query, named)
        yield "没有写明这些的，已为您列出其他岗位", query
    else:
        yield "", query
    yield from steps(query, asked.loose, named if alone else frozenset())


def _demanded(query: Query, named: frozenset[str]) -> Iterator[tuple[str, Query]]:
    """Benefits as conditions, all and then any: beside a distance a wish that only ranks is drowned."""
    couple, others = named & COUPLE, named - COUPLE
    if (couple and others) or len(others) > 1:
        yield "", replace(query, tags_all=query.tags_all | others, tags_any=query.tags_any or couple)
        yield _PARTLY, replace(query, tags_any=query.tags_any or couple or others)
    else:
        yield "", replace(query, tags_any=query.tags_any or named)


def steps(query: Query, loose: str = "", named: frozenset[str] = frozenset()) -> Iterator[tuple[str, Query]]:
    """Wider and wider forms of a query, each with the sentence that tells the person what was done.

    ``loose`` words (see ``matching.Wished``) go first: where they are no work at all, looking further away is of no use. What is
    ``named`` beside them is then asked for.
    """
    if loose:
        query = replace(query, text="", terms=None)
        sentence = f"没有找到和「{loose}」有关的，" + ("先列出离您近的" if query.lat is not None else "已为您列出符合其他条件的")
        if named:
            yield from ((sentence, wider) for _, wider in _demanded(query, named))
        yield sentence, query
    wider = query
    if query.radius_km is not None and query.lat is not None:
        for radius in RADII_KM:
            if radius > query.radius_km:
                wider = replace(query, radius_km=float(radius))
                yield f"{_km(query.radius_km)} 公里内没有合适的，已为您扩大到 {radius} 公里", wider
        wider = replace(query, radius_km=None)
        yield f"{_km(max(query.radius_km, RADII_KM[-1]))} 公里内没有合适的，已为您放开距离", wider
    if query.regions:
        codes = query.regions
        while True:
            parents = tuple(dict.fromkeys(_parent(code) for code in codes))
            if any(code is None for code in parents):
                break
            codes = tuple(code for code in parents if code is not None)
            names = "、".join(region.get(code).name for code in codes)
            wider = replace(wider, regions=codes)
            yield f"这里没有合适的，已为您扩大到{names}", wider
        wider = replace(wider, regions=())
        yield "本省没有合适的，已为您扩大到全国", wider
    if query.wage_floor_yuan_month is not None:
        wider = replace(wider, wage_floor_yuan_month=None)
        yield "没有达到这个工资的，已为您列出工资低一些或没写明的", wider
    if query.tags_all or query.tags_any or query.settlements or query.hours_max is not None or query.published_since is not None:
        wider = replace(
            wider,
            tags_all=frozenset(),
            tags_any=frozenset(),
            tags_wanted=query.tags_wanted | query.tags_all | query.tags_any,
            settlements=frozenset(),
            hours_max=None,
            published_since=None,
        )
        yield _PARTLY, wider
    if query.kinds:
        wider = replace(wider, kinds=frozenset())
        yield "这一类里没有合适的，已为您列出其他类型的岗位", wider


def _parent(code: str) -> str | None:
    return region.get(code).parent or None


def _km(value: float) -> str:
    return f"{value:g}"
