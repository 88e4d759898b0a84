"""Where work is spoken of in a line of a message: 普工10名, 招聘服务员、传菜员各2名, ①【质检】, 岗位:电工.

A word for a trade is an offer when a count of people, a word for hiring, a label or the head of a line stands beside it.
有电工证优先, 电子厂, 包装材料 offer nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from matching.pasted.doers import PERSON, doers_in
from matching.pasted.heads import Heads, bare_behind, heads_at, heads_in, heads_of_shift
from matching.pasted.letters import HIDDEN
from matching.pasted.lines import Line, label_at
from matching.pasted.tasks import TASK, actions_in
from matching.rules import trade

_SUFFIX = re.compile(
    r"(?:的?(?:师傅|师|工人|员工|人员|阿姨|大姐|学徒工?|女工|男工|操作工|操作员|技工|工(?![程厂资龄会作种期地艺业])|"
    r"员|手|司机|助理|店员|临时工|兼职))+"
)
_PERSON = re.compile(
    r"(?:业务员|帮忙的|打下手的|操作工|技工|女工|男工|杂工|妹子|小妹(?!妹)|小伙子?|大叔|大爷|大妈|大嫂|姑娘|大哥|宝妈|工人|员工|技术员|管理员|人员|师傅|司机|阿姨|大姐|学徒|帮工|主管|店长|经理|组长|"
    r"文员|导购|技师|幼师|老师|助理|店员|前台|楼面|销售|客服|车位|兼职|会计|出纳|护士|教练|医生|药师|厨子|"
    r"(?:(?![到上下动带位名个各的招用打做开完复停人熟新生老二高分放随助会赶学加施包点社零民务厂有没是在还])[\u4e00-\u9fff])(?:工|员|"
    r"嫂|师傅?|手|厨))(?![证厂资程龄会作友种期地业])"
)
_NOT_TITLE_BEFORE = re.compile(
    r"(?:联系|咨询|姓|刘|李|王|张|陈|赵|谢|黄|周|吴|老板|持|可以|能|有|做过|干过|当过|从事过?|退役|手|入|员|打|来|由|□ ?)$"
)
_WHOM_TO_CALL = re.compile(rf"{HIDDEN}[ ]?(?:请|就)?找$")
_OTHER_THING = re.compile(
    r"\][ ]?急?单|(?:也|还)?(?:叫|让|喊|托|说|问|催)(?:我|他|俺|大家)|期(?=[招收要需有供聘请找])|"
    r"[ ]?(?:证|厂|公司|车间|行业|业务|经验|专业|的?优先|设备|材料|集团|部(?!门经理)|队(?!长)|店(?!员|长)|馆|场|食堂|"
    r"技术(?!员|工)|上岗|机械|学校|基地|合作社|宿舍|过的?|带(?![一1-9]|小?孩|娃|宝|人)|工资|工程|工作|管理(?!员)|懂|基础|城|小区|企业|园|院|"
    r"站(?!长)|柜|费|服(?!务员)|者|□|一日三餐|等岗位)"
)
_LEFT_STOP = re.compile(
    r"(?:招聘|招收|招募|诚聘|诚招|急聘|急招|直招|现招|只招|聘请|聘|招|急需|急缺|需要|急|需|要|找|请|缺|征|某|区|县|市|"
    r"镇|乡|街道|道|路|厂|公司|集团|企业|超市内|店|园|岗位|名|个|位|对|人|左右|提成|奖金|补贴|全勤|吃住|食宿|五险|[单双]休|长期|大量|熟练|男|女|会|米|吨|座|以下|会开|"
    r"[啊呀吧啦咯哦呢嘛哈]|[一二两三四五六七八九]?[千百万][一二三四五六七八九]?|岗|村|工地|工种|因[^,，。]{0,8}多|的|和|及|与|各|另|场|有|是|里|家|在|天|月|元|块|小时)$"
)
_HIRING = re.compile(
    r"(?:招聘|招收|招募|聘|招(?!贤)|急需|急缺|需要|需求|需|缺|(?<!主)要|找|征|有没有会?|(?:谁|有人|哪位)认识|请(?!问)|还有(?=[个一两三])|(?<!相)差(?=[个一两三]))(?!求|证|求)[^,，。;；!！\n|¦]{0,12}$"
)
_AFTER_HEAD = re.compile(
    r"[ ]*(?:$|[:：,，(\]|¦\d、!！。/\n+·-]|计件|月薪|工资|若干|数名|男|女|持证|[一二两三四五六七八九十]+[名个位人])"
)
_GAP = re.compile(
    rf"[\])]?的?[ ]*(?:\([^()\n]{{0,20}}\))?[ ]*[:：|x×*]?[ ]*(?:白班|夜班|晚班|早班|中班|{PERSON}|女|男|熟手|"
    r"熟练工?|[abc]\d照?)?[ ]*(?P<verb>招收?|共|需要?|要|急招)?[ ]*(?:[,，](?=各))?"
)
_ONE = re.compile(r"(?:[找请招要聘缺差]|还有)(?P<one>个|位|名)$")
_FEW = re.compile(r"[招聘要缺需找请](\d{1,2})$")
_ALSO_HIRED = re.compile(r"的?(?:都|也|还|现在?|急|长期)(?:要(?!求|会|有|能|求)|招|缺|需要)(?![证会能])")
_BEFORE_GAP = re.compile(r"(?:会开|会做|会|熟练的?|有经验的?|能做|懂|的|优秀|专业|夜班|白班|长期|男|女|[ ])*$")
_SIBLING = re.compile(r"[ ]*(?:\([^()\n]{0,20}\))?[ ]*(?:若干|数名|\d+[名人个位])?[ ]*(?:[、/和及与]|以及|还有)[ ]*")
_UNKNOWN = re.compile(
    r"(?<=[招聘需要找请、,，;；名个位])(?!以上|共|约|男|女|大量|夫妻|各|若干|急|缺|招|聘|有|会|"
    r"数)[\u4e00-\u9fff]{2,5}?(?=\d{1,3}[名个位]|[一两二三四五六七八九十]{1,2}[名位])"
)
"""Work that no table knows, between a word for hiring, a comma or another count, and a count: 招管家1名."""
_COUPLE = re.compile(r"夫妻|夫妇|小两口|两口子")
_ITEM_HEAD = re.compile(
    r"(?P<name>(?![^ :：\d]{0,6}(?:[班男女招要需急每共]|夫妻|人数|名额|公司|合计|总))"
    r"[\u4e00-\u9fff]{2,6}?)(?<![招聘请找要缺需雇差])[ :：]{0,3}(?=\d{1,3}[名人个位](?!月)|[一两二三四五六七八九十]{1,2}[名位])"
)
"""Work that no table knows at the head of a line, with a count behind it: 洗消间 2人."""
_SOME = re.compile(r"[个名位]")
_POST = re.compile(r"[\u4e00-\u9fff]{2,3}岗(?=[ :(\d,，])")
"""A post at the head of a line, whose work the heading says: 形象岗 4200, 巡逻岗 3600."""
_REQUIRED = re.compile(r"(?:熟悉|精通|掌握|了解|擅长|熟练(?:操作|使用|掌握)|具有|具备)[^,，。;；\n]*$")
"""熟悉注塑机、冲床维修 tells what somebody has to know."""
_OWN_CHILD = re.compile(r"(?:带|看|接送)(?:孩子|小孩|娃)(?:的|上学|上班)?(?:也|都|方便|不方便|宝妈|可以|读书|妈妈)")
"""要带娃的也方便 tells who may come."""
_NO_WORK = frozenset({"招聘", "招工", "日工", "手工", "务工", "求职", "应聘", "兼职招聘", "到手", "上手", "动手", "带手"})
"""Words that stand for work, or look like it, and offer none."""
VAGUE = frozenset(
    {
        "临时工",
        "长期工",
        "小时工",
        "工人",
        "员工",
        "兼职",
        "女工",
        "男工",
        "人员",
        "师傅",
        "阿姨",
        "大姐",
        "学徒",
        "日结工",
        "寒假工",
        "暑假工",
        "短工",
        "钟点工",
        "帮工",
        "技术员",
        "店员",
        "手工活",
        "外发手工活",
        "青壮年",
        "壮劳力",
        "劳力",
        "年轻人",
        "小伙子",
        "妇女",
        "打零工的",
        "帮手",
        "帮忙的",
        "打下手的",
        "妹子",
        "小妹",
        "小伙",
        "大叔",
        "大爷",
        "大妈",
        "大嫂",
        "姑娘",
        "大哥",
        "宝妈",
    }
)
"""Words for a person that do not say which work."""
_AMOUNT_END = re.compile(r"(?<=[百千万])[一二三四五六七八九](?=保[安洁])")
"""两千二保安: the end of an amount is no part of 二保."""
_MORE_WORK = re.compile(r"[\u4e00-\u9fff]{1,4}?的")
_WHOLE_TITLE = re.compile(r"[\u4e00-\u9fff](?:工|员|师|师傅|司机|保洁|保安|文员)$")
EMPLOYER_BEFORE = re.compile(
    r"(?P<where>(?:[\u4e00-\u9fff]{1,3}(?:店|厂|场|馆|院)|民宿))(?:长期|急|现|诚|直)?(?:招聘|招收|招|聘|请|找|要)[^,，。;\n]{0,4}$"
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A title in the plain text, where its part of the message begins, and the count of people beside it."""

    start: int
    end: int
    anchor: int
    heads: Heads | None
    strong: bool
    word: str  # the word for a trade inside the title, "" when the table has none

    def title(self, text: str) -> str:
        """The title as a person would write it: 会开挖机的师傅 is 挖机师傅."""
        said = text[self.start : self.end].strip(" []()")
        said = re.sub(r"^(?:会|能)?开(.{2,})的$", r"\1司机", said)
        if said.endswith("厂") and len(said) > 2:
            return said + "普工"  # 电子厂长期招工
        employer = EMPLOYER_BEFORE.search(text, max(0, self.start - 16), self.start)
        if employer is not None and (said in VAGUE or (said == "管家" and employer["where"] == "民宿")):
            return employer["where"] + said  # 奶茶店招店员
        return re.sub(r"^(?:会|能)?开(?=.{2,}师傅)|的(?=师傅|阿姨|工人|人员)", "", said)


