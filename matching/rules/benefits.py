"""Benefits and conditions as tags: one table of tags with the words they are read from.

A person writes 「包吃住，不穿无尘服，五险，做六休一」; the tags are what can be filtered. What is denied is not a tag:
「不包住」 and 「住宿自理」 never give 包住. Standard library only.
"""

from __future__ import annotations

import re

from matching.rules.benefit_talk import OWN_INSURANCE, SPOKEN
from matching.rules.needles import needles, straws

TAGS: dict[str, tuple[str, ...]] = {
    "包吃": (
        "包吃",
        "管吃",
        "包餐",
        "管饭",
        "包伙食",
        "提供三餐",
        "包三餐",
        "管三餐",
        "供三餐",
        "三餐免费",
        "三餐全包",
        "免费三餐",
        "包一日三餐",
        "提供一日三餐",
    ),
    "包住": (
        "包住",
        "管住",
        "包宿",
        "免费住宿",
        "住宿免费",
        "提供住宿",
        "免费宿舍",
        "提供宿舍",
        "包住宿",
    ),
    "工作餐": (
        "工作餐",
        "免费用餐",
        "供餐",
        "包两餐",
        "管两餐",
        "提供两餐",
        "包一餐",
        "包吃一餐",
        "包吃两餐",
        "包吃一顿",
        "包吃中餐",
        "包吃中饭",
        "包吃午餐",
        "包吃午饭",
        "包吃早餐",
        "包吃晚餐",
        "包吃晚饭",
        "管吃一餐",
        "管吃午饭",
        "管吃中饭",
        "管吃两餐",
        "管吃一顿",
        "管一餐",
        "提供一餐",
        "管一顿",
        "包一顿",
        "包午餐",
        "管午餐",
        "供午餐",
        "提供午餐",
        "免费午餐",
        "午餐免费",
        "包午饭",
        "管午饭",
        "包中餐",
        "管中餐",
        "提供中餐",
        "免费中餐",
        "包中饭",
        "管中饭",
        "中午管饭",
        "中午包饭",
        "中午包吃",
        "包晚餐",
        "管晚饭",
        "包早餐",
        "管早饭",
        "有夜宵",
        "包夜宵",
        "管夜宵",
        "提供夜宵",
        "免费夜宵",
        "有食堂",
        "中午有饭",
        "管中午饭",
        "中饭都管",
        "午饭都管",
        "包中午饭",
        "含中餐",
        "含午餐",
        "含工作餐",
        "员工食堂",
        "职工食堂",
        "提供食堂",
        "食堂就餐",
        "食堂用餐",
    ),
    "餐补": ("餐补", "饭补", "伙食补贴", "餐费补贴", "用餐补贴"),
    "房补": ("房补", "住房补贴", "住宿补贴", "租房补贴"),
    "夫妻房": ("夫妻房", "夫妻宿舍", "夫妻间"),
    "夫妻工": ("夫妻工", "夫妻档", "夫妻优先", "招夫妻"),
    "五险": ("五险", "社保", "社会保险"),
    "公积金": ("公积金", "五险一金", "六险一金"),
    "意外险": ("意外险", "意外伤害险", "意外保险", "商业险"),
    "日结": ("日结", "天结", "一天一结", "当天结", "当日结", "现结", "每天结", "每日结", "做一天结一天"),
    "周结": ("周结", "一周一结", "每周结"),
    "月结": ("月结", "按月发", "每月发薪", "月薪准时"),
    "预支": ("可预支", "预支工资", "可借支", "借支"),
    "长白班": ("长白班", "常白班", "纯白班", "只上白班", "白班"),
    "夜班": ("夜班", "晚班", "通宵"),
    "两班倒": (
        "两班倒",
        "两班制",
        "二班倒",
        "倒两班",
        "两班轮",
        "早晚班",
        "白夜班",
        "白晚班",
        "白夜倒",
        "白班夜班",
        "早中班倒",
        "早中倒班",
        "早晚班轮",
        "早晚轮换",
        "早晚倒",
    ),
    "三班倒": ("三班倒", "三班制", "四班三倒", "四班三运转", "三班两运转", "早中晚班"),
    "八小时": ("八小时", "8小时", "八个小时", "8个小时"),
    "加班费": ("加班费", "加班工资", "加班另算"),
    "双休": ("双休", "周末休", "做五休二"),
    "单休": ("单休", "周日休", "星期天休", "做六休一", "上六休一", "干六休一", "月休4天", "月休四天"),
    "带薪年假": ("带薪年假", "年休假", "带薪休假"),
    "班车": ("班车", "接送", "车接车送", "通勤车", "厂车"),
    "报销路费": ("报销路费", "报路费", "车费报销", "报销车费", "路费补贴", "交通补贴", "车补"),
    "全勤奖": ("全勤",),
    "年终奖": ("年终奖", "13薪", "十三薪", "年底双薪"),
    "高温补贴": ("高温补贴", "高温津贴", "高温费"),
    "节日福利": ("节日福利", "过节费", "节假日福利"),
    "免费体检": ("免费体检", "年度体检", "包体检"),
    "空调车间": ("空调车间", "恒温车间", "有空调", "车间空调", "中央空调"),
    "无尘车间": ("无尘车间", "无尘服", "净化车间"),
    "坐班": ("坐着上班", "坐着干", "坐班", "可以坐"),
    "包培训": ("免费培训", "带薪培训", "包培训", "包教包会", "包学会", "提供培训", "师傅带", "有人带"),
    "无经验可": ("无经验可", "不限经验", "经验不限", "无需经验", "新手可", "生手可", "可招生手", "小白可", "生熟手均可"),
    "学历不限": ("学历不限", "不限学历", "无学历要求", "不看学历"),
    "年龄不限": ("年龄不限", "不限年龄"),
    "退休可": ("退休返聘", "退休可", "接受退休", "退休人员可", "超龄可"),
    "残疾人可": ("残疾人可", "接受残疾", "助残岗", "残疾人优先"),
    "当天入职": ("当天入职", "当天上班", "立即上岗", "随时上岗", "马上上班", "马上上岗", "当日入职"),
    "计件": ("计件", "多劳多得"),
    "公益性岗位": ("公益性岗位", "公益岗"),
    "流水线": ("流水线", "产线操作", "产线作业"),
    "站班": ("站班", "站着上班", "站着干", "站立作业", "站立操作", "久站", "站立工作"),
    "高空作业": ("高空", "高处作业", "登高作业"),
    "重体力": ("重体力", "体力活", "搬运重物", "搬重物", "重活"),
    "劳务派遣": ("劳务派遣", "派遣制", "派遣工", "派遣员工", "劳务公司", "劳务外包", "返费", "中介费"),
    "在家做": ("手工活带回家", "可在家做", "带回家做", "居家", "可带回家"),
}
"""Tag to the words it is read from. The order is the order in which tags are shown."""

