"""The words of work in a title: which stand in a piece of it, and which occupation a word means with what stands around it.

Chinese compounds end in what they are (酒店|保洁, 数控机床|销售), so the last known word of a piece is its head. A head may
need the branch before it (高中|教师, 全屋定制|设计师), and some works share a name that only the surroundings tell apart
(车工 cuts metal, at a maker of bags it sews).
"""

import csv
import re
from collections import defaultdict
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from matching.rules import trade

# Works that name no branch of their own: a branch named right before them says more (污水处理|操作工).
_GENERAL: Final = frozenset({"普工", "学徒工", "临时工", "小工", "大工", "杂工", "司机", "组装工", "上下料工", "小时工"})
_CLOSING: Final = frozenset({"设计", "建设", "管理"})  # tell nothing at the end of a piece; inside it 管理员 is a word
# Ranks over people: a foreman still works in his trade, a manager does so only in offices, shops and hotels.
_FOREMEN: Final = frozenset({"组长", "班长", "领班", "班组长", "小组长", "带班"})
# Heads that have a code only with their branch (table `title_branches.csv`), and what is said without it.
_BRANCHED: Final = {
    "教师": (("教师", "老师", "专任教师", "专业教师", "讲师"), "教师没写是哪一级学校，分不到细类"),
    "医生": (("医师", "医生"), "医生没写科别，或科别不认得，分不到细类"),
    "护士": (("护士", "护士长"), "护士没写科别，分不到细类"),
    "设计师": (("设计师", "设计师助理", "设计总监", "首席设计师"), "设计师看不出设计什么，分不到细类"),
    "技术员": (("技术员",), "技术员没写哪一行，没有认得的工种"),
    "顾问": (("顾问",), ""),
    "专员": (("专员",), ""),
    "主管": (("主管", "经理", "总监", "主任", "部长", "负责人", "副经理", "管理", "储备干部", *_FOREMEN), ""),
}
# Compounds end in what they are: 酒店|客房|主管. Of schools and wards the order of the table decides (头颈外科 of 耳鼻咽喉).
_BY_NEAREST: Final = frozenset({"技术员", "顾问", "专员", "主管"})
_LEADERS: Final = frozenset(_BRANCHED["主管"][0])
_LED_BY_THEIR_OWN: Final = ("2-", "3-", "4-01-06", "4-03-01", "4-04", "4-07-0", "4-08", "4-13")
_STUDIED: Final = ("工程师", "专家", "研发", "研发人员", "研究员", "架构师")  # by field of engineering: engineer_fields.csv
_ANY_FIELD: Final = frozenset({"生产", "产品", "测试", "项目"})  # fields of an engineer that say nothing of a 技术员
_NEAR: Final = 12  # characters before a head in which its branch is looked for; farther off stands the employer
# Between the branch of a manager and his rank; in 市场|运营|经理 another word has come between.
_HIGH: Final = re.compile(r"(?:部门?|区域|大区|高级|资深|副|团队|储备|业务|[/、&])*")
_SHORT: Final = 3
_DRIVER: Final = "4-02-02-01"
_PERSONS: Final = (*"工员师机傅姨嫂手匠长生人卫厨播", "保安", "保洁", "保姆", "客服", "前台", "导购", "会计", "库管", "仓管")
# Short names of jobs that are no persons by their last character. Only between pieces: 销售|培训 is no 销售.
_JOBS: Final = re.compile("(?:助理|经理|主管|顾问|运营|收银|出纳|内勤|人事|行政|财务|采购|销售|跟单|文秘|编导|教练)$")
_DOINGS: Final = ("加工", "施工", "手工", "手机")
# 挖机结构件打磨, 叉车配件厂普工: the machine is what is made there, nobody drives it. 挖机维修 is a word of its own.
_MACHINE: Final = re.compile(r"(?:机|车|吊)$")
_DRIVEN: Final = ("6-30-01", "6-30-05", "4-02-02", "6-29-01-03", "6-29-02-03")
_MADE_THERE: Final = re.compile(
    r"(?:[零配备部]|结构|驾驶室|座椅|底盘|门架|车架|履带|整机|主机|属具|铲斗|挖斗|斗齿|生产|制造|组装|装配|总装|加工|打磨|抛光|焊|喷|涂装|油漆|"
    r"电池|质检|检验|销售|租赁|厂|公司|店|集团|配套|改装|清洗)"
)
_FURNITURE: Final = re.compile("家[具私居](?!装)|橱柜|衣柜|木门|全屋|床垫|沙发")
_WALLS: Final = re.compile("装修|装饰|家装|工装|墙|乳胶|室内|新房|小区")
# The employer or the words around it tell two works apart that share a name. The first that fits counts.
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
        frozenset(
            {"钣金", "钣金工", "喷漆", "喷漆工", "油漆工", "油漆", "机修工", "机修", "机修师傅", "维修技师", "维修技工", "学徒工"}
        ),
        re.compile("汽修|汽车维修|汽车修理|汽车服务|汽车美容|汽车钣|汽车喷|汽车油|汽车销|钣喷|养车|4S|^汽车[,，、]"),
        "4-12-01-01",
    ),
    (
        frozenset({"司机", "驾驶员", "专职司机", "公司司机", "司机师傅"}),
        re.compile("渣土|货运|物流|快运|快递|商砼|混凝土|搅拌|挂车|货车|拖车|装卸|[AB]2|[4-9]米[0-9]|13米|17米|拉货|送货"),
        "4-02-02-02",
    ),
    (frozenset({"养殖技术员", "养殖技术", "技术员"}), re.compile("鱼|虾|蟹|鳖|水产|螺"), "2-03-08-01"),
    (frozenset({"饲养员", "养殖工", "饲养工"}), re.compile("[鸡鸭鹅禽鸽蛋]"), "5-03-02-02"),
    (frozenset({"饲养员", "养殖工", "饲养工"}), re.compile("[鱼虾蟹鳖]|水产"), "5-04-02-01"),
    (frozenset({"木工", "木工师傅"}), re.compile("支模|模板|铝模|木模|工地|建筑工程|平米包干|厂房|项目"), "6-29-01-03"),
    (frozenset({"木工", "木工师傅"}), re.compile("装修|装饰|吊顶|家装|工装"), "6-29-04-01"),
    (frozenset({"木工", "木工师傅", "油漆工", "油漆", "喷漆工", "喷漆", "打磨工", "打磨"}), _FURNITURE, "6-06-04-00"),
    (frozenset({"油漆工", "油漆", "油工"}), _WALLS, "6-29-04-01"),
    (frozenset({"挡车工", "值车工", "挡车"}), re.compile("细纱|粗纱|纺纱|棉纺|络筒|气流纺|并条|捻|毛纺|纺线"), "6-04-02-01"),
    (frozenset({"挡车工", "值车工", "挡车"}), re.compile("圆机|大圆|纬编|针织"), "6-04-04-01"),
    (frozenset({"分拣", "分拣工", "分拣员", "分级"}), re.compile("[果橙柚桔桃莓枣菜茶菇薯]|紫菜|药材"), "5-05-06-01"),
    (frozenset({"分拣", "分拣工", "分拣员"}), re.compile("废品|废旧|垃圾|塑料|旧衣|再生"), "4-01-04-00"),
    (frozenset({"修剪", "修剪工"}), re.compile("[果橙柚桔桃梨茶]树?|葡萄"), "5-01-02-02"),
    (frozenset({"操作工", "普工", "装配工"}), re.compile("空调[车厂事]"), "6-24-05-02"),
    (frozenset({"前台", "前台接待", "前台文员", "前台人员"}), re.compile("行政|办公|综合前|人事|文员"), "3-01-02-02"),
    (frozenset({"服务员"}), re.compile("客房|宾馆|旅馆"), "4-03-01-02"),
    (frozenset({"服务员"}), re.compile("KTV|酒吧|网[吧咖]|台球|棋牌|足[浴疗道]|洗浴|量贩"), "4-14-05-04"),
    (frozenset({"主播", "带货主播"}), re.compile("电台|广播|新闻"), "2-10-04-01"),
)


