"""The fields of one job out of the pieces of a message that belong to it, each with the place where it was read.

Every reader takes pieces of the plain text, what is the job's own before what holds for all, and gives a value with its places,
or nothing. What the words mean is decided by ``matching.rules`` alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from matching.pasted.heads import Heads, bare_number, heads_in
from matching.pasted.kinds import SETTLEMENTS, SHIFTS
from matching.pasted.letters import HIDDEN, Span
from matching.pasted.lines import clauses, label_at
from matching.pasted.pay import behind_name, beside, for_one, read_wage, run_on, subsidy
from matching.rules.age import AgeLimits, parse_age
from matching.rules.benefit_talk import SPOKEN
from matching.rules.benefits import BOTH, TAGS, read_tags
from matching.rules.wage import Wage, parse_wage

_FLEXIBLE = re.compile(r"时间(?:灵活|自由|自己安排|可自选|弹性)|弹性(?:工作|上班)|自由安排时间")
_PAID_MONTHLY = re.compile(
    r"(?:每月|月底|次月|下月|当月|发薪日)[^,，。;\n]{0,6}(?:发(?:放)?工资|发薪|[号日]准?时?发|结(?:清|账|算)?(?!束))|月付|发薪日:?(?:为|是)?每月"
)
_PAID_AT_END = re.compile(
    r"(?:做完|干完|完工|卸完|摘完|收完|活完|装完|完活|干完活|结束)[^,，。;\n]{0,4}(?:就|当场|立即|马上|后)?[^,，。;\n]{0,2}结|(?:做完|完工|活完)(?:活|就|了)?(?:拿|给|付|发)(?:工?钱|工资)"
)
_ELSEWHERE_TAGS = frozenset({*SHIFTS, *SETTLEMENTS})
"""Tags that a field of its own tells: they are not among the benefits."""


_LONGEST_CUT = 120
_LEAST_CAP = 80
"""Yuan: an upper limit alone below this is no pay by the day or month."""
T = TypeVar("T")


class Read(NamedTuple, Generic[T]):
    """A value and the places in the plain text that it was read from."""

    value: T
    spans: tuple[Span, ...]


def shrunk(text: str, span: Span, same: Callable[[str], bool]) -> Span:
    """The shortest piece inside that still reads the same, cut from the right end and then from the left.

    A piece without a seam for so long is left whole: every cut reads it again.
    """
    start, end = span
    if end - start > _LONGEST_CUT:
        return span
    while end - start > 1 and same(text[start : end - 1]):
        end -= 1
    while end - start > 1 and same(text[start + 1 : end]):
        start += 1
    return start, end


_TOTAL = re.compile(r"月月|(?:每|一)个?月(?!休|放|可|先|借)|月薪|月入|保底|综合|到手")
_BASE = re.compile(r"底薪|保底")
_BOAST = re.compile(r"[过上破]万|不是梦|轻松")


def wage_in(text: str, own: list[Span], shared: list[Span], name: str) -> Read[Wage] | None:
    """The pay: behind a label, else in the clauses that hold one, read together; the first piece that says anything counts.

    `name`: the job's, where there are several in the message, else "": what stands right behind it elsewhere is its own.
    """
    read = _wage_in(text, own, shared, name)
    return None if read is None else Read(for_one(text, read.value, read.spans, [*own, *shared]), read.spans)


def _wage_in(text: str, own: list[Span], shared: list[Span], name: str) -> Read[Wage] | None:
    pieces = [*own, *shared]
    text = _without_heads(text, pieces)
    read = _said_wage(text, own)
    if (read is None or read.value.min is None) and name and (named := behind_name(text, name)) is not None:
        wage = parse_wage(f"工资{text[slice(*named)]}")
        read = Read(wage, (named,)) if _pays(wage) else read
    read = read or _said_wage(text, shared)
    if read is None:
        for piece in pieces:
            if (alone := run_on(text, piece)) is not None:
                return Read(parse_wage(text[slice(*alone)]), (alone,))
        said = [span for piece in pieces for span in clauses(text, piece)]
        for span in said:
            wage = read_wage(text[slice(*span)])
            if wage.negotiable or wage.unit == "piece":
                return Read(wage, (shrunk(text, span, _reads(wage)),))
        for span in said:
            if _pays(wage := subsidy(text[slice(*span)])):
                return Read(wage, (span,))
    return read


def _said_wage(text: str, pieces: list[Span]) -> Read[Wage] | None:
    for piece in pieces:
        spans = _seamless(clauses(text, piece), beside(text, piece))
        good = [span for span in spans if _pays(read_wage(text[slice(*span)]))]
        labelled = [span for span in good if label_at(text, *span, "wage") is not None]
        total = [span for span in good if "综合" in text[slice(*span)] and span not in labelled]
        if total and any(_BASE.search(text, *span) for span in labelled):
            labelled = labelled + total  # 底薪5000+提成，综合8000
        regular = [span for span in good if "转正" in text[slice(*span)]]
        ranges = [span for span in good if not _BOAST.search(text, *span)]
        by_month = [span for span in ranges if _TOTAL.search(text, *span) and read_wage(text[slice(*span)]).unit == "month"]
        if by_month and any(read_wage(text[slice(*span)]).unit == "piece" for span in good):
            ranges = labelled = by_month  # 一桶提2块，一个月五六千: what it comes to
        chosen = regular or labelled or ranges or good
        whole = "，".join(text[slice(*span)] for span in chosen)
        wage = read_wage(whole) if chosen else read_wage(text[slice(*piece)])
        if not _pays(wage):
            together = read_wage(text[slice(*piece)])
            wage = together if _pays(together) else wage
        if not _pays(wage):
            continue
        places = tuple(_shrunk_wage(text, span) for span in chosen) or (_shrunk_wage(text, piece),)
        together = read_wage("，".join(text[slice(*span)] for span in places))
        # 底薪2500，一般7000: without its word the second is no more what both come to
        return Read(wage, places if _alike(together, wage) or not chosen else tuple(chosen))
    return None


def _seamless(spans: list[Span], joined: list[Span]) -> list[Span]:
    """The clauses, those that a pay reaches across as one."""
    for start, end in joined:
        over = [span for span in spans if span[0] < end and start < span[1]]
        whole = (over[0][0], over[-1][1])
        spans = sorted([span for span in spans if span not in over] + [whole])
    return spans


def _without_heads(text: str, pieces: list[Span]) -> str:
    """The text with counts of people made unreadable: 师傅一个（7000起） pays nothing by the piece."""
    spans = [(heads.start, heads.end) for piece in pieces for heads in heads_in(text, *piece)]
    if not spans:
        return text
    chars = list(text)
    for start, end in spans:
        chars[start:end] = HIDDEN * (end - start)
    return "".join(chars)


_ABOUT_PAY = re.compile(r"(?:元|块钱?)?(?:左右|上下)")


def _shrunk_wage(text: str, span: Span) -> Span:
    start, end = shrunk(text, span, _reads(read_wage(text[slice(*span)])))
    about = _ABOUT_PAY.match(text, end, span[1])  # 3000左右 promises less than 3000
    return start, about.end() if about else end


def _reads(wage: Wage) -> Callable[[str], bool]:
    return lambda part: _alike(read_wage(part), wage)


def _alike(one: Wage, other: Wage) -> bool:
    return (one.min, one.max, one.unit, one.negotiable) == (other.min, other.max, other.unit, other.negotiable)


def _pays(wage: Wage) -> bool:
    """Whether there is an amount. 45以下 in a message with 日结 is an age: nobody is paid at most 45 a day."""
    if wage.min is None:
        return wage.max is not None and (wage.max > _LEAST_CAP or wage.unit in {"hour", "piece"})
    return True


_NO_BAR = re.compile(r"(?:以上|[几多]岁)(?:的)?(?:也|都)(?:可|行|要|收|来)")
"""60岁以上也可以 opens the door, and sets no least age."""


_ABOUT = re.compile(r"左右|上下|[来几]岁")
"""50岁左右 tells whom one has in mind, and sets no limit: a draft keeps it as words."""


_age = lru_cache(maxsize=8192)(parse_age)
"""What holds for all the jobs of a message is read for each of them."""


def age_in(text: str, pieces: list[Span]) -> Read[AgeLimits] | None:
    """The ages of the first piece that says any; limits for men and women may stand in several clauses of it."""
    for piece in pieces:
        good = [
            span
            for span in clauses(text, piece)
            if _limits(limits := _age(text[slice(*span)]))
            and not _NO_BAR.search(text, *span)
            and not (limits.min == limits.max and _ABOUT.search(text, *span))
        ]
        sure = [span for span in good if re.search(r"岁|年龄|男|女", text[slice(*span)])]
        chosen = sure or good[:1]
        if not chosen:
            continue
        limits = _age("，".join(text[slice(*span)] for span in chosen))
        if not _limits(limits):
            limits, chosen = _age(text[slice(*chosen[0])]), chosen[:1]
        places = tuple(_shrunk_age(text, span) for span in chosen)
        together = _age("，".join(text[slice(*span)] for span in places))
        # 18-45岁，45岁以下: without its 岁 the first is no age beside the second
        return Read(limits, places if _same_age(together, limits) else tuple(chosen))
    return None


def _shrunk_age(text: str, span: Span) -> Span:
    whole = _age(text[slice(*span)])
    return shrunk(text, span, lambda part: _same_age(_age(part), whole))


def _limits(age: AgeLimits) -> bool:
    return age.min is not None or age.max is not None


def _same_age(one: AgeLimits, other: AgeLimits) -> bool:
    return (one.min, one.max, one.men, one.women) == (other.min, other.max, other.men, other.women)


def heads_wanted(text: str, pieces: list[Span], beside: Heads | None) -> Read[int] | None:
    """How many: the count beside the title, else behind the label 人数, else the first count of people."""
    if beside is not None:
        return _heads_read(text, beside)
    spans = [span for piece in pieces for span in clauses(text, piece)]
    for start, end in spans:
        at = label_at(text, start, end, "headcount")
        if at is not None and (found := bare_number(text, at, end)) is not None:
            return _heads_read(text, found)
    for span in spans:
        for heads in heads_in(text, *span):
            return _heads_read(text, heads)
    for piece in pieces:
        if (one := _SOMEBODY.search(text, *piece)) is not None:
            return Read(1, (one.span("one"),))
    return None


_SOMEBODY = re.compile(
    r"(?:找|招|请|要|缺|聘|差)(?P<one>[个位名])(?=[\u4e00-\u9fff])(?!个?(?:月|小时|把|儿|别|电话|车|房|铺|店|地方))"
)
"""找个手脚利索的: one is wanted, where no other count is said."""
_TWO_SHIFTS = re.compile(
    r"(?:白班|日班|早班)[ \d\-元块/一每天晚月、和跟与及]*(?:夜班|晚班)"
    r"[ \d\-元块/一每天晚月]*[\u4e00-\u9fff]{0,5}?(?P<each>各[要招需]?)?$"
)


def _heads_read(text: str, heads: Heads) -> Read[int] | None:
    """The count of people; 白班夜班各2名 are four for one job."""
    if heads.number is None:
        return None
    shifts = _TWO_SHIFTS.search(text, max(0, heads.start - 24), heads.start)
    twice = shifts is not None and (heads.each or shifts["each"] is not None)
    return Read(heads.number * 2 if twice else heads.number, ((heads.start, heads.end),))


def benefits_in(text: str, own: list[Span], shared: list[Span]) -> Read[tuple[str, ...]]:
    """The tags promised, those left out that shift and settlement tell; a denial anywhere takes a tag back."""
    said = [text[slice(*piece)] for piece in (*own, *shared)]
    tags = tuple(tag for tag in read_tags(*said) if tag not in _ELSEWHERE_TAGS)
    spans = tuple(span for tag in tags if (span := _word_of(text, (*own, *shared), tag)) is not None)
    return Read(tags, tuple(dict.fromkeys(spans)))


def _word_of(text: str, pieces: tuple[Span, ...], tag: str) -> Span | None:
    words = (*TAGS[tag], *(BOTH if tag in {"包吃", "包住"} else ()))
    for start, end in pieces:
        found = [(at, -len(word)) for word in words if (at := text.find(word, start, end)) >= 0]
        if found:
            at, length = min(found)
            return at, at - length
    if tag in SPOKEN:
        for start, end in pieces:
            if spoken := SPOKEN[tag].search(text, start, end):
                return spoken.span()
    return None


_tags = lru_cache(maxsize=8192)(read_tags)


_EMPLOYER = re.compile(
    r"\[?(?:用人单位|招聘单位|招工单位|招聘公司|招工公司|单位|公司|雇主|企业)(?:名称|名字)?(?:\]?[:：]|\])[ ]?"
    r"(?P<name>(?!某)[\w·\u4e00-\u9fff]{2,40}(?:\([\u4e00-\u9fff]{2,10}\)\w*)?)"
)


def employer_in(text: str, pieces: list[Span]) -> Read[str] | None:
    """Who hires, where a label says so at the head of a clause; a name in the running text is the trade's more often than not."""
    for piece in pieces:
        for start, end in clauses(text, piece):
            if (said := _EMPLOYER.match(text, start, end)) is not None:
                return Read(said["name"], (said.span("name"),))
    return None


