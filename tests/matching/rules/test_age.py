"""Age limits of adverts, and the law of ages."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.rules.age import (
    Bounds,
    Bracket,
    Fit,
    Sex,
    WorkingAge,
    age_on,
    brackets,
    fits,
    over_age,
    parse_age,
    statutory_age,
    working_age,
)
from matching.rules.age_law import FemaleTrack, bracket_rules, working_age_rule
from matching.rules.dated import rows

ONE_LIMIT = [
    ("18-45周岁", 18, 45),
    ("45岁以下", None, 45),
    ("别超过六十", None, 60),
    ("五十来岁", 50, 50),
    ("18-45 日结200", 18, 45),
    ("18-45，男女不限", 18, 45),
    ("性别不限，女45以下", None, 45),
    ("18至50", 18, 50),
    ("35周岁以内", None, 35),
    ("五十岁以上", 50, None),
    ("40-55", 40, 55),
    ("16-35", 16, 35),
    ("十八到四十五", 18, 45),
    ("１８－４５岁", 18, 45),
    ("18~45", 18, 45),
    ("18岁-45岁", 18, 45),
    ("18以上45以下", 18, 45),
    ("18周岁以上，45周岁以下", 18, 45),
    ("18周岁（含）-45周岁（含）", 18, 45),
    ("年满18周岁，不超过60周岁", 18, 60),
    ("年龄：20—40", 20, 40),
    ("年龄在25到40之间", 25, 40),
    ("年龄要求：18-45，月休4天", 18, 45),
    ("男女不限，18-55岁", 18, 55),
    ("男女18-50", 18, 50),
    ("女，18-40", 18, 40),
    ("限男性，45以下", None, 45),
    ("男性，年龄40周岁以下，全职", None, 40),
    ("年龄18-38岁,一年以上相关工作经验", 18, 38),
    ("经验3-5年，45岁以下", None, 45),
    ("身高160以上，18-30岁", 18, 30),
    ("照顾80岁老人，住家，55岁以下女性", None, 55),
    ("护理员18-50岁", 18, 50),
    ("月薪4000-6000，年龄55以下，身体健康", None, 55),
    ("招普工30名，男女不限18-48岁，工价20元/小时，电话13800000000", 18, 48),
    ("未满18周岁勿扰", 18, None),
    ("50岁以上勿扰", None, 49),
    ("超过50岁不要", None, 50),
    ("不满45周岁", None, 44),
    ("小于35岁", None, 34),
    ("五十多岁", 50, 59),
    ("40多岁到50多岁", 40, 59),
    ("四十岁左右", 40, 40),
    ("≤50岁", None, 50),
    (">=18", 18, None),
    ("18+", 18, None),
    ("上限55", None, 55),
    ("放宽至60岁", None, 60),
    ("45岁以下，优秀者可放宽到50岁", None, 50),
    ("18—法定退休年龄", 18, None),
    ("1985年1月1日以后出生，18-40岁", 18, 40),
    ("六十五以下", None, 65),
    ("45岁（含）以下", None, 45),
    ("年龄不超过五十五", None, 55),
    ("14岁以上", 14, None),  # read as written; another check refuses it
    ("15-45岁", 15, 45),
    ("成年人", 18, None),
]

BY_SEX: list[tuple[str, int | None, int | None, Bounds, Bounds]] = [
    ("男60女55以下", None, 60, (None, 60), (None, 55)),
    ("18-45岁，男可放宽至50", 18, 50, (18, 50), (18, 45)),
    ("18-55（女50）", 18, 55, (18, 55), (18, 50)),
    ("18-55岁(女性50)", 18, 55, (18, 55), (18, 50)),
    ("女20-35 男不限", None, None, (None, None), (20, 35)),
    ("女不限，男45以下", None, None, (None, 45), (None, None)),
    ("男18-50岁，女18-45岁", 18, 50, (18, 50), (18, 45)),
    ("男：18-55 女：18-50", 18, 55, (18, 55), (18, 50)),
    ("女50周岁以下，男60周岁以下", None, 60, (None, 60), (None, 50)),
    ("60岁以下男性，55岁以下女性", None, 60, (None, 60), (None, 55)),
    ("保洁(女)50岁以下，保安(男)60岁以下", None, 60, (None, 60), (None, 50)),
    ("18-50岁(女45岁以下)", 18, 50, (18, 50), (18, 45)),
    ("男55周岁、女50周岁以下", None, 55, (None, 55), (None, 50)),
    ("男生45以下，女生40以下", None, 45, (None, 45), (None, 40)),
    ("男性不超过60岁，女性不超过55岁", None, 60, (None, 60), (None, 55)),
]


@pytest.mark.parametrize(("text", "low", "high"), ONE_LIMIT)
def test_limits_as_written(text: str, low: int | None, high: int | None) -> None:
    limits = parse_age(text)
    assert (limits.min, limits.max) == (low, high)
    assert limits.men is None
    assert limits.women is None
    assert limits.reason is None
    assert limits.text == text


@pytest.mark.parametrize(("text", "low", "high", "men", "women"), BY_SEX)
def test_limits_that_differ_by_sex(text: str, low: int | None, high: int | None, men: Bounds, women: Bounds) -> None:
    limits = parse_age(text)
    assert (limits.min, limits.max, limits.men, limits.women) == (low, high, men, women)


@pytest.mark.parametrize("text", ["年龄不限", "不限", "年龄无要求", "不限年龄", "无", "年龄不作限制"])
def test_no_limit_is_an_answer(text: str) -> None:
    limits = parse_age(text)
    assert (limits.min, limits.max, limits.reason) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "没有写年龄"),
        ("60后", "出生年代"),
        ("1990年以后出生", "出生年份"),
        ("3-5年", "没有写年龄"),
        ("3-5年工作经验", "没有写年龄"),
        ("50-40岁", "写反"),
        ("45岁以下，50岁以上", "写反"),
        ("男50-40岁，女18-45岁", "写反"),
        ("45周岁", "没有写以上还是以下"),
        ("男50，女45", "没有写以上还是以下"),
        ("未达到法定退休年龄", "法定退休年龄"),
        ("年轻人优先", "年轻"),
        ("带2岁宝宝", "没有写年龄"),
        ("20-30人", "没有写年龄"),
        ("8-17点", "没有写年龄"),
        ("22-25元/小时", "没有写年龄"),
        ("13800000000", "没有写年龄"),
        ("6000-8000元/月", "没有写年龄"),
        ("体重45-60公斤", "没有写年龄"),
    ],
)
def test_what_is_not_read_says_why(text: str, said: str) -> None:
    limits = parse_age(text)
    assert (limits.min, limits.max, limits.men, limits.women) == (None, None, None, None)
    assert limits.reason is not None
    assert said in limits.reason


@pytest.mark.parametrize(
    ("text", "rehire"),
    [
        ("退休返聘可", True),
        ("退休人员优先", True),
        ("55岁以下，退休返聘也可以", True),
        ("超龄也可", True),
        ("50岁以下，退休的也行", True),
        ("不接受退休返聘，50以下", False),
        ("退休人员勿扰", False),
        ("18-45岁", False),
        ("未达到法定退休年龄", False),
    ],
)
def test_retired_people_welcome(text: str, rehire: bool) -> None:
    assert parse_age(text).rehire_ok is rehire


PIECES = st.sampled_from(
    [
        "18",
        "45",
        "五十",
        "岁",
        "周岁",
        "-",
        "至",
        "以下",
        "以上",
        "男",
        "女",
        "年龄",
        "不限",
        "退休",
        "年",
        "，",
        "勿扰",
        "左右",
        "多",
        "9",
        "100",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=12).map("".join)))
def test_any_text_is_answered(text: str) -> None:
    limits = parse_age(text)
    assert limits.text == text
    for low, high in ((limits.min, limits.max), limits.men or (None, None), limits.women or (None, None)):
        assert low is None or high is None or low <= high
    if limits.reason is not None:
        assert (limits.min, limits.max, limits.men, limits.women) == (None, None, None, None)
    assert (limits.men is None) is (limits.women is None)


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES, max_size=10).map("".join))
def test_full_and_half_width_read_the_same(text: str) -> None:
    wide = parse_age(text.translate({c: c + 0xFEE0 for c in range(0x21, 0x7F)}))
    limits = parse_age(text)
    assert (wide.min, wide.max, wide.men, wide.women) == (limits.min, limits.max, limits.men, limits.women)


@pytest.mark.parametrize(
    ("text", "age", "sex", "fit"),
    [
        ("18-45岁", 45, None, Fit("inside", 0)),
        ("18-45岁", 18, "male", Fit("inside", 0)),
        ("18-45岁", 17, None, Fit("below", 1)),
        ("18-45岁", 52, "female", Fit("above", 7)),
        ("45岁以下", 16, None, Fit("inside", 0)),
        ("年龄不限", 70, None, Fit("unlimited", 0)),
        ("按规定", 70, None, Fit("unlimited", 0)),
        ("男60女55以下", 58, "male", Fit("inside", 0)),
        ("男60女55以下", 58, "female", Fit("above", 3)),
        ("男60女55以下", 58, None, Fit("inside", 0)),
    ],
)
def test_a_person_against_the_limits(text: str, age: int, sex: Sex | None, fit: Fit) -> None:
    assert fits(parse_age(text), age, sex) == fit


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (date(1970, 6, 15), date(2026, 6, 14), 55),
        (date(1970, 6, 15), date(2026, 6, 15), 56),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2026, 1, 1), date(2026, 1, 1), 0),
    ],
)
def test_age_in_full_years(born: date, on: date, age: int) -> None:
    assert age_on(born, on) == age


def test_age_before_birth_is_refused() -> None:
    with pytest.raises(ValueError, match="出生日期"):
        age_on(date(2030, 1, 1), date(2026, 1, 1))


@pytest.mark.parametrize(
    ("born", "state"),
    [
        (date(2010, 7, 2), WorkingAge.CHILD),
        (date(2010, 7, 1), WorkingAge.PROTECTED),
        (date(2008, 7, 2), WorkingAge.PROTECTED),
        (date(2008, 7, 1), WorkingAge.ADULT),
        (date(1950, 1, 1), WorkingAge.ADULT),
    ],
)
def test_floor_and_protection(born: date, state: WorkingAge) -> None:
    on = date(2026, 7, 1)
    assert working_age(born, on) is state
    rule = working_age_rule(state, on)
    if state is WorkingAge.ADULT:
        assert rule is None
    else:
        assert rule is not None
        assert rule.verified == "primary"


@pytest.mark.parametrize(
    ("sex", "born", "track", "age", "reached"),
    [
        ("male", date(1964, 12, 1), None, (60, 0), date(2024, 12, 1)),
        ("male", date(1965, 1, 1), None, (60, 1), date(2025, 2, 1)),  # check value of the decision's table
        ("male", date(1965, 4, 30), None, (60, 1), date(2025, 5, 1)),
        ("male", date(1965, 5, 1), None, (60, 2), date(2025, 7, 1)),
        ("male", date(1976, 8, 1), None, (62, 11), date(2039, 7, 1)),
        ("male", date(1976, 9, 1), None, (63, 0), date(2039, 9, 1)),  # check value
        ("male", date(2000, 1, 1), None, (63, 0), date(2063, 1, 1)),
        ("female", date(1969, 12, 1), 55, (55, 0), date(2024, 12, 1)),
        ("female", date(1970, 1, 1), 55, (55, 1), date(2025, 2, 1)),
        ("female", date(1981, 9, 1), 55, (58, 0), date(2039, 9, 1)),
        ("female", date(1974, 12, 1), 50, (50, 0), date(2024, 12, 1)),
        ("female", date(1975, 1, 1), 50, (50, 1), date(2025, 2, 1)),
        ("female", date(1975, 3, 1), 50, (50, 2), date(2025, 5, 1)),
        ("female", date(1984, 10, 1), 50, (54, 11), date(2039, 9, 1)),
        ("female", date(1984, 11, 1), 50, (55, 0), date(2039, 11, 1)),
    ],
)
def test_statutory_retirement(sex: Sex, born: date, track: FemaleTrack | None, age: tuple[int, int], reached: date) -> None:
    found = statutory_age(sex, born, track)
    assert (found.age, found.month) == (age, reached)
    assert (found.latest_age, found.latest_month) == (age, reached)
    assert found.about is False


def test_a_woman_whose_track_is_not_known_gets_a_span() -> None:
    found = statutory_age("female", date(1976, 3, 1))
    assert found.about is True
    assert found.age == (50, 8)
    assert found.latest_age == (56, 7)
    assert {rule.rule_id for rule in found.rules} == {"D-03-women50", "D-03-women55"}


def test_over_age_is_information_with_its_rows() -> None:
    before = over_age(date(1965, 1, 15), "male", date(2025, 2, 14))
    assert (before.state, before.note) == ("no", "")
    after = over_age(date(1965, 1, 15), "male", date(2026, 8, 1))
    assert after.state == "yes"
    assert "可以工作" in after.note
    assert {rule.rule_id for rule in after.rules} == {"D-03-men", "D-04"}
    assert all(rule.verified != "primary" for rule in after.rules)
    # before the provisions were in force only the retirement row is quoted
    assert {rule.rule_id for rule in over_age(date(1965, 1, 15), "male", date(2025, 2, 15)).rules} == {"D-03-men"}


def test_over_age_with_unknowns_is_maybe() -> None:
    assert over_age(date(1972, 5, 31), "female", date(2026, 1, 1)).state == "maybe"
    assert over_age(date(1972, 5, 31), "female", date(2026, 1, 1), 50).state == "yes"
    assert over_age(date(1972, 5, 31), "female", date(2026, 1, 1), 55).state == "no"
    assert "性别" in over_age(date(1970, 1, 1), None, date(2026, 1, 1)).note


@pytest.mark.parametrize(
    ("age", "sex", "area", "expected"),
    [
        (15, "male", None, set()),
        (16, "male", None, {Bracket.YOUNG}),
        (35, "female", None, {Bracket.YOUNG}),
        (36, "female", None, set()),
        (40, "female", None, {Bracket.OLDER}),
        (40, "male", None, set()),
        (50, "male", "360702", {Bracket.OLDER}),
        (45, None, None, set()),
        (52, None, None, {Bracket.OLDER}),
        (41, "female", "321102000", {Bracket.OLDER}),
    ],
)
def test_brackets(age: int, sex: Sex | None, area: str | None, expected: set[Bracket]) -> None:
    on = date(2026, 5, 1)
    assert brackets(date(on.year - age, 5, 1), sex, on, area) == expected


def test_the_most_local_setting_counts() -> None:
    on = date(2026, 5, 1)
    assert all(rule.verified == "secondary" for rule in bracket_rules(Bracket.OLDER, on, "321102000000"))
    assert all(rule.verified == "unverified" for rule in bracket_rules(Bracket.OLDER, on, "360702"))
    assert bracket_rules(Bracket.OLDER, date(1999, 1, 1)) == ()


@pytest.mark.parametrize("table", ["minimum_age", "statutory_retirement", "over_age", "age_brackets", "minimum_wages"])
def test_every_law_row_says_what_where_from_and_since_when(table: str) -> None:
    found = rows(table)
    assert found
    assert len({row.rule.rule_id for row in found}) == len(found)
    for row in found:
        assert row.rule.text
        assert row.rule.source
        assert row.rule.effective_to is None or row.rule.effective_from <= row.rule.effective_to
        if row.rule.verified == "primary":
            assert row.rule.url.startswith("https://")


def test_a_minimum_wage_that_was_not_seen_has_no_figure() -> None:
    for row in rows("minimum_wages"):
        assert (row.fields["month_yuan"] == "") is (row.fields["state"] == "pending")
