"""What a person typed, taken apart: wishes and filters by the rules, trade words, and the words left over.

First version: plain rules, applied only where they are sure. Each finding takes its words out of the text, so that nothing
counts twice; what is refused ("不要夜班") is taken out too, lest it be searched for. Order: what is refused, ages, distances,
pay, places, benefits and the rest, trades, words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from matching import text
from matching.model import Piece
from matching.rules import region, trade
from matching.rules.age import parse_age
from matching.rules.numerals import chinese_number
from matching.rules.wage import parse_wage

_NUMBER = r"(?:\d{1,3}(?:\.\d)?|[一二两三四五六七八九十]{1,3})"
_AMOUNT = r"(?:\d+(?:\.\d+)?\s*[k千万w]?|[一二两三四五六七八九]+[百千万](?:[一二三四五六七八九]+[百千]?)*)"
_PER = r"(?:一个月|每个?月|月薪|月|一天|每天|日薪|天|一小时|每小时|每个小时|时薪|小时|一年|每年|年薪|年)"

_REFUSED = re.compile(
    r"(?:不想要|不想|不要|不愿意|不愿|不接受|不做|不干|不上|不去|不坐|拒绝|别给我|别|除了)"
    r"(?:做|干|上|去|找|坐|是)?([\u4e00-\u9fff]{1,6})"
)
_YEARS = r"(?:\d{2}|[一二三四五六七八九]?十[一二三四五六七八九]?)"
_AGE = re.compile(
    rf"(?:今年|年龄|本人|我)*\s*(?P<years>{_YEARS})(?P<open>\s*[-~到至]\s*{_YEARS}|\s*[多几来])?\s*周?岁(?P<limit>以[上下内])?"
    r"|(?:今年|年龄)\s*[:：]?\s*(?P<said>\d{2})(?![\d元块.k千万])"
)
_NEAR_KM = re.compile(
    rf"(?:附近|方圆|周边|离家|离我|距离)?\s*({_NUMBER})\s*(公里|千米|km|里路|里地)(?:以内|之内|内|范围内?|左右)?"
)
_NEAR = re.compile(
    r"离?(?:我?家|我|这里?|这边)?(?:很|比较|要)?(?:近一?点儿?|近一?些|近的)"
    r"|(?:家|我|这里?)?附近|就近|家门口|周边|离(?:我?家|我)近"
)
_WAGE = re.compile(
    rf"(?:工资|薪资|薪水|待遇|底薪|保底|至少|最少|不低于|要求|{_PER})*\s*{_AMOUNT}\s*(?:[-~到至]+\s*{_AMOUNT}\s*)?(?:多|几)?\s*(?:元|块钱|块|圆)?"
    rf"\s*(?:[/每一]?\s*{_PER})?\s*(?:以上|往上|左右|起步|起|多)?"
)
_WAGE_SIGN = re.compile(rf"工资|薪|待遇|保底|不低于|至少|最少|元|块|以上|往上|起|左右|[k千万w百]|{_PER}|\d{{4}}")
_WAGE_SANE = range(500, 100_001)

_BENEFITS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("(?:包|管)吃(?:包|管)?住|(?:包|管)食宿|吃住全包", ("包吃", "包住")),
    ("(?:包|管)(?:吃|饭|餐)", ("包吃",)),
    ("(?:包|管)(?:住宿|住|宿)|提供(?:住宿|宿舍)", ("包住",)),
    ("夫妻(?:房|宿舍|间)", ("夫妻房",)),
    ("五险一金", ("五险", "公积金")),
    ("(?:交|买|有)?(?:五险|社保|社会保险)", ("五险",)),
    ("公积金", ("公积金",)),
    ("双休|周末休息?", ("双休",)),
    ("单休|月休四天", ("单休",)),
    ("班车|接送", ("班车",)),
    ("坐班|坐着(?:上班|干|做)", ("坐班",)),
    ("(?:不限|无需|不要|没有?|无)经验(?:不限|可)?", ("无经验可",)),
)
_SETTLEMENTS: Final = (
    ("日结|天结|现结|[一当]天一?结(?:算|账)?|做一天结一天|当日结", "day"),
    ("周结|[一每]周一?结", "week"),
    ("月结|按月(?:发|结)", "month"),
)
_SHIFTS: Final = ("长白班", "常白班", "白班", "夜班", "晚班", "两班倒", "三班倒")
_KINDS: Final = (("零工|临时工|短工|小时工|散工", "gig"), ("直播(?:带岗|招聘|间)", "live"))
_CERTIFICATE = re.compile(
    r"(?:有|持)?("
    r"(?:电?焊工?|叉车|电工|健康|驾驶?|厨师|保安员?|行车|高空(?:作业)?|塔吊|教师|护士|[abc][123])(?:资格)?(?:证|驾照|照)"
    r"|(?<![a-z0-9])[abc][123](?![a-z0-9]))"
)
_HOURS = re.compile(rf"(?:一天|每天)?\s*({_NUMBER})\s*个?小时(?:以内|之内|制|班)?")
_GROUP = re.compile(rf"(?:我们)?\s*({_NUMBER})\s*个?人(?:一起)?")
_COUPLE = re.compile(r"夫妻(?!房|宿舍|间)(?:俩|两个?人?|工|一起|档)?|两口子")
_START = re.compile(
    r"(明天|后天|今天|马上|立即|随时|年后|春节后|过完年|下周|下个?月)"
    r"就?(?:能|可以?)?(?:上班|上岗|到岗|开工|入职|开始)?"
)


@dataclass(slots=True)
class _Reader:
    """The text with what was understood blanked out, and the pieces with where they stood."""

    rest: str
    found: list[tuple[int, Piece]] = field(default_factory=list)

    def take(self, start: int, end: int) -> str:
        words = self.rest[start:end].strip()
        self.rest = self.rest[:start] + " " * (end - start) + self.rest[end:]
        return words

    def add(self, at: int, name: str, value: str | float | bool, words: str, sure: float, *, applied: bool = True) -> None:
        self.found.append((at, Piece(name, value, words, sure, applied)))

    def each(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        at = 0
        while (match := pattern.search(self.rest, at)) is not None:
            yield match
            at = max(match.end(), at + 1)


def understand(written: str) -> tuple[Piece, ...]:
    """The pieces of what a person typed, in the order of their words; fields as in the API's table of ``understand``.

    ``wage_min`` is in yuan a month, whatever unit was typed (``wage_unit`` says ``month``). A place that could be several is a
    ``region`` that is not applied, its value the codes with commas. ``trade``, ``skill``, ``certificate`` and ``text`` are to be
    searched as words, by their ``text``; all others are wishes and filters. What is refused (``not``) is reported, not applied.
    """
    reader = _Reader(text.normalise(written[: text.QUERY_CHARS]))
    for step in _STEPS:
        step(reader)
    return tuple(piece for _, piece in sorted(reader.found, key=lambda item: item[0]))


_REFUSED_PLAINLY = re.compile(
    r"不(加班|倒班|站班)|(?:不|没有?|无)(?:给|帮|用|要|需要?)?(?:交|缴|买|上)?(社保|五险一金|五险|社会保险|公积金)(?:也(?:行|可以?|好|成))?"
)
"""What is refused, or can be done without, with no verb between: 不加班, 不交社保也行."""
_FILLER = re.compile(
    r"有没[有得](?:什么|啥)?|有(?:什么|啥)|[有没]得(?=[^\s])|(?:什么|啥)(?=活|事|工)|(?:活儿?|事儿?|工)[做干](?![\u4e00-\u9fff])|俺"
)
"""How people begin a question; no advert holds these words, so searching for them finds nothing."""


def _fillers(reader: _Reader) -> None:
    for match in reader.each(_FILLER):
        reader.take(*match.span())


def _refused(reader: _Reader) -> None:
    for match in reader.each(_REFUSED_PLAINLY):
        known = match.group(1) or match.group(2)
        reader.add(match.start(), "not", known, reader.take(*match.span()), 0.8, applied=False)
    for match in reader.each(_REFUSED):
        object_ = match.group(1)
        if object_.startswith(("经验", "限", "学历", "错", "高", "低", "超")):
            continue  # 不要经验, 不错, 不低于: nothing is refused
        known = next((word for word in _refusable(object_) if object_.startswith(word)), None)
        if known is not None:
            end = match.start(1) + len(known)
            reader.add(match.start(), "not", known, reader.take(match.start(), end), 0.8, applied=False)


def _refusable(said: str) -> list[str]:
    """Words that can stand behind a refusal: shifts and the like, or a trade."""
    trades = [word for word, start, _ in trade.find_words(said) if start == 0]
    return [
        *_SHIFTS,
        "上夜班",
        "流水线",
        "进厂",
        "工厂",
        "加班",
        "中介",
        "站班",
        "倒班",
        "无尘服",
        "无尘车间",
        "高空",
        "体力活",
        *trades,
    ]


def _ages(reader: _Reader) -> None:
    for match in reader.each(_AGE):
        said = _value(match["said"] or match["years"])
        if match["open"] or match["limit"]:
            limits = parse_age(match.group().lstrip("今年龄本人我: ："))
            low, high = limits.min, limits.max
        else:
            low = high = int(said) if said is not None else None
        if low is None and high is None:
            continue
        words = reader.take(*match.span())
        for name, value in (("age_min", low), ("age_max", high)):
            if value is not None:
                reader.add(match.start(), name, value, words, 0.9)


def _value(said: str) -> float | None:
    try:
        value = float(said)
    except ValueError:
        read = chinese_number(said)
        value = float(read) if read is not None else -1.0
    return value if value > 0 else None


def _distances(reader: _Reader) -> None:
    for match in reader.each(_NEAR_KM):
        km = _value(match.group(1))
        if km is not None:
            km = km / 2 if match.group(2).startswith("里") else km
            reader.add(match.start(), "near", km, reader.take(*match.span()), 0.9)


def _wages(reader: _Reader) -> None:
    for match in reader.each(_WAGE):
        said = match.group()
        if not _WAGE_SIGN.search(said) or reader.rest[match.end() : match.end() + 1] in {"个", "人", "岁", "号", "证", "路"}:
            continue
        wage = parse_wage(said)
        month = wage.min_yuan_month if wage.min_yuan_month is not None else wage.max_yuan_month
        if month is None or month not in _WAGE_SANE:
            continue
        words = reader.take(*match.span())
        reader.add(match.start(), "wage_min", month, words, 0.9)
        reader.add(match.start(), "wage_unit", "month", words, 0.9)
        return  # a second amount is not a second wish


def _regions(reader: _Reader) -> None:
    place = region.find(reader.rest)
    at = reader.rest.find(place.matched) if place.matched else -1
    if at < 0:
        return
    words = reader.take(at, at + len(place.matched))
    if place.code is not None:
        reader.add(at, "region", place.code, words, 0.9)
    else:
        reader.add(at, "region", ",".join(place.ambiguous), words, 0.3, applied=False)


def _nearness(reader: _Reader) -> None:
    asked = any(piece.field == "near" for _, piece in reader.found)
    for match in reader.each(_NEAR):
        words = reader.take(*match.span())
        if not asked:
            reader.add(match.start(), "near", True, words, 0.8)
            asked = True


def _conditions(reader: _Reader) -> None:
    for pattern, tags in _BENEFITS:
        for match in reader.each(re.compile(pattern)):
            words = reader.take(*match.span())
            for tag in tags:
                reader.add(match.start(), "benefit", tag, words, 0.9)
    for name, table, sure in (("settlement", _SETTLEMENTS, 0.9), ("kind", _KINDS, 0.8)):
        for pattern, value in table:
            for match in reader.each(re.compile(pattern)):
                reader.add(match.start(), name, value, reader.take(*match.span()), sure)
    for shift in _SHIFTS:
        for match in reader.each(re.compile(rf"上?{shift}")):
            reader.add(match.start(), "shift", shift, reader.take(*match.span()), 0.8, applied=False)


def _people(reader: _Reader) -> None:
    for match in reader.each(_HOURS):
        hours = _value(match.group(1))
        if hours is not None and hours <= 16:
            reader.add(match.start(), "hours_max", hours, reader.take(*match.span()), 0.8)
    for match in reader.each(_COUPLE):
        reader.add(match.start(), "couple", True, reader.take(*match.span()), 0.8, applied=False)
    for match in reader.each(_GROUP):
        size = _value(match.group(1))
        if size is not None:
            reader.add(match.start(), "group_size", int(size), reader.take(*match.span()), 0.8, applied=False)
    for match in reader.each(_START):
        reader.add(match.start(), "start", match.group(1), reader.take(*match.span()), 0.7, applied=False)


def _works(reader: _Reader) -> None:
    for match in reader.each(_CERTIFICATE):
        name = match.group(1)
        reader.take(*match.span())
        reader.add(match.start(), "certificate", name, name, 0.9)
    for word, start, end in trade.find_words(reader.rest):
        known = trade.lookup(word)
        if known is not None and word not in text.STOP_WORDS:
            reader.add(start, "trade", known.code, word, 0.9)
            reader.take(start, end)


def _words(reader: _Reader) -> None:
    """Each unbroken run that is left, from its first telling word to its last: typing errors are corrected in whole runs."""
    for match in reader.each(re.compile(r"[^\s,.;:!?，。；：！？、/()（）]+")):
        for run in text.query_runs(match.group()):
            while run and run[0] in text.STOP_WORDS:
                run.pop(0)
            while len(run) > 1 and run[-1] in text.STOP_WORDS and len(run[-1]) > 1:
                run.pop()
            if run:
                words = "".join(run)
                reader.add(match.start() + match.group().find(words), "text", words, words, 0.5)


_STEPS: Final[tuple[Callable[[_Reader], None], ...]] = (
    _fillers,
    _refused,
    _ages,
    _distances,
    _people,
    _wages,
    _regions,
    _nearness,
    _conditions,
    _works,
    _words,
)
