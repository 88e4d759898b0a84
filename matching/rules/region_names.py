"""What people leave out of a division's name: 赣州市 → 赣州, 陵水黎族自治县 → 陵水, 赤土畲族乡 → 赤土."""

from __future__ import annotations

import re

# The 55 recognised minorities as they appear in division names, longest first; some also without 族 (伊犁哈萨克自治州).
_WITH_ZU = (
    "柯尔克孜|乌孜别克|维吾尔|哈萨克|达斡尔|塔吉克|俄罗斯|鄂温克|塔塔尔|鄂伦春|蒙古|布依|朝鲜|土家|哈尼|傈僳|高山|拉祜|东乡|纳西|景颇|仫佬|布朗|"
    "撒拉|毛南|仡佬|锡伯|阿昌|普米|德昂|保安|裕固|独龙|赫哲|门巴|珞巴|基诺|回|藏|苗|彝|壮|满|侗|瑶|白|傣|黎|佤|畲|水|土|羌|怒|京|各"
)
_PEOPLE = f"(?:{_WITH_ZU})族|蒙古|哈萨克|柯尔克孜|锡伯|塔吉克|达斡尔"
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
    if name.endswith(("族自治县", "族自治旗")):
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