class Head(NamedTuple):
    """A known word in a piece: its code, or "" for a word that tells nothing of the work alone (经理, 工程师)."""

    word: str
    code: str
    start: int
    end: int
    general: bool
    certain: float = 1.0


def table(name: str) -> list[list[str]]:
    """The rows of a table beside the rules, without its headings."""
    text = resources.files("matching.rules").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.reader(text.splitlines()))[1:]


class Terms:
    """Word to code: trade words, official names, checked titles; the longest match at each place."""

    __slots__ = ("branches", "codes", "fields", "groups", "lengths", "neighbours")

    def __init__(self) -> None:
        self.codes: dict[str, tuple[str, bool]] = {}
        for word in trade.vocabulary():
            known = trade.lookup(word)
            if known is not None:
                self.codes[word] = (known.code, known.word in _GENERAL)
        for title, code in table("titles.csv"):
            self.codes.setdefault(trade.fold(title), (code, False))
        self._add_stems()
        self.groups = {trade.fold(row.name) for row in trade.occupations() if row.level < 4}
        self.fields = [(trade.fold(field), code) for field, code in table("engineer_fields.csv")]
        self.branches: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for head, branch, code in table("title_branches.csv"):
            self.branches[head].append((trade.fold(branch), code))
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

    def heads(self, piece: str) -> list[Head]:
        """The known words of a folded piece from left to right."""
        traps = trade.trap_spans(piece)
        found: list[Head] = []
        at, size = 0, len(piece)
        while at < size:
            for length in self.lengths.get(piece[at], ()):
                end = at + length
                known = self.codes.get(piece[at:end]) if end <= size else None
                if known is None or (not known[0] and piece[at:end] in _CLOSING and end < size):
                    continue
                trapped = any(start <= at < stop and not (at == start and end > stop) for start, stop in traps)
                if trapped and piece[at:end] != "工程师":  # 土木工程 is a field, but 土木|工程师 has its head
                    continue
                if _MACHINE.search(piece[at:end]) and known[0].startswith(_DRIVEN) and _MADE_THERE.match(piece, end):
                    continue
                if trade.stands_alone(piece, at, end) and not (at and piece[at - 1] in "不无非免"):
                    found.append(Head(piece[at:end], known[0], at, end, known[1]))
                    at = end
                    break
            else:
                at += 1
        return found

    def by_branch(self, piece: str, head: Head) -> tuple[str, str]:
        """The code of a head that needs its branch (工程师, 教师, 医生), else the reason in Chinese why it has none."""
        before = piece[max(0, head.start - _NEAR) : head.start]
        if head.word.endswith(_STUDIED):
            if code := self._field(before):
                return code, ""
            if head.word.endswith("工程师"):
                return head.code, "工程师没写专业，或专业不认得，分不到细类"
        for group, (words, why) in _BRANCHED.items():
            if head.word in words:
                code = self._branch(group, before)
                if not code and group == "技术员":
                    code = self._field(before, but=_ANY_FIELD)
                if code or why:
                    return code, "" if code else why
        return "", f"“{head.word}”看不出具体做什么，分不到细类"

    def _field(self, before: str, but: frozenset[str] = frozenset()) -> str:
        return next((code for field, code in self.fields if _names(before, field) and field not in but), "")

    def _branch(self, group: str, before: str) -> str:
        branches = [(branch, code) for branch, code in self.branches[group] if _names(before, branch)]
        found = [(before.rfind(branch) + len(branch), code) for branch, code in branches]
        if group in _BY_NEAREST:
            found.sort(key=lambda each: -each[0])
        if group == "主管":
            found = [each for each in found if _HIGH.fullmatch(before, each[0])]
        return found[0][1] if found else ""


