"""What people leave out of a division's name: 赣州市 → 赣州, 陵水黎族自治县 → 陵水, 赤土畲族乡 → 赤土."""

from __future__ import annotations

import re

# The 55 recognised minorities as they appear in division names, longest first, with and without 族 (伊犁哈萨克自治州).
_PEOPLES = [
    "蒙古",
    "回",
    "藏",
    "维吾尔",
    "苗",
    "彝",
    "壮",
    "布依",
    "朝鲜",
    "满",
    "侗",
    "瑶",
    "白",
    "土家",
    "哈尼",
    "哈萨克",
    "傣",
    "黎",
    "傈僳",
    "佤",
    "畲",
    "高山",
    "拉祜",
    "水",
    "东乡",
    "纳西",
    "景颇",
    "柯尔克孜",
    "土",
    "达斡尔",
    "仫佬",
    "羌",
    "布朗",
    "撒拉",
    "毛南",
    "仡佬",
    "锡伯",
    "阿昌",
    "普米",
    "塔吉克",
    "怒",
    "乌孜别克",
    "俄罗斯",
    "鄂温克",
    "德昂",
    "保安",
    "裕固",
    "京",
    "塔塔尔",
    "独龙",
    "鄂伦春",
    "赫哲",
    "门巴",
    "珞巴",
    "基诺",
    "各",
]
_BARE = "蒙古 哈萨克 柯尔克孜 锡伯 塔吉克 达斡尔"
_PEOPLE = "|".join([p + "族" for p in sorted(_PEOPLES, key=len, reverse=True)] + _BARE.split())
_SELF_RULED = re.compile(rf"^(.+?)(?:{_PEOPLE})+(?:自治[州县旗]|民族乡|[区乡镇])$")
_SUFFIX = re.compile(
    r"^(.{2,}?)(?:特别行政区|(?:壮族|回族|维吾尔)?自治区|自治[州县旗]|地区|林区|特区|新区|民族乡|街道|苏木|[省市区县旗盟镇乡])$"
)


def stem(name: str) -> str:
    """The name without its kind, at least two characters; a name that is all kind (城区, 赣县) comes back whole."""
    if name.endswith("矿区"):
        return name  # 井陉矿区 is not 井陉: that is the county around it
    if found := _SELF_RULED.match(name):
        short = found.group(1)
        if len(short) >= 2:
            return short
    if name.endswith("族自治县") or name.endswith("族自治旗"):
        return name[:-5]  # 东乡族自治县, 鄂温克族自治旗: the people's own name is the place's name
    if found := _SUFFIX.match(name):
        return found.group(1)
    return name


def kinds(name: str) -> tuple[str, ...]:
    """Every form people write for the full name, besides the name and its stem: 陵水县, 恩施州, 赤土乡."""
    found = _SELF_RULED.match(name)
    short = stem(name)
    if not found or short == name:
        return ()
    return (short + name[-1],)
