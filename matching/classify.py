"""From the title of an advert to a detailed occupation of the classification 2022, or an honest "don't know".

A wrong code sends people to wrong jobs, an empty one only leaves the text search to do the work. So a title of a manager,
a teacher without a school or an engineer without a field stays without a code, with the reason in words.

How: a code written in the title counts when it exists. Else the employer before 招聘 and the remarks in brackets are
put aside, the rest is cut at separators, and in each piece the last word known to the tables is its head, as Chinese
compounds end in what they are (酒店|保洁, 数控机床|销售).
"""

import csv
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from rapidfuzz import fuzz

from matching.rules import trade

_CODE: Final = re.compile(r"(?<![\d-])[1-8]-\d\d-\d\d-\d\d(?![\d-])")
_BRACKETS: Final = re.compile(r"[(（\[【「《<{][^)）\]】」》>}]*[)）\]】」》>}]?")
_SEPARATORS: Final = re.compile(r"[/、,，|+＋;；。!！~～—·&\s:：？?…★☆]+|兼(?!职)|-(?=\D)|(?<=\D)-|\.{2,}")
# 招 followed by these is another word: 招生, 招商, 招标, 招待, 招牌; and 招聘专员 is a job, not a call for one.
_HIRING: Final = re.compile(
    r"(?:招聘|诚聘|急聘|高聘|直聘|聘请|招募|招收|急招|直招|诚招|高薪聘|(?<!招)聘(?!用)|招(?![聘募收生商标待牌]))"
    r"(?!专员|主管|经理|助理|顾问|师$|网)"
)
_ONLY_A_NUMBER: Final = re.compile(r"[\d一二三四五六七八九十几数若干多]+\s*(?:[名人个位]|$)")
_SCHOOLS: Final = (
    ("幼儿园", "2-08-03-00"),
    ("高中", "2-08-02-01"),
    ("高级中学", "2-08-02-01"),
    ("初中", "2-08-02-03"),
    ("初级中学", "2-08-02-03"),
    ("小学", "2-08-02-04"),
    ("中职", "2-08-02-02"),
    ("中等职业", "2-08-02-02"),
    ("高职", "2-08-01-02"),
    ("特殊教育", "2-08-04-00"),
)
_WARDS: Final = (
    ("急诊", "2-05-01-11"),
    ("重症医学", "2-05-01-23"),
    ("口腔", "2-05-01-07"),
    ("儿科", "2-05-01-03"),
    ("妇产", "2-05-01-04"),
    ("眼科", "2-05-01-05"),
    ("耳鼻", "2-05-01-06"),
    ("皮肤", "2-05-01-08"),
    ("精神", "2-05-01-09"),
    ("康复", "2-05-01-12"),
    ("麻醉", "2-05-01-13"),
    ("病理", "2-05-01-14"),
    ("放射", "2-05-01-15"),
    ("超声", "2-05-01-17"),
    ("肿瘤", "2-05-01-18"),
    ("全科", "2-05-01-19"),
    ("中医", ""),
    ("外科", "2-05-01-02"),
    ("骨科", "2-05-01-02"),
    ("内科", "2-05-01-01"),
)
_NURSES: Final = (
    ("急诊", "2-05-08-03"),
    ("儿科", "2-05-08-02"),
    ("外科", "2-05-08-04"),
    ("社区", "2-05-08-05"),
    ("口腔", "2-05-08-07"),
    ("妇产", "2-05-08-08"),
    ("中医", "2-05-08-09"),
    ("内科", "2-05-08-01"),
)
# Heads that have a code only with their branch: the first branch that stands before them counts.
_BRANCHES: Final = (
    (frozenset({"教师", "老师", "专任教师", "专业教师", "讲师"}), _SCHOOLS, "教师没写是哪一级学校，分不到细类"),
    (frozenset({"医师", "医生"}), _WARDS, "医生没写科别，或科别不认得，分不到细类"),
    (frozenset({"护士", "护士长"}), _NURSES, "护士没写科别，分不到细类"),
)
# Works that name no branch of their own: a branch named right before them says more (污水处理|操作工).
_GENERAL: Final = frozenset({"普工", "学徒工", "临时工", "小工", "大工", "杂工", "司机", "组装工", "上下料工", "小时工"})
_SETTING: Final = re.compile(
    r"\S*?(?:车间|工厂|公司|集团|一线|生产|流水线|产线|机台|白班|夜班|两班|倒班|日结|长期|短期|直招|高薪|熟练|普通|坐班|男女)|"
    r"[\W\dA-Z]+"
)
# Ranks and ways of employment behind the work itself (运营|专员, 美发|助理): the word before them is the head.
_RANKS: Final = frozenset({"专员", "助理", "实习生", "学徒", "储备干部", "储备人才", "技术人员"})
# Promises that hold words of a trade without being one.
_PROMISES: Final = re.compile(
    r"(?:带薪|免费|岗前|包|可|有|提供|带|专业|系统|全程)+培训|(?:不含|无需|不用|不做|无|非)(?:推销|销售|电销)"
)
# A word that names a person, not a doing: in 司机送货 the job is 司机, in 钢结构、幕墙预算员 it is 预算员.
_BRANCHED: Final = ("操作工", "操作员", "学徒", "学徒工", "徒工", "组装", "组装工", "装配", "装配工")
_CLOSING: Final = frozenset({"设计", "建设", "管理"})  # tell nothing at the end of a piece; inside it 管理员 is a word
# 铸造|工艺工程师: the branch says more than the step of making it works at.
_STEPS: Final = re.compile("^(?:生产|制造)?(?:工艺|制程|生产|研发|工艺/制程)工程师$")
_REMARK: Final = 0.5  # certainty of what only stands in brackets
_DRIVER: Final = "4-02-02-01"
_PERSONS: Final = (*"工员师机傅姨嫂手匠长生人卫厨播", "保安", "保洁", "保姆", "客服", "前台", "导购", "会计", "库管", "仓管")
_DOINGS: Final = ("加工", "施工", "手工", "手机")
# 挖机结构件打磨, 叉车配件厂普工: the machine is what is made there, nobody drives it. 挖机维修 is a word of its own.
_MACHINE: Final = re.compile(r"(?:机|车|吊)$")
_DRIVEN: Final = ("6-30-01", "6-30-05", "4-02-02", "6-29-01-03", "6-29-02-03")
_MADE_THERE: Final = re.compile(
    r"(?:[零配备部]|结构|驾驶室|座椅|底盘|门架|车架|履带|整机|主机|属具|铲斗|挖斗|斗齿|生产|制造|组装|装配|总装|加工|打磨|抛光|焊|喷|涂装|油漆|"
    r"电池|质检|检验|销售|租赁|厂|公司|店|集团|配套|改装|清洗)"
)
# The employer or the words around it tell two works apart that share a name.
_CONTEXTS: Final = (
    (frozenset({"车工"}), re.compile("鞋"), "6-05-04-01"),
    (
        frozenset({"车工"}),
        re.compile(
            "箱包|[背书挎钱]包(?!装)|制衣|[成毛羊大内外睡童雨卫秋棉]衣|[毛衬线]衫|[裤裙袜帽缝绒]|服(?!务)|针织|针纺|家纺|皮具|皮革|手袋|手套|"
            "布艺|布料|布厂|窗帘|窗饰|沙发|床品|床上|被[子套服]|四件套|座套|坐垫|座椅|帐篷|睡袋|玩偶|毛绒|口罩|平车|拷边|锁边|电动车工"
        ),
        "6-05-01-03",
    ),
    (
        frozenset({"钣金", "钣金工", "喷漆", "喷漆工", "油漆工", "油漆", "机修工", "机修", "机修师傅", "维修技师", "维修技工"}),
        re.compile("汽修|汽车维修|汽车修理|汽车服务|汽车美容|汽车钣|汽车喷|汽车油|养车|4S|^汽车[,，、]"),
        "4-12-01-01",
    ),
    (
        frozenset({"司机", "驾驶员", "专职司机", "公司司机", "司机师傅"}),
        re.compile("渣土|货运|物流|快运|快递|商砼|混凝土|搅拌|挂车|货车|拖车|装卸|[AB]2|[4-9]米[0-9]|13米|17米|拉货|送货"),
        "4-02-02-02",
    ),
    (frozenset({"养殖技术员", "养殖技术"}), re.compile("鱼|虾|蟹|鳖|水产|螺"), "2-03-08-01"),
)
_NEAREST: Final = 85.0  # fuzz.ratio: a lost or doubled character; 水产技术员 and 生产技术员 (80) are two works


