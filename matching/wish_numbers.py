"""Numbers in a wish and what they count: ages, pay, distances, hours, heads, years of work, days.

A number says nothing by itself: what stands behind and before it decides, and where neither does it is left alone. Pay keeps the
unit that was said (``一天两百`` is 200 a day). Numerals: ``rules.numerals``.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from matching.rules.numerals import chinese_number
from matching.rules.wage import yuan_month
from matching.wish_days import born, day
from matching.wish_reader import Fact

NUMERALS: Final = frozenset("0123456789零〇一二两三四五六七八九十百千万俩仨半几")

_N = (
    r"(?:\d+(?:\.\d+)?(?:[k千万w百](?![a-z])(?:\d{1,4}(?![\d.]))?)?"
    r"|(?:(?!一[天个小月年周件单晚日趟])[零〇一二两三四五六七八九十百千万])+)"
)
"""Digits with a power (1万2, 4.5k) or a Chinese numeral; in 两百一天 the 一 belongs to the day."""
_TO = r"\s?(?:-|~|—|到|至)+\s?"
_NUMBER = re.compile(rf"(?P<one>{_N})(?:{_TO}(?P<two>{_N}))?")
_HUNDREDS = {"千": 1000, "百": 100, "k": 1000, "万": 10_000, "w": 10_000, "十": 10}
_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_MIXED = re.compile(r"(\d+(?:\.\d+)?)([k千万w百])(\d{1,4})?")
_PAIR = re.compile(r"([一二两三四五六七八九])([二两三四五六七八九])([十百千万])?")

_AGE = re.compile(
    r"(?P<vague>多|几|来|好几)?\s?周?岁(?P<limit>以[上下内]|往上|之间)?(?P<few>出头|多|左右)?(?:了|的人|的)?"
    r"|(?P<open>出头|多岁?|几岁?|来岁|以[上下])(?:了|的人)?(?![\d元块千百万个公里天小名分点年人kw])"
)
_OF_AGE: Final = frozenset("岁周多几来好出以了的男女,.;!?、 ") | {""}
_AGE_BEFORE = re.compile(
    r"(?:(?P<nearly>快到?|将近|接近|马上|奔|快要|眼看)|(?P<own>今年(?:刚满?|满|已满)?|刚满|年满|已满|小伙子?|姑娘|年龄|岁数|本人|我们?|俺|虚岁|周岁|已经|都|男|女|[男女][,\s、:]))(?:今年)?(?:是|有|:|为)?\s?$"
)
_AGE_AFTER = re.compile(r"(?:了|的人|的女?男?的?|男|女)?(?=$|[\s,.;!?、男女])")
_PLAINLY: Final = ("今年", "年龄", "岁数", "虚岁", "周岁")
_AGE_AFTER_PLAINLY = re.compile(r"(?:了|的)?(?![\d元块千百万个公里天小名分点年人月号kw])")
_SEX_AFTER = re.compile(r"\s?[,、]?\s?[男女](?![装鞋])")
_NOT_OWN = re.compile(r"(?:照顾|护理|伺候|看护|陪护|带|服侍)[^,.;]{0,4}$")
_NOT_OWN_AFTER = re.compile(r"\s?的?(?:老人|老太|老爷|奶奶|爷爷|孩子|小孩|宝宝|娃)")
_TENS = frozenset(range(20, 100, 10))
_YOUNG: Final = 14
_MAY_ASK: Final = 8
"""From this age on a child may be asking for itself; below it only where it says so (我5岁)."""
_CHILD = re.compile(r"\s?周?岁半?(?:了|的)?")
_PERSON: Final = ("今年", "刚满", "年满", "已满", "年龄", "岁数", "本人", "我", "俺", "虚岁", "周岁")
_CARE = re.compile(r"育婴|月嫂|保姆|幼|托管|家教|接送|[带看照顾管陪].{0,3}(?:孩|娃|宝)|(?:孩子|小孩|宝宝|娃|儿子|女儿|闺女|孙)")

_KM = re.compile(r"\s?(?P<unit>公里|千米|km|里路|里地|里(?=以内|内|之内|$|\s|,))(?:以内|之内|内|范围内?|左右|远)?(?:的地方|的)?")
_KM_BEFORE = re.compile(r"(?:附近|方圆|周边|离家|离我家?|距离|家附近|不超过|不要超过|别超过)+\s?$")
_RIDE = re.compile(r"\s?个?(?P<unit>分钟|小时|钟头)(?:的)?(?:车程|路程|以内能到|能到家?|就到|就能到|内到|到家)")
_OF_TIME: Final = frozenset("分小钟个")
_MINUTES = re.compile(r"\s?个?(?P<unit>分钟|小时|钟头)(?:以内|之内|内|左右)?")
_RIDE_BEFORE = re.compile(r"(?:(?P<how>骑车|骑电动车|骑电瓶车|开车|坐车|走路|步行|公交|坐公交|车程|路程)(?:不超过|在)?)\s?$")
_KM_AN_HOUR: Final = {"走路": 5, "步行": 5, "骑车": 15, "骑电动车": 20, "骑电瓶车": 20}
_BY_CAR: Final = 40
_HOURS = re.compile(
    r"\s?个?(?:小时|钟头|半?钟(?!点|头)|h(?![a-z]))(?:工作制|以内|之内|以下|内|制|班|左右)?的?(?:活|工作)?(?:就?行|就?好)?"
)
_HOURS_BEFORE = re.compile(
    r"(?:(?:一天|每天|每日|一日)?(?:就|只|最多|不要?超过|别超过|不多于|上|干|做|工作|上班|想干|想上|能干|只能干|在)*)\s?$"
)
_HEADS = re.compile(
    r"\s?(?:来|多|几)?(?:个|名|位)?(?P<who>人|男的|女的|老乡|兄弟|姐妹|工友|朋友|同乡|同村|伙伴|男工|女工|工人|民工|弟兄|小伙子?|徒弟|熟人|口人?)"
    r"(?:的?(?:班组|团队|队伍|小队|施工队))?(?:一起|一块|一道)?"
)
_HEADS_BEFORE = re.compile(
    r"(?:我们|俺们|咱们|我俩|我|俺|咱)?(?P<and>还?(?:带了?|带着|领着?|跟|和|同|还有|叫上))?(?:有|一共|总共|共|班组|团队|一个班组|一家|兄弟|姐妹|老乡)*\s?$"
)
_BOTH = re.compile(r"(?:我们|咱们?|俺们?|我|兄弟|姐妹|姐弟|兄妹|父子|母女|母子|父女|哥)(?P<n>俩|仨)个?人?")
_WE = re.compile(r"(?:我们|咱们|俺们|兄弟|姐妹|弟兄)\s?$")
_WE_ARE = re.compile(r"\s?个(?!月|小时|钟|点)")
_YEARS = re.compile(r"\s?(?:多|几|来)?年(?:以上|左右|多)?的?(?:工作|\w{0,4})?(?:经验|工龄|驾龄)")
_YEARS_ONLY = re.compile(r"\s?(?:多|几|来)?年多?了?")
_YEARS_DONE = re.compile(r"(?:干|做|开|学|焊|跑)(?:过|了|过了)?(?:有)?\s?$")
_PER = r"(?:[/每一]\s?个?(?:月|天|日|小?时|钟头|钟|h|年|周|星期|礼拜|件|单|趟|亩|晚|班|工)|(?:天|日|月)(?=$|[\s,.;])|个月)"
_WAGE = re.compile(
    r"\s?(?P<more>多|来|几|余)?\s?(?P<money>元|块钱|块|圆|蚊)?(?:\s?(?:-|~|—|到|至)+\s?(?P<top>\d+(?:\.\d+)?[k千万w]?)\s?(?:元|块钱|块)?)?"
    rf"\s?(?P<per>{_PER})?\s?(?P<tail>以上|往上|起步|左右|上下|打底|保底|起(?!来)|多|\+|以下|以内|之间)?(?:的)?"
)
_LABELS: Final = frozenset(
    """
    工资 薪资 薪水 收入 待遇 底薪 保底 月工资 月薪 日薪 时薪 年薪 周薪 月入 到手 实发 税后 期望 要求
    至少 至少要 最少 最少要 最低 起码 起码要 不低于 不少于 不能低于 不能少于 不要低于 不要少于 别低于 别少于
    高于 超过 大概 差不多 :
    想要 要 想拿 能拿 能拿到 能有 能挣 能挣到 挣 挣个 赚 赚个 拿 拿个 有 有个 给 给个 得 得有 开
    一个月 每个月 每月 一月 月 一天 每天 一日 每日 一小时 每小时 每个小时 一个小时 一个钟 一个钟头 一年 每年 一周 每周 一个星期
    """.split()  # noqa: SIM905  a list of 60 words as text
)
_LONGEST_LABEL: Final = max(map(len, _LABELS))
_UNIT_WORDS: Final = (
    ("hour", re.compile(r"时|钟|h")),
    ("month", re.compile(r"月")),
    ("day", re.compile(r"天|日|晚|班|工$")),
    ("week", re.compile(r"周|星期|礼拜")),
    ("year", re.compile(r"年")),
    ("piece", re.compile(r"件|单|趟|亩")),
)
_NOT_PAY_BEFORE = re.compile(
    r"(?:押金|罚款?|扣|费|离职|身高|体重|第|房租|欠|补贴|奖金?|贷款?|血压|编号|厂区)[^\d,.;]{0,2}$|[a-z]$"
)
_NOT_PAY_AFTER = re.compile(
    r"(?:人|名|个(?!月)|岁|号|证|路|米|斤|平|公里|里|只|头|台|套|辆|吨|度|伏|v|年|后|点|分(?!拣)|楼|层|℃|线|mm|cm|kg|m|级|种|样|次|起|些|班|险|金|口|技|元店)"
)
_LEAST = re.compile(r"\s?(?:就|都|以下)?(?:不(?:干|做|考虑|要|去|来|行|接)|免谈|别|勿|算了)")
_UNDER_BEFORE = re.compile(r"(?<![不要能别])(?:低于|少于|不到|没有)\s?$")
_LEAST_A_DAY: Final = 50
_MONTH_SANE = range(500, 100_001)


def value_of(said: str) -> tuple[float, float] | None:
    """What a numeral stands for, as (least, most): ``五六千`` 5000-6000, ``七八`` 7-8, ``1万2`` 12000; None for no number."""
    if said[0].isdigit():
        mixed = _MIXED.fullmatch(said)
        if mixed is None:
            plain = float(said)
            return plain, plain
        power = _HUNDREDS[mixed[2]]
        tail = mixed[3] or ""
        rest = 0 if not tail else int(tail) * power // 10 if len(tail) == 1 else int(tail)
        value = float(mixed[1]) * power + rest
        return value, value
    if (pair := _PAIR.fullmatch(said)) is not None:
        low, high, power = _DIGITS[pair[1]], _DIGITS[pair[2]], _HUNDREDS.get(pair[3] or "", 1)
        return (float(low * power), float(high * power)) if low < high else None
    number = chinese_number(said)
    return None if number is None else (float(number), float(number))


def facts(text: str, today: date | None, *, daily: bool) -> list[Fact]:
    """All numbers of a normalised text that say something, left to right.

    ``today`` reads years of birth and days to come. ``daily``: pay is wanted at short intervals, so a bare 300 is a day's.
    """
    end = 0
    found = [Fact(m.start(), m.end(), (("group_size", 2 if m["n"] == "俩" else 3, 0.8, False),)) for m in _BOTH.finditer(text)]
    for match in _NUMBER.finditer(text):
        if match.start() < end or match.end() - match.start() > 14:
            continue
        fact = _read(text, match, today, daily=daily)
        if fact is not None:
            found.append(Fact(max(fact.start, end), fact.end, fact.says))
            end = fact.end
    if "半" in text:
        found += [Fact(m.start(), m.end(), (("near", _BY_CAR / 2, 0.5, False),)) for m in _HALF_HOUR.finditer(text)]
    if (vague := _VAGUE_PAY.search(text)) is not None and not any(s[0] == "wage_min" for f in found for s in f.says):
        low = 10_000 if "万" in vague[1] else 1000
        found.append(Fact(vague.start(), vague.end(), (("wage_min", low, 0.8, True), ("wage_unit", "month", 0.8, True))))
    return found


_HALF_HOUR = re.compile(r"(?:骑车|开车|坐车|路程|车程)?半个?(?:小时|钟头)(?:的)?(?:车程|路程|内到|以内能到|能到|就到|以内|之内)")
_VAGUE_PAY = re.compile(
    r"(?:工资|月薪|一个月|每月|月入|收入|月)?(?:能|要|想)?((?:上|过|破)万|万把块|千把块|几千块?)(?:的)?(?:工资)?"
)


def _read(text: str, match: re.Match[str], today: date | None, *, daily: bool) -> Fact | None:
    """What one number counts. Each reading looks at what follows and at a few characters before."""
    one = value_of(match["one"])
    two = value_of(match["two"]) if match["two"] else one
    start, end = match.span()
    before = text[max(0, start - 16) : start]
    if (birth := born(text, match, today)) is not None:
        return birth
    if one is None or two is None:
        return None
    low, high = one[0], two[1]
    return (
        _age(text, before, start, end, low, high, pair=one[0] != one[1])
        or _distance(text, before, start, end, high)
        or _hours(text, before, start, end, high)
        or _heads(text, before, start, end, high)
        or _experience(text, before, start, end, low)
        or day(text, start, end, low, today, ranged=match["two"] is not None)
        or _wage(text, before, start, end, low, match["one"], match["two"], daily=daily)
    )


def _age(text: str, before: str, start: int, end: int, low: float, high: float, *, pair: bool) -> Fact | None:
    if not (1 <= low <= high <= 99) or low != int(low) or text[end : end + 1] not in _OF_AGE or _NOT_OWN.search(before):
        return None
    led = _AGE_BEFORE.search(before)
    if low < _YOUNG:
        return _child(text, start, end, low, high, led)
    begin = start if led is None or (led["own"] or "").startswith(("男", "女")) else start - len(led[0])
    match = _AGE.match(text, end)
    if match is None:
        plainly = led is not None and (led["own"] or "").startswith(_PLAINLY)
        after = (_AGE_AFTER_PLAINLY if plainly else _AGE_AFTER).match(text, end)
        told = (
            text[end : end + 1] == "了"
            or led is not None
            or "的人" in text[end : end + 2]
            or _SEX_AFTER.match(text, end) is not None
        )
        if after is None or not told or (led is not None and led["nearly"] is not None and low < 30):
            return None
        stop = after.end()
        nearly = led is not None and led["nearly"] is not None
        return _aged(begin, stop, int(low) - 2 if nearly else int(low), int(high))
    if _NOT_OWN_AFTER.match(text, match.end()):
        return None
    loose = match["open"] or match["few"] or match["vague"] or ""
    if match["open"] is not None and low not in _TENS:
        return None
    ends: tuple[int | None, int | None] = (int(low), int(high))
    if led is not None and led["nearly"] is not None:
        ends = (int(low) - 2, int(high))
    elif "出头" in loose:
        ends = (int(low), int(high) + 3)
    elif "左右" in loose:
        ends = (int(low) - 2, int(high) + 2)
    elif (loose and match["open"] not in {"以上", "以下"}) or pair:  # 四五十岁 ends at 59
        ends = (int(low), int(high) + (9 if int(high) in _TENS else 0))
    elif "以上" in {match["limit"], match["open"]} or match["limit"] == "往上":
        ends = (int(low), None)
    elif match["limit"] == "以内" or "以下" in {match["limit"], match["open"]}:
        ends = (None, int(high))
    return _aged(begin, match.end(), *ends)


def _child(text: str, start: int, end: int, low: float, high: float, led: re.Match[str] | None) -> Fact | None:
    """The age of somebody who may not work yet, so that nothing is found; not that of a child to be looked after."""
    match = _CHILD.match(text, end)
    own = led is not None and (led["own"] or "").startswith(_PERSON)
    told = match is not None and (own or low >= _MAY_ASK)
    if match is None and own and low >= _MAY_ASK:
        match = (_AGE_AFTER_PLAINLY if led is not None and led["own"].startswith(_PLAINLY) else _AGE_AFTER).match(text, end)
        told = match is not None
    of_me = own and led is not None and led["own"].startswith(("我", "俺", "本人"))
    if match is None or not told or _NOT_OWN_AFTER.match(text, match.end()) or (not of_me and _CARE.search(text)):
        return None
    return _aged(start - len(led[0]) if own and led is not None else start, match.end(), int(low), int(high))


def _aged(start: int, end: int, low: int | None, high: int | None) -> Fact:
    says = [(name, age, 0.9, True) for name, age in (("age_min", low), ("age_max", high)) if age is not None]
    return Fact(start, end, tuple(says))


def _distance(text: str, before: str, start: int, end: int, number: float) -> Fact | None:
    if (match := _KM.match(text, end)) is not None:
        km = number / 2 if match["unit"].startswith("里") else number
        led = _KM_BEFORE.search(before)
        begin = start - len(led[0]) if led else start
        return Fact(begin, match.end(), (("near", km, 0.9, True),)) if 0 < km <= 500 else None
    if text[end : end + 2].lstrip()[:1] not in _OF_TIME:
        return None
    led = _RIDE_BEFORE.search(before)
    ride = _RIDE.match(text, end) or (_MINUTES.match(text, end) if led else None)
    if ride is None or not 0 < number <= 180:
        return None
    hours = number / 60 if ride["unit"] == "分钟" else number
    speed = _KM_AN_HOUR.get(led["how"], _BY_CAR) if led else _BY_CAR
    return Fact(start - len(led[0]) if led else start, ride.end(), (("near", round(hours * speed, 1), 0.5, False),))


def _hours(text: str, before: str, start: int, end: int, number: float) -> Fact | None:
    match = _HOURS.match(text, end)
    if match is None or not 1 <= number <= 16 or re.search(r"[\d元块]$", before):
        return None
    if "半钟" in match[0]:
        number += 0.5
    led = _HOURS_BEFORE.search(before)
    return Fact(start - len(led[0]) if led else start, match.end(), (("hours_max", number, 0.8, True),))


def _heads(text: str, before: str, start: int, end: int, number: float) -> Fact | None:
    match = _HEADS.match(text, end) or (_WE_ARE.match(text, end) if "个" in text[end : end + 2] and _WE.search(before) else None)
    if match is None or number != int(number) or not 1 <= number <= 500:
        return None
    led = _HEADS_BEFORE.search(before)
    begin = start - len(led[0]) if led else start
    others = led is not None and led["and"] is not None and "人" not in match[0]  # 带了五个老乡 are six
    if number < 2 and not others:
        return None
    return Fact(begin, match.end(), (("group_size", int(number) + others, 0.8, False),))


def _experience(text: str, before: str, start: int, end: int, number: float) -> Fact | None:
    if "年" not in text[end : end + 4]:
        return None
    match = _YEARS.match(text, end)
    done = _YEARS_DONE.search(before)
    if match is None and done is not None:
        match = _YEARS_ONLY.match(text, end)
    if match is None or not 0 < number <= 60:
        return None
    return Fact(start - len(done[0]) if done else start, match.end(), (("experience", int(number), 0.7, False),))


def _unit(words: str) -> str | None:
    return next((unit for unit, pattern in _UNIT_WORDS if pattern.search(words)), None)


def _wage(text: str, before: str, start: int, end: int, low: float, one: str, two: str | None, *, daily: bool) -> Fact | None:
    match = _WAGE.match(text, end)
    label = _label(before) if before else ""
    if match is None or (len(before) > len(label) and _NOT_PAY_BEFORE.search(before[-6 - len(label) : len(before) - len(label)])):
        return None
    per, money, tail = match["per"], match["money"], match["tail"] or ""
    if not (per or money or tail) and _NOT_PAY_AFTER.match(text, end):
        return None
    low, power = _scaled(low, one, two, match["top"])
    unit = _unit(per) if per else _unit(label)
    capped = tail in {"以下", "以内"} or _UNDER_BEFORE.search(before)
    stop = match.end()
    if capped:
        refused = _LEAST.match(text, stop)
        if refused is None:
            return None
        stop = refused.end()
        if (under := _UNDER_BEFORE.search(before)) is not None:
            label = under[0]
    if unit is None:
        unit = _likely_unit(low, told=bool(money or label or power or tail), bare=one.isdigit(), daily=daily or "天" in text)
    if unit == "day" and low < _LEAST_A_DAY and not money:
        return None  # 30天 is a month, not a wage
    month = yuan_month(low, unit) if unit is not None else None
    if unit is None or (month is None and unit != "piece") or (month is not None and month not in _MONTH_SANE):
        return None
    value = int(low) if low == int(low) else low
    sure = 0.9 if per or label or money or tail or power else 0.8
    return Fact(
        start - len(label), stop, (("wage_min", value, sure, unit != "piece"), ("wage_unit", unit, sure, unit != "piece"))
    )


def _label(before: str) -> str:
    """The words of pay right before a number (``一个月挣个``), as they stand there."""
    at = len(before)
    while at:
        space = at - 1 if before[at - 1] == " " else at
        length = next((n for n in range(_LONGEST_LABEL, 0, -1) if n <= space and before[space - n : space] in _LABELS), 0)
        if not length:
            break
        at = space - length
    return before[at:]


def _scaled(low: float, one: str, two: str | None, top: str | None) -> tuple[float, bool]:
    """The lower end in yuan, and whether a 千 or 万 says that it is money: of 6-8千 the lower end is 6000."""
    other = top or two or ""
    letter = next((letter for letter in other if letter in "千万kw"), "")
    own = any(letter in one for letter in "百千万kw")
    if letter and not own and low < 100:
        return low * _HUNDREDS[letter], True
    return low, own or bool(letter)


def _likely_unit(low: float, *, told: bool, bare: bool, daily: bool) -> str | None:
    """For pay without a unit, the only plausible one (as ``rules.wage`` does for adverts), or None."""
    if 1000 <= low < 60_000 and (told or bare):
        return "month"
    if low >= 60_000 and told:
        return "year"
    return "day" if 80 <= low < 1000 and (told or daily) else None
