"""One row of the governments' shortage lists to an advert's fields, or the reason why it names no job.

The lists were typed, scanned and merged by many offices: cells slipped, were cut in two, hold numbers, definitions or units in
the place of an occupation. A row is taken only where the occupation is plainly there; what it says beside that is kept as text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from matching.rules import trade
from service.feeds.record import Parsed, Unusable
from service.jobs.contacts import without_contacts

_CODE = re.compile(r"(?P<title>.*?)(?P<code>\d-\d{2}-\d{2}-\d{2})(?:-\d{2,3})?")
_CODE_LIKE = re.compile(r"\d-\d{2}(?:-\d{2,3})*")
_DATE = re.compile(r"\d{1,2}月\d{1,2}日")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_SCANNED = re.compile(r"[\dS]+_?\s*\|\s*(?P<title>[^|]+?)\s*(?:\|.*)?")
_POST_BEFORE = re.compile(r"^(?:<号码>\s*|\d{2,}\s*[-—.]?\s*(?=[\u4e00-\u9fff《]))")
_POST_AFTER = re.compile(r"(?<=[\u4e00-\u9fff）)])\s*(?:[（(][A-Z]{0,2}\d{1,5}[）)]|[A-Z]{0,2}\d{1,5})\s*(?P<post>岗?)(?:位)?$")
_DIGITAL_GREEN = re.compile(r"(?<=[\u4e00-\u9fff）)])\s*[*★]?\s*[SL](?:\s*/\s*[SL])?$")
"""The classification marks digital occupations with S and green ones with L."""
_DEFINITION = re.compile(r"^\s*\d\s*[.．、]\s*从事|的人员$|详见|普通受教育程度|。.*。|。\S{6,}")
_UNIT = re.compile(
    r"(?:公司|中心|中学|小学|大学|学院|学校|医院|实验室|研究院|研究所|工作站|[^务]局|处|[^全]科|内科|外科|教研室|研究室|纪检室|财务室|(?<!干)部|站|[^场]所)\d*$"
)
_DISCIPLINE = re.compile(r"(?:[^教]学|学类|[教理]论|科学|语言文学|数理统计)$")
_LEVELS = {
    "小学": "小学", "初中": "初中", "高中": "高中", "中专": "中专", "中技": "中专", "大专": "大专", "专科": "大专",
    "本科": "本科", "学士": "本科", "硕士": "硕士", "博士": "博士", "研究生": "研究生", "本": "本科", "硕": "硕士", "博": "博士",
}  # fmt: skip
"""Word to level, lowest first; the single characters are cells of the Suzhou list that were cut."""
_WAGE = re.compile(r"\d[\d.,-]*\s*[+＋]?\s*(?:元|万|千|[Kk])|\d{4,}\s*[+＋]|面议|底薪|月薪|年薪|计件|提成")
_NOT_WAGE = re.compile(r"补贴|补助|安家|经费|奖励|住房|周转房|购房|科研|人才卡|编制|事业单位|项目|商业险|餐补")
_YEAR = re.compile(r"20\d{2}")
_CHINESE_SIGNS = str.maketrans("(),:", "（），：")
LONGEST_TITLE = 40
LONGEST_WAGE = 60


def parse(values: Mapping[str, str], lookups: Mapping[str, Any]) -> Parsed | Unusable:
    """``values``: fields of source.toml's columns as text. Pure: the same row always gives the same answer."""
    row = {name: unicodedata.normalize("NFKC", text).replace("—", "-").strip() for name, text in values.items()}
    said = values.get("occupation", "").strip()
    here = f"{row['province']}|{row.get('city', '')}"
    this_list = _list_of(f"{here}|{row.get('year', '')}", lookups)
    if this_list.get("needs") and not row.get(this_list["needs"]):
        return Unusable("torn_row", f"这一行缺了本表每行都有的栏目，只是别的行断下来的残片：“{_short(said)}”。")
    scanned = this_list.get("form") == "scanned"
    named = _occupation(said, lookups, scanned=scanned)
    if isinstance(named, Unusable):
        return named
    title, code, several = named
    place = _place(here, lookups)
    if isinstance(place, Unusable):
        return place
    title, employer = _split_employer(title)
    wage, pay_remark = _pay(values.get("pay", ""), this_list)
    education = _education(row.get("major", "") if scanned else row.get("education", ""))
    headcount = row.get("headcount", "")
    remarks = [f"{row['province']}{_year_words(row.get('year', ''))}公开的急需紧缺职业（人才）目录，不是招聘信息。"]
    remarks += [f"{several}。"] if several else []
    remarks += [f"行业：{values['sector']}。"] if row.get("sector") else []
    remarks += [f"专业：{values['major']}。"] if row.get("major") and not scanned else []
    if row.get("education") and len(row["education"]) > len(education) + 8:
        remarks.append(f"要求：{values['education']}。")
    remarks += [f"招聘人数：{headcount}。"] if headcount and not headcount.isdecimal() else []
    remarks += [pay_remark] if pay_remark else []
    remarks += [f"紧缺程度：{row['urgency']}（1-5，原表标注）。"] if row.get("urgency") else []
    return Parsed(
        title=title.translate(_CHINESE_SIGNS),
        employer_name=employer,
        trade=code,
        remarks=without_contacts("\n".join(remark.replace("。。", "。") for remark in remarks)),
        headcount=int(headcount) if headcount.isdecimal() and 0 < int(headcount) <= 100_000 else None,
        education=education,
        wage=wage,
        region=place,
        published_on=f"{row['year']}-01-01" if _YEAR.fullmatch(row.get("year", "")) else "2021-01-01",
    )