@dataclass(frozen=True, slots=True)
class Classified:
    """The answer for a title: detailed occupation and its name (None: don't know), certainty 0..1, reason in Chinese."""

    text: str
    code: str | None
    name: str | None
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class _Head:
    """A known word in a piece: its code, or "" for a word that tells nothing of the work (经理, 工程师)."""

    word: str
    code: str
    start: int
    end: int
    general: bool


class _Terms:
    """Word to code: trade words, official names, checked titles; the longest match at each place."""

    __slots__ = ("codes", "fields", "groups", "lengths", "neighbours")

    def __init__(self) -> None:
        self.codes: dict[str, tuple[str, bool]] = {}
        for word in trade.vocabulary():
            known = trade.lookup(word)
            if known is not None:
                self.codes[word] = (known.code, known.word in _GENERAL)
        for title, code in _table("titles.csv"):
            self.codes.setdefault(trade.fold(title), (code, False))
        self._add_stems()
        self.groups = {trade.fold(row.name) for row in trade.occupations() if row.level < 4}
        self.fields = [(trade.fold(field), code) for field, code in _table("engineer_fields.csv")]
        lengths: dict[str, set[int]] = defaultdict(set)
        self.neighbours: dict[str, list[str]] = defaultdict(list)
        for word in self.codes:
            lengths[word[0]].add(len(word))
            if len(word) > 2:
                self.neighbours[word[:2]].append(word)
                self.neighbours[word[-2:]].append(word)
        self.lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}

    def _add_stems(self) -> None:
        """Official names without their last 工, 员, 人员 (计算机及外部设备装配), where only one name has that stem."""
        stems: dict[str, set[str]] = defaultdict(set)
        for row in trade.occupations():
            if row.level == 4:
                stem = re.sub(r"(?:调试|操作)?(?:人员|工|员|师)$", "", trade.fold(row.name))
                stems[stem].add(row.code)
        for stem, codes in stems.items():
            if len(stem) >= 4 and len(codes) == 1:
                self.codes.setdefault(stem, (min(codes), False))

    def heads(self, piece: str) -> list[_Head]:
        """The known words of a folded piece from left to right."""
        traps = trade.trap_spans(piece)
        found: list[_Head] = []
        at, size = 0, len(piece)
        while at < size:
            for length in self.lengths.get(piece[at], ()):
                end = at + length
                known = self.codes.get(piece[at:end]) if end <= size else None
                if known is None or (not known[0] and piece[at:end] in _CLOSING and end < size):
                    continue
                if any(start <= at < stop and not (at == start and end > stop) for start, stop in traps):
                    continue
                if _MACHINE.search(piece[at:end]) and known[0].startswith(_DRIVEN) and _MADE_THERE.match(piece, end):
                    continue
                if trade.stands_alone(piece, at, end) and not (at and piece[at - 1] in "不无非免"):
                    found.append(_Head(piece[at:end], known[0], at, end, known[1]))
                    at = end
                    break
            else:
                at += 1
        return found


