"""Every reason of every hit of all judged queries, recomputed from the advert and the wish alone.

Nothing here comes from the engine or from ``matching/reasons.py``: words are looked for in the advert as it is printed, distances
are great circles, pay, ages, benefits and dates are the advert's own. A reason may only name what counted, or warn.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import opencc
import pytest

from matching import Hit, Index, Job, Query
from matching.rules import trade
from matching.wish_words import FACTORY_WORK
from tests.relevance.judge import Judged, great_circle_km, queries
from tests.relevance.market import DAY
from tests.relevance.pool import pool
from tests.relevance.systems import asked_of, page_of

_SIMPLE = opencc.OpenCC("t2s")
_FAR_KM = 150.0


class Shown(NamedTuple):
    """A hit with all it was made from."""

    asked: Judged
    query: Query
    job: Job
    hit: Hit


@cache
def _plain(text: str) -> str:
    return str(_SIMPLE.convert(unicodedata.normalize("NFKC", text))).lower()


def _said(job: Job) -> str:
    return _plain(" ".join((job.title, *job.skills, job.description)))


def _typed(shown: Shown) -> str:
    return re.sub(r"\s", "", _plain(shown.asked.text))


@pytest.fixture(scope="module")
def shown(pool_index: Index) -> list[Shown]:
    """All hits of the first pages."""
    found = []
    for asked in queries():
        query, hits = page_of(pool_index, asked_of(asked))
        found += [Shown(asked, query, pool()[hit.job_id], hit) for hit in hits]
    return found


def _reasons(shown: list[Shown], code: str) -> Iterator[tuple[Shown, str]]:
    yield from ((one, reason.text) for one in shown for reason in one.hit.reasons if reason.code == code)


def test_there_are_reasons_of_all_kinds(shown: list[Shown]) -> None:
    assert {reason.code for one in shown for reason in one.hit.reasons} == {"text", "place", "wage", "age", "tags", "fresh"}
    assert len(shown) > 3_000


_NOTE = re.compile(r"（(?:您写的是|按拼音)「(?P<typed>.+?)」(?:找到)?）$")
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"工种：属于「(?P<name>.+)」"), "occupation"),
    (re.compile(r"工种：(?P<word>.+) ≈ (?P<asked>.+)"), "same"),
    (re.compile(r"工种：(?P<word>.+)，属于(?P<asked>.+)"), "narrower"),
    (re.compile(r"工种：(?P<word>.+)，(?P<asked>.+)是其中一种"), "broader"),
    (re.compile(r"工种：(?P<word>.+)，和(?P<asked>.+)相近"), "near"),
    (re.compile(r"工种：(?P<word>.+)"), "itself"),
    (re.compile(r"提到「(?P<word>.+)」"), "itself"),
)


def test_words_stand_in_the_advert_and_were_typed(shown: list[Shown]) -> None:
    """The word of the advert is there, the other one was typed or is what was meant, and they are related as is said."""
    for one, text in _reasons(shown, "text"):
        note = _NOTE.search(text)
        sentence = _NOTE.sub("", text)
        form, match = next((form, match) for pattern, form in _FORMS if (match := pattern.fullmatch(sentence)))
        if note:
            assert re.sub(r"\s", "", note["typed"]) in _typed(one), (one.asked, text)
        if form == "occupation":
            names = {known.name for code in one.job.trade_codes if (known := trade.occupation(code))}
            assert match["name"] in names, (one.job, text)
            continue
        assert match["word"] in _said(one.job), (one.job, text)
        asked = match["word"] if form == "itself" else match["asked"]
        if not note:
            meant = {word for said, word in FACTORY_WORK.items() if said in _typed(one)}  # 进厂 asks for 普工
            assert asked in _typed(one) or asked in meant, (one.asked, text)
        if form != "itself":
            related = {other.word.lower(): other.relation for other in trade.related(asked)}
            assert related.get(match["word"]) == form, (one.asked, text)


def test_distances_are_great_circles(shown: list[Shown]) -> None:
    for one, text in _reasons(shown, "place"):
        match = re.fullmatch(r"距您 (\d+\.\d) 公里", text)
        assert match, text
        assert one.query.lat is not None
        assert one.query.lng is not None
        km = great_circle_km((one.query.lat, one.query.lng), one.job)
        assert abs(float(match[1]) - km) < 0.06 + km / 10_000, (one.job, text, km)
        assert one.hit.parts.place > 0 or km > _FAR_KM, (one.job, text)


def test_distance_is_said_whenever_both_points_are_known(shown: list[Shown]) -> None:
    for one in shown:
        known = one.query.lat is not None and one.job.lat is not None
        assert known == any(reason.code == "place" for reason in one.hit.reasons)


def _wage_sentence(wish: int, low: int, high: int) -> str:
    if not (low or high):
        return "没有写明工资，可先问一问"
    if low >= wish:
        return f"月薪 {low}" + ("，" if low == high else " 起，") + (f"高于期望 {wish}" if low > wish else f"达到期望 {wish}")
    if high >= wish:
        return f"月薪 {low}-{high}，最高能到期望 {wish}" if low else f"月薪 最高 {high}，最高能到期望 {wish}"
    return f"月薪 {max(low, high)}，低于期望 {wish}"


def _age_sentence(age: int, low: int, high: int | None) -> str:
    limits = f"{low} 岁以上" if high is None else f"{low}-{high} 岁" if low else f"{high} 岁以下"
    if low <= age <= (high or 999):
        return f"{age} 岁在 {limits}要求内"
    if age < low and age < 18:
        return f"要求 {limits}，您 {age} 岁，还不到年龄"
    return f"要求 {limits}，您 {age} 岁，可先问一问"


def _wage(one: Shown) -> str:
    wish = one.query.wage_min_yuan_month or 0
    return _wage_sentence(wish, one.job.wage_min_yuan_month or 0, one.job.wage_max_yuan_month or 0) if wish else ""


def _age(one: Shown) -> str:
    own = {"male": one.job.age_men, "female": one.job.age_women}.get(one.query.sex or "")
    low, high = own or (one.job.age_min, one.job.age_max)
    if one.query.age is None or (not low and (high is None or one.query.age < 18)):
        return ""
    return _age_sentence(one.query.age, low or 0, high)


def _tags(one: Shown) -> str:
    met = sorted(one.query.tags_wanted & one.job.tags)
    return "有您想要的：" + "、".join(met) if met else ""


def _fresh(one: Shown) -> str:
    days = max(0, one.query.now - one.job.published_at) // DAY
    return "" if days > 3 else "24 小时内发布" if days == 0 else f"{days} 天前发布"


@pytest.mark.parametrize(("code", "expected"), [("wage", _wage), ("age", _age), ("tags", _tags), ("fresh", _fresh)])
def test_facts_are_the_adverts_own(shown: list[Shown], code: str, expected: Callable[[Shown], str]) -> None:
    """Each sentence is there exactly when the advert and the wish give it."""
    for one in shown:
        said = [reason.text for reason in one.hit.reasons if reason.code == code]
        assert said == ([expected(one)] if expected(one) else []), (one.asked, one.job)


def test_no_reason_names_what_did_not_count(shown: list[Shown]) -> None:
    """Its part of the score is more than nothing, or the sentence is a warning."""
    for one in shown:
        parts = one.hit.parts
        counted = {"text": parts.text, "wage": parts.wage, "age": parts.age, "tags": parts.preference, "fresh": parts.fresh}
        for reason in one.hit.reasons:
            warns = "低于期望" in reason.text or "可先问一问" in reason.text or "还不到年龄" in reason.text
            assert reason.code == "place" or counted[reason.code] > 0 or warns, (one.asked, reason)
