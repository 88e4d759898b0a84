"""Ages: what an advert asks (`parse_age`), whether a person fits (`fits`), and the law of ages (from `age_law`).

The limits are read as the advert writes them, lawful or not: a limit below 16 or one without a lawful reason is another check's
business. 以上, 以下 and 以内 include the number, 不满 and 超过 do not: 民法典 art. 1259. Ages are counted in full years (周岁),
so 超过18 still lets in somebody who is 18 and a day, and 未满45 lets in up to 44.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from matching.rules.age_law import (
    Bracket,
    OverAge,
    Sex,
    StatutoryAge,
    WorkingAge,
    YearsMonths,
    age_on,
    brackets,
    over_age,
    statutory_age,
    working_age,
)
from matching.rules.numerals import plain

__all__ = [
    "AgeLimits",
    "Bounds",
    "Bracket",
    "Fit",
    "OverAge",
    "Sex",
    "StatutoryAge",
    "WorkingAge",
    "YearsMonths",
    "age_on",
    "brackets",
    "fits",
    "over_age",
    "parse_age",
    "statutory_age",
    "working_age",
]

Bounds = tuple[int | None, int | None]
_READ_LIMIT = 5000  # characters; the time stays bounded


@dataclass(frozen=True, slots=True)
class AgeLimits:
    """The ages an advert asks for, in full years, both ends included; None = open.

    `men`, `women`: only when they differ; `min`, `max` are then the outer bounds. `rehire_ok`: the advert says that
    retired people may come. `reason`: why nothing was read, in Chinese; None when it was read, 年龄不限 included.
    """

    text: str
    min: int | None
    max: int | None
    men: Bounds | None
    women: Bounds | None
    rehire_ok: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class Fit:
    """Where an age stands against the limits; `years` is how far outside (0 inside and when there is no limit)."""

    kind: Literal["inside", "below", "above", "unlimited"]
    years: int


@dataclass(frozen=True, slots=True)
class _Mention:
    low: int | None
    high: int | None
    sex: str | None
    sure: bool  # 岁, 年龄 or a sex stands beside it
    ranged: bool


_N = r"(?<![0-9.])(?P<{0}>[1-9][0-9]?)(?![0-9]|\.[0-9])"
_Y = r"(?:多?周?岁|周)?"
_INC = r"(?:\(含[^)]{0,6}\))?"
_UPTO = r"(?:-|至|到)"
_DOWN = r"(?:及|或|含)?(?:以下|以内|之内|往下|封顶|为限|内(?!容)|止)"
_UP = r"(?:及|或|含)?(?:以上|往上|开外|起(?!薪)|\+|(?:-|至|到)(?:国家)?(?:法定)?退休(?:年龄)?)"
_NOT_OVER = r"(?:不(?:得|能|要|可)?|别|勿|莫)(?:超过|大于|高于|超)|≤|<=|至多|最大|最高|上限|年龄限|放宽(?:至|到)|超不过"
_BELOW = r"小于|低于|未满|不满|不足|(?<![>])<(?!=)"
_NOT_UNDER = r"不(?:得|能|要|可)?(?:低于|小于|少于)|≥|>=|>|大于|高于|超过|年?满|至少|最小|最低|从"
_AGE = re.compile(
    rf"(?:年?满)?{_N.format('a')}(?P<y1>{_Y}){_INC}(?:以上)?{_UPTO}(?:不超过|未满)?{_N.format('b')}(?P<y2>{_Y}){_INC}(?:{_DOWN}|之间)?"
    rf"|(?:{_NOT_OVER})[^0-9,;。]{{0,4}}?{_N.format('max1')}(?P<y3>{_Y}){_INC}(?:{_DOWN})?"
    rf"|(?:{_NOT_UNDER})[^0-9,;。]{{0,4}}?{_N.format('min1')}(?P<y4>{_Y}){_INC}(?:{_UP})?"
    rf"|(?:{_BELOW})[^0-9,;。]{{0,2}}?{_N.format('less')}(?P<y5>{_Y})"
    rf"|{_N.format('max2')}(?P<y6>{_Y}){_INC}{_DOWN}"
    rf"|{_N.format('min2')}(?P<y7>{_Y}){_INC}{_UP}"
    rf"|{_N.format('about')}(?P<y8>{_Y}|来周?岁)(?:左右|上下|(?<=来岁)|(?<=来周岁))"
    rf"|{_N.format('decade')}(?:多|几)(?P<y9>周?岁)"
    rf"|{_N.format('alone')}(?P<y0>{_Y})"
)
_YEAR_MARKS = ("y1", "y2", "y3", "y4", "y5", "y6", "y7", "y8", "y9", "y0")
_OTHER_UNIT = re.compile(
    r"[-至到][0-9]|元|块|万|千|k|w(?![a-z])|名|人|位|天|日(?!结|薪|工资)|号|个|小?时|h(?![a-z])|年|月|:|点|%|/|公?斤|米|[ckm]m|级|线|班|薪|平|公里|件|台|吨|[楼层栋室路]|"
    r"分|秒|度|次|折|险|倍|期|套|亩|岗|页|字|后|、|\+|\*"
)
_OTHER_BEFORE = re.compile(
    r"(?:薪|工资|工价|待遇|体重|身高|视力|招|招聘|共|编号|第|休|每天|工时|电话|手机|微信|经验|工龄|[a-z]|[0-9]|-|/|价|费)[:为约]?$"
)
_CARE = (
    r"(?:老人|老太|老爷|大爷|奶奶|爷爷|阿婆|宝宝|小孩|孩子|儿童|幼儿|婴儿|男孩|女孩|男宝|女宝|学生|娃|小朋友|"
    r"失能|半自理|不能自理|生活自理)"
)
_NOT_THE_WORKER = re.compile(
    rf"[0-9]{{1,2}}(?:[-至到][0-9]{{1,2}})?(?:个月)?(?:多|来)?周?岁?(?:多|左右)?的?{_CARE}"
    rf"|(?:照顾|看护|服侍|伺候|接送|辅导|陪护|护理|带)(?:一?[个位名]|我家|{_CARE}|母亲|父亲|男|女|,|\(){{1,3}}[0-9]{{1,2}}(?:-[0-9]{{1,2}})?多?周?岁"
    r"|(?<![0-9])1[3-9][0-9](?:[- ]?[0-9]{4}){2}|[0-9]{1,2}(?:\.5)?(?:[-至到][0-9]{1,2}(?:\.5)?)?年(?:以上)?"
    r"|[0-9]{1,2}[:点][0-9]{0,2}半?(?:[-至到](?:次日)?[0-9]{1,2}(?:[:点][0-9]{0,2})?)?"
    r"|(?:19|20)[0-9]{2}[-./年][0-9]{1,2}(?:[-./月][0-9]{1,2})?"
)
_SEX = re.compile(r"男女|女男|男[^0-9,;。]{0,2}女|女[^0-9,;。]{0,2}男|男|女")
_SEX_AFTER = re.compile(r"^(?:的|,)?\(?(男女|男|女)")
_NO_THANKS = re.compile(
    r"^(?:者|的|人员|人|男|女){0,2}(?:勿|不要|不敢(?:要|收|用|招)|不用来|就不要|就别|不招|不收|免|谢绝|别来|不予|禁止|不考虑)"
)
_UNLIMITED = re.compile(
    r"年龄[^,;。0-9]{0,5}(?:不限|不作?限|不做限|无要求|无限制|没要求|没有要求|不做要求|不作要求|均可|都可|皆可|随意)|不限年龄|不限岁数|不看年龄|老少皆可|年纪不限"
    r"|^(?:不限|无|无要求|不限制|均可|没要求|没有要求|都可以|不作要求|无限制)[。;]?$"
)
_ONE_SEX_FREE = re.compile(r"(?<![男女、/和])([男女])(?:性|士|工|的)?(?:年龄)?不限")  # 女20-35, 男不限
_REHIRE_NO = re.compile(
    r"(?:不(?:要|招|接受|收|含|考虑)|非|谢绝|拒绝|未)[^,;。]{0,5}(?:退休|返聘|超龄)|(?:退休|返聘|超龄)[^,;。]{0,4}(?:勿|不要|不招|免谈|除外|不考虑|不可)"
)
_REHIRE = re.compile(
    r"退休(?:返聘|人员|工人|职工|老人|同志|者|的)?[^,;。年]{0,4}(?:可|行|优先|欢迎|接受|也要|亦)|(?:可|接受|欢迎|含|包括)[^,;。]{0,4}(?:退休(?!年龄)|返聘|超龄)|退休返聘|返聘|超龄[^,;。]{0,4}(?:可|接受|欢迎)"
)
_BIRTH_DECADE = re.compile(r"[0-9]0后")
_BIRTH_YEAR = re.compile(r"(?:19|20)[0-9]{2}[^;。]{0,12}(?:出生|生人)|出生[^;。]{0,6}(?:19|20)[0-9]{2}")
_ADULT = re.compile(r"未成年(?:人|者)?(?:勿|不要|不招|免|谢绝)|(?:已|须|年满)?成年(?:人|即可|以上)")
_WORDS_ONLY = re.compile(r"青年|年轻|中年|青壮年|青壮|老年")


def parse_age(text: str) -> AgeLimits:
    """Reads the age limits out of an advert's age field (or a whole short advert). Never raises.

    45岁以下 gives max 45, 未满45 gives 44, 左右 gives min = max, 五十多岁 gives 50-59. Reversed limits, years of experience and
    decades of birth (60后) give null and a reason in Chinese. Source: forms of real adverts; 民法典 art. 1259 for what includes
    the number; the API document for `men`, `women` and the outer bounds.
    """
    s = plain(text[:_READ_LIMIT])
    rehire = _REHIRE.search(s) is not None and _REHIRE_NO.search(s) is None
    masked = _NOT_THE_WORKER.sub("□", s)
    found = _mentions(masked)
    if not found:
        low, reason = _without_numbers(s, masked, rehire=rehire)
        return AgeLimits(text, low, None, None, None, rehire, reason)
    anyone = _merge([m for m in found if m.sex is None])
    men = _narrowed(anyone, _merge([m for m in found if m.sex == "男"]))
    women = _narrowed(anyone, _merge([m for m in found if m.sex == "女"]))
    sexes = {m.sex for m in found} - {None}
    if (free := _ONE_SEX_FREE.search(s)) and sexes == {"男" if free[1] == "女" else "女"}:
        men, women = (anyone, women) if free[1] == "男" else (men, anyone)
        sexes = {"男", "女"}
    differ = (len(sexes) == 2 or (sexes and any(m.sex is None for m in found))) and men != women
    if not differ:
        men = women = _merge(found) if sexes else anyone
    for low, high in (men, women):
        if low is not None and high is not None and low > high:
            return AgeLimits(text, None, None, None, None, rehire, f"年龄范围写反了：{low}到{high}岁")
    lows, highs = (men[0], women[0]), (men[1], women[1])
    return AgeLimits(
        text,
        min=None if None in lows else min(n for n in lows if n is not None),
        max=None if None in highs else max(n for n in highs if n is not None),
        men=men if differ else None,
        women=women if differ else None,
        rehire_ok=rehire,
        reason=None,
    )


def _narrowed(anyone: Bounds, own: Bounds) -> Bounds:
    """What is said for one sex goes before what is said for everybody: 18-50岁(女45岁以下)."""
    return (anyone[0] if own[0] is None else own[0], anyone[1] if own[1] is None else own[1])


def _merge(found: list[_Mention]) -> Bounds:
    """The widest limits named: 18岁以上，45岁以下 is 18-45; 45岁以下，优秀者50岁以下 is up to 50."""
    lows = [m.low for m in found if m.low is not None]
    highs = [m.high for m in found if m.high is not None]
    return (min(lows) if lows else None, max(highs) if highs else None)


def _mentions(s: str) -> list[_Mention]:
    found: list[_Mention] = []
    waiting: list[tuple[int, str]] = []  # 男60女55以下: the 60 waits for the word behind 55
    position = 0
    for m in _AGE.finditer(s):
        before = s[position : m.start()]
        sex, after_end = _sex(before, s, m.end())
        years = any(m[mark] for mark in _YEAR_MARKS)
        if (not years and (_OTHER_UNIT.match(s, m.end()) or _OTHER_BEFORE.search(before))) or (
            m["alone"] and not years and not re.search(r"[男女][性士工]?[:]?$", before)
        ):
            position = m.end()
            continue
        position = after_end
        if m["alone"]:
            if sex:
                waiting.append((int(m["alone"]), sex))
            continue
        low, high = _limits(m)
        if _NO_THANKS.match(s[m.end() : m.end() + 8]):
            low, high = _turned(m, low, high)
        sure = years or sex is not None or re.search(r"年龄[^0-9,;。]{0,6}$", before) is not None
        if not sure and not all(n is None or 14 <= n <= 80 for n in (low, high)):
            continue
        for age, whose in waiting:
            found.append(_Mention(low and age, high and age, whose, sure=True, ranged=False))
        waiting.clear()
        found.append(_Mention(low, high, sex, sure, m["a"] is not None))
    if any(m.sure for m in found):
        found = [m for m in found if m.sure or not m.ranged]
    if found and (last := found[-1]).high is not None and last.sex is None:
        # 18-55(女50): one number for one sex behind the limits of all is that sex's upper limit
        found += [
            _Mention(None, age, whose, sure=True, ranged=False)
            for age, whose in waiting
            if (last.low or 0) < age < last.high + 15
        ]
    return found


def _sex(before: str, s: str, end: int) -> tuple[str | None, int]:
    """男, 女 or None (both or not said) for an age, from the words before it or else right behind it; and where to read on."""
    marks = _SEX.findall(before)
    if marks:
        return (marks[-1] if len(marks[-1]) == 1 else None), end
    m = _SEX_AFTER.match(s[end : end + 5])
    if m and not re.match(r"[^0-9,;。]{0,6}[:]?[0-9]", s[end + m.end() : end + m.end() + 8]):
        return (m[1] if len(m[1]) == 1 else None), end + m.end()
    return None, end


def _limits(m: re.Match[str]) -> Bounds:
    if m["a"]:
        return int(m["a"]), int(m["b"]) + (9 if m["y2"].startswith("多") else 0)  # 40多岁到50多岁
    for name in ("max1", "max2"):
        if m[name]:
            return None, int(m[name])
    for name in ("min1", "min2"):
        if m[name]:
            return int(m[name]), None
    if m["less"]:
        return None, int(m["less"]) - 1
    if m["about"]:
        return int(m["about"]), int(m["about"])
    decade = int(m["decade"])
    return decade, decade + 9


def _turned(m: re.Match[str], low: int | None, high: int | None) -> Bounds:
    """未满18勿扰 asks for 18 and over; 50岁以上勿扰 asks for under 50; 超过50岁不要 for 50 at most."""
    if m["less"]:
        return int(m["less"]), None
    if high is not None and low is None:
        return high + 1, None
    if low is not None and high is None:
        return None, low if m[0].startswith(("超过", "大于", "高于", ">")) else low - 1
    return low, high


def _without_numbers(s: str, masked: str, *, rehire: bool) -> tuple[int | None, str | None]:
    """(minimum, reason) for a text without a readable age."""
    if not s:
        return None, "没有写年龄要求"
    if _ADULT.search(s):
        return 18, None
    if _UNLIMITED.search(s):
        return None, None
    if m := _BIRTH_DECADE.search(s):
        return None, f"“{m[0]}”说的是出生年代，不是年龄"
    if _BIRTH_YEAR.search(s):
        return None, "写的是出生年份，不是年龄"
    if "退休年龄" in s:
        return None, "写的是法定退休年龄，要按出生年月算，不是一个固定的岁数"
    if rehire:
        return None, None
    if re.search(r"[0-9]周?岁|(?:年龄|男|女)[^0-9,;。]{0,3}[0-9]{2}(?![0-9])", masked):
        return None, "只写了一个岁数，没有写以上还是以下"
    if m := _WORDS_ONLY.search(s):
        return None, f"只写了“{m[0]}”，没有写岁数"
    return None, "没有写年龄"


def fits(limits: AgeLimits, age: int, sex: Sex | None = None) -> Fit:
    """How an age in full years stands against limits that were read; no limit and unread limits are `unlimited`.

    With limits that differ by sex and a person whose sex is not known, the outer bounds count: nobody is left out by a guess.
    Source: the limits' own words; that 以上 and 以下 include the number is 民法典 art. 1259.
    """
    bounds: Bounds = (limits.min, limits.max)
    if sex == "male" and limits.men is not None:
        bounds = limits.men
    elif sex == "female" and limits.women is not None:
        bounds = limits.women
    low, high = bounds
    if low is None and high is None:
        return Fit("unlimited", 0)
    if low is not None and age < low:
        return Fit("below", low - age)
    if high is not None and age > high:
        return Fit("above", age - high)
    return Fit("inside", 0)
