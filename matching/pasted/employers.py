"""Who hires, out of the running text of a message: 演示宏达家具厂 打磨工5个, 演示赣江酒店招洗碗阿姨.

A name is read only where a clause opens with it, and something stands in it that tells it from others of its trade: 家具厂,
某电子厂, 本公司, 信丰物流公司 name nobody. Whoever looks the draft over fills in an empty name; a wrong one he may not see.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from matching.pasted.letters import HIDDEN, Span
from matching.pasted.lines import clauses
from matching.rules import region

_FIRM = r"有限(?:责任)?公司|公司|集团|厂|合作社"
"""Such a name alone in a clause is who hires; 天虹超市 alone may be where the work is."""
_HOUSE = (
    r"酒店|饭店|饭馆|餐馆|餐厅|酒楼|宾馆|旅馆|客栈|民宿|超市|商场|商行|物业|幼儿园|小学|中学|学校|驾校|食堂|医院|诊所|"
    r"养老院|颐养院|托老院|敬老院|福利院|[养猪鸡鸭牛羊殖渔林农]场|果园|农庄|山庄|工地|项目部|网点|"
    r"ktv|[家鞋服车材]具?城|[茶咖饭菜宾殡健]?[啡菜仪身茶理图]?馆|店|工作室|经营部|门市部|基地"
)
_TRADE_ONLY = r"电子|木业|塑胶|塑业|制衣|服饰|鞋业|科技|食品|纺织|精密|新能源|家具|快递|物流|五金|建材|纸业|陶瓷|果业"
"""Short for a firm before a word for hiring alone: 演示木业招工."""
_END = re.compile(
    r"(?:工地|车间|门店|分店|总店)?[ ]?(?:现在?|因[^,，。\n]{0,10}|双11后|节后|年后|长期|大量|诚|急|直|\]|[ !！:：¦])*"
    r"(?:招(?!牌|待)|聘|急?需|要|缺|找|请)|[ ]?(?:[\],，。;；:：!！¦|\n□ ]|$)"
)
_HIRES = re.compile(r"[ ]?(?:现|诚|急|直|\])*(?:招|聘)|[ ]?[:：¦\]]|(?:工地)?[ ]?(?:诚|急|直)?(?:需|要|缺|找|请)")
_HEAD = re.compile(
    rf"[ \[(¦*#>=+_.|!！\-]*(?:\d{{1,2}}[、.)]|[①-⑳]|[a-z](?=[\u4e00-\u9fff]))?"
    rf"(?:(?:(?:联系)?(?:电话|手机|联系)[:：]?)?{HIDDEN}+[ ]?)?"
    r"(?:(?:急招|急聘|诚聘|诚招|招聘|招工|代招|急|大家好|你好|各位|我们(?:这里)?是|我们|这里是|新开业?的?)[ ,，:：!！¦\]]*)*"
)
_DIVISION = re.compile(r"(?:[\u4e00-\u9fff]{1,4}?(?:省|市|县|区|镇|乡|街道))+(?!场)")
_NAME = r"[\u4e00-\u9fffa-z0-9·()]{0,24}?"
_SORT = re.compile(rf"(?P<firm>{_FIRM})|(?P<house>{_HOUSE})|(?P<trade>{_TRADE_ONLY})")
_NONE = re.compile(
    r"^(?:某|今[天晚日]|明[天晚日]|后天|工地|[\u4e00-\u9fff]{2}大厂$|本|有|在|去|到|来|从|离|给|帮|跟|和|与|找|会|能|懂|做|进|送|上班|地址|地点|集合)|[招聘请缺的过某个谁哪你我他她]|要|对面|门口|附近|旁边|隔壁|"
    r"这边|那边|一家|两家|经验|男女|\d{2}|人力|劳务|派遣|中介|人才|职介|家政(?!公司|服务)|转让|工资|包吃|包住|上班"
)
"""What no name holds, and who only finds people for others: an agency is not who hires."""
_OF_TRADE = re.compile(
    rf"{_TRADE_ONLY}|有限|责任|股份|大型|小型|新开|知名|连锁|外贸|国有|民营|村口|村里|镇里|路边|县城|城区|市区|楼盘|小区|汽车站?|工业[园区]|"
    r"开发区|本地|当地|星级|加工|制造|生产|农村|农业|家具|家居|服装|女装|男装|童装|鞋子?|电池|锂电|锂|直播|抖音|手套|橡胶|玩具|注塑|塑料|水泥|木材|竹木|"
    r"石材|玻璃|钢结构|铝合金|门窗|轮胎|纸箱|包装|印刷|灯饰|灯具|毛织|针织|绣花|线材|铜业|化工|机械|零部件|汽修|修理|修车|洗车|洗衣|茶叶|茶油|"
    r"茶|水果|果|蔬菜|种植|养殖|养|猪|鸡|鸭|牛|羊|鱼|粮油|米业|大米|豆制品|饮料|糕点|面包|蛋糕|奶茶|咖啡|早餐|早点|快餐|火锅|小吃|烧烤|土菜|客家|"
    r"饺子|米粉|面馆|面|药|理发|美容|美发|足浴|浴|按摩|养老|家政|月嫂|保洁|保安|搬家|装修|装饰|建筑|建工|工程|安置房|安装|房地产|"
    r"房产|中学|小学|学校|学|医院|人民|中医|妇幼|乡镇|公办|幼儿|物业|物流|货运|快递|驿站|外卖|供销|便利|百货|手机|数码|网吧|酒|大|小|老|新|"
    r"好|各|多|园|村|镇|县|市|区|中心|项目|光伏|充电|钢|铁|铝|铜|金属|加油|收费|污水|自来水|垃圾|处理|环保|环卫|绿化|服务|管理|实业|贸易|商贸|集团|公司|厂"
)
_LINE_HIRES = re.compile(r"[ \[(¦*]*(?:急|现|诚|代)?(?:招|聘|需|找|请|要)")
_LEAST = 2
_SURE = 4
_WIDE = re.compile(r"(?<!有限)(?:公司|集团|厂|合作社|店(?<!酒店)(?<!饭店)|馆(?<!宾馆)|城|场|基地|工地|网点|部|室)$")
"""Such a word needs its trade beside the name: 手套厂 is a trade that no list holds, 宏达家具厂 a name."""
_TWO_PLACES = 4
_MADE_UP = "演示"


@dataclass(frozen=True, slots=True)
class Company:
    """A company-like word that opens a clause. ``name``: its place in the plain text; None: it names nobody."""

    start: int
    name: Span | None
    firm: bool
    hires: bool


def companies_in(text: str, starts: frozenset[int]) -> list[Company]:
    """The companies that the clauses of a plain text open with, contacts hidden. ``starts``: where titles of jobs begin."""
    found = [_company(text, span, starts) for span in clauses(text, (0, len(text)))]
    return [one for one in found if one is not None]


def employer_of(text: str, companies: list[Company], at: int, pieces: list[Span], starts: frozenset[int]) -> Span | None:
    """Who offers the job whose title begins at a place, or None. ``pieces``: of the text that belong to that job.

    The nearest company before it, unless its own line opens another advert; else the only one of the message behind it.
    """
    before = [one for one in companies if one.start <= at and (one.hires or one.firm or _is_head(one, starts))]
    if before:
        last = before[-1]
        return last.name if last.name is not None and _reaches(text, last, at, pieces, starts) else None
    if any(one.name is None for one in companies):
        return None
    behind = [one for one in companies if one.start > at and one.name is not None and one.firm and not one.hires]
    names = {text[slice(*one.name)] for one in companies if one.name is not None}
    if len(names) != 1 or not behind or not _inside(behind[0].start, pieces):
        return None
    return behind[0].name


def _company(text: str, span: Span, starts: frozenset[int]) -> Company | None:
    head = _HEAD.match(text, *span)
    begin = head.end() if head else span[0]
    division = _DIVISION.match(text, begin, span[1])
    begin = division.end() if division else begin
    for sort in _SORT.finditer(text, begin, span[1]):
        end = sort.end()
        if not re.fullmatch(_NAME, text[begin : sort.start()]):
            return None
        hires = _HIRES.match(text, end) is not None
        if sort["trade"] and not hires:
            continue
        if not (end in starts or _END.match(text, end)):
            continue
        if text[end : end + 1] == ")":
            continue
        place = region.find(text[begin:end]).matched
        if len(place) >= _TWO_PLACES and text.startswith(place, begin) and begin + len(place) < sort.start():
            begin += len(place)  # 深圳宝安 before a name is where, 赣州 may be part of it
        named = _names(text[begin:end], text[begin : sort.start()])
        # behind a division it may be the place of the work: 青原区天虹超市, 章贡区演示电子厂
        firm = bool(sort["firm"]) and division is None
        return Company(begin, (begin, end) if named else None, firm, hires or end in starts)
    return None


def _names(whole: str, stem: str) -> bool:
    """Whether something is left that tells this one from the others of its trade, and it is no place: 信丰物流公司."""
    if _NONE.search(whole):
        return False
    bare = re.sub(r"[()·]", "", stem)
    left = _OF_TRADE.sub("", bare)
    if len(left) < _LEAST or (left == bare and len(left) < _SURE and _WIDE.search(whole) and not left.startswith(_MADE_UP)):
        return False
    return region.find(left).matched != left


def _is_head(one: Company, starts: frozenset[int]) -> bool:
    """Whether a name stands before all jobs: a heading, or the first clause."""
    return all(one.start <= start for start in starts)


def _reaches(text: str, one: Company, at: int, pieces: list[Span], starts: frozenset[int]) -> bool:
    """Whether a company's advert still goes on where a title stands."""
    line_end = text.find("\n", one.start)
    if line_end < 0 or at <= line_end:
        return True
    if re.search(r"\n[ ]*\n", text[one.start : at]):
        return _inside(one.start, pieces)
    own_line = text[text.rfind("\n", 0, at) + 1 : at + 1]
    # 甲厂招焊工3名 / 招保安2名: a line that is whole by itself, and another that begins anew
    return not (any(one.start <= start <= line_end for start in starts) and _LINE_HIRES.match(own_line))


def _inside(at: int, pieces: list[Span]) -> bool:
    return any(start <= at < end for start, end in pieces)