BOTH = (
    "包吃住",
    "管吃住",
    "包食宿",
    "管食宿",
    "免费食宿",
    "食宿免费",
    "食宿全包",
    "全包食宿",
    "吃住全包",
    "吃住免费",
    "吃住都包",
    "食宿都包",
    "包食住",
    "包吃宿",
    "供吃住",
    "包吃包住",
    "供食宿",
    "提供食宿",
)
"""Words that promise 包吃 and 包住 at once."""
# Words that hold a tag's word and promise nothing: 果品厂车间, a bus driver's own work, the way a child gets to school.
_TRAPS = re.compile(
    r"厂车间|(?<=[来进到去])厂(?=车[费票])|当天上班(?=当天|当日|就结|拿)|有(?=食堂(?:有)?补)|有?空调(?:的)?(?:宿舍|寝室|公寓|单间|套间|房间|标间)|(?:厂车|班车|通勤车)(?:司机|驾驶员)|开(?:厂车|班车)|接送(?:自家|自己)?(?:的)?(?:孩子|小孩|学生|娃|宝宝|幼儿|老人|病人|领导|老板|客)"
    r"|居家(?:养老|保洁|护理|服务|上门|老人|照护|照料|照顾|康养|生活|用品|适老)"
    r"|(?:[二两三四五六七八九十几半]|[2-9]|[0-9]0)天一?结|(?:幼儿园|学校|托管)接送点|接送(?=[加和、做带]|上学|放学|上下学)|单双休|大小休|超(?:过|出)?(?:8|八)个?小时|(?:8|八)个?小时(?:以外|之外|外|以后|后)|(?:住宿|宿舍|寝室|房间|住处)[^，。；,;\s]{0,5}空调|空调车间(?:安装|清洗)"
    r"|(?:中午|午间|中饭|午饭|早上|晚上)(?=管饭|包吃|包餐|包饭)(?:管饭|包吃(?!住|包住)|包餐|包饭)"
)
# 早晚班, 白班夜班 turn with each other; 长白班/夜班 and 白班夜班可选 are two openings in one advert.
_TURNS = re.compile(
    r"(?P<steady>[长常纯])?(?:早|白|日)班?(?:[/、和与及+]|或|或者)?(?:夜|晚)(?:班|倒)(?P<choice>[^，。；,;\s]{0,4}(?:可选|任选|自选|选择|都可|均可|都有|都招|都要))?"
    r"|(?:夜|晚)班(?:[/、和与及+]|或|或者)?(?<!长)(?:早|白|日)班"
)
_DENIED_BEFORE = re.compile(
    r"(?:不|无|没有|没|未|非|禁止|不用|不穿|不上|不需要|无需|拒绝|免|不能|不可|放弃)(?:是|含|提供|供|缴|缴纳|交|买|上|穿|用|倒|做|坐|站|干|收|收取|走)?$"
)
_NEUTRAL_HEADS = frozenset({"无经验可", "学历不限", "年龄不限"})
"""Tags whose own words begin with a negation."""
_DENIED_AFTER = re.compile(r"^(?:费)?[（(]?(?:自理|自行解决|自费|不包|不提供|没有|无|除外|另算|:无|：无|:不|：不)")
_VERBS = ("包", "管", "提供", "免费", "有")
"""A promise that begins with a verb is whole: in 「包吃不包住」 the denial belongs to what follows."""
_OWN_COST = {
    "包吃": re.compile(r"(?:吃饭|伙食|餐费|吃住|食宿|用餐|三餐)自(?:理|费)"),
    "包住": re.compile(r"(?:住宿|吃住|食宿|住房)自(?:理|费)"),
    "工作餐": re.compile(r"(?:食堂|工作餐|中餐|午餐|用餐|就餐|餐费)[（(，,：:]?(?:自费|自理|收费|自付|扣费)"),
}
_PLAIN_DAY = re.compile(r"(?<![长常纯])(?<!只上)白班")
"""白班 alone is a steady day shift only while no night shift stands beside it."""
_MEAL_AT_NOON = re.compile(r"(?:中午|午间|早上|晚上)(?:管饭|包吃(?!住|包住)|包餐|包饭)")

