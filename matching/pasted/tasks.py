"""Plain work said as a verb and a thing, which no table of trades can hold whole: 拣茶, 剥茶籽, 编烟, 包粽子."""

from __future__ import annotations

import re

_VERB = r"(?:采摘|拣|捡|摘|采|剥|拔|挖|掰|割|编|锯|砍|栽|晒|扎|串|剪|择|削|缝|搓|刷|钉|贴|喂|杀|剁|拉|挑|装|卸|搬|清|洗|包|修|扫)"
_THING = (
    r"(?:茶籽|茶梗|茶叶|茶|菜|果子|果|橙子?|脐橙|柚子?|桃子?|李子|草莓|莲子|籽|笋|香菇|蘑菇|菇|生姜|姜|红薯|薯|花生|豆子?|"
    r"花|秧|树苗|苗|烟叶|烟|棉花|棉|西瓜|瓜|辣椒|大蒜|蒜|葱|莲藕|藕|虾|鱼|鸭|鸡|鹅|猪|牛|羊|珠子?|线头|绳子?|纸盒|盒子?|"
    r"锯片|木板|木头|板|竹子?|柴|粽子?|饺子?|包子|水沟|沙子?|砖头?|水泥|化肥|货柜|货|集装箱)"
)
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
    task = TASK.match(title)
    if task is None:
        return None
    return next((word for verb, word in _TRADES if verb.match(task[0])), None)
