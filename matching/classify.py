"""From the title of an advert to a detailed occupation of the classification 2022, or an honest "don't know".

A wrong code sends people to wrong jobs, an empty one only leaves the text search to do the work. So a title of a manager,
a teacher without a school or an engineer without a field stays without a code, with the reason in words.

How: a code written in the title counts when it exists. Else the employer before 招聘, promises (包吃住, 8000起) and the
remarks in brackets are put aside, the rest is cut at separators, and in each piece the last word known to the tables is its
head (`title_heads`). A piece without any known word is compared with the nearest ones (`likeness`).

`score` says how the answer was found and comes near to how often such answers are right. On the 312 titles of
`tests/relevance/classify_labels.csv` that have a code and were never tuned on, 88 % are right, 4 % wrong, 8 % unknown; answers
of 0.95 were all right, of 0.85 to 0.9 19 in 20, below that 9 in 10. So no answer is held back for its score: ways of answering
that were right in fewer than three of four titles (the definitions of the classification, one word of many works) are not used
at all, since a wrong code hides a job from those who look for it and an unknown one leaves it to the text search.
"""

import re
from dataclasses import dataclass
from typing import Final

from matching import likeness
from matching.rules import trade
from matching.title_heads import Head, Terms, by_context, is_job, is_person, led, terms

_CODE: Final = re.compile(r"(?<![\d-])[1-8]-\d\d-\d\d-\d\d(?![\d-])")
_BRACKETS: Final = re.compile(r"[(（\[【「《<{][^)）\]】」》>}]*[)）\]】」》>}]?")
_SEPARATORS: Final = re.compile(r"[/、,，|+＋;；。!！~～—·&\s:：？?…★☆]+|兼(?!职)|-(?=\D)|(?<=\D)-|\.{2,}")
# 招 followed by these is another word: 招生, 招商, 招标, 招待, 招牌; and 招聘专员 is a job, not a call for one.
_HIRING: Final = re.compile(
    r"(?:招聘|诚聘|急聘|高聘|直聘|聘请|招募|招收|急招|直招|诚招|高薪聘|(?<!招)聘(?!用)|招(?![聘募收生商标待牌]))"
    r"(?!专员|主管|经理|助理|顾问|师$|网)"
)
_ONLY_A_NUMBER: Final = re.compile(r"[\d一二三四五六七八九十几数若干多]+\s*(?:[名人个位]|$)")
# What stands behind 招 when the work stands before it: 迎宾直招包吃住五险保底4500
_ONLY_PROMISES: Final = re.compile(
    r"(?:包吃住?|包住|管吃住?|住宿|吃住|[五六]险[一二]?金?|社保|双休|单休|保底|底薪|月薪|月入|工资|综合|日结|周结|现结|高薪|待遇|面议|可?预支|"
    r"长期|稳定|长白班|急|人|名|位|男女不限|无需?经验|[\d.\-~+kKwW元万千左右以上起天月年/\s,，])+$"
)
# Promises that hold words of a trade without being one.
_PROMISES: Final = re.compile(
    r"(?:带薪|免费|岗前|包|可|有|提供|带|专业|系统|全程)+培训|(?:不含|不带|没有|无需|不用|不做|不跑|不是|零|无|非)(?:任何)?(?:推销|销售|电销|业务)|(?:包|管)(?:吃|住|餐|饭)+"
)
# Ranks and ways of employment behind the work itself (运营|专员, 美发|助理): the word before them is the head.
_RANKS: Final = frozenset({"专员", "助理", "实习生", "学徒", "储备干部", "储备人才", "技术人员"})
_BRANCHED: Final = ("操作工", "操作员", "学徒", "学徒工", "徒工", "组装", "组装工", "装配", "装配工")
_SETTING: Final = re.compile(
    r"\S*?(?:车间|工厂|公司|集团|一线|生产|流水线|产线|机台|白班|夜班|两班|倒班|日结|长期|短期|直招|高薪|熟练|普通|坐班|男女)|"
    r"[\W\dA-Z]+"
)
_MANUAL: Final = re.compile(r"(?:工|技师|师傅|操作员)$")
# 铸造|工艺工程师: the branch says more than the step of making it works at.
_STEPS: Final = re.compile("^(?:生产|制造)?(?:工艺|制程|生产|研发|工艺/制程)工程师$")
_DRIVER: Final = "4-02-02-01"
_DRIVEN: Final = ("4-02-02", "6-30", "6-29-01-03", "6-29-02-03", "5-05-05", "4-02-01", "4-10-08")
_REMARK: Final = 0.6  # certainty of what only stands in brackets
_BY_RANK: Final = 0.95  # of an answer from the branch or from the work before a rank
_NO_LETTERS: Final = re.compile(r"\d+\s*[名人个位]|[\W\d]+")
_MOST_PIECES: Final = 4  # of a title compared as a whole


