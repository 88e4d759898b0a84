"""The governments' shortage lists: real rows, each as it stands in the file."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import pytest

from matching.rules import region, trade
from service.feeds.record import Parsed, Unusable
from service.feeds.records import records_of
from service.feeds.source import FeedSource, open_source
from service.feeds.tables import Table, read_table


@cache
def source() -> FeedSource:
    return open_source("shortage_lists")


@cache
def table() -> Table:
    return read_table(source().file, source().columns)


def parsed(occupation: str, province: str = "湖南", city: str = "湖南省", year: str = "2024", **others: str) -> Parsed | Unusable:
    blank = dict.fromkeys(("region", "sector", "urgency", "education", "major", "pay", "headcount"), "")
    values = {**blank, "occupation": occupation, "province": province, "city": city, "year": year, **others}
    return source().parse(values, source().lookups)


def title(occupation: str) -> str:
    answer = parsed(occupation)
    assert isinstance(answer, Parsed), answer
    return answer.title


@pytest.mark.parametrize(
    ("occupation", "expected"),
    [
        ("焊工", "焊工"),
        ("*营销员", "营销员"),
        ("AI算法与芯片架构工程师★", "AI算法与芯片架构工程师"),
        ("★游戏开发", "游戏开发"),
        ("增材制造设备操作员L/S", "增材制造设备操作员"),
        ("医药商品购销员* S", "医药商品购销员"),
        ("光伏组件制造工 L", "光伏组件制造工"),
        ("<号码>临床医生", "临床医生"),
        ("2084小学信息技术教师", "小学信息技术教师"),
        ("22701100304人体解剖学或组织胚胎学教师", "人体解剖学或组织胚胎学教师"),
        ("01畜牧专职教师", "畜牧专职教师"),
        ("05-思政教师", "思政教师"),
        ("医生11", "医生"),
        ("教师13岗", "教师岗"),
        ("精神科临床医生（3）", "精神科临床医生"),
        ("医务人员（B05）", "医务人员"),
        ("康复科 医生", "康复科医生"),
        ("3D场景建模师", "3D场景建模师"),
        ("5G通信工程师", "5G通信工程师"),
        ("CNC数控车工", "CNC数控车工"),
        ("软件开发工程师（.net）★", "软件开发工程师（.net）"),
        ("产品经理（投资方向）", "产品经理（投资方向）"),
        ("Java", "Java"),
        ("大学生储备干部", "大学生储备干部"),
        ("市场部经理", "市场部经理"),
        ("工业工程", "工业工程"),
    ],
)
def test_titles(occupation: str, expected: str) -> None:
    assert title(occupation) == expected


@pytest.mark.parametrize(
    ("occupation", "code"),
    [
        ("23 24", "occupation_number"),
        ("999", "occupation_number"),
        ("1月16日", "occupation_number"),
        ("", "occupation_empty"),
        ("★", "occupation_empty"),
        ("职 业*", "header_or_total"),
        ("合计", "header_or_total"),
        ("atkem", "occupation_unreadable"),
        ("专业技术人才", "occupation_too_general"),
        ("专业技术16岗", "occupation_too_general"),
        ("（市场营销类）其他", "occupation_too_general"),
        ("<号码>工作人员", "occupation_too_general"),
        ("机械制造基础加工类", "occupation_too_general"),
        ("生产制造类（24个）", "occupation_too_general"),
        ("临床医学17", "occupation_is_discipline"),
        ("语言学及应用语言学", "occupation_is_discipline"),
        ("铜仁市万山区中小企业服务中心", "occupation_is_unit"),
        ("思南县第八中学（D07）", "occupation_is_unit"),
        ("心内科", "occupation_is_unit"),
        ("宣传营销部", "occupation_is_unit"),
        ("程师", "occupation_torn"),
        ("工程师★董事会秘书", "occupation_torn"),
        (
            "1.从事信息系统安全研究、规划、设计、实施、评估等工作。2.从事网络及信息安全管理、防护、监控等工作。",
            "occupation_definition",
        ),
        ("普通受教育程度：初中毕业（或相当文化程度），详见《农作物植保员国家职业技能标准（2020年版）》", "occupation_definition"),
        (
            "在各行业使用工具、量具和仪器、仪表，安装、调试与维护、修理机械设备电气部分和电气系统线路及器件的人员",
            "occupation_definition",
        ),
        ("4-03-99", "occupation_code_unknown"),
        ("9-99-99-99", "occupation_code_unknown"),
    ],
)
def test_what_is_no_occupation(occupation: str, code: str) -> None:
    answer = parsed(occupation)
    assert isinstance(answer, Unusable), answer
    assert answer.code == code
    assert answer.outcome == "rejected"
    assert answer.reason.endswith("。")


def test_codes_of_the_classification_are_occupations() -> None:
    for occupation, code, name in (
        ("6-18-02-04", "6-18-02-04", "焊工"),
        ("缝纫工6-05-01-03", "6-05-01-03", "缝纫工"),
        ("6-30-05-01-010", "6-30-05-01", "起重装卸机械操作工"),
    ):
        answer = parsed(occupation)
        assert isinstance(answer, Parsed)
        assert (answer.title, answer.trade) == (name, code)


def test_several_occupations_in_one_cell_are_all_kept() -> None:
    names = "光纤研发工程师、高速光模块工程师、硅光芯片研发工程师、万兆光网系统架构师、万兆光网标准认定工程师等"
    answer = parsed(names)
    assert isinstance(answer, Parsed)
    assert answer.title == "光纤研发工程师、高速光模块工程师等"
    assert "5 个职业" in answer.remarks
    assert "万兆光网系统架构师" in answer.remarks


def test_the_scanned_table() -> None:
    def scanned(occupation: str, major: str = "") -> Parsed | Unusable:
        return parsed(occupation, "浙江", "", "", major=major)

    whole = scanned("10 | 技术支持工程师 | AS", "大专")
    assert isinstance(whole, Parsed)
    assert (whole.title, whole.education, whole.region) == ("技术支持工程师", "大专", "330000000000")
    assert "大专。" not in whole.remarks
    for torn in ("3 | 发工程师 | 本科", "7 | 人员", "1 | atkem | oR", "14", "设备工程技术", "an.", "2 | RETERA) 大专"):
        assert isinstance(scanned(torn), Unusable), torn


@pytest.mark.parametrize(
    ("place", "code"),
    [
        (("辽宁", "老工业基地"), "210000000000"),
        (("广东", "粤港澳"), "440000000000"),
        (("浙江", "义乌"), "330782000000"),
        (("海南", "琼中县"), "469030000000"),
        (("福建", ""), "350000000000"),
    ],
)
def test_places(place: tuple[str, str], code: str) -> None:
    answer = parsed("焊工", *place)
    assert isinstance(answer, Parsed)
    assert answer.region == code


def test_a_place_that_contradicts_itself_or_is_new_is_no_place() -> None:
    contradiction, unknown = parsed("焊工", "江苏", "浦江"), parsed("焊工", "江西", "赣州")
    assert isinstance(contradiction, Unusable)
    assert isinstance(unknown, Unusable)
    assert (contradiction.code, unknown.code) == ("place_contradiction", "place_unknown")


def test_every_place_of_the_settings_is_a_division_of_its_province() -> None:
    for written, code in source().lookups["places"].items():
        place = region.get(code)
        assert place is not None, written
        assert place.full_name.startswith(written.split("|")[0]), written


@pytest.mark.parametrize(
    ("here", "pay", "wage"),
    [
        (("安徽", "安徽省", "2023"), "10-20万", "10-20万/年"),
        (("重庆", "重庆", "2025"), "6.5-9.1", "6.5-9.1万/年"),
        (("河南", "", "2024"), "10万元及以上", "10万元及以上/年"),
        (("河北", "河北", "2024"), "9000", "9000元/月"),
        (("辽宁", "老工业基地", "2025"), "3001--5000元", "3001-5000元/月"),
        (("辽宁", "老工业基地", "2025"), "面议", "面议"),
        (("宁夏", "", "2026"), "3500—4500", "3500-4500/月"),
        (("宁夏", "", "2026"), "2500+提成", "2500+提成"),
        (("宁夏", "宁夏回族自治区", "2025"), "20万元/年", "20万元/年"),
        (("广东", "粤港澳", ""), "4-10K", "4-10K"),
        (("青海", "", "2023"), "薪酬面议", "薪酬面议"),
    ],
)
def test_pay_is_read_where_the_list_makes_it_sure(here: tuple[str, str, str], pay: str, wage: str) -> None:
    answer = parsed("焊工", *here, pay=pay, education="本科")
    assert isinstance(answer, Parsed)
    assert answer.wage == wage


@pytest.mark.parametrize(
    ("here", "pay"),
    [
        (("北京", "北京", ""), "34-56"),
        (("江苏", "苏州", "2025"), "30"),
        (("江苏", "无锡", "2025"), ">50"),
        (("辽宁", "辽宁省", "2025"), "3980"),
        (("陕西", "陕西省", "2025"), "17.50%"),
        (("贵州", "贵州省", "2022"), "按政策执行"),
        (("青海", "", "2023"), "1.执行事业单位工资标准。2.科研经费10万元。3.提供人才公寓。"),
        (("贵州", "贵州省", "2021"), "五险一金、保额30万商业险、带薪年假、13天婚假、20天陪护假等"),
    ],
)
def test_pay_stays_text_where_it_is_not_sure(here: tuple[str, str, str], pay: str) -> None:
    answer = parsed("焊工", *here, pay=pay)
    assert isinstance(answer, Parsed)
    assert answer.wage == ""
    assert pay in answer.remarks


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("学历：本科以学位：学士以上", "本科以上"),
        ("本科以、学士以上", "本科以上"),
        ("士硕士", "硕士"),
        ("本", "本科"),
        ("硕士（89人）", "硕士"),
        ("专科及以上", "大专以上"),
        ("不限", "不限"),
        ("帮厨初中，其他本科以上", "初中以上"),
        ("其他", ""),
        ("", ""),
    ],
)
def test_education(said: str, level: str) -> None:
    answer = parsed("焊工", education=said)
    assert isinstance(answer, Parsed)
    assert answer.education == level


@pytest.mark.parametrize(("said", "number"), [("5", 5), ("0", None), ("不限", None), ("数名", None), ("10444", 10444)])
def test_headcount(said: str, number: int | None) -> None:
    answer = parsed("焊工", headcount=said)
    assert isinstance(answer, Parsed)
    assert answer.headcount == number


def test_an_employer_written_behind_the_occupation() -> None:
    answer = parsed("配制员—贵州天地药业有限责任公司")
    assert isinstance(answer, Parsed)
    assert (answer.title, answer.employer_name) == ("配制员", "贵州天地药业有限责任公司")


class TestWholeFile:
    def test_every_row_ends_in_exactly_one_place_and_inside_the_bounds(self) -> None:
        records = list(records_of(table().rows, source()))
        assert len(records) == 19_623
        usable = sum(record.unusable is None for record in records)
        low, high = source().bounds.publishable
        assert low <= usable <= high
        assert usable + sum(record.unusable is not None for record in records) == len(records)
        assert len({(record.original_id, record.copy) for record in records}) == len(records)
        failed = Counter(record.unusable.code for record in records if record.unusable)
        assert failed["parse_failed"] == failed["row_shape"] == failed["place_unknown"] == 0

    def test_titles_fit_and_hold_no_marks(self) -> None:
        for record in records_of(table().rows, source()):
            if record.parsed:
                assert 2 <= len(record.parsed.title) <= 128, record
                assert not re.search(r"[★*|<>]|^\d{3,}", record.parsed.title), record

    def test_the_evidence_for_the_codes_holds(self) -> None:
        """Where a list writes name and code together, the 2022 classification has the same name for the code."""
        pairs = [re.fullmatch(r"(\D+)(\d-\d\d-\d\d-\d\d)", row.values["occupation"]) for row in table().rows]
        found = [(match[1], trade.occupation(match[2])) for match in pairs if match]
        assert len(found) > 200
        assert all(known is not None and known.name.rstrip("SL") == name for name, known in found)

    def test_the_evidence_for_chongqing_holds(self) -> None:
        """Nearly every amount with a decimal is a monthly wage of whole hundreds times 12 to 16 months."""
        pay = [row.values["pay"] for row in table().rows if row.values["province"] == "重庆" and "." in row.values["pay"]]
        amounts = [[round(float(number) * 10_000) for number in re.findall(r"\d+(?:\.\d+)?", text)] for text in pay]
        sure = sum(all(any(amount % (months * 100) == 0 for months in range(12, 17)) for amount in pair) for pair in amounts)
        assert len(pay) > 400
        assert sure >= len(pay) - 2
