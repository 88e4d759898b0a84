"""Ways of saying pay that ``parse_wage`` does not know, put into words that it does: 码一万块砖一百五十块, 180包中餐.

The text has Arabic digits already (``matching.rules.numerals.plain``). Each row stands for a way of saying, not for a sentence;
where a way can mean two things it is left out, and the amount stays unread.
"""

from __future__ import annotations

import re

_N = r"\d{1,5}(?:\.\d{1,2})?"
_ALONE = r"(?![\d.]|[名个位人岁点号年月件只台栋室楼平米吨公里])"
_DAY = r"(?<![\d.\-:])(?P<pay>[1-9]\d{2}(?:-[1-9]\d{2})?)(?:元|块钱?)?"
_THING = (
    r"(?:砖|瓦|石头?|板|木头|鱼|鸡|鸭|蛋|果子?|橙子?|茶|菜|花|笋|草|秧|袋子?|盒子?|箱子?|珠子?|鞋|衣服|裤子|包子|"
    r"饺子|粽子|传单|单子?|货|件|水泥|沙子?|柴|辣椒)"
)
_SO_MANY = r"(?:1?[05]0{1,4}|[2-9]0{1,3})"
_DONE = r"(?:摘|剪|做|采|捡|穿|串|包|装|剥|搬|挖|送|跑|卖)(?:得?到|个)?"
_MEASURE = r"(?:篮|筐|桶|捆|串|斤|只|箱|袋|棵|亩|车|趟|单|桌|套)"
_WAYS: tuple[tuple[str, str], ...] = (
    # 码10000块砖150, 穿100串5块: what so many are paid
    (
        (
            rf"(?<![\d.]){_SO_MANY}(?:块(?={_THING})|[个件只串双箱袋张棵根片斤]){_THING}?[是给算,]?"
            rf"(?P<pay>{_N})(?:元|块钱?|毛)?{_ALONE}"
        ),
        r"每件\g<pay>元",
    ),
    # 一天能摘三四十篮, 第一年: no money
    (
        (
            r"能[\u4e00-\u9fff]{1,2}?\d{1,5}(?:-\d{1,5})?多?[个件只串根双斤](?!\d)"
            rf"|{_DONE}\d{{1,4}}(?:-\d{{1,4}})?多?{_MEASURE}(?!子?\d)"
        ),
        ",",
    ),
    (r"第[一二三四1-4](?:年|个月)|前[一二三四两1-6]个?(?:月|年)(?=[1-9])", ","),
    # 一天一结 is how often, 一米七 how tall
    (r"(?:一天|当天|当日|每天)一?(?:结|付|发)(?![工钱])", ",日结,"),
    (r"[一1]米[五六七八5678][五\d]?(?:以上|以下)?", ","),
    # 半天80全天150: the whole day counts, a half alone is no pay that compares
    (
        rf"(?<![\d.])(?P<pay>{_N})(?:元|块钱?)?[/一每]?(?:全天|整天)|(?:全天|整天|一整天)[是给算:]?(?P<too>{_N})(?:元|块钱?)?{_ALONE}",
        "day",
    ),
    (rf"半天[是给算:]?{_N}(?:元|块钱?)?(?=[,;、]?(?:一天|整天|全天|\d))|{_N}(?:元|块钱?)?[/一每]?半天(?=[,;、]?\d)", ","),
    # 12小时220, 180包中餐, 小工220: too little for a month, too much for an hour
    (rf"(?:(?<!\d)(?:[89]|1[0-4])个?(?:小时|钟头|钟)(?:班|制)?[,:]?){_DAY}{_ALONE}", r"\g<pay>元/天"),
    (rf"{_DAY}(?=[包管](?:[吃中午晚一两三1-3]|饭|住)|,?(?:日结|天结|现结|当天结|当日结|一天一结))", r"\g<pay>元/天"),
    (rf"(?<=大工|小工|师傅|普工|杂工|技工|帮工|泥工|木工)[:是]?{_DAY}{_ALONE}", r"\g<pay>元/天"),
    # 3000底薪, 一般拿6000
    (r"(?<![\d.\-])(?P<pay>\d{4})(?:元|块钱?)?的?(?:底薪|基本工资|无责底薪|固定工资)(?![\d+,;、]*(?:\d|综合))", r"底薪\g<pay>元"),
    (r"(?:一般|平均|正常|基本上?|普遍)(?:一?个?月)?(?:能|可以?|都)?(?:拿|做到|做|挣|赚|有)?到?(?=\d{4})", "综合工资"),
    # 一共1800块 for the whole of the work, where no month and no couple is spoken of
    (
        (
            rf"^(?![^\n]*(?:月|底薪|提成|综合|加班|两口子|夫妻|[两2]个?人|加起来))(?P<before>[^\n]*?)(?:一共|总共|总价|包干|打包价?)"
            rf"(?:给|是|算|:)?(?P<pay>[1-9]\d{{2,4}})(?:元|块钱?)?{_ALONE}"
        ),
        r"\g<before>每件\g<pay>元",
    ),
    # 师傅1个7000: a person, no piece
    (r"(?<!\d)[一1两2]?[个名位](?=\d{4,5}(?!\d|[件斤个只]))", ","),
    (r"(?<![\d.])(?P<pay>[1-9])分钱?(?=[/一每]?[个件只串根双斤]|[,;。]|$)", r"0.0\g<pay>元"),
    (r"(?<!\d)(?P<pay>[1-9])[毛角](?:-|到|至)(?=\d\.\d|[一二两\d]块)", r"0.\g<pay>-"),
)
_COMPILED = tuple((re.compile(pattern), said) for pattern, said in _WAYS)
_SUBSIDY = re.compile(
    r"(?<![餐饭房车话油费夜温食通育龄用岗])(?:岗位|生活|政府|财政)?(?:补助|补贴|津贴)(?:标准|金额)?(?:为|是|按|每月|一个月|一月|:)*"
    r"(?=[1-9]\d{2,3}(?:元|块)?(?:/|每|一|$|[,;。]))"
)


_BASE = re.compile(r"底薪|保底")
_COMES_TO = re.compile(r"(?<!底薪)(?<!保底)(?:一|每)个?月(?:下来|大概|差不多|也?能|可以?|都|有|拿|做|到)*(?=\d{4})")


def in_plain_ways(said: str) -> str:
    """The text with every such way put into one that is understood; beside a base, what a month comes to is the sum of both."""
    if _BASE.search(said):
        said = _COMES_TO.sub("综合工资", said)
    for pattern, plainly in _COMPILED:
        said = pattern.sub(_day if plainly == "day" else plainly, said)
    return said


def with_subsidy(said: str) -> str:
    """护林员补助900元/月: where nothing else is paid, the subsidy is the pay."""
    return _SUBSIDY.sub("工资", said)


def _day(match: re.Match[str]) -> str:
    return f"{match['pay'] or match['too']}元/天"
