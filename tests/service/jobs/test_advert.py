"""Reading adverts: what is clear becomes a value, what is not stays text and says why; nothing is invented, nothing breaks it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.jobs.advert import LENGTHS, Advert, Source, clean, read_advert
from service.jobs.models import Job

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
SOURCE = Source("direct", "演示厂")


def _read(**said: Any) -> tuple[dict[str, Any], set[str]]:
    words: dict[str, Any] = {"kind": "public", "title": "工人", "source": SOURCE} | said
    reading = read_advert(Advert(**words), NOW)
    return reading.fields, {finding.rule for finding in reading.findings}


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ({"title": "电焊工"}, "6-18-02-04"),
        ({"title": "招人", "trade": "电焊工"}, "6-18-02-04"),
        ({"title": "招人", "trade": "6-18-02-04"}, "6-18-02-04"),
    ],
)
def test_trade(said: dict[str, str], codes: str) -> None:
    assert _read(**said)[0]["trade_codes"] == [codes]


def test_a_code_that_does_not_exist() -> None:
    fields, findings = _read(title="电焊工", trade="9-99-99-99")
    assert fields["trade_codes"] == ["6-18-02-04"]  # the title is still clear
    assert "trade_unknown" in findings


def test_a_trade_nobody_knows() -> None:
    fields, findings = _read(title="某某")
    assert fields["trade_codes"] == []
    assert "trade_unread" in findings


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"region": "360702"}, "360702000000"),
        ({"region": "360702000000"}, "360702000000"),
        ({"region": "赣州市", "address": "章贡区文明大道"}, "360702000000"),
        ({"region": "360700", "address": "章贡区文明大道"}, "360702000000"),
        ({"region": "360702", "address": "南京市玄武区"}, "360702000000"),
        ({"address": "江西省赣州市章贡区文明大道"}, "360702000000"),
        ({"region": "朝阳区"}, ""),
        ({"region": "朝阳区", "address": "北京市朝阳区"}, "110105000000"),
        ({"region": "999999"}, ""),
        ({}, ""),
    ],
)
def test_place(said: dict[str, str], code: str) -> None:
    assert _read(**said)[0]["region_code"] == code


@pytest.mark.parametrize(
    ("said", "finding"),
    [
        ({"region": "朝阳区"}, "region_ambiguous"),
        ({"region": "某处"}, "region_unread"),
        ({"region": "999999"}, "region_unknown"),
        ({"wage": "3000~500"}, "wage_wrong"),
        ({"wage": "面议"}, "wage_negotiable"),
        ({"wage": "老板大方"}, "wage_unread"),
        ({"age": "年轻人"}, "age_unread"),
        ({"headcount": 0}, "headcount_unread"),
        ({"lat": 1.0, "lng": 2.0}, "point_outside"),
        ({"title": "工" * 200}, "too_long"),
        ({"valid_until": datetime(2020, 1, 1, tzinfo=UTC)}, "expired"),
    ],
)
def test_what_is_not_clear_says_so(said: dict[str, Any], finding: str) -> None:
    assert finding in _read(**said)[1]


def test_what_cannot_be_read_is_kept_as_it_was_said() -> None:
    fields, _ = _read(wage="老板大方", age="年轻人")
    assert (fields["wage_text"], fields["wage_min"], fields["age_text"], fields["age_min"]) == ("老板大方", None, "年轻人", None)


def test_points() -> None:
    assert _read(lat=25.83, lng=114.93)[0]["point_source"] == "given"
    moved = _read(lat=25.83, lng=114.93, crs="wgs84")[0]
    assert (moved["lat"], moved["lng"]) != (25.83, 114.93)
    centre = _read(region="360702")[0]
    assert centre["point_source"] == "region"
    assert centre["lat"] == pytest.approx(25.8, abs=0.2)
    assert _read(address="江西省赣州市章贡区文明大道")[0]["point_source"] == "region"
    town = _read(address="蓉江新区潭口镇")[0]
    assert (town["lat"], town["point_source"]) == (centre["lat"], "region"), "a town has no point of its own: its county's"
    assert _read(region="广东省东莞市长安镇")[0]["lat"] is None, "the middle of a city is nobody's place of work"
    assert _read()[0]["point_source"] is None


def test_ages_that_differ_by_sex() -> None:
    fields, _ = _read(age="男60女55以下")
    assert fields["age_men"] != fields["age_women"]
    assert fields["age_max"] == 60


def test_an_age_in_an_advert_never_hides_work_by_itself() -> None:
    assert _read(age="18-35岁", age_reason="年轻团队")[0]["age_binding"] is False


@pytest.mark.parametrize(
    ("title", "barred"), [("井下采掘工", True), ("高处作业架子工", True), ("保洁员", False), ("质检员，无有毒有害", False)]
)
def test_hazards_bar_minors(title: str, barred: bool) -> None:
    assert _read(title=title)[0]["minors_barred"] is barred


def test_settlement_and_shift_from_the_words() -> None:
    fields, _ = _read(description="日结，长白班")
    assert (fields["settlement"], fields["shift"]) == ("day", "day")
    assert _read(description="日结", settlement="month")[0]["settlement"] == "month"


def test_clean() -> None:
    assert clean(" 普\x00工\ud800\r\n二\t班\u0007 ") == "普工\n二 班"


@settings(max_examples=60, deadline=None)
@given(
    title=st.text(max_size=60),
    wage=st.text(alphabet="0123456789-~元千万k/天月时.面议以上 \x00", max_size=30),
    age=st.text(alphabet="0123456789-岁男女以下上周不限", max_size=20),
    region=st.text(alphabet="赣州市章贡区朝阳0123456789县", max_size=14),
    address=st.text(max_size=40),
)
def test_whatever_is_written_fits_the_table(title: str, wage: str, age: str, region: str, address: str) -> None:
    fields, _ = _read(title=title, wage=wage, age=age, region=region, address=address)
    row = Job(**fields)
    for column, longest in (("title", "title"), ("wage_text", "wage"), ("age_text", "age"), ("address", "address")):
        text = getattr(row, column)
        assert len(text) <= LENGTHS[longest]
        text.encode()
        assert "\x00" not in text
    assert row.wage_min is None or row.wage_max is None or row.wage_min <= row.wage_max
    assert row.age_min is None or row.age_max is None or row.age_min <= row.age_max
    assert (row.lat is None) == (row.lng is None)
