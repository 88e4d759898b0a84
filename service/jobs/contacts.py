"""Ways to reach a person, in texts where they do not belong: a number in the title would be in every list and every copy of it.

What a text loses is not lost: the first telephone number of an advert that gives none of its own becomes its contact, which is
shown masked and given whole by ``GET /v1/jobs/{job_id}/contact`` only; so does the name behind 联系人. What is a contact, however
it is written (１３８…, 一三八…, ①③⑧…, 1.3.8), is told by ``matching.pasted``; here stands what must not be taken for one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from matching.pasted.contacts import contacts
from matching.pasted.letters import plain
from matching.rules import region

LEFT_OUT = "（联系方式略）"
_DIGIT = "[0-9０-９零〇一幺壹二贰三叁四肆五伍六陆七柒八捌九玖①-⑨⓪⑴-⑼❶-❾➀-➈㈠-㈨㊀-㊈\U0001d7ce-\U0001d7ff]"
_SUSPECT = re.compile(
    rf"[1１一幺壹①⑴❶➀㈠㊀\U0001d7cf\U0001d7d9\U0001d7e3\U0001d7ed\U0001d7f7](?:\W{{0,3}}{_DIGIT}){{10}}"
    rf"|[0０零〇⓪\U0001d7ce\U0001d7d8\U0001d7e2\U0001d7ec\U0001d7f6](?:\W{{0,3}}{_DIGIT}){{9}}"
    rf"|[4４四肆④\U0001d7d2\U0001d7dc\U0001d7e6\U0001d7f0\U0001d7fa](?:\W{{0,3}}{_DIGIT}){{8}}"
    rf"|[话話机機线線]\W{{0,3}}{_DIGIT}{{7}}|\d{{6}}\W?\d{{6}}"
    r"|[@＠]|[微薇威]信|卫星|[加vｖ][vｖ信]|[vｖwｗ][xｘ]|wechat|qq|ｑｑ|扣扣|企鹅|[联聯][系络繫絡]人",
    re.IGNORECASE,
)
"""Without one of these nothing can be found; most texts are done here."""
_LANDLINE = re.compile(r"(?<!\d)(?:\(0\d{2,3}\)|0\d{2,3}[- ]?)\d{7,8}(?!\d)")
"""Also of those who write a local number that no exchange gives out."""
_AMOUNT = re.compile(r"\s{0,2}(?:元|块|万|千|人民币|rmb|/[月天时年]|平方|平米|㎡|年|吨|公里)")
_WORD = re.compile(r"(?P<key>[^a-z\d\s:_-]*[a-z]*)[\s¦]{0,3}(?P<name>[a-z][a-z-]{3,19})")
"""An account without a digit and without a colon before it: 微信zhangsan is one, 微信android端 and wechat operator are none."""
_HAN = re.compile("[\u4e00-\u9fff]")
_WORKS = frozenset({"android", "iphone", "python", "server", "official", "wechat", "mini", "program", "public", "group", "work"})
_RUN = re.compile(r"\d{12,}")
_CITIZEN = 18
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_MOBILE_AND_MORE = re.compile(r"1[3-9]\d{10,11}")
"""A mobile number with a digit or two too many, unless it is a longer code of a division: 130102001000."""
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖"
    "贾夏韦付方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹"
    "申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓"
    "古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝"
)
_TITLES = "先生|女士|小姐|经理|厂长|老板娘|老板|主管|站长|师傅|主任|部长|科长|老师|总监|总|工|姐|哥|阿姨"
_NAME = re.compile(
    rf"(?:联系|联络)人(?:姓名)?[\s:¦-]{{0,4}}"
    rf"(?P<name>(?:(?:演示)?[{_SURNAMES}](?:[\u4e00-\u9fff]{{0,2}}(?:{_TITLES})|[\u4e00-\u9fff]{{1,2}}))"
    rf"(?:[、/,，\s]{{1,2}}[{_SURNAMES}](?:[\u4e00-\u9fff]{{0,2}}(?:{_TITLES})|[\u4e00-\u9fff]{{1,2}}))*?)"
    r"(?:(?![\u4e00-\u9fff])|(?=电话|手机|联系|微信|座机|固话|地址|邮箱|号码))"
)


class _Found(NamedTuple):
    start: int
    end: int
    phone: str
    name: str


def without_contacts(text: str) -> str:
    """A text without telephone numbers, mail addresses, chat accounts, identity numbers and the name of whom to call."""
    if not _SUSPECT.search(text):
        return text
    return _cut(text, names=True) if len(text) > _SHORT else _cut_short(text)


def without_numbers(name: str) -> str:
    """A name of a person without what may stand beside it."""
    return _cut(name, names=False) if _SUSPECT.search(name) else name


def first_phone(text: str) -> str:
    """The first telephone number of a text, its digits only; empty when there is none."""
    if _MOBILE.fullmatch(text):  # most cells of a sheet
        return text
    return next((found.phone for found in _found(text, names=False) if found.phone), "") if _SUSPECT.search(text) else ""


def first_name(text: str) -> str:
    """The first name that a text gives as that of whom to call; empty when there is none."""
    return next((found.name for found in _found(text, names=True) if found.name), "") if "人" in text else ""


def _cut(text: str, *, names: bool) -> str:
    pieces: list[str] = []
    at = 0
    for found in _found(text, names=names):
        if found.start >= at:
            pieces += (text[at : found.start], LEFT_OUT)
            at = found.end
    return "".join((*pieces, text[at:])) if pieces else text


_SHORT = 64


@lru_cache(8_192)
def _cut_short(text: str) -> str:
    """Wages and titles: many adverts say the same."""
    return _cut(text, names=True)


def _found(text: str, *, names: bool) -> list[_Found]:
    """What is to be cut, in the characters of the text, in its order."""
    letters = plain(text)
    seen = letters.text
    spans = [(one.start, one.end, one.phone, "") for one in contacts(seen, links=False) if _is_contact(seen, one.start, one.end)]
    for match in _LANDLINE.finditer(seen):
        if all(end <= match.start() or match.end() <= start for start, end, *_ in spans):
            spans.append((*match.span(), re.sub(r"\D", "", match[0]), ""))
    if names:
        spans += [(*match.span("name"), "", match["name"]) for match in _NAME.finditer(seen)]
    return [_Found(*letters.span(start, end), phone, name) for start, end, phone, name in sorted(spans)]


def _is_contact(text: str, start: int, end: int) -> bool:
    """Whether what looks like a contact is one where it stands in an advert."""
    if _AMOUNT.match(text, end):
        return False
    said = text[start:end]
    if _RUN.fullmatch(said):
        return len(said) == _CITIZEN or (_MOBILE_AND_MORE.fullmatch(said) is not None and region.current(said[:6]).code is None)
    word = _WORD.fullmatch(said)
    if word is None:
        return True
    followed = text[end : end + 1]
    return bool(_HAN.search(word["key"])) and not _HAN.match(followed) and word["name"] not in _WORKS