def _list_of(key: str, lookups: Mapping[str, Any]) -> Mapping[str, Any]:
    return next((entry for entry in lookups["lists"] if entry["key"] == key), {})


def _year_words(year: str) -> str:
    return f" {year} 年" if _YEAR.fullmatch(year) else "（年份未注明）"


def _short(text: str) -> str:
    return text if len(text) <= 20 else text[:20] + "…"


def _occupation(said: str, lookups: Mapping[str, Any], *, scanned: bool) -> tuple[str, str, str] | Unusable:
    """Title, occupation code when the row gives one, and the whole cell when it names several occupations."""
    plain = unicodedata.normalize("NFKC", said).replace("—", "-").strip(" *★")
    if not plain:
        return Unusable("occupation_empty", "职业一栏是空的。")
    if re.sub(r"\s", "", plain) in lookups["header_words"]:
        return Unusable("header_or_total", f"这一行是重复的表头或合计：“{plain}”。")
    if plain in lookups["torn"]:
        return Unusable("occupation_torn", f"职业一栏只是一个被截断的残片：“{_short(plain)}”。")
    if scanned:
        whole = _SCANNED.fullmatch(plain)
        title = whole["title"].strip() if whole else ""
        if title in lookups["torn"] or len(_HAN.findall(title)) < 3:
            return Unusable("occupation_unreadable", f"扫描识别的残片，看不出是什么职业：“{_short(plain)}”。")
        plain = title
    coded = _CODE.fullmatch(plain)
    if coded:
        return _by_code(coded["title"].strip(), coded["code"])
    if _CODE_LIKE.fullmatch(plain):
        return Unusable("occupation_code_unknown", f"职业一栏只有编码 {plain}，2022 年版职业分类大典里没有这个职业。")
    if _DATE.fullmatch(plain):
        return Unusable("occupation_number", f"职业一栏是被表格软件改成日期的序号：“{plain}”。")
    if not _HAN.search(plain):
        if plain in lookups["latin_titles"]:
            return plain, "", ""
        what = (
            ("occupation_number", "职业一栏只有数字")
            if re.fullmatch(r"[\d\s.,-]+", plain)
            else ("occupation_unreadable", "职业一栏不是文字")
        )
        return Unusable(what[0], f"{what[1]}：“{_short(plain)}”。")
    if _DEFINITION.search(plain):
        return Unusable("occupation_definition", f"职业一栏是一段职业定义，不是职业名称：“{_short(plain)}”。")
    if re.fullmatch(r"\(.*类?业?\)其他", plain):
        return Unusable("occupation_too_general", f"只写了“{plain}”，看不出是什么职业。")
    return _named(plain, lookups)


