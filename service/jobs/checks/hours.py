"""Working hours that are longer than the law allows, as far as an advert says them (劳动法 art. 36, 38, 41).

Art. 41 allows eight hours and three more on a day; art. 38 asks for a day of rest in a week. What is said is read as it is said,
breaks included, so this only ever warns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_DIGITS = {word: number for number, word in enumerate("零一二三四五六七八九十")} | {"两": 2, "〇": 0}
_NUMBER = r"(\d{1,2}(?:\.\d)?|[一二两三四五六七八九十]{1,3})"
_A_DAY = re.compile(
    rf"(?:每天|每日|一天|每班|一班|一个班|日均|天天|当班)(?:要|需|得|至少|最少)?(?:工作|上班|上|干|做|站|满)?(?:满|够|足)?{_NUMBER}(?:个|多个|个半)?(?:小时|钟头|钟)"
    rf"|(?:白班|夜班|长班){_NUMBER}个?(?:半)?(?:小时|钟)|{_NUMBER}个?小时(?:制|两班倒|双班|倒班|工作制|对班)"
    rf"|(?<!休息)(?:做|干|上班?|站|熬|工作|上满|顶)(?:满|足|够)?{_NUMBER}个多?(?:小时|钟头|钟)"
)
_FROM_TO = re.compile(
    rf"(?:凌晨|清晨|早上?|早晨){_NUMBER}(?:点|时)?(?:半)?(?:上|干|做|工作|开始|起|开门|开工|出摊|忙|守|站|看|熬|值|盯|一直|，)*(?:到|至|-|—|~|，)?(下午|晚上?|夜里|深夜){_NUMBER}(?:点|时)?"
)
_OVERNIGHT = re.compile(
    rf"(?:中午|下午|午后|傍晚|晚上?){_NUMBER}(?:点|时)(?:半)?(?:上|干|做|工作|开始|开|起|盯|守|站|熬|忙|看)*(?:到|至|-|—|~)(?:次日|第二天|隔天)?(?:凌晨|早上?|清晨|天亮|次日|第二天|隔天|中午){_NUMBER}(?:点|时)"
)
_ALL_DAY = re.compile(
    r"(?:一个?人|单人|独自)[^，。；\n]{0,6}(?:24|二十四)个?(?:小时|钟)|连(?:着|续)?(?:上|干|值|做)[^，。；\n]{0,3}(?:24|二十四|18|十八|20|二十)个?(?:小时|钟)"
    r"|(?<![\d.-])[0〇零○]{2}[7七](?:才|是|工作制|模式|常态|节奏|的?作息)"
    r"|(?:手机|微信|钉钉)[^，。；\n]{0,3}(?:24|二十四)个?小时(?:都)?(?:不关机|在线|待命|开机|随叫)"
)
_APPROVED = re.compile(r"综合(?:计算)?工时|不定时工作制")
_REST = re.compile(r"(?:月休|每月休息?|一个?月(?:只|就|才)?(?:休息?|歇|放|给)|月假)([0-3]|零|一|两|二|三)(?:天|日)")
_NO_REST = re.compile(
    r"(?:全年|常年|全月|整月|一年到头)(?:无|不)休|(?:没有|无|没)(?:任何)?(?:休息日|周末|休息天|休假|周末休息|假期)|(?<![晚夜午双单])无休(?!止)"
    r"|月休0天|(?:每周|一周|一星期|每星期)(?:上|干|做|工作)?[七7]天(?!无理由|酒店)|(?:做|上)七休零"
    r"|(?:全年|整年|一年|常年|长年|过年也?|春节也?)(?:都|从来)?不(?:放假|休息|歇)|(?:一个?月|每月|月月)(?:要|得|需)?(?:上|干|做|出勤)?(?:满|足|够)?(?:28|29|30|31|二十八|二十九|三十一?)(?:天|个班)"
    r"|(?:三百六十五|365)天(?:都)?(?:上|干|在|不)|(?:想休|休息|放假)(?:的)?(?:等|要等|得等)(?:到)?(?:过年|年底|春节)|没有?(?:一天)?假(?=[，。；\n]|$)|天天(?:上|干|都上|如此)|连轴转"
)
_SPARED = re.compile(r"(?:店|商场|超市|营业|景区|门店|医院|酒店|窗口|全店)[^，。；\n]{0,4}(?:全年|常年)无休|24小时营业")


def _number(text: str) -> float:
    if text[0].isdigit():
        return float(text)
    tens, _, ones = text.rpartition("十")
    if "十" in text:
        return (_DIGITS.get(tens, 1) if tens else 1) * 10 + (_DIGITS.get(ones, 0) if ones else 0)
    return _DIGITS.get(text[0], 0)


def too_long(text: str, hours_per_day: float | None, limits: Mapping[str, float]) -> str:
    """The words that say a day longer than the law allows; empty when there are none. ``limits``: the ``hours`` worked, and the
    hours ``away`` from the first to the last, meals included."""
    most, away = limits["hours"], limits["away"]
    for found in _A_DAY.finditer(text):
        if most < _number(next(group for group in found.groups() if group)) <= 24:
            return found[0]
    for found in _FROM_TO.finditer(text):
        begins, ends = _number(found[1]), _number(found[3]) % 12 + 12
        if ends == 12 and found[2] != "下午":
            ends = 24
        if 2 <= begins < 12 and ends - begins >= away:
            return found[0]
    for found in _OVERNIGHT.finditer(text):
        begins, ends = _number(found[1]) % 12 + 12, _number(found[2]) + 24
        if ends - begins >= away and _number(found[2]) <= 12:
            return found[0]
    if found_all_day := _ALL_DAY.search(text):
        return found_all_day[0]
    # Article 39: with leave of the labour office hours are counted over weeks or months.
    if hours_per_day is not None and hours_per_day > most and not _APPROVED.search(text):
        return f"每天{hours_per_day:g}小时"
    return ""


def no_rest(text: str) -> str:
    """The words that leave less than a day of rest in a week; empty when there are none."""
    spared = [span.span() for span in _SPARED.finditer(text)]
    for pattern in (_NO_REST, _REST):
        for found in pattern.finditer(text):
            if not any(start < found.end() and found.start() < end for start, end in spared):
                return found[0]
    return ""
