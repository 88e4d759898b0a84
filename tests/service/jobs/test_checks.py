"""What the rules must see and must spare, the ones that compare and count, and what a rule that was not read may do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from service.jobs.advert import Advert, Source
from service.jobs.checks import check_advert, verdict
from service.jobs.checks.hours import no_rest, too_long
from service.jobs.checks.pay import UsualWage
from service.jobs.checks.words import plain_words
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
        assert too_long(text, None) == words

    def test_the_field_counts(self) -> None:
        assert too_long("", 12.0) == "每天12小时"
        assert too_long("", 11.0) == ""

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


def test_evasions_are_read() -> None:
    for text in ("入职交押＊金500", "入职交押.金500", "入职交押\u200b金500", "入职交押 金500"):
        assert "D-09.deposit" in _findings(description=text), text
    assert plain_words(["ＶＸ：１２３，好"]) == "VX：123，好"


def test_excuses_do_not_cover_the_next_sentence() -> None:
    assert "D-09.deposit" in _findings(description="登记客户押金。入职先交押金500元。")
