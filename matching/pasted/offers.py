"""Which of the mentions of work in a message are its offers: `offers_in`.

What is said in plain words counts first; a list whose items only name a maker, work that no table knows, and what only a whole
clause tells are read when nothing better is there.
"""

from __future__ import annotations

import re
from dataclasses import replace

from matching.pasted.doers import is_doing, tasks_in
from matching.pasted.heads import Heads, heads_in
from matching.pasted.kinds import kinds
from matching.pasted.lines import Line, clauses
from matching.pasted.mentions import EMPLOYER_BEFORE, VAGUE, Offer, is_label, mentions_of
from matching.pasted.tasks import trade_of_task
from matching.rules import trade

_NAMED_BEFORE = re.compile(
    r"([\u4e00-\u9fff]{2,8}?)[ ,，:：!！]*(?:急需要?|急招|急要|需要|需|招|要|缺|来|找)?(?:女工|男工|妇女|工人)?[ ]*$"
)
_HIRING_ONLY = re.compile(r".*(?:招聘|招|聘|需要|急需|要|找|请)")
_ANYWHERE_HIRING = re.compile(
    r"招|聘|急需|需要|要(?!求)|缺|找|征|人手|报名|直招|请(?:人|[个位几两二三四五]|师傅|阿姨|大姐)|来人|帮忙|外发|发包|在家做|拿回家"
)
_PAID = re.compile(r"[:： ]?\d{2,5}(?:-\d{2,5})?(?:元|块)?[/一每](?:天|晚|小时|个?月)")
"""钢筋工280一天: who says what a trade is paid offers it."""
_THOUSANDS = r"[一两二三四五六七八九][千万][一二三四五六七八九]?"
_PRICED = re.compile(
    rf"的?(?:师傅|阿姨|大姐|工人)?[:： ]?(?:[1-9]\d{{3,4}}(?:-\d{{4,5}})?|{_THOUSANDS}(?:[到至-]{_THOUSANDS})?)"
    r"(?:元|块)?(?=[、,，;；。 \n/*x]|$)"
)
_PRICE_LIST = 3
"""炒锅7500、砧板5000、传菜3000: so many trades with their pay are a list of offers."""
INDUSTRY = re.compile(
    r"(?:某?[\u4e00-\u9fffa-z]{1,4}(?:厂|仓(?!库))|新能源|光伏|锂电池?|电子|汽配|家电|服装|制衣|食品|五金|注塑|塑胶|玩具|物流|快递|仓库|医疗|印刷|家具|纺织|机械|"
    r"半导体|芯片|电器|零食|饮料|日化|化工|陶瓷|玻璃|线束|模具|手机|笔记本)(?:厂|公司|仓|车间)?(?=$|[ ,，。(:：])"
)
"""What a maker makes, where a list of openings names nothing else."""
_LIST = 2
_KIND_OF = re.compile(r"(?![^\n]*[招聘请找要缺急需某])[\u4e00-\u9fff]{1,4}(?<![县市镇乡村厂店司])(?<!(?<!病)区)")
_REASON = re.compile(
    r"(?:房子?|家里?|屋子?|屋顶|墙面?|院子|店面|门面|厂房|房间|老屋|地面|办公室|学校)(?:里|上)?(?:也|都|还|正|刚好)?(?:要|需要|想|准备)$"
)
"""房子要刷漆，找两个外墙漆师傅: why somebody is wanted."""
_PERSON_END = re.compile(r"[工员师手]$|师傅$|阿姨$")
_HIRED_BEHIND = re.compile(r"[的]?[,， ]{0,2}(?:现|急|还)?(?:需要|要|招|找|请|缺|差|来)[ ]?")
_COME = re.compile(
    r"(?:来|去|帮忙|帮我|帮)(?:我|俺|我们)?(?:[\u4e00-\u9fff]{0,5}?[里上家边棚])?(?P<work>(?!忙)[\u4e00-\u9fff]{2,8})$"
)
_WORKPLACE = re.compile(r".*(?:厂|场|站|店|公司|馆|园|拉拉|超市|工地)")
_COUPLES = re.compile(r"(?:夫妻|夫妇|小两口|两口子)(?:工|档)?")
_SEXES = frozenset({"女工", "男工", "女", "男"})
_ANYBODY = frozenset({"人员", "员工", "工人"})