def mentions_of(text: str, line: Line) -> list[Offer]:
    head = _head(text, line)
    found: list[Offer] = []
    for start, end, word in _words(text, line):
        if found and start < (found[-1].end if word else _counted(found[-1])):
            continue  # 跟车搬运的小伙子四个: whom the count counts is no work of its own
        offer = _offer(text, line, head, start, end, word, _counted(found[-1]) if found else line.start)
        if offer is None:
            continue
        if found and text[found[-1].end : offer.start] == "/":
            found[-1] = replace(found[-1], end=offer.end, heads=offer.heads or found[-1].heads, strong=True)
            continue
        if found and not offer.strong and found[-1].strong and _SIBLING.fullmatch(text, found[-1].end, offer.start):
            offer = replace(offer, strong=True)
        also = found and offer.strong and not found[-1].strong and _SIBLING.fullmatch(text, found[-1].end, offer.start)
        if also and _ALSO_HIRED.match(text, offer.end, line.end):
            found[-1] = replace(found[-1], strong=True)
        found.append(offer)
    return _counted_together(found)


def _counted(offer: Offer) -> int:
    """Where the offer and the count beside it end: a count belongs to one offer only."""
    return max(offer.end, offer.heads.end if offer.heads is not None else 0)


def _counted_together(found: list[Offer]) -> list[Offer]:
    """服务员、传菜员各2名: the count behind the last is meant for those before it too."""
    for place in range(len(found) - 1, 0, -1):
        counted = found[place].heads
        if counted is not None and counted.each and found[place - 1].heads is None:
            found[place - 1] = replace(found[place - 1], heads=counted, strong=True)
    return found


