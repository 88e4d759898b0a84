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
    (r"(?:搞|做|打扫|清扫)(?:一?下|[\u4e00-\u9fff]{1,4}?的?)?(?:清洁|卫生)", "保洁员"),
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
_NEEDS = (rf"{_CARED}[^。\n]{{0,8}}?(?:瘫|卧床|中风|不能自理|走不动|摔断|摔伤|住院)", "养老护理员")
"""Why somebody is wanted: it says the work, and is no title."""
_ACTION = re.compile("|".join(f"(?:{pattern})" for pattern, _ in _ACTIONS))
TASK = re.compile(rf"{_VERB}{_THING}(?![厂场店行园机站证])")
_TRADES = (
    (re.compile(r"采摘|[摘采掰挖割拔]"), "采摘工"),
    (re.compile(r"喂"), "饲养员"),
    (re.compile(r"[装卸搬挑]"), "搬运工"),
    (re.compile(r"栽"), "种植工"),
)
"""What the verb alone says; the other verbs are work of many trades."""


_FAMILIES = tuple(
    (re.compile(rf"(?:{words})"), word)
    for words, word in (
        (r"[看守管](?:管|着|护)?(?:果|[橘桔橙茶桃梨枣]子?|葡萄|菜|瓜|杨梅|板栗)?园", "管果园"),
        (r"[看守管](?:着)?(?:鱼|虾)?塘|[看守喂捞赶放养](?:鱼|虾|泥鳅|黄鳝|螃蟹)", "水产养殖工"),
        (r"[看守巡](?:山|林|火)", "护林员"),
        (r"[看守](?!店|摊|铺|孩|老|病|小|娃|宝|奶|爷|图|书)[\u4e00-\u9fff]|巡[逻更查夜]|站岗", "门卫"),
        (r"(?:包|捏|揉|和|擀|做|蒸|炸|磨)(?:包子|饺子|馒头|面(?!试)|粽子?|点心|油条|早点|馄饨|混沌|豆腐|米果|烧饼|大饼)", "面点师"),
        (r"烤(?:串|肉|鱼|羊|鸭|全羊|生蚝|面筋)", "烧烤师傅"),
        (r"[煮炒蒸炸煎卤炖烧](?!水|锅炉|砖|窑|炭|焊|漆|茶|烟|焦|瓷)[\u4e00-\u9fff]", "厨师"),
        (r"[洗择切拣](?:菜|鱼|肉|葱)|配菜|打荷", "后厨帮工"),
        (r"洗(?:碗|盘|碟)", "洗碗工"),
        (r"[捡盖翻检铺](?:瓦|屋面)|修屋顶|[砌垒][\u4e00-\u9fff]", "砌筑工"),
        (r"码(?!头|农|货)[\u4e00-\u9fff]", "码垛工"),
        (r"[收点](?:钱|银|单|账)", "收银员"),
        (r"卖[\u4e00-\u9fff]", "营业员"),
        (r"[端传上](?:菜|盘|茶|酒|水|碗|盆|锅底)", "服务员"),
        (r"[出入进管盘](?:库|仓)|库房", "仓管员"),
        (r"[找分扫拣](?:件|包裹|货)|分拣|扫码", "快递分拣员"),
        (r"(?:跟|押)(?:车|货|运)", "跟车员"),
        (r"[搬扛抬背挑卸装](?!修|潢|配|订|裱|门|窗|空|灯|监|锁|机)[\u4e00-\u9fff]", "搬运工"),
        (r"修(?:空调|冰箱|家电|洗衣机|电视|热水器|油烟机)", "家电维修工"),
        (r"修(?:车|摩托|电动车|电瓶车|轮胎|三轮)|补胎|换胎", "汽修工"),
        (r"(?:剪线头|剪线)", "剪线工"),
        (r"[剥粘穿串糊折叠撕绕插捏](?!墙|砖|土|秧|花车|纸箱|漆|板|管)[\u4e00-\u9fff]", "手工活"),
        (r"[种栽插](?!牙)[\u4e00-\u9fff]", "种植工"),
        (r"收(?=割|菜|稻|谷|玉米|花生|红薯|土豆|烟|棉|白菜|萝卜|果|橙|茶|麦)|[摘采掰剪割拔挖](?!彩|裁|发|纸|布|机|煤|矿|沟|土|孔|井|墙|线|件|坑|洞|桩|草)[\u4e00-\u9fff]", "采摘工"),
        (r"[喂养放赶](?!老|生)[\u4e00-\u9fff]", "饲养员"),
        (r"[扫拖擦抹](?:地|楼|院|街|路|卫|玻|窗|桌|灰|房)", "保洁员"),
        (r"送(?:水|气|货|菜|奶|报|餐|饭|单|外卖|煤)", "配送员"),
        (r"做(?:手机|电子|数据线|充电|耳机|插头|线路|电路|主板|灯)", "电子厂普工"),
        (r"做(?:衣服|服装|裤子?|内衣|窗帘|被子|校服)", "缝纫工"),
        (r"做(?:鞋|皮鞋|鞋底|鞋面)", "鞋厂普工"),
        (r"做(?:玩具|公仔|娃娃)", "玩具厂普工"),
        (r"做(?:饼干|零食|罐头|食品|糖|月饼)", "食品厂普工"),
    )
)
"""Families of work by verb and kind of thing, from what is told apart best to what the verb alone says."""


def trade_of_family(said: str) -> str | None:
    """The word of the table for the first family that a doing (看园, 煮粉, 码砖) belongs to, or None."""
    found = [(match.start(), rank, word) for rank, (family, word) in enumerate(_FAMILIES) if (match := family.search(said))]
    return min(found)[2] if found else None


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
    found = [(match.start(), word) for pattern, word in (*_ACTIONS, _NEEDS) if (match := re.search(pattern, said))]
    return min(found)[1] if found else None