@dataclass(frozen=True, slots=True)
class Classified:
    """The answer for a title: detailed occupation and its name (None: don't know), certainty 0..1, reason in Chinese."""

    text: str
    code: str | None
    name: str | None
    score: float
    reason: str


TITLE_MOST = 400


def classify(title: str) -> Classified:
    """The occupation of an advert's title. What stands behind its first ``TITLE_MOST`` characters is no title and is not read.

    `code` is a detailed occupation of the classification 2022 (or the rest class …-99-00 where the branch has none for
    it, as for 普工) and None when the title does not say enough. Never raises on any text.
    """
    folded = trade.fold(title[:TITLE_MOST])
    written = _CODE.search(folded)
    unknown_code = ""
    if written is not None:
        row = trade.occupation(written.group())
        if row is not None and row.is_detailed:
            return Classified(title, row.code, row.name, 1.0, f"题目里写了职业编码 {row.code}（{row.name}）")
        unknown_code = f"题目里的编码 {written.group()} 不是细类编码；"
    answer = _by_words(title, _CODE.sub(" ", folded))
    if unknown_code:
        return Classified(title, answer.code, answer.name, answer.score, unknown_code + answer.reason)
    return answer


def _by_words(title: str, folded: str) -> Classified:
    known = terms()
    whole = folded.strip()
    exact = known.codes.get(whole)
    if exact is not None and exact[0]:
        return _answer(title, whole, exact[0], 0.95)
    if whole in known.groups:
        return Classified(title, None, None, 0.0, f"“{whole}”是大典里的类别名称，没有细到一种职业")
    bare = _PROMISES.sub(" ", _BRACKETS.sub(" ", folded))
    called = _HIRING.split(bare)
    wanted = called[-1].strip()
    exact = known.codes.get(wanted)
    if exact is not None and exact[0]:
        return _answer(title, wanted, by_context(wanted, folded) or exact[0], 0.9)
    readings = [(wanted, 0.9)]
    readings += [(text, 0.8) for text in reversed(called[1:-1])]
    # 迎宾岗位招聘，期待您的申请; 摘脐橙工人急招20人: else what stands there is the employer
    if len(called) > 1 and (not wanted[:1].isalnum() or _ONLY_A_NUMBER.match(wanted) or _ONLY_PROMISES.match(wanted)):
        readings.append((called[0], 0.7))
    remarks = [(inside.strip("()（）[]【】「」《》<>{}"), _REMARK) for inside in _BRACKETS.findall(folded)]
    refusal = ""
    for text, certainty in readings + remarks:
        picked, refused = _pick(known, text)
        if certainty == _REMARK:  # 炉后吊棒（天车工）: only who is wanted counts there, not what the work has to do with
            picked = [head for head in picked if is_person(head)]
        refusal = refusal or refused
        if picked:
            first = _first(picked)
            narrowed = by_context(first.word, folded)
            if narrowed:
                return _answer(title, first.word, narrowed, 0.85)
            sure = round(certainty * first.certain, 2)
            if len({head.code for head in picked}) == 1:
                return _answer(title, first.word, first.code, sure)
            words = "、".join(dict.fromkeys(head.word for head in picked))
            return _answer(title, first.word, first.code, min(sure, 0.8), f"题目里有几种工种（{words}），按第一个：")
        if refused:
            break  # what is in brackets or before 招聘 does not make a manager's title another job
    if refusal:
        return Classified(title, None, None, 0.0, refusal)
    return _by_likeness(title, wanted or bare)