def _head(text: str, line: Line) -> int:
    """Where the first words of a line begin, behind its mark, a bracket, a label for the title."""
    start = line.words
    labelled = label_at(text, start, line.end, "title")
    start = start if labelled is None else labelled
    while start < line.end and text[start] in " [(":
        start += 1
    return start


def _words(text: str, line: Line) -> list[tuple[int, int, str]]:
    """Words for trades and for persons in a line as (start, end, word of the table or "")."""
    piece = _AMOUNT_END.sub(HIDDEN, text[line.start : line.end])
    found = [(line.start + start, line.start + end, word) for word, start, end in trade.find_words(piece)]
    taken = bytearray(line.end - line.start)
    for start, end, _ in found:
        taken[start - line.start : end - line.start] = b"\1" * (end - start)
    for start, end in doers_in(text, line.start, line.end):
        known = [one for one in found if start <= one[0] and one[1] <= end]
        if known and _MORE_WORK.match(text, known[-1][1], end):  # 洗碗|打扫的大姐 is one
            found = [one for one in found if one not in known] + [(known[0][0], end, known[0][2])]
            taken[known[0][0] - line.start : end - line.start] = b"\1" * (end - known[0][0])
            continue
        if (
            known and known[-1][1] == end and text[known[-1][0] - 1] == "的" and not _SOME.search(text, start, end)
        ):  # 挑砖搅灰的|小工 is one
            found = [one for one in found if one not in known] + [(start, end, known[-1][2])]
            taken[start - line.start : end - line.start] = b"\1" * (end - start)
            continue
        inside = slice(start - line.start, end - line.start)
        if not any(taken[inside]):
            found.append((start, end, ""))
            taken[inside] = b"\1" * (inside.stop - inside.start)
    if post := _POST.match(text, line.words, line.end):
        found = [one for one in found if one[0] >= post.end()] + [(*post.span(), "")]
        taken[line.words - line.start : post.end() - line.start] = b"\1" * len(post[0])
    for pattern in (_PERSON, TASK, _UNKNOWN):
        for match in pattern.finditer(text, line.start, line.end):
            inside = slice(match.start() - line.start, match.end() - line.start)
            if not any(taken[inside]):
                found.append((*match.span(), ""))
                taken[inside] = b"\1" * (inside.stop - inside.start)
    if item := _ITEM_HEAD.match(text, line.words, line.end):
        start, end = item.span("name")
        over = [one for one in found if one[0] == start and one[1] < end]
        over = over or [one for one in found if start < one[0] and one[1] == end and not one[2]]  # 打|单员 5名
        if over:  # 客服|管家 1名: the name goes on to the count
            found = [one for one in found if not start <= one[0] < end] + [(start, end, over[0][2])]
            taken[start - line.start : end - line.start] = b"\1" * (end - start)
        elif not any(taken[start - line.start : end - line.start]) and label_at(text, start, line.end, "contact") is None:
            found.append((start, end, ""))
    for start, end in actions_in(text, line.start, line.end):
        inside = slice(start - line.start, end - line.start)
        over = [one for one in found if one[0] < end and start < one[1]]
        if over and (len(over) > 1 or over[0][1] - over[0][0] >= end - start):
            continue
        found = [(min(start, one[0]), max(end, one[1]), one[2]) if one in over else one for one in found]
        if not any(taken[inside]):
            found.append((start, end, ""))
        taken[inside] = b"\1" * (inside.stop - inside.start)
    return sorted(
        one
        for one in found
        if (text[one[0] : one[1]] not in _NO_WORK or (text[one[0] : one[1]] == "手工" and heads_at(text, one[1], line.end)))
        and not _OWN_CHILD.match(text, one[0], line.end)
    )


