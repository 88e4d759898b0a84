"""Which occupation an offer is of: by its title, the family of the work, the house that hires, the clause around it."""

from __future__ import annotations

import re

from matching.classify import classify
from matching.pasted.doers import is_doing
from matching.pasted.letters import Span
from matching.pasted.lines import clauses
from matching.pasted.mentions import VAGUE, Offer
from matching.pasted.offers import INDUSTRY
from matching.pasted.tasks import trade_of_action, trade_of_family, trade_of_task
from matching.rules import trade
from matching.title_heads import by_context

_OF_A_TRADE = frozenset({"车工", "钣金", "钣金工", "喷漆", "喷漆工", "机修工", "机修", "机修师傅", "学徒工", "学徒"})
"""Words of two works, which only who hires tells apart."""
_DRIVERS = frozenset({"司机", "驾驶员", "司机师傅"})
_GOODS = re.compile(r"厢货|货车|送货|拉货|轻卡|蓝牌|4米2|四米二|配送|送(?:饮料|菜|水|料|酒|米|奶|面)")
_SOMEBODY = re.compile(r"(?:阿姨|大姐|师傅|大叔|大爷|妇女|小伙|姑娘|妹子)$")
_HOUSE = re.compile(
    r"(?P<kind>[\u4e00-\u9fff]{1,3}?)(?P<place>店|厂|馆|场|铺|院|会所|中心|公司|吧|城)"
    r"(?:因[^,，。\n]{0,10}|现在?|急|诚|长期|\d{0,2}家)*(?:招|聘|找|请|缺|要)"
)
_OF_FACTORY = re.compile(r"(?:厂|车间|工厂)(?:[女男]工|工人|员工|普工)$")
_HEADING = re.compile(r"招|聘|找|要|缺|请")
_HELPER = re.compile(r"的(小工|杂工|普工)$")
_ANY_HOUSE = re.compile(r"(?:全职|兼职|男|女)?(?P<who>店员|员工|技师|学徒工?|师傅|管家|前厅)")


def trade_of(text: str, offer: Offer, pieces: list[Span]) -> str | None:
    """The occupation of the title; of the clause around it when the title does not say which work."""
    title = offer.title(text)
    if (helper := _HELPER.search(title)) is not None and (plain_work := trade.lookup(helper[1])):
        return plain_work.code  # 挑砖搅灰的小工
    if trade.lookup(title) is None and (task := trade_of_task(title)) is not None and (plain_work := trade.lookup(task)):
        return plain_work.code
    if title in _DRIVERS and any(_GOODS.search(text, *piece) for piece in pieces) and (drives := trade.lookup("送货司机")):
        return drives.code
    if (there := _of_house(text, title, pieces)) is not None:
        return there
    code = None if title in VAGUE else classify(title).code
    if code is not None:
        # 车工 of a maker of down jackets sews
        if offer.word not in _OF_A_TRADE:
            return code
        return by_context(offer.word, "\n".join(text[slice(*piece)] for piece in pieces)) or code
    if not offer.word and is_doing(title) and (family := trade_of_family(title)) and (done := trade.lookup(family)):
        return done.code
    for piece in pieces:
        for start, end in clauses(text, piece):
            if start <= offer.start < end and (around := classify(text[start:end]).code):
                return around
    if not offer.word and (action := trade_of_action(title)) is not None and (plain_work := trade.lookup(action)):
        return plain_work.code
    if title in VAGUE:
        for piece in pieces:
            for start, end in clauses(text, piece):
                if start <= offer.start < end and (action := trade_of_action(text[start:end])) and (done := trade.lookup(action)):
                    return done.code
        for piece in pieces:
            if (action := trade_of_action(text[slice(*piece)])) and (done := trade.lookup(action)):
                return done.code
    said = offer.word or title.removesuffix("的")
    if _SOMEBODY.search(title):
        for piece in pieces:
            for start, end in clauses(text, piece):
                said = text[start:end]
                word = trade_of_action(said) or (trade_of_family(said) if start <= offer.start < end else None)
                if word is not None and (done := trade.lookup(word)) is not None:
                    return done.code
    if title.endswith("岗") and (of_all := _of_heading(text, pieces)) is not None:
        return of_all
    known = next((row for end in ("", "工", "员", "师傅") if (row := trade.lookup(said + end)) is not None), None)
    if known is None and not offer.word and (family := trade_of_family(title)) is not None:
        known = trade.lookup(family)
    if known is None and INDUSTRY.fullmatch(title):
        known = trade.lookup(f"{title.removesuffix('厂')}厂普工") or trade.lookup("普工")
    if known is None and _OF_FACTORY.search(title):
        known = trade.lookup("普工")
    return known.code if known else None


def _of_heading(text: str, pieces: list[Span]) -> str | None:
    """招保安 over 形象岗, 普通岗: posts are of the work that the heading names."""
    for piece in sorted(pieces):
        for start, end in clauses(text, piece):
            if _HEADING.search(text, start, end) and (code := classify(text[start:end]).code) is not None:
                return code
    return None


def _of_house(text: str, title: str, pieces: list[Span]) -> str | None:
    """店员 of a tea shop, 技师 of a foot bath: the word that the house and the person make together, where the tables have it."""
    who = _ANY_HOUSE.fullmatch(title)
    if who is None:
        return None
    for piece in sorted(pieces):
        for house in _HOUSE.finditer(text, *piece):
            kinds_of = [house["kind"][at:] for at in range(len(house["kind"]))]
            for said in (f"{kind}{link}{who['who']}" for kind in kinds_of for link in (house["place"], "")):
                if (known := trade.lookup(said)) is not None:
                    return known.code
    return None
