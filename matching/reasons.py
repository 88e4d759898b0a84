"""The parts of a score in words that people read. Every sentence says only what was counted for this job and this wish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matching import formula
from matching.model import Parts, Query, Reason, Term
from matching.rules import trade
from matching.wanted import CODE_MARK

_TEXT_REASONS = 2
_FRESH_DAYS = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What of a job the sentences need: pay in yuan a month (0 not stated), age limits (0 and 127 open), seconds, tags."""

    wage_low: int
    wage_high: int
    age_low: int
    age_high: int
    published_at: int
    tags: frozenset[str]


_ADULT = 18


def explain(query: Query, parts: Parts, distance_km: float | None, met: Sequence[Term], facts: Facts) -> tuple[Reason, ...]:
    """The reasons of one found job: words first, then place, pay, age, benefits, date."""
    found = [Reason("text", sentence) for sentence in _words(met)]
    if distance_km is not None:
        found.append(Reason("place", f"距您 {distance_km:.1f} 公里"))
    for code, sentence in (
        ("wage", _wage(query, facts)),
        ("age", _age(query, facts)),
        ("tags", _tags(query, facts)),
        ("fresh", _fresh(query, parts, facts)),
    ):
        if sentence:
            found.append(Reason(code, sentence))
    return tuple(found)


def _words(met: Sequence[Term]) -> list[str]:
    """One sentence for each asked word, from the heaviest term that met it; at most two.

    Where the advert's word holds that term inside it (电焊工 holds 焊工), the whole word is shown; an occupation is
    shown only for want of words.
    """
    best: dict[str, Term] = {}
    for term in met:
        before = best.get(term.asked)
        if before is None or before.term.startswith(CODE_MARK) or (before.term != term.term and before.term in term.term):
            best[term.asked] = term
    return [_word(term) for term in best.values()][:_TEXT_REASONS]


def _word(term: Term) -> str:
    if term.term.startswith(CODE_MARK):
        known = trade.occupation(term.term.removeprefix(CODE_MARK))
        name = known.name if known else term.term.removeprefix(CODE_MARK)
        return f"工种：属于「{name}」"
    if not term.meant:
        return _related(term.term, term.asked, term.relation)
    how = f"按拼音「{term.asked}」找到" if term.asked.isascii() and not term.meant.isascii() else f"您写的是「{term.asked}」"
    return f"{_related(term.term, term.meant, term.relation)}（{how}）"


def _related(word: str, asked: str, relation: str) -> str:
    """What the advert's ``word`` is to the ``asked`` one (relations of ``rules.trade``)."""
    if word == asked:
        return f"工种：{word}" if trade.lookup(word) else f"提到「{word}」"
    if relation == "same":
        return f"工种：{word} ≈ {asked}"
    if relation == "narrower":
        return f"工种：{word}，属于{asked}"
    if relation == "broader":
        return f"工种：{word}，{asked}是其中一种"
    return f"工种：{word}，和{asked}相近"


def _wage(query: Query, facts: Facts) -> str:
    wish = query.wage_min_yuan_month or 0
    low, high = facts.wage_low, facts.wage_high
    if wish <= 0:
        return ""
    if low <= 0 and high <= 0:
        return "没有写明工资，可先问一问"
    if low >= wish:
        return f"月薪 {low} 起，" + (f"高于期望 {wish}" if low > wish else f"达到期望 {wish}")
    if high >= wish:
        shown = f"{low}-{high}" if low > 0 else f"最高 {high}"
        return f"月薪 {shown}，最高能到期望 {wish}"
    return f"月薪 {max(low, high)}，低于期望 {wish}"


def _age(query: Query, facts: Facts) -> str:
    low, high, age = facts.age_low, facts.age_high, query.age
    if age is None or (low == 0 and high == formula.AGE_OPEN):
        return ""
    if high == formula.AGE_OPEN:
        limits = f"{low} 岁以上"
    elif low == 0:
        limits = f"{high} 岁以下"
    else:
        limits = f"{low}-{high} 岁"
    if low <= age and (age <= high or high == formula.AGE_OPEN):
        return f"{age} 岁在 {limits}要求内"
    if age < low and age < _ADULT:
        return f"要求 {limits}，您 {age} 岁，还不到年龄"  # a minor is not sent to ask for work that wants adults
    return f"要求 {limits}，您 {age} 岁，可先问一问"


def _tags(query: Query, facts: Facts) -> str:
    met = sorted(query.tags_wanted & facts.tags)
    return "有您想要的：" + "、".join(met) if met else ""


def _fresh(query: Query, parts: Parts, facts: Facts) -> str:
    days = max(0, query.now - facts.published_at) // formula.DAY
    if parts.fresh <= 0 or days > _FRESH_DAYS:
        return ""
    return "24 小时内发布" if days == 0 else f"{days} 天前发布"