def _table(name: str) -> list[list[str]]:
    text = resources.files("matching.rules").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.reader(text.splitlines()))[1:]


@cache
def _terms() -> _Terms:
    return _Terms()


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
    terms = _terms()
    whole = folded.strip()
    exact = terms.codes.get(whole)
    if exact is not None and exact[0]:
        return _answer(title, whole, exact[0], 0.95)
    if whole in terms.groups:
        return Classified(title, None, None, 0.0, f"“{whole}”是大典里的类别名称，没有细到一种职业")
    bare = _PROMISES.sub(" ", _BRACKETS.sub(" ", folded))
    called = _HIRING.split(bare)
    wanted = called[-1].strip()
    exact = terms.codes.get(wanted)
    if exact is not None and exact[0]:
        return _answer(title, wanted, _by_context(wanted, folded) or exact[0], 0.9)
    readings = [(wanted, 0.9)]
    readings += [(text, 0.8) for text in reversed(called[1:-1])]
    # 迎宾岗位招聘，期待您的申请; 摘脐橙工人急招20人: else what stands there is the employer
    if len(called) > 1 and (not wanted[:1].isalnum() or _ONLY_A_NUMBER.match(wanted)):
        readings.append((called[0], 0.7))
    remarks = [(inside.strip("()（）[]【】「」《》<>{}"), _REMARK) for inside in _BRACKETS.findall(folded)]
    refusal = ""
    for text, certainty in readings + remarks:
        picked, refused = _pick(terms, text)
        if certainty == _REMARK:  # 炉后吊棒（天车工）: only who is wanted counts there, not what the work has to do with
            picked = [head for head in picked if _is_person(head)]
        refusal = refusal or refused
        if picked:
            first = next((head for head in picked if _is_person(head)), picked[0])
            narrowed = _by_context(first.word, folded)
            if narrowed:
                return _answer(title, first.word, narrowed, 0.8)
            if len({head.code for head in picked}) == 1:
                return _answer(title, first.word, first.code, certainty)
            words = "、".join(dict.fromkeys(head.word for head in picked))
            return _answer(title, first.word, first.code, min(certainty, 0.6), f"题目里有几种工种（{words}），按第一个：")
        if refused:
            break  # what is in brackets or before 招聘 does not make a manager's title another job
    if refusal:
        return Classified(title, None, None, 0.0, refusal)
    return _by_likeness(title, terms, bare)


