"""Who is wanted, said by what he does: 缺个端盘子的, 找五个码砖的男工, 守材料的要一个, 要人搬砖.

No table holds all the work there is, but talk has few forms for it: a word for hiring, perhaps a count, a verb of work with its
thing, then 的 or a word for a person. What only tells how somebody has to be (做得久的, 能吃苦的) is no work.
"""

from __future__ import annotations

import re

from matching.pasted.heads import COUNT
from matching.pasted.letters import HIDDEN, Span

_VERBS = (
    "做打看守搬扛抬码捡拣摘采挖种栽拔割砍锯切剁洗刷擦扫拖抹煮炒蒸烤炸煎揉捏端传送接带照陪护喂养赶杀剥刮铲砌贴铺喷焊装拆卸修补"
    "开跑跟押发派卖点理摆配称穿串粘缝踩绣织锁钉剪熨烫叠折糊写录记教唱跳演拍染按搓推拉挑背倒填浇扎绑支搭架磨抛冲压印裁掰撕晒晾编烧"
    "巡迎收剔破钓涂帮弄搞选挤灌封择管放清锄翻盖绞分腌酿套刨抄扒敲孵撑调运挂站榨熬筛"
)
VERB = f"[{_VERBS}]"
PERSON = (
    r"(?:老?师傅|大?阿姨|大姐|大妈|大娘|大嫂|嫂子|老?大爷|大叔|老?大哥|老头子?|老人家?|老汉|小伙子?|小哥|小弟|小妹|妹子|小?姑娘|女孩子?|男孩子?|"
    r"女[的工人]|男[的工人]|"
    r"熟手|熟练工|老手|生手|新手|妇女|婆娘|工人|人手|人员|伙计|帮手|徒弟|学徒工?|帮工|临时工|短工|零工|宝妈|学生|兼职|人(?![才事力们]))"
)
_DOER = rf"(?:{PERSON}|[小杂普]工)"
_HIRE = (
    r"(?:招聘|招收|急招|招|聘|找|要(?!求|会|能)|缺|差|请|需要?|雇|喊|叫|"
    rf"还有(?=[个一两三])|来(?=[{'一两二三四五六七八九十几'}\d个位名]))"
)
_SOME = rf"(?:大量|长期|急|现)?(?:{COUNT.replace('?P<', '?P<_')}|[个位名])?"
_SOME = re.sub(r"\?P<_\w+>", "?:", _SOME)
_THING = r"[\u4e00-\u9fffa-z]{1,7}?"
_DOING = rf"(?:会|能)?{VERB}{_THING}"
_SEAM = rf"(?=$|[,，。;；!！?？¦|\n \[(（{HIDDEN}])"
_WANTED = re.compile(
    rf"{_HIRE}{_SOME}(?:人(?:手|啦|拉|了|咯)?|{PERSON})?(?:临时|长期|固定)?(?:来|去|帮忙|帮我)?"
    rf"(?P<doing>{_DOING}(?:的{_DOER}?|(?<=.){PERSON}))"
    rf"|(?:{_HIRE}{_SOME}(?:人(?:手|来)?|{PERSON})|{_HIRE}{_SOME})(?:来|去|帮忙)?(?P<task>{VERB}[\u4e00-\u9fff]{{1,5}}?){_SEAM}"
)
_COUNT = re.sub(r"\?P<\w+>", "?:", COUNT)
_COUNTED = re.compile(
    rf"(?:^|[,，。;；!！?？¦|\n 、]|再|另外?|还|左右|(?<=\d)[k元块天月时吨斤](?![百千万\d])|[百千万])"
    rf"(?:还?[要招缺找请]|另外?|再)?(?P<doing>{_DOING}(?:的{_DOER}?|{PERSON}))"
    rf"[ ,，]?(?:还|也|都|急|现)?(?:[要招缺需找请差]|需要)?(?={_COUNT})",
    re.MULTILINE,
)
_TASK = re.compile(
    r"(?:^|[,，。;；!！?？¦|\n])[ ]?(?:(?:明天|后天|今天)?(?:来|去|到)(?:我|俺|我们)?[\u4e00-\u9fff]{0,5}?[里上家边])?"
    rf"(?:谁|来|去|帮忙|帮|就是|主要|负责)*(?P<task>{VERB}[\u4e00-\u9fff]{{1,6}}){_SEAM}",
    re.MULTILINE,
)
_ASKED = re.compile(
    rf"(?:谁|有没有|有(?=会)|有谁|哪个|哪位)(?:家|人|师傅|兄弟|老乡)?(?:会|能|懂|可以|愿意|有空|想)?(?:去|来|帮)?(?P<task>{VERB}[\u4e00-\u9fff]{{1,5}}?)(?:的|吗|不)?{_SEAM}"
)
_OPENS = re.compile(rf"(?:会|能)?{VERB}[\u4e00-\u9fff]")
_HOW = re.compile(
    r"[得过满年月天完认苦受懂算想愿有没不会久期班价薪资险住]|^(?:能|会)?(?:做|干|管|带)?(?:事|活|饭|人|工|来|理|好|起)?的|^(?:管[吃饭住理]|包[吃住]|发[工钱薪展]|招[人工]|"
    r"收入|调[休整动价]|挂[靠了]|站[着得长]|运[气费]|套[路餐]|分[钟红期之]|开[始朗心工]|打[电个款卡算听]|带[薪好上身]|做[事人主]|看[看重中情他你我]|接[送受到龙]|上[班岗]|点[工钱]|帮[忙我]|来|"
    r"发(?:短信|广告|消息|信息|图|微信|红包|私信|简历|位置|定位|传真|邮)|押(?!车|运|货|钞)|照[顾看料]$|管家|看[一下]$|"
    r"补[贴助]|加班|教[会你]|理[解由]|照[发样常]|管[理]|记[得]|写[字]|放假|清[楚]|配[合])|以上|以下|左右|[\d一二两三四五六七八九十几][名位人]"
)


def doers_in(text: str, start: int, end: int) -> list[Span]:
    """Places in a piece of text that say who is wanted by what he does, in order, none over another."""
    found: list[Span] = []
    for pattern in (_WANTED, _COUNTED, _ASKED):
        for match in pattern.finditer(text, start, end):
            name = "doing" if pattern is not _ASKED and match["doing"] else "task"
            span = match.span(name)
            if name == "task" and text[span[0] - 1] in "请叫喊":
                continue  # 请发短信
            if _HOW.search(match[name].removeprefix("会").removeprefix("能")):
                continue
            if not any(a < span[1] and span[0] < b for a, b in found):
                found.append(span)
    return sorted(found)


def tasks_in(text: str, start: int, end: int) -> list[Span]:
    """Clauses that are nothing but a verb of work and its thing: 粘公仔眼睛."""
    return [match.span("task") for match in _TASK.finditer(text, start, end) if not _HOW.search(match["task"])]


def is_doing(title: str) -> bool:
    """Whether a title opens with a verb of work."""
    return _OPENS.match(title) is not None