def offers_in(text: str, lines: list[Line]) -> tuple[list[Offer], list[Offer]]:
    """The offers of a message in their order, and every other mention of work. A weak one counts when there is no strong one."""
    found: list[Offer] = []
    for line in lines:
        found += mentions_of(text, line)
    if not _wants_people(text, lines):
        return [], []
    found = [_whole_name(text, lines, offer) for offer in found]
    strong = [offer for offer in found if offer.strong]
    if all(offer.heads is None and _PAID.match(text, offer.end) for offer in strong):
        paid = [replace(offer, strong=True) for offer in found if _PAID.match(text, offer.end)]
        # 打农药200一天套袋150一天 without a seam is one job of two tasks
        paid = [offer for offer in paid if offer is paid[0] or not re.match(r"[\u4e00-\u9fff]", text[offer.start - 1])]
        strong = paid if not strong or len(paid) > 1 else strong
    priced = [offer for offer in found if _PRICED.match(text, offer.end)]
    if len(priced) >= _PRICE_LIST and not any(offer.heads is not None for offer in priced):
        known = {offer.start for offer in strong} | {offer.start for offer in priced}
        strong = [replace(offer, strong=True) for offer in found if offer.start in known]
    starts = {offer.start for offer in strong}
    weak = [offer for offer in found if offer.start not in starts]
    if len(strong) > 1:  # 现诚聘以下人员: and then the list
        strong = [
            offer for offer in strong if offer.heads is not None or offer.title(text).removeprefix("以下") not in _ANYBODY
        ] or strong
    strong = _without_details(text, lines, _said_before(text, _of_list(text, lines, strong, weak)))
    strong = _over_posts(text, lines, strong)
    strong = _without_headings(text, lines, _for_couples(text, strong, found))
    if strong and all(offer.title(text) in _SEXES for offer in strong):
        return _for_both(text, lines, strong, weak)
    if strong:
        return _specific(text, lines, strong, found), weak
    if found and not all(_WORKPLACE.fullmatch(text, offer.start, offer.end) for offer in found):
        return found[:1], []
    return _by_task(text, lines) or found[:1] or _by_count(text, lines) or _by_talk(text, lines), []


def _whole_name(text: str, lines: list[Line], offer: Offer) -> Offer:
    """一对一护工：220, 病区护工：5800 at the head of a line that pays: all that stands before the pay is the title."""
    line = next(line for line in lines if line.start <= offer.start < line.end)
    before = text[line.words : offer.start]
    named = _KIND_OF.fullmatch(before) and offer.heads is None and text[offer.end : offer.end + 1] in {":", " ", "("}
    return replace(offer, start=line.words, anchor=line.words) if named and _pays(text, line) else offer


def _over_posts(text: str, lines: list[Line], strong: list[Offer]) -> list[Offer]:
    """招保安 over 形象岗 4200, 普通岗 3300: the posts are the openings, and the heading says of what work."""
    if any(offer.heads is not None for offer in strong):
        strong = [
            offer
            for offer in strong
            if offer.heads is not None
            or _PERSON_END.search(offer.title(text))
            or not _REASON.search(text, max(0, offer.start - 10), offer.start)
        ]
    items = [
        offer
        for offer in strong
        if offer.heads is not None or any(offer.start == line.words and _pays(text, line) for line in lines)
    ]
    if len(items) >= _LIST:  # 招家政 over 住家保姆 6000, 钟点工 30; 招焊工，二保焊的六个，氩弧焊的两个
        strong = [offer for offer in strong if offer in items or not _names_all(text, lines, offer, items)]
    posts = [offer for offer in strong if offer.title(text).endswith("岗")]
    if len(posts) < _LIST:
        return strong
    return [
        offer
        for offer in strong
        if offer.heads is not None
        or offer.start >= posts[0].start
        or _pays(text, next(line for line in lines if line.start <= offer.start < line.end))
    ]


def _names_all(text: str, lines: list[Line], offer: Offer, items: list[Offer]) -> bool:
    """Whether an offer without count and pay, above items that are kinds of it, is their heading."""
    line = next(line for line in lines if line.start <= offer.start < line.end)
    own = next((text[a:b] for a, b in clauses(text, (line.words, line.end)) if a <= offer.start < b), "")
    if not offer.word or offer.end > items[0].start or "wage" in kinds(own):
        return False
    kinds_of = sum(item.word not in {"", offer.word} and trade.relation(offer.word, item.word) is not None for item in items)
    return kinds_of >= _LIST