def _offer(text: str, line: Line, head: int, start: int, end: int, word: str, floor: int) -> Offer | None:
    if suffix := _SUFFIX.match(text, end, line.end):
        end = suffix.end()
    before = _NOT_TITLE_BEFORE.search(text, max(line.start, start - 6), start)
    glued = before is not None and word and floor == start and before[0] in {"员", "手"}  # 服务员收银员各两名
    if _REQUIRED.search(text, max(line.start, start - 24), end):
        return None
    if _OTHER_THING.match(text, end) or (before is not None and not glued):
        return None
    if actions_in(text, start, end)[:1] != [(start, end)]:
        named = floor if _WHOLE_TITLE.search(text, line.start, floor) else line.start
        start = _extended(text, max(named, head if start >= head else line.start), start)
    if _WHOM_TO_CALL.search(text, max(line.start, start - 4), start):
        return None
    heads = _count_before(text, floor, start) or _count_after(text, end, line.end)
    labelled = label_at(text, line.words, line.end, "title") is not None and start == head
    at_head = start == head and _AFTER_HEAD.match(text, end, line.end) is not None and not is_label(text, line)
    hired = _HIRING.search(text, max(floor, start - 16), start) is not None
    anchor = min(start, heads.start) if heads is not None else start
    hired = hired or (text[end - 1] not in "厂店场站馆园司" and _ALSO_HIRED.match(text, end, line.end) is not None)
    strong = labelled or at_head or hired or heads is not None
    return Offer(start, end, anchor, heads, strong, word)


def is_label(text: str, line: Line) -> bool:
    names = ("wage", "age", "place", "contact", "benefits", "shift", "headcount")
    return any(label_at(text, line.words, line.end, name) is not None for name in names)


def _extended(text: str, floor: int, start: int) -> int:
    """Further to the left while the words belong to the title: 酒店|保安, 电商|打包员."""
    for _ in range(6):
        if (
            start <= floor
            or not "\u4e00" <= text[start - 1] <= "\u9fff"
            or _LEFT_STOP.search(text, max(floor, start - 12), start)
        ):
            break
        start -= 1
    return start


def _count_after(text: str, start: int, end: int) -> Heads | None:
    gap = _GAP.match(text, start, end)
    heads = (
        None
        if gap is None
        else heads_at(text, gap.end(), end) or heads_of_shift(text, gap.end(), end) or bare_behind(text, gap.end(), end)
    )
    if gap is None or heads is None:
        return None
    # 家里装修要两个贴砖师傅: the count belongs to what follows
    following = trade.find_words(text[heads.end : min(end, heads.end + 8)]) if gap["verb"] and not gap[0].startswith(" ") else []
    return None if following and following[0][1] <= 2 else heads


def _count_before(text: str, floor: int, end: int) -> Heads | None:
    if one := _ONE.search(text, max(floor, end - 3), end):
        couple = _COUPLE.match(text, end) is not None
        return Heads(one.start("one"), one.end("one"), 2 if couple else 1, each=False)
    if few := _FEW.search(text, max(floor, end - 4), end):
        return Heads(few.start(1), end, int(few[1]), each=False)
    gap = _BEFORE_GAP.search(text, max(floor, end - 8), end)
    stop = end if gap is None else gap.start()
    return next(
        (
            heads
            for heads in heads_in(text, max(floor, stop - 8), stop)
            if heads.end == stop and text[stop - 1 : stop + 1] != "对一"
        ),
        None,
    )
