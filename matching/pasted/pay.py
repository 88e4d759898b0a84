"""Pay as people say it in groups, put into words that ``parse_wage`` reads: 男160女140一天, 装车30元/吨，卸车20, 1块5一杆.

What a text means as pay is decided by ``matching.rules.wage`` alone; here two amounts that hold side by side become one range.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from matching.pasted.letters import HIDDEN, Span
from matching.pasted.spoken_pay import in_plain_ways, with_subsidy
from matching.rules.numerals import chinese_number, plain
from matching.rules.wage import Wage, parse_wage

_SPOKEN_EACH = re.compile(r"(?<![\d.-])(\d{2,4})(?:元|块)?(?:一个人|一人|每人|/人)|每人(\d{2,4})(?:元|块)?(?![\d-])")
_WHO = (
    r"男[的工士]?|女[的工士]?|大工|小工|白班|夜班|晚班|早班|中班|日班|长白班|熟手|生手|熟练工?|新手|老手|新人|白天|晚上|夜里|[一二三四五]级|金牌|银牌|初级|中级|高级|"
    r"普通班|周末|平时|平日|大棚|露天|[墙地]砖|[内外]墙|[大小](?:件|袋|箱|筐|货|果|号|单)"
)
_WHAT = r"(?:装|卸|挑|担|摘|搬|打|套|剪|锄|挖|栽|种|割|拔|扛|抬|切|缝|贴|拉|捡|拣|剥|包|清|洗|上|下)[\u4e00-\u9fff]{1,2}?"
_EACH = r"(?:元|块钱?)?(?:[/一每](?:天|晚|月|小时|吨|斤|件|方|车|箱|筐|亩|个|包|袋|米|平|棵|人))?"
_PER_DAY = r"(?:每天|一天|一晚|每月|一个月|[每一](?:平方?米?|米|吨|斤|方|件|袋|箱))?"
_ABLE = r"(?:不会|会|没有?|有|无|不带|带|不懂|懂)[\u4e00-\u9fff]{1,4}?的?"
_SIDE = (
    rf"(?:(?:{_WHO}){{1,2}}(?:[2-6]\d岁?以[下内]的?[,: ]?)?(?:{_WHAT}|[挑摘搬抬装卸剪背扛])?|{_WHAT}|{_ABLE}){_PER_DAY}[是:： ]?"
)
_AMOUNT = (
    r"(?:\d{1,5}(?:\.\d)?|[一二两三四五六七八九][百千万](?:[一二两三四五六七八九十百](?!天|晚|个?月|小时|[吨件斤方平])){0,4})"
)
_BESIDE = re.compile(
    rf"(?<![\u4e00-\u9fff\d][\d]){_SIDE}(?P<one>{_AMOUNT})(?P<each>{_EACH})(?P<from>起|以上)?[、,，;/和 ]{{0,2}}"
    rf"{_SIDE}(?P<two>{_AMOUNT})(?P<again>{_EACH})(?![\d名个位岁人点-])"
)
"""Two amounts, each behind the shift, the sex or the task that it is paid for."""
_MOST_APART = 4
_LEVELS = re.compile(rf"(?:{_SIDE}\d{{3,5}}{_EACH}[、,，;/和 ]{{0,2}}){{3,6}}")
"""一级5800、二级6800、金牌9800: from the least to the most."""
_BY_HEAD = re.compile(rf"(?<={HIDDEN})[:： ]?(?P<pay>[1-9]\d{{2}})(?:元|块)?(?=$|[,，、;；。 ])")
"""小工2个230: what stands right behind a count of people and is too little for a month is paid by the day."""
_COINS = re.compile(
    r"(?<!\d)(?P<yuan>[\d一二两三四五六七八九])块(?!一个)(?P<jiao>[\d一二三四五六七八九])(?P<unit>[/一每]?(?:斤|件|个|杆|棵|包|箱|袋|双))"
)
_JIAO_FEN = re.compile(r"(?P<jiao>[1-9一二两三四五六七八九])[毛角](?P<fen>[2-9二三四五六七八九])(?![\d名个位])(?:分钱?)?")
_JIAO = re.compile(
    r"(?P<jiao>[\d一二两三四五六七八九])[毛角]钱?(?P<unit>[/一每](?:斤|件|个|杆|棵|包|箱|袋|双|串|根|条|张|篮|只))"
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_DIGITS = "零一二三四五六七八九"
_SPOKEN = r"[一二两三四五六七八九][百千万](?:[一二三四五六七八九][百十]?)?"
_PER_SHIFT = re.compile(r"(?<=\d)(?:元|块钱?)?一个?(?:[早中晚夜白]班|班次|班)")
_BY_MEASURE = re.compile(
    r"按(?P<what>平方|平|米|吨|件|斤|方|亩|棵|个|车|趟|单)[算计]?[,，:：是 ]?"
    r"(?P<pay>\d{1,4}(?:\.\d{1,2})?)(?:元|块钱?)?(?![\d名个位毛角分])(?:一(?P=what))?"
)
_FLOOR = re.compile(r"(?:每|一)[桶单件个斤][^,，。;\d]{0,4}提成[\d一二两三四五六七八九块毛元.]{1,4}(?=保底|底薪)")
_IN_WORDS = r"[一二两三四五六七八九]千[一二三四五六七八九]?百?|[一二两]万[一二三四五六七八九]?千?"
_RUN_ON = re.compile(
    rf"(?<![\d.\-一二两三四五十百千万])(?<![^早晚][六七八九])(?P<low>\d{{4,5}}|{_IN_WORDS})"
    rf"(?:(?:[-到至])(?P<high>\d{{4,5}}|{_IN_WORDS}))?(?:加提成|\+提成)?(?=加|\+|[\u4e00-\u9fff ]|$)"
    r"(?![名个位人号年平米栋室吨人员家])"
)
_BARE = re.compile(r"[1-9]\d{2}(?:元|块钱?)|[一二两三四五六七八九]百(?:[一二三四五六七八九]十?)?(?:元|块钱?)?(?:左右)?")
"""一百二 as a clause of its own: too little for a month, too much for an hour."""
_FREE_DAYS = re.compile(r"(休[一二两三四1-9]天?|[早晚]上?[五六七八九十])(?=[\d一二两三四五六七八九][\d千百万])")
"""做六休一两千三一月, 早八晚六三千八: the free day and the hour are no part of the amount."""
_DATE = re.compile(
    r"(?:(?<![一二两三四五六七八九])十[一二]?|(?<=万[一二三四五六七八九])十[一二]?|[一二三四五六七八九])月[一二三四五六七八九十]{1,3}[号日]"
)
"""一万一十一月三十号: a date ends the amount before it."""
_LEAST_DAY, _MOST_DAY = 80, 1_000
_LEAST_MONTH, _MOST_MONTH = 1_200, 40_000


@lru_cache(maxsize=8192)
def read_wage(said: str) -> Wage:
    """`parse_wage` for what people say in groups: 男160女140一天 is 140-160, 每人150 is 150 for each."""
    if _BARE.fullmatch(said):
        said = f"一天{said}"
    said = in_plain_ways(plain(_DATE.sub(r",\g<0>", _FREE_DAYS.sub(r"\1,", said))))
    said = _LEVELS.sub(_from_to, said)
    said = _BY_HEAD.sub(lambda m: f"工资{m['pay']}元/天", said)
    said = _BY_MEASURE.sub(lambda m: f"{m['pay']}元/{m['what']}", said)
    said = _BESIDE.sub(_range, said)
    said = _FLOOR.sub("", said)
    said = _COINS.sub(_in_yuan, said)
    said = _JIAO_FEN.sub(lambda m: f"{_digit(m['jiao']) / 10 + _digit(m['fen']) / 100:g}元", said)
    said = _JIAO.sub(_in_yuan, said)
    said = _PER_SHIFT.sub("元/天", said)
    return parse_wage(_SPOKEN_EACH.sub(_for_each, said))


def _for_each(match: re.Match[str]) -> str:
    pay = int(match[1] or match[2])
    return f"{pay}元/天" if _LEAST_DAY <= pay < _MOST_DAY else f"{pay}元/人"


def subsidy(said: str) -> Wage:
    """`read_wage` where nothing else is paid: 补助900元/月 of a job for the public good is its pay."""
    return read_wage(with_subsidy(said))


def beside(text: str, piece: Span) -> list[Span]:
    """Where amounts stand side by side that are one pay: the seam between them parts nothing."""
    return [match.span() for match in _BESIDE.finditer(text, *piece) if _range(match) != match[0]]


def run_on(text: str, piece: Span) -> Span | None:
    """The only amount of a month in a text without seams: ...晚班轮流3500加提成18-30岁社保..."""
    found = [
        match.span()
        for match in _RUN_ON.finditer(text, *piece)
        if all(_LEAST_MONTH <= _value(number) <= _MOST_MONTH for number in match.groups() if number)
    ]
    return found[0] if len(found) == 1 else None


def behind_name(text: str, name: str) -> Span | None:
    """The amount right behind the name of a job, wherever the message says it: 大工350小工220."""
    stem = re.sub(r"(?<=[\u4e00-\u9fff]{2})(?:工人|人员|师傅|阿姨|员|工|师)$", "", name)
    said = re.compile(
        rf"{re.escape(stem)}(?:工人|人员|师傅|阿姨|员|工|师)?[:： ]?"
        rf"(?P<pay>(?:\d{{2,5}}|{_SPOKEN})(?:[-到至](?:\d{{2,5}}|{_SPOKEN}))?{_EACH})(?![\d名个位岁人点:])"
    ).search(text)
    return None if said is None else said.span("pay")


_COUPLE = re.compile(r"[一二两三四五六\d]对(?!一)|(?:请|找|招|要|聘)[^,，。;；\n]{0,4}?(?:夫妻|夫妇|两口子|小两口)(?!房|优先)")
_SUM = r"(?:合计|一共|总共|加起来|共)"
_TOGETHER = re.compile(
    rf"(?:(?:(?:两个?|2个?)人|夫妻[俩两](?:个?人)?|两口子)的?(?:月?工资|月薪)?(?:一个?月|每个?月)?{_SUM}?"
    rf"|夫妻工?的?(?:月?工资|月薪)?{_SUM}|夫妻工?(?:月?工资|月薪)|{_SUM})(?:工资|月薪|一个?月|每个?月|[是有约为: ])*$"
)
_BOTH_BEHIND = re.compile(r"[元块钱/每一个月 ]*\(?(?:两个?人|2个?人|夫妻|一对)")
_FOR_EACH = re.compile(r"每个?人|一个?人|人均|/人")


def for_one(text: str, wage: Wage, spans: tuple[Span, ...], pieces: list[Span]) -> Wage:
    """The pay of one person where a couple is paid together: both places are counted, so each is worth half."""
    if not any(_COUPLE.search(text, *piece) for piece in pieces) or any(_FOR_EACH.search(text, *span) for span in spans):
        return wage
    for start, end in spans:
        number = re.compile(
            r"\d+(?:\.\d+)?[万k]?(?:-\d+(?:\.\d+)?[万k]?)?|[一二两三四五六七八九][千万][一二三四五六七八九百千]{0,4}"
        ).search(text, start, end)
        if number is not None and (
            _TOGETHER.search(text, max(0, number.start() - 16), number.start()) or _BOTH_BEHIND.match(text, number.end())
        ):
            low, high = wage.min_yuan_month, wage.max_yuan_month
            return replace(
                wage,
                min=_half(wage.min),
                max=_half(wage.max),
                min_yuan_month=None if low is None else low // 2,
                max_yuan_month=None if high is None else high // 2,
            )
    return wage


def _half(amount: float | None) -> int | float | None:
    half = None if amount is None else amount / 2
    return int(half) if half is not None and half == int(half) else half


def _from_to(match: re.Match[str]) -> str:
    amounts = sorted(int(number) for number in re.findall(r"\d{3,5}", match[0]))
    if amounts[-1] > amounts[0] * _MOST_APART:
        return match[0]
    return f"工资{amounts[0]}-{amounts[-1]}元" + ("/天" if amounts[-1] < 1_000 else "")


def _range(match: re.Match[str]) -> str:
    low, high = sorted((_value(match["one"]), _value(match["two"])))
    unit = match["each"] or match["again"]
    if not re.search(r"[/一每]", unit) and (per := re.search(r"[每一](?:天|晚|个?月|平方?米?|米|吨|斤|方|件|袋|箱)", match[0])):
        unit += "/" + per[0].lstrip("每一个")
    hourly = re.search(r"时薪|小时工?资?|工价", match.string[max(0, match.start() - 8) : match.start()])
    if low <= 0 or high > low * _MOST_APART or (not re.search(r"[/一每]", unit) and high < 50 and not hourly):
        return match[0]
    if re.search(r"[/一每]", match["again"]) and not re.search(r"[/一每]", unit):
        unit = match["again"]
    if hourly and high < _LEAST_DAY and not re.search(r"[/一每]", unit):
        unit = "元/小时"
    if match["from"]:
        return f"工资{low:g}{unit}以上"
    return f"工资{low:g}-{high:g}{unit}"


def _value(written: str) -> float:
    said = written if written[0].isdigit() else plain(written)
    return float(said) if _NUMBER.fullmatch(said) else float(chinese_number(written) or 0)


def _in_yuan(match: re.Match[str]) -> str:
    found = match.groupdict()
    yuan, jiao = (0 if part is None else _digit(part) for part in (found.get("yuan"), found["jiao"]))
    unit = re.sub(r"[/一每]", "", found["unit"])
    return f"{yuan + jiao / 10:g}元/{unit if unit not in {'杆', '棵', '双', '串', '根', '条', '张', '篮', '只'} else '件'}"


def _digit(char: str) -> int:
    return int(char) if char.isdigit() else 2 if char == "两" else (chinese_number(char) or _DIGITS.find(char))
