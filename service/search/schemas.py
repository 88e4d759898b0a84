"""What a search may ask, and the shape of the answer. The arguments become one :class:`matching.model.Query` in ``ask.py``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from matching.rules.benefits import tags_named
from service.fields import Commas, Few, Flag, In, Moment, Out, Text, Whole, latitude, longitude, one_of
from service.jobs.schemas import JobCard

LONGEST_TEXT = 200
LIMIT_MOST = 50
RADIUS_MOST_KM = 500
AGE_LEAST, AGE_MOST = 16, 99
WAGE_MOST = 1_000_000
UNITS = ("month", "week", "day", "hour", "year")
TAGS_MOST = 10
PLACES_MOST = 10
TRADES_MOST = 10
VIEWS = ("standard", "elder")
SEXES = ("male", "female")
KIND_NAMES = {"public": "公共招聘", "gig": "零工", "live": "直播带岗"}
SETTLEMENT_NAMES = {"day": "日结", "week": "周结", "month": "月结", "job": "干完结"}
SORT_NAMES = {"score": "综合", "distance": "距离", "wage": "工资", "newest": "最新", "applications": "申请的人少的在前"}

UNDER_16 = "未满 16 周岁不能参加工作（《禁止使用童工规定》第二条）；遇到困难可以拨打青少年服务热线 12355。"


def _age(value: int) -> None:
    if 0 <= value < AGE_LEAST:
        raise ValidationError(UNDER_16)
    if not AGE_LEAST <= value <= AGE_MOST:
        raise ValidationError(f"年龄请填 {AGE_LEAST} 到 {AGE_MOST} 之间的周岁数。")


class Place(In):
    """A point. Half a point is a mistake, and a radius needs one."""

    lat = latitude(metadata={"description": "纬度"})
    lng = longitude(metadata={"description": "经度"})
    crs = fields.String(
        load_default="gcj02",
        validate=validate.OneOf(["gcj02", "wgs84"]),
        metadata={"description": "坐标系，wx.getLocation 给 gcj02"},
    )
    radius_km = fields.Float(
        validate=validate.Range(0, RADIUS_MOST_KM, min_inclusive=False, error=f"距离要大于 0，不超过 {RADIUS_MOST_KM} 公里。"),
        metadata={"description": "只看多少公里以内，要和坐标一起给"},
    )

    @validates_schema
    def whole_point(self, data: dict[str, Any], **_: object) -> None:
        """Latitude and longitude come together; a radius needs them."""
        if ("lat" in data) != ("lng" in data):
            raise ValidationError("经度和纬度要一起给。", "lat" if "lat" not in data else "lng")
        if "radius_km" in data and "lat" not in data:
            raise ValidationError("按距离找工作要先有您的位置（lat 和 lng）。", "radius_km")


def _tags(description: str) -> Commas:
    """Benefits of a query string, with commas."""
    return Commas(
        Text(shortest=1, longest=16),
        validate=validate.Length(min=1, max=TAGS_MOST, error=f"福利请选 1 到 {TAGS_MOST} 项。"),
        metadata={"description": description},
    )


def _words(longest: int, most: int, **options: Any) -> Commas:
    """Names or codes of a query string, with commas."""
    return Commas(
        Text(shortest=1, longest=longest), validate=validate.Length(min=1, max=most, error=f"请填 1 到 {most} 项。"), **options
    )


def _not_both(wanted: Iterable[str], refused: Iterable[str], field: str) -> None:
    """Raises for a benefit that must be there and must not."""
    both = sorted({tag for word in wanted for tag in tags_named(word)} & {tag for word in refused for tag in tags_named(word)})
    if both:
        raise ValidationError(f"「{both[0]}」又要有又不要，请去掉一个。", field)


IGNORED_MOST = 32
_IGNORE = {
    "description": "不采用哪些听懂的话：understood 里的 ignore 原样传回，或者只写 field（age、wage、benefit……）。"
    "例：benefit:包住 不看包住，near 不看远近。对不上的名字不算错"
}


class Order(In):
    """Whose order it is."""

    personal = Flag(
        load_default=True,
        metadata={
            "description": "false：不按个人情况排序（《个人信息保护法》第二十四条）。"
            "年龄、性别、位置、期望工资只用来筛选，不影响先后，谁来查次序都一样；要按发布时间排请再加 sort=newest"
        },
    )
    fair = Flag(
        load_default=True,
        metadata={"description": "分数差不多的岗位每天轮换先后，同一个人同一天次序不变；false：不轮换"},
    )


class Page(In):
    """Which page, and how it is laid out."""

    cursor = fields.String(metadata={"description": "上一页的 next"})
    limit = Whole(
        load_default=20,
        validate=validate.Range(1, LIMIT_MOST, error=f"每页 1 到 {LIMIT_MOST} 条。"),
        metadata={"description": "每页几条"},
    )
    view = fields.String(
        load_default="standard", validate=validate.OneOf(VIEWS), metadata={"description": "elder：长辈版，要紧的在前"}
    )


class SearchArgs(Place, Order, Page):
    """Everything that ``GET /v1/jobs`` understands."""

    q = Text(
        longest=LONGEST_TEXT,
        load_default="",
        metadata={"description": "想找什么，怎么说都行：想找个包吃住的电子厂"},
    )
    ignore = _words(LONGEST_TEXT + 20, IGNORED_MOST, load_default=list, metadata=_IGNORE)
    regions = _words(
        64,
        PLACES_MOST,
        data_key="region",
        load_default=list,
        metadata={"description": "地区代码（6、9、12 位）或名称，含下级，可用逗号连写几个"},
    )
    kind = Commas(
        fields.String(validate=one_of(KIND_NAMES)),
        validate=validate.Length(min=1, max=3),
        metadata={"description": "public 公共招聘、gig 零工、live 直播带岗，可用逗号连写"},
    )
    trades = _words(
        32,
        TRADES_MOST,
        data_key="trade",
        load_default=list,
        metadata={"description": "工种名称或职业代码，可用逗号连写几个，符合一个就行"},
    )
    wage_min = fields.Float(
        validate=validate.Range(0, WAGE_MOST, error="工资请填 0 以上的数。"),
        metadata={"description": "不低于这个工资，单位见 wage_unit"},
    )
    wage_unit = fields.String(load_default="month", validate=validate.OneOf(UNITS))
    age = Whole(validate=_age, metadata={"description": "周岁"})
    sex = fields.String(validate=validate.OneOf(SEXES), metadata={"description": "只用来看男女不同的年龄要求"})
    tags = _tags("必须有的福利，逗号连写：包吃,包住")
    tags_any = _tags("至少有一项的福利，逗号连写")
    tags_none = _tags("不要的，逗号连写：夜班,两班倒")
    settlement = Commas(
        fields.String(validate=one_of(SETTLEMENT_NAMES)),
        validate=validate.Length(min=1, max=4),
        metadata={"description": "结算周期，逗号连写"},
    )
    hours_max = fields.Float(
        validate=validate.Range(1, 24, error="每天工时请填 1 到 24。"), metadata={"description": "每天最多几小时"}
    )
    published_since = Moment(metadata={"description": "这个时间以后发布的，例如 2026-11-01T00:00:00+08:00"})
    sort = fields.String(
        load_default="score",
        validate=one_of(SORT_NAMES),
        metadata={"description": "score 综合、distance 距离、wage 工资、newest 最新、applications 申请的人少的在前"},
    )

    @validates_schema
    def distance_needs_point(self, data: dict[str, Any], **_: object) -> None:
        """Nothing can be sorted by distance from nowhere."""
        if data.get("sort") == "distance" and "lat" not in data:
            raise ValidationError("按距离排序要先有您的位置（lat 和 lng）。", "sort")
        if data.get("sort") == "distance" and not data["personal"]:
            raise ValidationError("按距离排序要用到您的位置，不能和 personal=false 一起用。", "sort")

    @validates_schema
    def tags_agree(self, data: dict[str, Any], **_: object) -> None:
        """What is refused cannot be required."""
        _not_both([*data.get("tags", ()), *data.get("tags_any", ())], data.get("tags_none", ()), "tags_none")


class MatchPreferences(In):
    """What would be nice, and what must be."""

    tags = Few(Text(shortest=1, longest=16), most=10, load_default=list)
    tags_required = Few(Text(shortest=1, longest=16), most=10, load_default=list)
    tags_any = Few(Text(shortest=1, longest=16), most=10, load_default=list, metadata={"description": "至少有一项"})
    tags_none = Few(Text(shortest=1, longest=16), most=10, load_default=list, metadata={"description": "不要的"})
    settlement = Few(fields.String(validate=one_of(SETTLEMENT_NAMES)), most=4, load_default=list)
    hours_max = fields.Float(validate=validate.Range(1, 24))

    @validates_schema
    def tags_agree(self, data: dict[str, Any], **_: object) -> None:
        """What is refused cannot be required."""
        _not_both([*data["tags_required"], *data["tags_any"]], data["tags_none"], "tags_none")


class MatchArgs(Place, Order, Page):
    """A wish in the body of ``POST /v1/match``."""

    text = Text(longest=LONGEST_TEXT, load_default="")
    skills = Few(Text(shortest=1, longest=32), most=16, load_default=list)
    age = Whole(validate=_age)
    sex = fields.String(validate=validate.OneOf(SEXES))
    ignore = Few(Text(shortest=1, longest=LONGEST_TEXT + 20), most=IGNORED_MOST, load_default=list, metadata=_IGNORE)
    region = Text(shortest=1, longest=64, metadata={"description": "地区代码或名称；要几个地区用 regions"})
    regions = Few(Text(shortest=1, longest=64), most=PLACES_MOST, load_default=list)
    trades = Few(
        Text(shortest=1, longest=32),
        most=TRADES_MOST,
        load_default=list,
        metadata={"description": "工种名称或职业代码，符合一个就行"},
    )
    published_since = Moment(metadata={"description": "这个时间以后发布的"})
    wage_min = fields.Float(validate=validate.Range(0, WAGE_MOST), metadata={"description": "期望工资，只影响排序"})
    wage_floor = fields.Float(
        validate=validate.Range(0, WAGE_MOST), metadata={"description": "不低于这个工资，没写明工资的也不要；单位见 wage_unit"}
    )
    wage_unit = fields.String(load_default="month", validate=validate.OneOf(UNITS))
    kinds = Few(fields.String(validate=one_of(KIND_NAMES)), most=3, load_default=list)
    preferences = fields.Nested(MatchPreferences, load_default=dict)

    @post_load
    def one_list_of_regions(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        """``region`` is the short way to write one."""
        if "region" in data:
            data["regions"] = [data.pop("region"), *data["regions"]]
        return data


@cache
def unsaid(arguments: type[SearchArgs | MatchArgs]) -> Mapping[str, Any]:
    """What is taken for everything that a question does not say."""
    return MappingProxyType(arguments().load({}))


class SimilarArgs(In):
    """How many jobs like this one."""

    limit = Whole(load_default=6, validate=validate.Range(1, 20))


class SuggestArgs(In):
    """What has been typed so far."""

    q = Text(shortest=1, longest=32, required=True)
    limit = Whole(load_default=8, validate=validate.Range(1, 20))


class ReasonOut(Out):
    """Why a job fits, in words."""

    code = fields.String(required=True, metadata={"description": "text place wage age fresh tags"})
    text = fields.String(required=True)


class PartsOut(Out):
    """The score taken apart; the parts add up to it."""

    text = fields.Integer(required=True)
    place = fields.Integer(required=True)
    wage = Whole(required=True)
    age = Whole(required=True)
    fresh = fields.Integer(required=True)
    preference = fields.Integer(required=True)
    fair = fields.Integer(required=True, metadata={"description": "轮换和照顾申请人少的岗位"})


class FoundJob(JobCard):
    """A job of the list: the card, how far it is, and why it fits. Dumped from a ``find.Found``."""

    distance_km = fields.Float(
        attribute="hit.distance_km",
        required=True,
        allow_none=True,
        metadata={"description": "离您多远；没给位置、说的是“离某地近”的，是离那里中心多远"},
    )
    distance_is_rough = fields.Boolean(
        required=True,
        allow_none=True,
        metadata={"description": "true：只知道岗位在哪个区县，distance_km 是离区县中心多远，不要当成离岗位多远"},
    )
    score = fields.Integer(attribute="hit.score", required=True, metadata={"description": "综合分，各部分之和"})
    parts = fields.Nested(PartsOut, attribute="hit.parts", required=True)
    reasons = fields.List(fields.Nested(ReasonOut), required=True)


class PieceOut(Out):
    """One thing that was understood from the words."""

    field = fields.String(
        required=True,
        metadata={
            "description": "trade skill certificate text 当作词来找；age_min age_max region near wage_min wage_unit "
            "benefit shift hours_max settlement kind couple 用来筛选或排序；"
            "group_size start sex education experience 只供参考；not 不要的"
        },
    )
    value = fields.Raw(
        required=True,
        metadata={
            "description": "职业代码、地区代码（几个候选用逗号隔开）、公里数或 true、元、福利名、日期或原词；"
            "not 是 field:value，例如 shift:夜班"
        },
    )
    text = fields.String(required=True, metadata={"description": "原话"})
    confidence = fields.Float(required=True)
    applied = fields.Boolean(required=True, metadata={"description": "已用于这次查找，还是只供参考"})
    ignore = fields.String(attribute="key", required=True, metadata={"description": "不想采用它，就放进 ignore 传回来"})


class WidenedOut(Out):
    """What was done when nothing was near."""

    message = fields.String(required=True)
    steps = fields.Integer(required=True)


class FacetOut(Out):
    """How many of all matches are of this value."""

    value = fields.String(required=True)
    name = fields.String(required=True)
    count = fields.Integer(required=True)


class FacetsOut(Out):
    """Counts over all matches, not over the page; on the first page only."""

    kind = fields.List(fields.Nested(FacetOut), required=True)
    trade = fields.List(fields.Nested(FacetOut), required=True)
    region = fields.List(fields.Nested(FacetOut), required=True)
    tags = fields.List(fields.Nested(FacetOut), required=True)


class SearchAnswer(Out):
    """One page of the one ranked list."""

    items = fields.List(fields.Nested(FoundJob), required=True)
    total = fields.Integer(required=True, metadata={"description": "第一页时全部符合的岗位数"})
    understood = fields.List(fields.Nested(PieceOut), required=True)
    widened = fields.Nested(WidenedOut, required=True, allow_none=True)
    facets = fields.Nested(FacetsOut, required=True, allow_none=True)
    next = fields.String(required=True, allow_none=True, metadata={"description": "下一页的 cursor；没有了就是 null"})
    index_generation = fields.Integer(required=True)


class SimilarAnswer(Out):
    """Jobs like one job."""

    items = fields.List(fields.Nested(FoundJob), required=True)


class SuggestionOut(Out):
    """A word to search for."""

    text = fields.String(required=True)
    count = fields.Integer(required=True, metadata={"description": "有多少个在招岗位"})
    corrected = fields.Boolean(required=True, metadata={"description": "是不是替您改过错字"})


class NarrowingOut(Out):
    """Something to add to what was typed."""

    text = fields.String(required=True, metadata={"description": "给人看的：氩弧焊、包住、信丰县"})
    count = fields.Integer(required=True, metadata={"description": "这样找到的岗位里，有多少个是这样的"})
    filter = fields.String(
        required=True, metadata={"description": "点了以后在 GET /v1/jobs 里填哪一项：q（换成这个词）、trade、tags、region"}
    )
    value = fields.String(required=True, metadata={"description": "填什么"})


class SuggestAnswer(Out):
    """Words to search for, the likeliest first; and for finished words what to add to them."""

    items = fields.List(fields.Nested(SuggestionOut), required=True)
    add = fields.List(fields.Nested(NarrowingOut), required=True)