def _without_details(text: str, lines: list[Line], strong: list[Offer]) -> list[Offer]:
    """流水线打螺丝 below a list of openings that each say what they pay tells more about them."""
    items = [line for line in lines if _pays(text, line) and any(offer.start == line.words for offer in strong)]
    if len(items) < _LIST:
        return strong
    return [
        offer
        for offer in strong
        if offer.heads is not None
        or offer.anchor < items[-1].end
        or not is_doing(offer.word)
        or _PERSON_END.search(offer.title(text))
        or _pays(text, next(line for line in lines if line.start <= offer.start < line.end))
    ]


def _by_talk(text: str, lines: list[Line]) -> list[Offer]:
    """Where people are counted and paid for work that nothing above knows: the clause that asks somebody to come."""
    if not heads_in(text, 0, len(text)) or not any(_pays(text, line) for line in lines):
        return []
    for line in lines:
        for start, end in clauses(text, (line.words, line.end)):
            asked = _COME.search(text, start, end)
            if asked is not None and not kinds(text[start:end]):
                return [Offer(*asked.span("work"), start, None, strong=True, word="")]
    return []


def _by_task(text: str, lines: list[Line]) -> list[Offer]:
    """Work that no table knows, said as a clause of its own in a message that looks for people: 粘公仔眼睛，三分钱一个."""
    for line in lines:
        if is_label(text, line):
            continue
        for start, end in tasks_in(text, line.start, line.end):
            if not kinds(text[start:end]):
                return [Offer(start, end, start, None, strong=True, word="")]
    return []


def _of_list(text: str, lines: list[Line], strong: list[Offer], weak: list[Offer]) -> list[Offer]:
    """A list whose items speak of the work further on (1、西湖区，白班带1岁宝宝，5000) or only of a maker
    (昆山 汽配厂 26元/小时): each paid item offers it. Where items offer work in plain words, the others have to name it first.
    """
    listed = [line for line in lines if line.listed]
    if len(listed) < _LIST:
        listed = [line for line in lines if _pays(text, line) and not is_label(text, line)]
        if len(listed) < _LIST:
            return strong
    plain = [line for line in listed if any(line.start <= offer.start < line.end for offer in strong)]
    items: list[Offer] = []
    for line in listed:
        if line in plain or not _pays(text, line) or is_label(text, line):
            continue
        own = (offer for offer in weak if line.start <= offer.start < line.end)
        first = next(
            (
                offer
                for offer in own
                if not plain or (offer.start == line.words and (offer.word or offer.title(text).endswith("岗")))
            ),
            None,
        )
        first = first or _named_first(text, line)
        if first is not None:
            items.append(replace(first, strong=True))
    if len(items) + len(plain) < _LIST:
        return strong
    kept = strong if plain else [offer for offer in strong if offer.heads is not None]
    return sorted([*items, *kept], key=lambda offer: offer.start)


def _pays(text: str, line: Line) -> bool:
    return any("wage" in kinds(text[a:b]) for a, b in clauses(text, (line.words, line.end)))


def _named_first(text: str, line: Line) -> Offer | None:
    """The trade or the maker that a line names before it says what is paid: 太仓沙溪 汽配厂 18-45岁 25元/小时."""
    for start, end in clauses(text, (line.words, line.end))[:3]:
        if "wage" in kinds(text[start:end]):
            return None
        if named := INDUSTRY.search(text, start, end):
            return Offer(*named.span(), named.start(), None, strong=True, word="")
    return None


def _said_before(text: str, strong: list[Offer]) -> list[Offer]:
    """别墅贴外墙砖，要4个师傅: the work first and the count of some people behind the comma is one offer."""
    kept: list[Offer] = []
    for offer in strong:
        before = kept[-1] if kept else None
        if (
            before is not None
            and before.heads is None
            and offer.heads is not None
            and offer.title(text) in VAGUE
            and _HIRED_BEHIND.fullmatch(text, before.end, offer.anchor)
        ):
            kept[-1] = replace(before, heads=offer.heads)
        else:
            kept.append(offer)
    return kept


