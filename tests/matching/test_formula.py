"""The parts of the score: bounds, shape, and whole numbers all the way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import formula, space

compiled = settings(deadline=None)  # the first call of a kernel may compile it


@compiled
@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_place_points_fall_with_distance(a: int, b: int) -> None:
    near, far = sorted((a, b))
    assert 0 <= formula.place_points(far) <= formula.place_points(near) <= formula.PLACE_MAX


@pytest.mark.parametrize("km", [0.0, 1.0, 3.2, 10.0, 30.0, 100.0, 250.0])
def test_place_points_are_the_formula_of_the_design(km: float) -> None:
    assert formula.place_points(space.chord_of(km)) == pytest.approx(600 * math.exp(-km / 30), abs=2.5)


@given(st.integers(1, 60), st.integers(0, 60_000))
def test_impacts_fit_six_bits_and_rise_with_frequency(tf: int, length: int) -> None:
    one, more, longer = formula.impacts(np.array([tf, tf + 1, tf]), np.array([length, length, length + 1])).tolist()
    assert 1 <= one <= more <= 63
    assert longer <= one
    assert one == pytest.approx(63 * tf / (tf + 1.2 * (0.25 + 0.75 * length / 48)), abs=1.01)


@given(st.integers(1, 10**7), st.integers(0, 10**7))
def test_rarity_is_a_logarithm(df: int, more: int) -> None:
    jobs = df + more
    assert formula.idf(df, jobs) == pytest.approx(8 + 16 * math.log2((jobs + 1) / df), abs=1.001)


@compiled
@given(st.integers(0, 20_000), st.integers(0, 20_000), st.integers(0, 20_000))
def test_wage_points(wish: int, low: int, high: int) -> None:
    points = formula.wage_points(wish, low, high)
    assert 0 <= points <= formula.WAGE_MAX
    assert (points == formula.WAGE_MAX) == (wish > 0 and low >= wish)
    assert wish > 0 or points == 0


@pytest.mark.parametrize(
    ("age", "low", "high", "points"),
    [
        (-1, 18, 45, 0),
        (30, 18, 45, 100),
        (18, 18, 45, 100),
        (45, 18, 45, 100),
        (46, 18, 45, 54),
        (60, 18, 45, 0),
        (50, 0, 127, 70),
        (17, 18, 127, 54),
    ],
)
def test_age_points(age: int, low: int, high: int, points: int) -> None:
    assert formula.age_points(age, low, high) == points


def test_fresh_points_count_whole_days() -> None:
    now = 1_795_305_600
    assert [formula.fresh_points(now, now - seconds) for seconds in (-9, 0, 86_399, 86_400, 50 * 86_400, 10**9)] == [
        100,
        100,
        100,
        98,
        0,
        0,
    ]


def test_text_and_preference_have_a_ceiling() -> None:
    assert formula.text_points(10**9) == formula.TEXT_MAX
    assert formula.text_points(1007) == 0
    assert [formula.preference_points(met, 3) for met in range(4)] == [0, 33, 66, 100]
    assert formula.preference_points(0, 0) == 0


def test_an_answer_of_a_hundred_percent_is_worth_the_whole_text_part() -> None:
    assert formula.term_weight(100, 100, 100) * 63 // (63 * 16) == formula.TEXT_MAX
    assert formula.term_weight(50, 100, 100) == formula.TEXT_MAX * 8
    assert formula.term_weight(0, 0, 0) == 1


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180))
def test_chords_are_the_great_circle(lat: float, lng: float, lat2: float, lng2: float) -> None:
    a, b = space.unit_vector(lat, lng), space.unit_vector(lat2, lng2)
    chord = math.isqrt(sum((p - q) ** 2 for p, q in zip(a, b, strict=True)))
    p1, p2, dl = math.radians(lat), math.radians(lat2), math.radians(lng2 - lng)
    half = math.sin((p2 - p1) / 2) ** 2 + math.cos(p1) * math.cos(p2) * math.sin(dl / 2) ** 2
    haversine = 2 * formula.EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
    assert space.km_of(chord) == pytest.approx(haversine, abs=0.01 if haversine < 15_000 else 20)


def test_fair_exposure_is_drawn_anew_by_seed_and_favours_jobs_with_few_applications() -> None:
    assert formula.fair_points(-1, 5, 0) == 0
    lots = [formula.lot_of(job_id) for job_id in range(6400)]
    assert min(lots.count(lot) for lot in range(64)) > 60
    drawn = [[formula.fair_points(seed, lot, 0) for lot in range(64)] for seed in range(50)]
    assert set(drawn[0]) <= set(range(formula.FAIR_MAX + 1))
    assert drawn[0] == [formula.fair_points(0, lot, 0) for lot in range(64)]
    assert all(len(set(column)) > 8 for column in zip(*drawn, strict=True))  # no lot is always lucky
    assert [formula.crowd_of(count) for count in (0, 1, 2, 3, 4, 100, 10**6)] == [0, 1, 2, 2, 3, 7, 15]
    assert [formula.fair_points(3, 9, crowd) for crowd in (0, 4, 15)] == [
        formula.fair_points(3, 9, 0) - less for less in (0, 4, 15)
    ]