def _first(picked: list[Head]) -> Head:
    """The head that counts of several pieces: the first that names a person, for in 幕墙、钢结构预算员 the things come first.

    A doing written before a worker of the same kind is a work of its own: 二保焊、铆工.
    """
    person = next((head for head in picked if is_job(head)), picked[0])
    first = picked[0]
    manual = person.code.startswith("6-") and first.code.startswith("6-") and not first.general
    return first if manual else person


def _pick(known: Terms, text: str) -> tuple[list[Head], str]:
    """The head with a code of every piece of `text`, and why the first piece that has a head gives none."""
    picked: list[Head] = []
    refusal = ""
    for piece in _SEPARATORS.split(text):
        heads = known.heads(piece)
        if not heads:
            continue
        head = heads[-1]
        if head.code and not is_person(head) and len(heads) > 1 and is_person(heads[-2]):
            heads.pop()
            head = heads[-1]
        if (head.general or head.word in _RANKS) and len(heads) > 1 and heads[-2].code and not _drives(head, heads[-2]):
            head = heads[-2]
        elif len(heads) > 1 and not head.code and led(heads[-2], head):
            head = heads[-2]._replace(certain=_BY_RANK)
        elif head.general and (unread := _unread(piece, head)):
            refusal = refusal or f"“{unread}{head.word}”是哪一行的不认得"
            continue
        if head.code.startswith("2-") and not is_person(head) and _MANUAL.search(piece, head.end):
            refusal = refusal or f"“{piece}”是哪种手艺不认得"  # 自动化安装技工 is no engineer of automation
            continue
        if head.code and not _STEPS.match(head.word):
            picked.append(head)
            continue
        code, why = known.by_branch(piece, head)
        if code:
            picked.append(Head(piece[: head.end], code, 0, head.end, general=False, certain=_BY_RANK))
        elif head.start == 0 and picked:
            continue  # 销售内勤主管/经理: a rank alone takes nothing back
        elif not any(is_person(other) for other in picked):  # 汽车工程技术、智能制造技术专业教师: fields, then the head
            picked.clear()
            refusal = refusal or why
    return picked, refusal


def _drives(driver: Head, before: Head) -> bool:
    """Whether a 司机 stays one beside the work before it: 搬家驾驶员, 投料司机. 叉车司机 is what the 叉车 says."""
    return driver.code == _DRIVER and not before.code.startswith(_DRIVEN)


def _unread(piece: str, head: Head) -> str:
    """What stands before 操作工, 学徒, 组装 and would say which: 倍捻并线操作工 is no 普工. Places and hours say nothing."""
    if not head.word.endswith(_BRANCHED):
        return ""
    return _SETTING.sub("", piece[: head.start])


def _by_likeness(title: str, wanted: str) -> Classified:
    """A piece that is like a known word (电焊公 → 电焊工), else "don't know"."""
    words = [word for piece in _SEPARATORS.split(wanted) if (word := _NO_LETTERS.sub("", piece))]
    if not any(letter.isalpha() for letter in title[:TITLE_MOST]):
        return Classified(title, None, None, 0.0, "题目里没有字，看不出工种")
    for word in words[:_MOST_PIECES]:
        near = likeness.nearest(word)
        if near is not None:
            other, code, certainty = near
            return _answer(title, other, code, certainty, f"“{word}”像是：")
    return Classified(title, None, None, 0.0, "题目里没有认得的工种")


def _answer(title: str, word: str, code: str, score: float, lead: str = "") -> Classified:
    row = trade.occupation(code)
    name = row.name if row is not None else ""
    rest = "（大典里没有更细的一级）" if code.endswith("-99-00") else ""
    return Classified(title, code, name, score, f"{lead}工种：{word} → {name}{rest}")
