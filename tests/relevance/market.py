"""An invented labour market: 63 adverts of eight places, as they would stand in the pool on one day. No real employers."""

from __future__ import annotations

from typing import Final

from matching.classify import classify
from matching.model import Job, Kind, Settlement
from matching.rules.benefits import read_tags

NOW: Final = 1_795_305_600
DAY: Final = 86_400

# Name, GCJ-02 degrees and division code. 章贡, 水西, 赣县 and 南康 are of one city, within 30 km; the others a day's journey.
PLACES: Final[dict[str, tuple[float, float, str]]] = {
    "章贡": (25.862, 114.939, "360702000000"),
    "水西": (25.884, 114.902, "360702000000"),
    "赣县": (25.860, 115.012, "360704000000"),
    "南康": (25.661, 114.765, "360703000000"),
    "定南": (24.784, 115.027, "360728000000"),
    "南昌": (28.683, 115.858, "360102000000"),
    "昆山": (31.385, 120.981, "320583000000"),
    "东莞": (23.021, 113.752, "441900000000"),
}
HERE: Final = PLACES["章贡"]

_JOBS: dict[str, Job] = {}


def _add(
    name: str,
    title: str,
    place: str,
    pay: tuple[int, int] | None,
    said: str = "",
    *,
    kind: Kind = "public",
    skills: tuple[str, ...] = (),
    tags: tuple[str, ...] = (),
    ages: tuple[int | None, int | None] = (None, None),
    binding: bool = False,
    settlement: Settlement | None = None,
    hours: float | None = None,
    days: int = 3,
) -> None:
    lat, lng, region = PLACES[place]
    code = classify(title).code
    number = len(_JOBS) + 1
    _JOBS[name] = Job(
        job_id=number,
        kind=kind,
        title=title,
        published_at=NOW - days * DAY - number,
        trade_codes=(code,) if code else (),
        skills=skills,
        description=said,
        region=region,
        lat=lat + number * 0.0001,
        lng=lng,
        wage_min_yuan_month=pay[0] if pay else None,
        wage_max_yuan_month=pay[1] if pay else None,
        age_min=ages[0],
        age_max=ages[1],
        age_binding=binding,
        minors_barred=binding,
        tags=frozenset((*tags, *read_tags(title, said))),
        settlement=settlement,
        hours_per_day=hours,
    )


# Welding
_add("电焊工水西", "电焊工", "水西", (6500, 8500), "钢结构车间，会看图纸，长白班。", tags=("包住",))
_add("焊工赣县", "焊工", "赣县", (6000, 8000), "家具配件焊接，计件。", ages=(18, 50))
_add("氩弧焊工章贡", "氩弧焊工", "章贡", (7500, 9500), "不锈钢厨具，持证优先。", skills=("氩弧焊",))
_add("二保焊工南康", "二保焊工", "南康", (7000, 9000), skills=("二保焊",), tags=("包吃", "包住"))
_add("焊工昆山", "焊工", "昆山", (8000, 11000), tags=("包吃", "包住"))
_add(
    "厂务维修水西",
    "厂务维修",
    "水西",
    (6000, 7000),
    "设备保养，配合焊接、电焊、烧焊、二保焊、氩弧焊等外包队伍，负责巡查和登记。",
)
_add("电焊学徒赣县", "电焊学徒", "赣县", (3500, 4500), "师傅带，肯学就行。", tags=("无经验可",))

# Electronics and general labour
_add("电子厂普工水西", "电子厂普工", "水西", (4500, 6000), "坐班，穿静电服。", ages=(18, 45), tags=("包住",))
_add("SMT操作员水西", "SMT操作员", "水西", (5500, 7000), "贴片线，两班倒。", ages=(18, 40))
_add("插件工定南", "电子厂插件工", "定南", (4000, 5500))
_add("普工章贡", "普工", "章贡", (4000, 5000), "上下料、打包，不限经验。", ages=(18, 55))
_add("普工昆山", "普工", "昆山", (6000, 7500), "手机组装，两班倒。", kind="live", tags=("包吃", "包住"), days=20)
_add("打螺丝东莞", "打螺丝", "东莞", (5500, 6500), kind="live", tags=("包吃", "包住"))
_add("包装工章贡", "包装工", "章贡", (4200, 5000), "脐橙分拣包装，旺季。", tags=("日结",), settlement="day")
_add("质检员水西", "质检员", "水西", (4500, 5500), "电子产品外观检查。")
_add("车间主任水西", "车间主任", "水西", (9000, 12000), "管理电子厂普工、操作工、作业员八十人。")

# Gates, guards and watching
_add("门卫章贡", "门卫", "章贡", (2600, 3000), "看大门、登记车辆，可以住门房。", tags=("包住",), ages=(50, 65))
_add("保安章贡", "保安员", "章贡", (3200, 3800), "小区秩序维护，两班倒。", ages=(18, 50))
_add("保安赣县", "保安", "赣县", (3000, 3500), "厂区巡逻。", ages=(18, 60))
_add("夜班保安水西", "夜班保安", "水西", (3300, 3600), "晚上值守。", ages=(30, 60))
_add("仓库看守南康", "仓库看守", "南康", (2800, 3200), "守夜，家具仓库。", ages=(45, 65))
_add("押运员章贡", "押运员", "章贡", (4500, 5500), "持证上岗。", ages=(18, 45), binding=True)

