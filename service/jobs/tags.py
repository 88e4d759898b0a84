"""Benefits and conditions as tags: one table of tags with the words they are read from.

A person writes 「包吃住，不穿无尘服，五险，做六休一」; the tags are what can be filtered. What is denied is not a tag:
「不包住」 and 「住宿自理」 never give 包住. Standard library only.
"""

from __future__ import annotations

import re

TAGS: dict[str, tuple[str, ...]] = {
    "包吃": (
        "包吃",
        "管吃",
        "包餐",
        "管饭",
        "包伙食",
        "免费工作餐",
        "免费用餐",
        "提供三餐",
        "包三餐",
        "包两餐",
        "供餐",
        "包一日三餐",
    ),
    "包住": (
        "包住",
        "管住",
        "包宿",
        "包食宿",
        "包吃住",
        "管吃住",
        "免费住宿",
        "提供住宿",
        "免费宿舍",
        "提供宿舍",
        "吃住全包",
        "包住宿",
    ),
    "工作餐": ("工作餐", "食堂", "包午餐", "包午饭", "包中餐", "管午饭", "管中饭", "管一顿", "管一餐", "提供午餐"),
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
    "两班倒": ("两班倒", "两班制", "二班倒", "倒两班"),
    "三班倒": ("三班倒", "三班制", "四班三倒"),
    "八小时": ("八小时", "8小时", "八个小时", "8个小时"),
    "加班费": ("加班费", "加班工资", "加班另算"),
    "双休": ("双休", "周末休", "做五休二"),
    "单休": ("单休", "做六休一", "月休4天", "月休四天"),
    "带薪年假": ("带薪年假", "年休假", "带薪休假"),
    "班车": ("班车", "接送", "车接车送", "免费通勤车", "厂车"),
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
    "当天入职": ("当天入职", "当天上班", "立即上岗", "随时上岗", "马上上班", "当日入职"),
    "计件": ("计件", "多劳多得"),
    "公益性岗位": ("公益性岗位", "公益岗"),
    "在家做": ("手工活带回家", "可在家做", "居家", "可带回家"),
}
"""Tag to the words it is read from. The order is the order in which tags are shown."""

_BOTH = ("包吃住", "管吃住", "包食宿", "吃住全包", "包吃包住")
_DENIED_BEFORE = re.compile(
    r"(?:不|无|没有|没|未|非|禁止|不用|不穿|不上|不需要|无需|拒绝|免|不能|不可)(?:是|含|提供|供|缴|缴纳|交|买|上|穿|用|倒|做)?$"
)
_NEUTRAL_HEADS = frozenset({"无经验可", "学历不限", "年龄不限"})
"""Tags whose own words begin with a negation."""
_DENIED_AFTER = re.compile(r"^(?:费)?(?:自理|自行解决|自费|不包|不提供|没有|无|除外|另算|:无|：无|:不|：不)")
_VERBS = ("包", "管", "提供", "免费", "有")
"""A promise that begins with a verb is whole: in 「包吃不包住」 the denial belongs to what follows."""
_OWN_COST = {"包吃": re.compile(r"(?:吃饭|伙食|餐费|吃住|食宿|用餐)自理"), "包住": re.compile(r"(?:住宿|吃住|食宿|住房)自理")}


def read_tags(*texts: str) -> tuple[str, ...]:
    """The tags that the texts really promise, each once, in the order of the table. A word that is denied once is not a tag."""
    text = "\n".join(texts)
    found: list[str] = []
    for tag, words in TAGS.items():
        own_cost = _OWN_COST.get(tag)
        if own_cost and own_cost.search(text):
            continue
        said, denied = _said(text, words + (_BOTH if tag == "包吃" else ()), headed=tag in _NEUTRAL_HEADS)
        if said and not denied:
            found.append(tag)
    return tuple(found)


def _said(text: str, words: tuple[str, ...], *, headed: bool) -> tuple[bool, bool]:
    """Whether one of the words stands there plainly, and whether one stands there denied."""
    said = denied = False
    for word in words:
        at = text.find(word)
        while at >= 0:
            before, after = text[max(0, at - 4) : at], text[at + len(word) : at + len(word) + 6]
            verb = word.startswith(_VERBS)
            if (not headed and _DENIED_BEFORE.search(before)) or (not verb and _DENIED_AFTER.match(after)):
                denied = True
            else:
                said = True
            at = text.find(word, at + 1)
    return said, denied