def _by_code(title: str, code: str) -> tuple[str, str, str] | Unusable:
    found = trade.occupation(code)
    if found is None and not title:
        return Unusable("occupation_code_unknown", f"职业一栏只有编码 {code}，2022 年版职业分类大典里没有这个职业。")
    return title or _unmarked(found.name if found else ""), code if found else "", ""


def _named(plain: str, lookups: Mapping[str, Any]) -> tuple[str, str, str] | Unusable:
    title = _unmarked(_POST_BEFORE.sub("", plain))
    title = _POST_AFTER.sub(lambda found: found["post"], title).strip(" -*★")
    title = re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", "", title)
    title = re.sub(r"\([^()]*$", "", title)  # a bracket that the cell cut off
    if re.search(r"[★*|]", title):
        return Unusable("occupation_torn", f"几个格子并在了一起，分不清是哪个职业：“{_short(plain)}”。")
    if title in lookups["too_general"] or re.sub(r"岗位?$", "", title) in lookups["too_general"] or len(title) < 2:
        return Unusable("occupation_too_general", f"只写了“{_short(plain)}”，看不出是什么职业。")
    if title.endswith("类") or re.fullmatch(r".*类\(\d+个\)", title):
        return Unusable("occupation_too_general", f"写的是一大类职业“{_short(plain)}”，不是一个职业。")
    if _UNIT.search(title) and not _split_employer(title)[1]:
        return Unusable("occupation_is_unit", f"职业一栏写的是单位或科室“{_short(plain)}”，看不出做什么工作。")
    if _DISCIPLINE.search(title):
        return Unusable("occupation_is_discipline", f"职业一栏写的是学科专业“{_short(plain)}”，看不出做什么工作。")
    if len(title) <= LONGEST_TITLE:
        return title, "", ""
    names = [name for name in re.split(r"[、,;]", re.sub(r"等?$", "", title)) if name]
    if len(names) < 2:
        return Unusable("occupation_definition", f"职业一栏是一段说明，不是职业名称：“{_short(plain)}”。")
    return f"{'、'.join(names[:2])}等"[:LONGEST_TITLE], "", f"原表一格里写了 {len(names)} 个职业：{'、'.join(names)}"


def _unmarked(title: str) -> str:
    before = ""
    while before != title:
        before, title = title, _DIGITAL_GREEN.sub("", title).strip(" *★")
    return title


def _split_employer(title: str) -> tuple[str, str]:
    """Some offices wrote 「会计-某某有限责任公司」: the occupation and whose it is."""
    first, dash, last = title.rpartition("-")
    return (first.strip("-"), last) if dash and first and re.search(r"公司$", last) else (title, "")


def _place(here: str, lookups: Mapping[str, Any]) -> str | Unusable:
    if here in lookups["contradictions"]:
        return Unusable("place_contradiction", f"{lookups['contradictions'][here]}。")
    code = lookups["places"].get(here)
    if code is None:
        return Unusable("place_unknown", f"认不出地点“{here.replace('|', ' ').strip()}”，请在来源设置里补上。")
    return str(code)


def _pay(said: str, this_list: Mapping[str, Any]) -> tuple[str, str]:
    """The wage text, and what must be said about the column instead. A unit is added only where the list's form makes it sure."""
    if not said:
        return "", ""
    if "pay_is_not" in this_list:
        return "", f"原表薪酬栏写“{said}”：{this_list['pay_is_not']}。"
    said = without_contacts(said)
    plain = re.sub(r"[-~]+", "-", unicodedata.normalize("NFKC", said).replace("—", "-"))
    if "pay_pattern" in this_list and re.fullmatch(this_list["pay_pattern"], plain):
        return plain + str(this_list["pay_suffix"]), ""
    if len(plain) <= LONGEST_WAGE and _WAGE.search(plain) and not _NOT_WAGE.search(plain):
        return plain, ""
    if re.fullmatch(r"[\d.,>+-]+", plain):
        return "", f"原表薪酬栏写“{plain}”，没有写单位，没有换算。"
    return "", f"待遇：{said}。"


def _education(said: str) -> str:
    """The lowest level named, with 以上 where it stands; 不限 as it is; empty where the cell names none."""
    if "不限" in said or "无限制" in said:
        return "不限"
    level = next((level for word, level in _LEVELS.items() if word in said), "")
    return level + ("以上" if level and "以" in said else "")
