"""The hand-written adverts: all there, every field readable, nothing unlawful, nothing that could be taken for real."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from matching.rules import region
from matching.rules.age import parse_age
from matching.rules.benefits import TAGS
from matching.rules.wage import parse_wage
from seed_jobs import written
from seed_jobs.written import Row
from service.jobs.advert import Advert, read_advert
from service.jobs.checks import check_advert, verdict
from service.jobs.models import CONTRACT_KINDS, SHIFTS

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def _gig(row: Row) -> Advert:
    period = written.gig_period(row, written.first_day(NOW))
    return written.gig_advert(row, employer_id=1, station_id=1, period=period, published_at=NOW - timedelta(hours=1))


def _live(row: Row) -> Advert:
    stream = next(stream for stream in written.rows("streams.csv") if stream["code"] == row["stream"])
    period = written.stream_period(stream, written.first_day(NOW))
    return written.live_advert(row, employer_id=1, session_id=1, stream=period, published_at=NOW - timedelta(hours=1))


@pytest.fixture(scope="module")
def adverts() -> list[Advert]:
    return [*map(_gig, written.gig_rows()), *map(_live, written.rows("live.csv"))]


def test_there_are_three_hundred(adverts: list[Advert]) -> None:
    assert Counter(advert.kind for advert in adverts) == {"gig": 200, "live": 100}
    assert len({advert.source.original_id for advert in adverts}) == 300
    assert Counter(row["stream"] for row in written.rows("live.csv")) == {"demo-live-ganzhou": 50, "demo-live-jiangsu": 50}
    assert len({advert.title for advert in adverts}) > 260
    assert len({advert.description for advert in adverts}) == 300


def test_every_county_of_ganzhou_has_gigs() -> None:
    counties = {county.code for county in region.children("360700") if county.level == 3}
    found = Counter(_gig(row).region for row in written.gig_rows())
    assert len(counties) == 18
    assert all(found[county] >= 4 for county in counties)


def test_the_other_two_places_have_theirs() -> None:
    found = Counter(_gig(row).region for row in written.gig_rows())
    assert found["420281000000"] >= 15
    assert sum(count for code, count in found.items() if code.startswith("4202")) >= 25
    for city in ("3205", "3202", "3201", "3206", "3203"):
        assert sum(count for code, count in found.items() if code.startswith(city)) >= 3
    assert found["320583000000"] >= 8


def test_every_wage_can_be_read_and_forms_are_mixed(adverts: list[Advert]) -> None:
    units: Counter[str | None] = Counter()
    for advert in adverts:
        wage = parse_wage(advert.wage)
        assert wage.reason is None, advert.wage
        assert wage.min is not None, advert.wage
        units[wage.unit] += 1
    assert all(units[unit] >= 20 for unit in ("month", "day", "hour", "piece"))
    assert len({advert.wage for advert in adverts}) > 120


def test_pay_can_be_believed(adverts: list[Advert]) -> None:
    for advert in adverts:
        monthly = read_advert(advert, NOW).fields["wage_min_yuan_month"]
        assert monthly is None or 1_800 <= monthly <= 12_000, (advert.title, advert.wage)


def test_every_age_can_be_read_and_every_limit_has_its_reason(adverts: list[Advert]) -> None:
    for advert in adverts:
        age = parse_age(advert.age)
        assert age.reason is None, advert.age
        assert (advert.age == "不限") == (advert.age_reason == ""), (advert.title, advert.age, advert.age_reason)
    assert sum(advert.age == "不限" for advert in adverts) > 120


def test_all_are_lawful_and_wholly_readable(adverts: list[Advert]) -> None:
    for advert in adverts:
        findings = check_advert(advert, NOW)
        assert verdict(findings) == "publish", (advert.title, findings)
        # Twelve-hour shifts, pay by the day below the minimum and gigs that say little are as common in the collection as
        # outside: that they are remarked upon is meant.
        meant = {"L-36.hours", "L-38.rest", "D-14.terms", "D-15.day_pay"}
        remarks = {finding.rule for finding in findings if finding.severity != "note"} - meant
        assert not remarks, (advert.title, findings)
        assert not [finding for finding in findings if finding.rule.endswith("_unread")], (advert.title, findings)


def test_what_the_law_asks_for_is_there(adverts: list[Advert]) -> None:
    for advert in adverts:
        fields = read_advert(advert, NOW).fields
        assert advert.headcount
        assert len(advert.description) >= 12
        assert fields["trade_codes"]
        assert fields["region_code"].startswith(advert.region[:6])
        assert advert.contract_kind in CONTRACT_KINDS
        assert advert.shift in SHIFTS
        assert set(fields["tags"]) <= set(TAGS)
        assert advert.valid_until is not None
        assert advert.valid_until > NOW
        assert advert.gig is None or advert.gig.insurance
        assert 0 < (advert.hours_per_day or 0) <= 14


def test_nothing_can_be_taken_for_real(adverts: list[Advert]) -> None:
    for advert in adverts:
        assert advert.source.source_class == "demo"
        assert advert.source.label == "演示"
        assert advert.employer_name.startswith("演示")
        assert advert.contact_phone.startswith(("1380000", "1390000"))
        assert "演示" in advert.address
    for row in written.rows("workers.csv"):
        assert row["name"].startswith("演示工友")


def test_gigs_are_always_ahead() -> None:
    for moment in (NOW, NOW + timedelta(days=100), datetime(2028, 2, 28, 20, 0, tzinfo=UTC)):
        for row in written.gig_rows():
            period = written.gig_period(row, written.first_day(moment))
            assert moment < period.ends_at
            assert timedelta(hours=1) < period.ends_at - period.starts_at < timedelta(days=32)


def test_a_night_shift_ends_in_the_morning() -> None:
    row = next(row for row in written.gig_rows() if row["time"] == "20:00-04:00")
    period = written.gig_period(row, written.first_day(NOW))
    assert (period.ends_at - period.starts_at).total_seconds() % 86_400 == 8 * 3600
    assert written.hours_per_day(row) == 7


def test_points_lie_near_the_county_and_are_always_the_same(adverts: list[Advert]) -> None:
    for advert in adverts:
        middle = region.get(advert.region)
        assert advert.lat is not None
        assert advert.lng is not None
        assert abs(advert.lat - middle.lat) <= 0.035
        assert abs(advert.lng - middle.lng) <= 0.04
    points = {(advert.lat, advert.lng) for advert in adverts}
    assert len(points) == 300


def test_credit_codes_check_but_belong_to_no_place() -> None:
    signs = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    codes = [written.credit_code(number) for number in range(1, 60)]
    assert len(set(codes)) == 59
    for code in codes:
        assert len(code) == 18
        assert code[2:8] == "999999"
        total = sum(signs.index(sign) * weight for sign, weight in zip(code, weights, strict=False))
        assert signs[(31 - total % 31) % 31] == code[17]


def test_tables_name_only_what_exists() -> None:
    employers = {row["code"] for row in written.rows("employers.csv")}
    stations = {row["code"] for row in written.rows("stations.csv")}
    used = {row["employer"] for row in (*written.gig_rows(), *written.rows("live.csv"))}
    assert used == employers  # nobody is missing, and nobody stands in the table for nothing
    assert {row["parent"] for row in written.rows("stations.csv")} <= {"", *stations}
    assert len(stations) == 12
    assert len(written.rows("workers.csv")) == 12