# Cleaning and homes
_add("保洁员章贡", "保洁员", "章贡", (2300, 2800), "写字楼，八小时。", ages=(40, 60), hours=8.0)
_add("保洁赣县", "保洁", "赣县", (2200, 2600), "学校教学楼。", hours=6.0)
_add("清洁工水西", "清洁工", "水西", (2400, 2700), "打扫卫生，厂区道路。", ages=(45, 65))
_add("开荒保洁章贡", "开荒保洁", "章贡", (5200, 5200), "新房开荒，做一天结一天。", kind="gig", tags=("日结",), settlement="day")
_add("家政保洁员南昌", "家政保洁员", "南昌", (4000, 6000))
_add("物业经理章贡", "物业经理", "章贡", (7000, 9000), "统管保洁、保安、绿化外包。")
_add("月嫂章贡", "月嫂", "章贡", (8000, 12000), "带证，住家。", tags=("包吃", "包住"))
_add("育婴师赣县", "育婴师", "赣县", (5000, 7000), "带半岁宝宝。")
_add("保姆章贡", "住家保姆", "章贡", (4500, 5500), "照顾老人，做饭。", ages=(40, 58), tags=("包吃", "包住"))
_add("护工章贡", "医院护工", "章贡", (4000, 5500), "一对一陪护，可日结。", settlement="day", tags=("日结",))

# Kitchens
_add("洗碗工章贡", "洗碗工", "章贡", (2800, 3200), "饭店后厨，包两餐。", tags=("包吃",), ages=(18, 60))
_add("洗碗阿姨赣县", "洗碗阿姨", "赣县", (2600, 3000), tags=("包吃",))
_add("服务员章贡", "餐厅服务员", "章贡", (3000, 3800), "点菜传菜，忙时帮忙洗碗。", tags=("包吃", "包住"))
_add("厨师章贡", "厨师", "章贡", (6000, 9000), "赣菜。")
_add("配菜工水西", "配菜工", "水西", (3500, 4200), "食堂切配。")
_add("传菜员章贡", "传菜员", "章贡", (2800, 3300), tags=("包吃",))

# Driving and moving
_add("叉车工水西", "叉车工", "水西", (5000, 6500), "仓库装卸，要叉车证。", skills=("叉车证",))
_add("叉车司机昆山", "叉车司机", "昆山", (7000, 8500), skills=("叉车证",), tags=("包住",))
_add("货车司机章贡", "货车司机", "章贡", (6500, 8000), "市内送货，C1。", skills=("C1驾照",))
_add("公交司机赣县", "公交车司机", "赣县", (5500, 6500), "A1、A3。", ages=(22, 60))
_add("搬运工章贡", "搬运工", "章贡", (5000, 6000), "装卸家具，按天结。", kind="gig", tags=("日结",), settlement="day")
_add("外卖骑手章贡", "外卖骑手", "章贡", (5000, 8000), "自备电动车，多劳多得。")
_add("快递员赣县", "快递员", "赣县", (5000, 7000))
_add("快递分拣水西", "快递分拣员", "水西", (4500, 5200), "夜班，日结。", kind="gig", tags=("日结",), settlement="day")

# Building and furniture
_add("木工南康", "木工", "南康", (7000, 10000), "实木家具，会开料。")
_add("油漆工南康", "油漆工", "南康", (7500, 9500), "喷底漆面漆。")
_add("土木工程师章贡", "土木工程师", "章贡", (10000, 15000), "施工图审核。")
_add("瓦工章贡", "瓦工", "章贡", (9000, 12000), "贴砖砌墙，按天结。", kind="gig", settlement="day", tags=("日结",))
_add(
    "小工章贡", "工地小工", "章贡", (5500, 6000), "和灰搬砖，日结。", kind="gig", settlement="day", tags=("日结",), ages=(18, 60)
)
_add("电工章贡", "电工", "章贡", (5500, 7000), "物业维修，要低压电工证。", skills=("低压电工证",))
_add("水电工赣县", "水电工", "赣县", (7000, 9000), "装修布线。")
_add("塔吊司机章贡", "塔吊司机", "章贡", (8000, 10000), "持特种作业证。", skills=("塔吊证",), binding=True, ages=(18, 55))

# Sewing, machines, land, offices
_add("缝纫工南康", "缝纫工", "南康", (5000, 8000), "沙发套，计件。")
_add("CNC操作工昆山", "CNC操作工", "昆山", (7000, 9000), "三班倒。")
_add("数控车工赣县", "数控车床工", "赣县", (6500, 8500), skills=("看图纸",))
_add(
    "摘橙工定南",
    "脐橙采摘工",
    "定南",
    (4500, 5500),
    "十一月到十二月，按天结，管中饭。",
    kind="gig",
    settlement="day",
    tags=("日结", "包吃"),
)
_add("绿化工章贡", "绿化工", "章贡", (2800, 3300), "公园修剪浇水。", ages=(45, 65))
_add("文员章贡", "文员", "章贡", (3000, 4000), "做表、接电话、发文件。")
_add("销售章贡", "房产销售", "章贡", None, "底薪加提成，面议。")

# Two who go together
_add("挡车工昆山", "织布挡车工", "昆山", (7000, 9000), "看二十台织机，夫妻同来有夫妻房。", tags=("包吃", "包住", "夫妻房"))
_add("养鸡场定南", "养鸡场饲养员", "定南", (4500, 5500), "捡蛋喂料，夫妻可来。", tags=("包吃", "包住"))

MARKET: Final[dict[str, Job]] = dict(_JOBS)
