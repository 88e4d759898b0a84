"""Plain work said as a verb and a thing, which no table of trades can hold whole: 拣茶, 剥茶籽, 编烟, 包粽子."""

from __future__ import annotations

import re

_VERB = r"(?:采摘|拣|捡|摘|采|剥|拔|挖|掰|割|编|锯|砍|栽|晒|扎|串|剪|择|削|缝|搓|刷|钉|贴|喂|杀|剁|拉|挑|装|卸|搬|清|洗|包|修|扫)"
_THING = (
    r"(?:油茶|板栗|杨梅|葡萄|蓝莓|芋头|萝卜|玉米|稻谷|稻子|甘蔗|枇杷|橘子|柑橘|柑子|茶籽|茶梗|茶叶|茶|菜|果子|果|橙子?|脐橙|柚子?|桃子?|李子|草莓|莲子|籽|笋|香菇|蘑菇|菇|生姜|姜|红薯|薯|花生|豆子?|"
    r"花|秧|树苗|苗|烟叶|烟|棉花|棉|西瓜|瓜|辣椒|大蒜|蒜|葱|莲藕|藕|虾|鱼|鸭|鸡|鹅|猪|牛|羊|珠子?|线头|绳子?|纸盒|盒子?|"
    r"锯片|木板|木头|板|竹子?|柴|粽子?|饺子?|包子|水沟|沙子?|砖头?|水泥|化肥|货柜|货|集装箱)"
)
_CARED = r"(?:老人|老太太?|老爷子|奶奶|爷爷|外婆|外公|母亲|父亲|老妈|老爸|妈妈?|爸爸?|老两口|病人|婆婆|公公)"
_CHILD = r"(?:孩子|小孩|娃娃?|宝宝|孙子|孙女|婴儿|小朋友|双胞胎)"
_ACTIONS: tuple[tuple[str, str], ...] = (
    (rf"(?:照顾|照看|照料|伺候|服侍|看护|护理|陪护|陪)(?:一?[个位])?[^,，。;；\n]{{0,5}}?{_CARED}", "养老护理员"),
    (
        rf"(?:带|看|照顾|照看)(?:[一两二三2]?[个位]|俩)?(?:[\d一两二三四五六七八九十半个多]{{1,3}}(?:岁|个?月)(?:多)?(?:大)?的?)?(?:小)?{_CHILD}",
        "育儿嫂",
    ),
    (
        r"(?:做|烧|煮|弄|搞)(?:[一两二三]?[顿餐日天两三])?(?:中|午|晚|早|家常)?(?:[饭餐]|饭菜)(?![店馆厅盒桌])(?:和晚饭|和中饭)?",
        "做饭阿姨",
    ),
    (r"(?:搞|做|打扫|清扫)(?:一?下)?(?:清洁|卫生)", "保洁员"),
    (r"(?:贴|铺)[^,，。;；\n]{0,4}?(?:砖|瓷片|地板)(?!厂)", "贴砖工"),
    (
        r"(?:踩|开|打)(?:平车|缝纫机|电车|高车)|车(?:布|帆)?(?:包|衣服?|裤子?|鞋面|枕套|被套|窗帘|沙发套)|(?:车|缝|锁|踩)(?:被套|枕套|窗帘|裤脚|扣子|袖口|拉链|手套|帽子|口罩)(?![车厂间装位])",
        "缝纫工",
    ),
    (r"(?:守|看|管)(?:着)?(?:大门|门岗|工地|仓库|厂房|停车场|场子|夜)", "门卫"),
    (r"(?:摆摊|守摊|看摊|卖(?:水果|衣服|菜|早点|早餐|奶茶|烧烤|鞋|货))(?![车厂])", "营业员"),
    (r"(?:洗|刷)(?:碗筷?|盘子|碟子)|洗消间?", "洗碗工"),
    (r"(?:端|传|上)(?:菜|盘子)(?!品)", "传菜员"),
    (r"(?:上|摆|补)货(?![车架])", "理货员"),
    (r"(?:刷|滚|喷)(?:乳胶漆|涂料|墙|外墙)", "油漆工"),
    (r"(?:砌|垒)(?:墙|砖|围墙|石头)", "砌筑工"),
    (r"(?:绑|扎)钢筋|钢筋班组?", "钢筋工"),
    (r"(?:支|装|拆|钉)模板?|木工班组?", "模板工"),
    (r"(?:搭|拆)(?:架子|脚手架|外架)", "架子工"),
    (r"(?:浇|打)(?:混凝土|水泥地?面?|砼|地坪)", "混凝土工"),
    (r"(?:拔|锄|除|割)草", "锄草"),
    (r"接(?:听)?电话", "客服"),
)
_ACTION = re.compile("|".join(f"(?:{pattern})" for pattern, _ in _ACTIONS))
TASK = re.compile(rf"{_VERB}{_THING}(?![厂场店行园机站证])")
_TRADES = (
    (re.compile(r"采摘|[摘采掰挖割拔]"), "采摘工"),
    (re.compile(r"喂"), "饲养员"),
    (re.compile(r"[装卸搬挑]"), "搬运工"),
    (re.compile(r"栽"), "种植工"),
)
"""What the verb alone says; the other verbs are work of many trades."""


def trade_of_task(title: str) -> str | None:
    """The word of the table for a title that opens with a task, or None."""
    action = next((word for pattern, word in _ACTIONS if re.match(rf"(?:能|会|要|给)?(?:{pattern})", title)), None)
    task = TASK.match(title)
    if action is not None or task is None:
        return action
    return next((word for verb, word in _TRADES if verb.match(task[0])), None)


def actions_in(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where work is said as an action in a piece of text: 照顾半自理奶奶, 带1岁宝宝, 贴外墙砖, 车布包."""
    return [match.span() for match in _ACTION.finditer(text, start, end)]


def trade_of_action(said: str) -> str | None:
    """The word of the table for the first action that a clause speaks of, or None."""
    found = [(match.start(), word) for pattern, word in _ACTIONS if (match := re.search(pattern, said))]
    return min(found)[1] if found else None
