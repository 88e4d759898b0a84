"""`POST /v1/jobs/check` and the rules behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from service.jobs.advert import Advert, GigAdvert, Source
from service.jobs.checks import check_advert, verdict
from service.jobs.models import Job
from service.jobs.rules import Rule, all_rules, rules_on
from tests.service.conftest import People, draft

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


def _with(**changes: Any) -> Advert:
    return Advert(**{name: getattr(GOOD, name) for name in GOOD.__slots__} | changes)


def _rules(advert: Advert, severity: str | None = None) -> set[str]:
    return {finding.rule for finding in check_advert(advert, NOW) if severity in {None, finding.severity}}


def test_nothing_to_say_about_a_good_one() -> None:
    assert check_advert(GOOD, NOW) == ()
    assert verdict(()) == "publish"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"employer_name": ""}, "D-07.employer"),
        ({"headcount": None}, "D-07.headcount"),
        ({"description": "", "title": "帮忙的人"}, "D-07.content"),
        ({"description": "", "title": "普工"}, "D-07.content"),
        ({"region": "", "address": ""}, "D-07.place"),
        ({"wage": ""}, "D-07.pay"),
        ({"age": "15-40岁"}, "D-01"),
        ({"age": "15岁以下"}, "D-01"),
        ({"title": "高空作业工", "age": "16-30岁"}, "D-02"),
        ({"description": "搬运，只要男工。"}, "D-08.sex"),
        ({"description": "搬运，男士优先。"}, "D-08.sex"),
        ({"description": "收银，要求已婚已育。"}, "D-08.marriage"),
        ({"description": "收银，入职验孕。"}, "D-08.marriage"),
        ({"description": "保安，少数民族勿扰。"}, "D-08.ethnic"),
        ({"description": "保洁，限本地户口。"}, "D-08.origin"),
        ({"description": "保洁，残疾人勿扰。"}, "D-08.health"),
        ({"description": "普工，先交200元服装费。"}, "D-09.deposit"),
        ({"description": "普工，入职押身份证。"}, "D-09.papers"),
        ({"description": "普工，身份证原件由公司统一保管。"}, "D-09.papers"),
        ({"description": "普工，14岁以上均可。"}, "D-01.words"),
        ({"description": "先学后付，学费可分期。"}, "D-09.training_charge"),
        ({"description": "普工，入职交押\u200b金500元。"}, "D-09.deposit"),
        ({"description": "普工，入职交押 金500元。"}, "D-09.deposit"),
        ({"description": "普工，入职交押.金500元。"}, "D-09.deposit"),
        ({"description": "保安，少数\u00ad民族勿扰。"}, "D-08.ethnic"),
        ({"wage": "3000~500"}, "wage_wrong"),
        ({"valid_until": NOW - timedelta(days=1)}, "expired"),
        ({"kind": "gig"}, "gig_terms"),
        ({"kind": "live"}, "live_terms"),
    ],
)
def test_what_blocks(changes: dict[str, Any], rule: str) -> None:
    findings = check_advert(_with(**changes), NOW)
    assert rule in {finding.rule for finding in findings if finding.severity == "block"}
    assert verdict(findings) == "refuse"
    assert all(finding.advice for finding in findings)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"description": "高薪诚聘，轻松月入过万。"}, "D-07c.bait"),
        ({"description": "提供培训，包分配上岗。"}, "D-09.training_loan"),
        ({"description": "押一个月工资，做满三个月退。"}, "D-09.wage_kept"),
        ({"description": "自愿放弃社保的来。"}, "D-09.no_insurance"),
        ({"description": "保洁，本地户口优先。"}, "D-08.origin_preferred"),
        ({"age": "18-45岁"}, "D-06.age_reason"),
        ({"wage": "面议"}, "wage_negotiable"),
        ({"wage": "看能力给"}, "wage_unread"),
        ({"age": "看着办"}, "age_unread"),
    ],
)
def test_what_only_warns(changes: dict[str, Any], rule: str) -> None:
    findings = check_advert(_with(**changes), NOW)
    assert rule in {finding.rule for finding in findings}
    assert verdict(findings) == "publish"


def test_a_reason_for_an_age_limit_settles_it() -> None:
    assert "D-06.age_reason" not in _rules(_with(age="18-45岁", age_reason="高处作业，体力要求"))


def test_an_ambiguous_place_waits_for_somebody() -> None:
    findings = check_advert(_with(region="朝阳区"), NOW)
    assert "region_ambiguous" in {finding.rule for finding in findings}
    assert verdict(findings) == "refuse"  # without a place the law's element is missing as well


def test_a_gig_that_is_over() -> None:
    gig = GigAdvert(NOW - timedelta(hours=9), NOW - timedelta(hours=1), 3, "无")
    assert "gig_over" in _rules(_with(kind="gig", gig=gig), "block")


def test_a_gig_whose_end_comes_first() -> None:
    gig = GigAdvert(NOW + timedelta(hours=9), NOW + timedelta(hours=1), 3, "无")
    assert "gig_period" in _rules(_with(kind="gig", gig=gig), "block")


def test_no_insurance_is_said_but_does_not_block() -> None:
    gig = GigAdvert(NOW + timedelta(hours=1), NOW + timedelta(hours=9), 3)
    assert "D-14.insurance" in _rules(_with(kind="gig", gig=gig), "warn")


class TestRules:
    def test_only_what_was_read_may_block(self) -> None:
        for rule in all_rules():
            assert rule.effect == "warn" or rule.verified == "primary", rule.rule

    def test_every_rule_names_its_article_and_source(self) -> None:
        for rule in all_rules():
            assert rule.article, rule.rule
            assert rule.source, rule.rule
            assert rule.advice.endswith("。"), rule.rule

    def test_codes_are_unique(self) -> None:
        codes = [rule.rule for rule in all_rules()]
        assert len(codes) == len(set(codes))

    def test_a_rule_counts_from_its_day_on(self) -> None:
        before = {rule.rule for rule in rules_on(datetime(2025, 12, 31, 12, tzinfo=UTC))}
        after = {rule.rule for rule in rules_on(datetime(2025, 12, 31, 17, tzinfo=UTC))}  # 1 January in China
        hints = {"D-07.bait_hinted", "D-07.contact_masked"}
        assert after - before == {"D-07c.bait", "D-07.contact_hidden", "D-09.high_pay", "D-09.training_loan"} | hints

    @pytest.mark.parametrize("rule", [rule for rule in all_rules() if rule.words], ids=lambda rule: str(rule.rule))
    def test_patterns_stand_long_texts(self, rule: Rule) -> None:
        assert rule.found_in("不收费用、" * 4000) == ""


def test_the_route_writes_nothing(app: flask.Flask, client: FlaskClient, people: People) -> None:
    response = client.post("/v1/jobs/check", json=draft(description="交押金500元。"), headers=people.employer)
    body = response.get_json()
    assert response.status_code == 200
    assert body["verdict"] == "refuse"
    finding = next(finding for finding in body["findings"] if finding["rule"] == "D-09.deposit")
    assert finding["words"] == "交押金"
    assert "第九条" in finding["article"]
    assert body["understood"]["place"]["region_name"] == "江西省赣州市章贡区"
    with app.extensions["database"].read_session() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0


def test_the_route_passes_a_good_one(client: FlaskClient, people: People) -> None:
    body = client.post("/v1/jobs/check", json=draft(), headers=people.employer).get_json()
    assert body["verdict"] == "publish"
    assert body["message"] == "可以发布。"


def test_the_route_says_when_the_papers_are_not_checked_yet(client: FlaskClient, people: People) -> None:
    body = client.post("/v1/jobs/check", json=draft(), headers=people.unverified_employer).get_json()
    assert body["verdict"] == "hold"
    assert body["message"] == "可以提交，但要等人看过才会显示。"


def test_the_finding_names_the_field_that_holds_the_words() -> None:
    (finding,) = [f for f in check_advert(_with(title="包装工（限女性）"), NOW) if f.rule == "D-08.sex_women"]
    assert finding.field == "title"


@pytest.mark.parametrize(
    "text", ["育儿嫂，带10岁以上孩子也可以。", "不招未满16岁的人。", "身份证自己保管好。", "身份证由本人保管。"]
)
def test_spared(text: str) -> None:
    rules = {finding.rule for finding in check_advert(_with(description=text), NOW)}
    assert not rules & {"D-01.words", "D-09.papers"}
