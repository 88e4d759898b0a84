"""What the rules must see and must spare, the ones that compare and count, and what a rule that was not read may do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from service.jobs.advert import Advert, GigAdvert, Source, read_advert
from service.jobs.checks import check_advert, verdict
from service.jobs.checks.ages import of_ages
from service.jobs.checks.hours import no_rest, too_long
from service.jobs.checks.pay import UsualWage
from service.jobs.findings import Finding
from service.jobs.rules import all_rules, families, rules_on

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
GOOD = Advert(
    kind="public",
    title="电焊工",
    source=Source("direct", "演示厂"),
    description="二保焊，长白班。",
    employer_name="演示厂",
    headcount=3,
    wage="7000-9000元/月",
    age="18岁以上",
    region="赣州市章贡区",
)
LIMITS = {"hours": 11, "away": 13}
GIG: dict[str, Any] = {
    "kind": "gig",
    "gig": GigAdvert(NOW + timedelta(days=1), NOW + timedelta(days=3), 5, "意外险，雇主买"),
    "settlement": "day",
    "address": "演示路1号",
    "contact_phone": "13800000001",
    "wage": "200元/天",
}
USUAL = UsualWage(5000, 60, 20, "赣州市", date(2026, 11, 21))


def _findings(usual: UsualWage | None = None, **changes: Any) -> dict[str, Finding]:
    return {finding.rule: finding for finding in check_advert(replace(GOOD, **changes), NOW, usual=usual)}


def _kinds(**changes: Any) -> set[str]:
    known = families()
    return {known[rule] for rule, found in _findings(**changes).items() if rule in known and found.severity != "note"}


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("女生宿舍管理员", "负责女生宿舍查寝，限女性。"),
        ("男浴室搓澡工", "男浴区工作，限男性。"),
        ("月嫂", "照顾产妇，要求女性。"),
        ("井下采掘工", "矿山井下作业，限男性。"),
        ("工地安全员", "持安全员C证。"),
        ("出纳", "登记客户押金，办理合同保证金退还。"),
        ("市场公关专员", "写新闻稿，维护媒体关系。"),
        ("电商客服", "回答问题，不刷单不做虚假评价。"),
        ("下线检测工", "整车下线后检查灯光。"),
        ("检验员", "做乙肝两对半等检验项目。"),
        ("小学老师", "教8到12岁孩子画画。"),
        ("仓管", "核对取件人身份证号。"),
    ],
)
def test_context_excuses(title: str, text: str) -> None:
    assert _kinds(title=title, description=text) - {"age"} == set()


@pytest.mark.parametrize(
    ("text", "rule", "severity"),
    [
        ("拉人头有奖，发展下线。", "D-07.pyramid", "hold"),
        ("去柬埔寨打工，无需护照。", "D-07.overseas", "block"),
        ("去迪拜工作，包机票。", "D-07.overseas_licence", "hold"),
        ("夜总会招陪唱，小费日结。", "D-07.ktv", "hold"),
        ("帮商家刷单，佣金秒返。", "D-09.brushing", "block"),
        ("培训费3000，可以分期。", "D-09.training_charge", "block"),
        ("没有身份证也可以。", "D-01.card", "block"),
        ("办卡费自理，入职交50元工牌费。", "D-09.fees", "block"),
        ("我们代招各厂工人。", "D-10.agency", "hold"),
        ("加微信详聊。", "D-07.contact_hidden", "warn"),
        ("受伤后果自负。", "D-09.at_own_risk", "warn"),
    ],
)
def test_traps(text: str, rule: str, severity: str) -> None:
    found = _findings(description=text)
    assert found[rule].severity == severity
    assert found[rule].article
    assert found[rule].advice.endswith("。")
    assert found[rule].words in text
    assert verdict(tuple(found.values())) == {"block": "refuse", "hold": "hold", "warn": "publish"}[severity]


class TestPay:
    def test_far_above_the_median_is_held_and_says_with_what_it_was_compared(self) -> None:
        found = _findings(USUAL, wage="16000-20000元/月")
        assert found["D-09.bait_pay"].severity == "hold"
        assert "5000 元/月" in found["D-09.bait_pay"].advice
        assert "赣州市" in found["D-09.bait_pay"].advice

    def test_twice_the_median_only_warns(self) -> None:
        found = _findings(USUAL, wage="11000元/月")
        assert found["D-09.high_pay"].severity == "warn"
        assert "D-09.bait_pay" not in found

    def test_the_lowest_pay_counts(self) -> None:
        assert not {"D-09.high_pay", "D-09.bait_pay"} & set(_findings(USUAL, wage="5000-30000元/月"))

    @pytest.mark.parametrize(
        ("wage", "held"),
        [
            ("25000-50000元/天", True),
            ("3001元/天", True),
            ("3000元/天", False),
            ("301元/小时", True),
            ("300元/小时", False),
            ("5000-100001元/月", True),
            ("90000元/月", False),
            ("150-200万/年", False),
            ("201万/年", True),
        ],
    )
    def test_what_nobody_pays_is_held_without_a_median(self, wage: str, held: bool) -> None:
        found = _findings(None, wage=wage)
        assert ("D-09.pay_ceiling" in found) is held
        assert verdict(tuple(found.values())) == ("hold" if held else "publish")

    def test_no_verdict_without_a_median(self) -> None:
        assert not {"D-09.high_pay", "D-09.bait_pay"} & set(_findings(None, wage="90000元/月"))


class TestHours:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("每天工作14小时", "每天工作14小时"),
            ("12小时两班倒", "12小时两班倒"),
            ("一天干十三个小时", "一天干十三个小时"),
            ("早九点到晚上十一点", "早九点到晚上十一点"),
            ("每天工作8小时", ""),
            ("每班10小时", ""),
            ("早8点到晚6点", ""),
            ("早六点到下午两点", ""),
            ("24小时营业", ""),
        ],
    )
    def test_a_long_day(self, text: str, words: str) -> None:
        assert too_long(text, None, LIMITS) == words

    def test_the_field_counts(self) -> None:
        assert too_long("", 12.0, LIMITS) == "每天12小时"
        assert too_long("", 11.0, LIMITS) == ""

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("全年无休", True),
            ("月休1天", True),
            ("没有休息日", True),
            ("月休4天", False),
            ("本店全年无休，员工轮休", False),
            ("午休两小时", False),
        ],
    )
    def test_no_rest(self, text: str, found: bool) -> None:
        assert bool(no_rest(text)) is found

    def test_it_warns_with_the_article(self) -> None:
        found = _findings(description="每天工作14小时，全年无休。")
        assert {found["L-36.hours"].severity, found["L-38.rest"].severity} == {"warn"}
        assert "第三十八条" in found["L-38.rest"].article


class TestWhatIsMissing:
    def test_conditions_of_a_vacancy(self) -> None:
        said = _findings(age="")["D-07.conditions"]
        assert (said.severity, said.verified) == ("warn", "primary")
        assert "第二十四条" in said.article
        for whole in (
            {"education": "初中"},
            {"experience": "不限"},
            {"skills": ("二保焊",)},
            {"description": "焊工，会看图纸。"},
        ):
            assert "D-07.conditions" not in _findings(**{"age": ""} | whole), whole

    def test_one_finding_lists_all_that_a_gig_leaves_out(self) -> None:
        found = _findings(**GIG, age="", description="卸货。")
        assert {rule for rule in found if rule.startswith("D-14")} == {"D-14.terms"}
        assert found["D-14.terms"].severity == "warn"
        told = "每天干几小时、工钱怎么给、有什么要求、工具谁带、管不管饭、怎么去、签什么协议、有没有危险"
        assert f"还没写：{told}。" in found["D-14.terms"].advice
        assert "D-07.conditions" not in found

    def test_what_is_said_is_not_asked_for(self) -> None:
        text = "卸货，每天8小时，现金结，手套自备，管午饭，7点集合包车，签劳务协议，搬重物注意安全。"
        assert "D-14.terms" not in _findings(**GIG, description=text)
        half = _findings(**GIG, description=text.replace("管午饭，", "").replace("手套自备，", ""))
        assert half["D-14.terms"].advice.startswith("还没写：工具谁带、管不管饭。")

    def test_a_gig_of_one_day_says_its_hours_by_its_times(self) -> None:
        gig = GigAdvert(NOW + timedelta(days=1), NOW + timedelta(days=1, hours=8), 5, "无")
        assert "每天干几小时" not in _findings(**GIG | {"gig": gig}, description="卸货。")["D-14.terms"].advice


class TestDayPay:
    @pytest.mark.parametrize(
        ("wage", "hours", "low"),
        [
            ("70元/天", None, True),
            ("100元/天", None, False),
            ("100元/天", 8.0, True),
            ("200元/天", 8.0, False),
            ("80元/天", 4.0, False),
        ],
    )
    def test_against_the_hours_said_or_the_month(self, wage: str, hours: float | None, low: bool) -> None:
        found = _findings(wage=wage, hours_per_day=hours)
        assert ("D-15.day_pay" in found) is low
        if low:
            assert found["D-15.day_pay"].severity == "warn"
            assert ("小时" if hours else "21.75 天") in found["D-15.day_pay"].advice
            assert verdict(tuple(found.values())) == "publish"

    def test_a_short_gig_is_no_whole_day(self) -> None:
        gig = GigAdvert(NOW + timedelta(days=1), NOW + timedelta(days=1, hours=3), 5, "无")
        assert "D-15.day_pay" not in _findings(**GIG | {"gig": gig, "wage": "60元/天"})
        assert "D-15.day_pay" in _findings(**GIG | {"gig": gig, "wage": "40元/天"})
        assert "D-15.day_pay" in _findings(**GIG | {"wage": "60元/天"})

    def test_nothing_is_known_of_the_place(self) -> None:
        assert "D-15.day_pay" not in _findings(wage="40元/天", region="西藏自治区拉萨市城关区")


def test_the_numbers_of_a_rule_are_dated_rows() -> None:
    limits = {rule.rule: rule.limits for rule in rules_on(NOW) if rule.limits}
    assert limits == {
        "D-01": {"youngest": 16},
        "D-02": {"youngest": 16, "grown": 18},
        "D-02.venue": {"youngest": 16, "grown": 18},
        "D-02.night_and_machines": {"youngest": 16, "grown": 18},
        "D-06.age_reason": {"below": 60},
        "D-09.pay_ceiling": {"hour": 300, "day": 3000, "month": 100000, "year": 2000000},
        "D-15.day_pay": {"paid_days": 21.75},
        "L-36.hours": LIMITS,
    }


@pytest.mark.parametrize(("below", "found"), [(60, True), (45, False)])
def test_another_number_in_the_row_is_another_verdict(below: int, found: bool) -> None:
    rule = next(rule for rule in rules_on(NOW) if rule.check == "age_without_reason")
    fields = read_advert(replace(GOOD, age="18-45岁"), NOW).fields
    assert bool(of_ages(replace(rule, limits={"below": below}), fields, "", {})) is found


def test_an_agency_may_recruit_for_others() -> None:
    text = "我们代招各厂工人。"
    agency = Source("direct", "演示机构", publisher_class="agency")
    assert "D-10.agency" not in _findings(description=text, source=agency)


def test_a_name_like_an_agency_is_remarked_upon() -> None:
    assert _findings(employer_name="演示人力资源有限公司")["D-10.agency_name"].severity == "warn"


def test_only_a_rule_that_was_read_blocks_or_holds() -> None:
    for rule in all_rules():
        assert rule.effect == "warn" or rule.verified == "primary", rule.rule
    trap = next(rule for rule in rules_on(NOW) if rule.rule == "D-07.pyramid")
    assert (trap.effect, replace(trap, verified="secondary").effect) == ("hold", "warn")


def test_excuses_do_not_cover_the_next_sentence() -> None:
    assert "D-09.deposit" in _findings(description="登记客户押金。入职先交押金500元。")