def _for_couples(text: str, strong: list[Offer], found: list[Offer]) -> list[Offer]:
    """招夫妻工一对 喂鸡捡蛋: who is wanted, and the work beside it, are one offer."""
    couples = [offer for offer in strong if offer.heads is not None and _COUPLES.fullmatch(offer.title(text))]
    if len(couples) != 1:
        return strong
    behind = [offer for offer in found if offer.start > couples[0].end and offer.title(text) not in VAGUE]
    work = next((offer for offer in behind if offer.heads is not None), behind[0] if behind else None)
    others = [offer for offer in strong if offer is not couples[0] and offer is not work]
    both = couples[0].heads
    if work is None or both is None or any(offer.heads is not None for offer in others):
        return strong
    if work.heads is not None and work.heads.number != both.number:
        return strong
    return sorted([*others, replace(work, heads=both, strong=True)], key=lambda offer: offer.start)


def _without_headings(text: str, lines: list[Line], strong: list[Offer]) -> list[Offer]:
    """松江九亭小时工 alone on a line says how one works, when another line says at what."""
    kept = []
    counted = any(offer.heads is not None for offer in strong)
    for offer in strong:
        line = next(line for line in lines if line.start <= offer.start < line.end)
        alone = offer.heads is None and (offer.word in VAGUE or offer.title(text) in VAGUE) and not _pays(text, line)
        if offer.heads is None and counted and _WORKPLACE.fullmatch(text, offer.start, offer.end):
            continue  # 养猪场，招配种员一名: who hires
        if not (alone and sum(line.start <= other.start < line.end for other in strong) == 1):
            kept.append(offer)
    return kept or strong


def _wants_people(text: str, lines: list[Line]) -> bool:
    """Whether anything in the message says that people are wanted, of what age, or what they are paid."""
    if _ANYWHERE_HIRING.search(text) or heads_in(text, 0, len(text)):
        return True
    return any(kinds(text[a:b]) & {"wage", "age"} for line in lines for a, b in clauses(text, (line.words, line.end)))


def _for_both(text: str, lines: list[Line], strong: list[Offer], weak: list[Offer]) -> tuple[list[Offer], list[Offer]]:
    """修剪葡萄枝，要女工8名，男工2名: one job, said before, for both."""
    named = next((offer for offer in weak if offer.word), None) or next(iter(_by_count(text, lines)), None)
    if named is None:
        return strong, weak
    counts = [offer.heads for offer in strong if offer.heads is not None]
    number = sum(heads.number or 0 for heads in counts) or None
    heads = Heads(counts[0].start, counts[-1].end, number, each=False) if counts else None
    return [replace(named, heads=heads, strong=True)], []


def _specific(text: str, lines: list[Line], strong: list[Offer], found: list[Offer]) -> list[Offer]:
    """招临时工，发传单: a single offer that does not say which work takes the word for it from beside."""
    if len(strong) == 1 and strong[0].title(text) in VAGUE:
        other = next(
            (offer for offer in found if offer.title(text) not in VAGUE and (offer.word or trade_of_task(offer.title(text)))),
            None,
        )
        if other is not None and not EMPLOYER_BEFORE.search(text, 0, strong[0].start):
            return [replace(strong[0], start=other.start, end=other.end, word=other.word)]
        if other is None and (task := next(iter(_by_task(text, lines)), None)) is not None:
            return [replace(strong[0], start=task.start, end=task.end, word="")]
    return strong


def _by_count(text: str, lines: list[Line]) -> list[Offer]:
    """Work the table has no word for: the words right before a count in a message that looks for people (会场布置 需要12人)."""
    if not _ANYWHERE_HIRING.search(text):
        return []
    for line in lines:
        if is_label(text, line):
            continue
        for start, end in clauses(text, (line.words, line.end)):
            if kinds(text[start:end]) - {"headcount"}:
                continue
            for heads in heads_in(text, start, end):
                before = _NAMED_BEFORE.search(text, max(line.words, heads.start - 24), heads.start)
                if before and not _HIRING_ONLY.fullmatch(before[1]) and not kinds(before[1]):
                    return [Offer(before.start(1), before.end(1), before.start(1), heads, strong=True, word="")]
                if after := re.compile(r"[\u4e00-\u9fff]{2,8}").match(text, heads.end, end):
                    return [Offer(*after.span(), heads.start, heads, strong=True, word="")]
    return []