def shift_in(text: str, pieces: list[Span]) -> Read[str] | None:
    """day, night, rotating or flexible, of the first piece that says it."""
    for piece in pieces:
        tags = _tags(text[slice(*piece)])
        tag = next((tag for tag in SHIFTS if tag in tags), None)
        if tag is not None:
            return Read(SHIFTS[tag], (_word_of(text, (piece,), tag) or _tag_at(text, piece, tag),))
        if flexible := _FLEXIBLE.search(text, *piece):
            return Read("flexible", (flexible.span(),))
    return None


def _tag_at(text: str, piece: Span, tag: str) -> Span:
    """The shortest place that gives a tag which no single word of the table gives: 早班/夜班."""
    whole = next((span for span in clauses(text, piece) if tag in _tags(text[slice(*span)])), piece)
    return shrunk(text, whole, lambda part: tag in _tags(part))


@lru_cache(maxsize=8192)
def _settlement(said: str) -> str | None:
    return parse_wage(said).settlement


def settlement_in(text: str, pieces: list[Span]) -> Read[str] | None:
    """day, week, month or job: how often the pay is paid out, of the first piece that says it."""
    for piece in pieces:
        for name, pattern in (("job", _PAID_AT_END), ("month", _PAID_MONTHLY)):
            if said := pattern.search(text, *piece):
                day = _settlement(text[slice(*piece)])
                if name == "job" and day == "day":
                    break  # 日结 and 干完就结: the day is the job
                return Read(name, (said.span(),))
        settled = _settlement(text[slice(*piece)])
        if settled is not None:
            return Read(settled, (_settled_at(text, piece, settled),))
        tags = _tags(text[slice(*piece)])
        tag = next((tag for tag in SETTLEMENTS if tag in tags), None)
        if tag is not None and (span := _word_of(text, (piece,), tag)) is not None:
            return Read(SETTLEMENTS[tag], (span,))
    return None


def _settled_at(text: str, piece: Span, settled: str) -> Span:
    whole = next((span for span in clauses(text, piece) if _settlement(text[slice(*span)]) == settled), piece)
    return shrunk(text, whole, lambda part: parse_wage(part).settlement == settled)
