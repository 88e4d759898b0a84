"""The parts of a score in words that people read. Every sentence says only what was counted for this job and this wish.

Pay, ages and days repeat from job to job and from query to query: a sentence is put together once and kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from matching import formula
from matching.model import Reason, Term
from matching.rules import trade
from matching.wanted import CODE_MARK

_TEXT_REASONS = 2
_FRESH_DAYS = 3
_ADULT = 18
_KEPT = 1 << 14


def words(met: Sequence[Term]) -> tuple[Reason, ...]:
    """One sentence for each asked word that ``met`` terms answer (heaviest first); at most two."""
    return tuple([Reason("text", sentence) for sentence in _words(met)])


def place(km: float) -> Reason:
    """How far the job is."""
    return Reason("place", f"距您 {km:.1f} 公里")


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


@lru_cache(maxsize=_KEPT)
def wage(wish: int, low: int, high: int) -> Reason:
    """Pay from ``low`` to ``high`` (yuan a month, 0 not stated) beside a ``wish`` above 0."""
    if low <= 0 and high <= 0:
        said = "没有写明工资，可先问一问"
    elif low >= wish:
        said = f"月薪 {low}{'' if low == high else ' 起'}，" + (f"高于期望 {wish}" if low > wish else f"达到期望 {wish}")
    elif high >= wish:
        shown = f"{low}-{high}" if low > 0 else f"最高 {high}"
        said = f"月薪 {shown}，最高能到期望 {wish}"
    else:
        said = f"月薪 {max(low, high)}，低于期望 {wish}"
    return Reason("wage", said)


@lru_cache(maxsize=_KEPT)
def age(years: int, low: int, high: int) -> Reason | None:
    """An age beside the advert's limits (0 and 127: open); None where it has none, or none that speaks of minors."""
    if low == 0 and (high == formula.AGE_OPEN or years < _ADULT):
        return None  # "under 60" does not say that somebody of 17 is welcome
    if high == formula.AGE_OPEN:
        limits = f"{low} 岁以上"
    elif low == 0:
        limits = f"{high} 岁以下"
    else:
        limits = f"{low}-{high} 岁"
    if low <= years and (years <= high or high == formula.AGE_OPEN):
        said = f"{years} 岁在 {limits}要求内"
    elif years < low and years < _ADULT:
        said = f"要求 {limits}，您 {years} 岁，还不到年龄"  # a minor is not sent to ask for work that wants adults
    else:
        said = f"要求 {limits}，您 {years} 岁，可先问一问"
    return Reason("age", said)


@lru_cache(maxsize=_KEPT)
def tags(met: frozenset[str]) -> Reason | None:
    """The benefits that were wished for and are there."""
    return Reason("tags", "有您想要的：" + "、".join(sorted(met))) if met else None


@lru_cache(maxsize=64)
def fresh(days: int) -> Reason | None:
    """An advert of the last three days."""
    if days > _FRESH_DAYS:
        return None
    return Reason("fresh", "24 小时内发布" if days == 0 else f"{days} 天前发布")
