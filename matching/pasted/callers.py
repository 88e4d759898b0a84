"""Whom to call: the name beside a telephone number, and the words around both that say nothing once they are lifted out."""

from __future__ import annotations

import re

from matching.pasted.contacts import Contact
from matching.pasted.letters import HIDDEN, Span

_SURNAME = (
    "[王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蔡蒋余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏"
    "韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤赖温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧"
    "耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳欧管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简]"
)
_TITLE = r"先生|女士|小姐|经理|厂长|老板娘?|主管|站长|师傅|主任|部长|队长|班长|校长|院长|园长|店长|老师|阿姨|大姐|总|工|姐|哥|叔"
_CALLED = (
    rf"(?:[老小阿]{_SURNAME}|{_SURNAME}[\u4e00-\u9fff]{{0,1}}(?:{_TITLE})|"
    rf"演示(?:[老小阿]?{_SURNAME}[\u4e00-\u9fff]{{0,2}}|{_TITLE}))"
)
_FULL = rf"(?:{_CALLED}|(?:演示)?{_SURNAME}[\u4e00-\u9fff]{{1,2}})"
_EDGE = rf"(?=$|[ )\],，。;；!！¦|\n{HIDDEN}])"
_BEHIND = re.compile(
    rf"[ ,，(:：\n]{{0,2}}(?:微信同号|同微信号?|同号)?[ ,，()]{{0,2}}(?:找|联系人?[:：]?)?(?P<name>{_CALLED}){_EDGE}"
)
_LEADS = r"(?:的?(?:联系)?(?:电话|手机|微信))?[:： ]{0,2}$"
_BEFORE = re.compile(rf"(?:^|[ (\[,，。;；!！¦|\n:：]|联系人?|找|请|咨询|电话)(?P<name>{_CALLED})[ ,，:：()\n]{{0,2}}{_LEADS}")
_LABELLED = re.compile(rf"联系人[:： ]{{0,2}}(?P<name>{_FULL})[ ,，:：()\n]{{0,2}}{_LEADS}")
_CALL = re.compile(
    rf"(?:有意向?者?的?|请|欢迎|可|或)*(?:联系人|联系|报名|咨询|招聘|热线)?"
    rf"(?:电话|手机|微信|热线|方式)*(?:同号|号码?)?(?:都?是)?[:： ]*(?={HIDDEN})"
)
_ONLY_CALL = re.compile(r"(?:有意向?者?的?|请|欢迎)*(?:联系人|联系方式|联系|报名|咨询)?(?:电话|手机|微信|热线)?号?[:： ]*")
_FAR = 24


def name_beside(text: str, contact: Contact) -> Span | None:
    """The name right before or behind a telephone number of a plain text with hidden contacts; None when none is surely one."""
    begin = max(0, contact.start - _FAR)
    for pattern in (_LABELLED, _BEFORE):
        if (said := pattern.search(text, begin, contact.start)) is not None:
            return said.span("name")
    said = _BEHIND.match(text, contact.end)
    return None if said is None else said.span("name")


def lifted(text: str, names: list[Span]) -> str:
    """The plain text with the names of contacts, and the words that lead to a contact, hidden as the contacts are."""
    for start, end in names:
        text = text[:start] + HIDDEN * (end - start) + text[end:]
    return _CALL.sub(lambda said: HIDDEN * len(said[0]), text)


def only_calls(clause: str) -> bool:
    """Whether a clause without a contact is the rest of one: 联系, 电话."""
    return bool(clause) and _ONLY_CALL.fullmatch(clause) is not None