_ONE_MEAL = re.compile(r"[包管]吃(?=[一两][餐顿]|[中午早晚][餐饭])")
"""包吃一餐 is no board."""


def _words_of(tag: str) -> tuple[str, ...]:
    return TAGS[tag] + (BOTH if tag in {"包吃", "包住"} else ())


def _needed(tag: str) -> frozenset[str]:
    patterns = [re.compile("|".join(map(re.escape, _words_of(tag))))]
    patterns += [SPOKEN[tag]] if tag in SPOKEN else []
    patterns += [_MEAL_AT_NOON] if tag == "工作餐" else []
    each = [needles(pattern) for pattern in patterns]
    return frozenset().union(*each) if all(each) else frozenset()


_NEEDED = {tag: (_words_of(tag), _needed(tag)) for tag in TAGS}
"""The words of each tag, and characters or pairs of which one stands wherever it is promised; none: it is always looked for."""


def read_tags(*texts: str) -> tuple[str, ...]:
    """The tags that the texts really promise, each once, in the order of the table. A word that is denied once is not a tag.

    包吃 is full board; one or two meals of the day, or a canteen, are 工作餐.
    """
    whole = "\n".join(texts)
    text = OWN_INSURANCE.sub("□", _TURNS.sub(_turn, _TRAPS.sub(_trapped, whole)))
    held = straws(whole + text)
    found: list[str] = []
    for tag, (words, needed) in _NEEDED.items():
        if needed and needed.isdisjoint(held):
            continue
        own_cost = _OWN_COST.get(tag)
        if own_cost and own_cost.search(text):
            continue
        board = _ONE_MEAL.sub("□", text) if tag == "包吃" else text
        said, denied = _said(board, words, headed=tag in _NEUTRAL_HEADS)
        said = said or (not denied and _spoken(whole if tag == "工作餐" else board, tag))
        if tag == "工作餐" and _MEAL_AT_NOON.search(whole):
            said = True
        if said and not denied:
            found.append(tag)
    turning = {"两班倒", "三班倒"} & set(found)
    if _PLAIN_DAY.search(text) and {"夜班", *turning} & set(found):
        return tuple(tag for tag in found if tag not in {"长白班", "夜班"})
    return tuple(found)


def tags_named(word: str) -> tuple[str, ...]:
    """The tags that one word for a benefit means (包吃住: 包吃 and 包住; 管饭: 包吃), itself when it is a tag or unknown."""
    return (word,) if word in TAGS else read_tags(word) or (word,)


def _trapped(m: re.Match[str]) -> str:
    """A gap; 宿舍有空调 is no air in the workshop, but it is a place to sleep."""
    lodged = (
        m[0].startswith(("宿舍", "寝室", "有空调", "空调"))
        and re.search("宿舍|寝室|公寓|间", m[0])
        and not m[0].startswith("空调车间")
        and not re.search("没|无|不", m[0])
    )
    return "有宿舍。" if lodged else "□"


def _turn(m: re.Match[str]) -> str:
    """What a pair of shifts is read as: turning shifts, or nothing when one may choose between them."""
    return "□" if m["steady"] or m["choice"] else "两班倒"


def _spoken(text: str, tag: str) -> bool:
    """Whether a tag is promised in free words."""
    pattern = SPOKEN.get(tag)
    return pattern is not None and any(
        tag in _NEUTRAL_HEADS or not _DENIED_BEFORE.search(text[max(0, said.start() - 4) : said.start()])
        for said in pattern.finditer(text)
        if not _DENIED_AFTER.match(text[said.end() : said.end() + 6])
    )


def _said(text: str, words: tuple[str, ...], *, headed: bool) -> tuple[bool, bool]:
    """Whether one of the words stands there plainly, and whether one stands there denied."""
    said = denied = False
    for word in words:
        at = text.find(word)
        while at >= 0:
            before, after = text[max(0, at - 4) : at], text[at + len(word) : at + len(word) + 6]
            verb = word.startswith(_VERBS)
            apart = word.startswith("加班") and after.startswith(("另算", "另外", "另计"))  # paid beside the wage
            if (not headed and _DENIED_BEFORE.search(before)) or (not verb and not apart and _DENIED_AFTER.match(after)):
                denied = True
            else:
                said = True
            at = text.find(word, at + 1)
    return said, denied