def _pick(terms: _Terms, text: str) -> tuple[list[_Head], str]:
    """The head with a code of every piece of `text`, and why the first piece that has a head gives none."""
    picked: list[_Head] = []
    refusal = ""
    for piece in _SEPARATORS.split(text):
        heads = terms.heads(piece)
        if not heads:
            continue
        head = heads[-1]
        if head.code and not _is_person(head) and len(heads) > 1 and _is_person(heads[-2]):
            heads.pop()
            head = heads[-1]
        if (head.general or head.word in _RANKS) and len(heads) > 1 and heads[-2].code:
            head = heads[-2]
        elif head.general and (unread := _unread(piece, head)):
            refusal = refusal or f"“{unread}{head.word}”是哪一行的不认得"
            continue
        if head.code and not _STEPS.match(head.word):
            picked.append(head)
            continue
        code, why = _by_branch(terms, piece, head)
        if code:
            picked.append(_Head(piece[: head.end], code, 0, head.end, general=False))
        elif not any(_is_person(other) for other in picked):  # 汽车工程技术、智能制造技术专业教师: fields, then the head
            picked.clear()
            refusal = refusal or why
    return picked, refusal


def _by_context(word: str, folded: str) -> str:
    """The code for a word of two works (车工 at a maker of bags sews), or "" when nothing around it decides."""
    for words, around, code in _CONTEXTS:
        if word in words and around.search(folded):
            return code
    return ""


def _is_person(head: _Head) -> bool:
    steady = not head.general or head.code == _DRIVER  # a 普工 or 学徒 says less than any doing beside it
    return bool(head.code) and steady and head.word.endswith(_PERSONS) and not head.word.endswith(_DOINGS)


def _unread(piece: str, head: _Head) -> str:
    """What stands before 操作工, 学徒, 组装 and would say which: 倍捻并线操作工 is no 普工. Places and hours say nothing."""
    if not head.word.endswith(_BRANCHED):
        return ""
    return _SETTING.sub("", piece[: head.start])


def _by_branch(terms: _Terms, piece: str, head: _Head) -> tuple[str, str]:
    """The code of a head that needs its branch (工程师, 教师, 医生), else the reason why it has none."""
    before = piece[: head.start]
    if head.word.endswith("工程师"):
        for field, code in terms.fields:
            if field in before and (row := trade.occupation(code)) is not None and row.is_detailed:
                return code, ""
        return head.code, "工程师没写专业，或专业不认得，分不到细类"
    for words, branches, why in _BRANCHES:
        if head.word in words:
            code = next((code for branch, code in branches if branch in before), "")
            return code, "" if code else why
    return "", f"“{head.word}”看不出具体做什么，分不到细类"


def _by_likeness(title: str, terms: _Terms, bare: str) -> Classified:
    """A whole title one slip of the pen away from a known word (电焊公 → 电焊工), else "don't know"."""
    word = re.sub(r"[\W\d]+", "", bare)
    if not word:
        return Classified(title, None, None, 0.0, "题目里没有字，看不出工种")
    if 3 <= len(word) <= 12 and not trade.trap_spans(word):  # 养护工 is no slip of the pen of 养老护工
        near = {*terms.neighbours.get(word[:2], ()), *terms.neighbours.get(word[-2:], ())}
        close = (other for other in near if abs(len(other) - len(word)) <= 1)
        scored = sorted(((fuzz.ratio(word, other), other) for other in close), reverse=True)
        best = [(ratio, other) for ratio, other in scored if ratio >= _NEAREST and terms.codes[other][0]]
        if best and len({terms.codes[other][0] for ratio, other in best if ratio == best[0][0]}) == 1:
            ratio, other = best[0]
            return _answer(title, other, terms.codes[other][0], round(ratio / 100 * 0.6, 2), f"“{word}”像是：")
    return Classified(title, None, None, 0.0, "题目里没有认得的工种")


def _answer(title: str, word: str, code: str, score: float, lead: str = "") -> Classified:
    row = trade.occupation(code)
    name = row.name if row is not None else ""
    rest = "（大典里没有更细的一级）" if code.endswith("-99-00") else ""
    return Classified(title, code, name, score, f"{lead}工种：{word} → {name}{rest}")