def _names(text: str, word: str) -> bool:
    """Whether a folded `text` holds `word`; a short Latin word only where it stands alone (IC, not in ICR)."""
    at = text.find(word)
    return at >= 0 and (len(word) > _SHORT or not word.isascii() or trade.stands_alone(text, at, at + len(word)))


@cache
def terms() -> Terms:
    """The tables, read once a process."""
    return Terms()


def led(over: Head, head: Head) -> bool:
    """Whether `head` only says the rank of those who do the work `over` right before it (注塑|组长, 新媒体运营|主管)."""
    if not over.code or over.end != head.start:
        return False
    if head.word in _FOREMEN or head.word == "技术员":
        return True
    return head.word in _LEADERS and over.code.startswith(_LED_BY_THEIR_OWN)


def by_context(word: str, folded: str) -> str:
    """The code for a word of two works (车工 at a maker of bags sews), or "" when nothing around it decides."""
    for words, around, code in _CONTEXTS:
        if word in words and around.search(folded):
            return code
    return ""


def is_person(head: Head) -> bool:
    """Whether the word names who does the work (预算员), not only a doing or a thing (幕墙)."""
    steady = not head.general or head.code == _DRIVER  # a 普工 or 学徒 says less than any doing beside it
    return bool(head.code) and steady and head.word.endswith(_PERSONS) and not head.word.endswith(_DOINGS)


def is_job(head: Head) -> bool:
    """Whether the word standing alone in its piece is a job (行政助理, 销售), a person or not."""
    return is_person(head) or (bool(head.code) and _JOBS.search(head.word) is not None)
