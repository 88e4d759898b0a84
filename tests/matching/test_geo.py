"""The GCJ-02 shift against points computed independently, distances against known ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import geo

METRE_IN_KM = 0.001

# WGS-84, GCJ-02: worked out apart from our code from the published formula, every term written out.
SHIFTED = [
    ("赣州", 25.8312, 114.9348, 25.8280179, 114.9395271),
    ("大冶", 30.0968, 114.9743, 30.0941901, 114.9794549),
    ("昆山", 31.3846, 120.9581, 31.3825154, 120.9623535),
    ("东莞", 23.0205, 113.7518, 23.0177773, 113.7569930),
    ("北京", 39.9042, 116.4074, 39.9056033, 116.4136423),
    ("上海", 31.1774, 121.5272, 31.1752764, 121.5315313),
    ("乌鲁木齐", 43.8256, 87.6168, 43.8268054, 87.6196499),
    ("拉萨", 29.6525, 91.1721, 29.6497106, 91.1735674),
    ("哈尔滨", 45.8038, 126.535, 45.8057815, 126.5410404),
    ("三亚", 18.2528, 109.5119, 18.2510948, 109.5159843),
    ("喀什", 39.4704, 75.9898, 39.4706270, 75.9927550),
    ("漠河", 52.9722, 122.5386, 52.9737129, 122.5456286),
    ("成都", 30.5728, 104.0668, 30.5703461, 104.0693055),
]

# The check points of the widely used open implementations (Shanghai, Shenzhen, Beijing); they round the ellipsoid
# differently, hence two metres of room.
PUBLISHED = [
    (31.1774276, 121.5272106, 31.17530398364597, 121.531541859215),
    (22.543847, 113.912316, 22.540796131694766, 113.9171764808363),
    (39.911954, 116.377817, 39.91334545536069, 116.38404722455657),
]

IN_CHINA = st.tuples(st.floats(18.2, 53.5), st.floats(73.6, 134.7))
ANYWHERE = st.tuples(st.floats(-89.0, 89.0), st.floats(-180.0, 180.0))


@pytest.mark.parametrize(("name", "lat", "lng", "gcj_lat", "gcj_lng"), SHIFTED, ids=[row[0] for row in SHIFTED])
def test_shift_equals_the_formula(name: str, lat: float, lng: float, gcj_lat: float, gcj_lng: float) -> None:
    assert geo.wgs84_to_gcj02(lat, lng) == pytest.approx((gcj_lat, gcj_lng), abs=2e-7)
    assert geo.gcj02_to_wgs84(gcj_lat, gcj_lng) == pytest.approx((lat, lng), abs=5e-7)


@pytest.mark.parametrize(("lat", "lng", "gcj_lat", "gcj_lng"), PUBLISHED)
def test_published_points(lat: float, lng: float, gcj_lat: float, gcj_lng: float) -> None:
    assert geo.distance_km(*geo.wgs84_to_gcj02(lat, lng), gcj_lat, gcj_lng) < 2 * METRE_IN_KM


def test_ganzhou_is_moved_by_591_metres() -> None:
    moved = geo.distance_km(25.8312, 114.9348, *geo.wgs84_to_gcj02(25.8312, 114.9348))
    assert moved == pytest.approx(0.591, abs=METRE_IN_KM)


@given(IN_CHINA)
def test_there_and_back_is_within_half_a_metre(point: tuple[float, float]) -> None:
    assert geo.distance_km(*point, *geo.gcj02_to_wgs84(*geo.wgs84_to_gcj02(*point))) < 0.5 * METRE_IN_KM
    assert geo.distance_km(*point, *geo.wgs84_to_gcj02(*geo.gcj02_to_wgs84(*point))) < 0.5 * METRE_IN_KM


@given(IN_CHINA)
def test_shift_in_china_is_never_more_than_a_kilometre(point: tuple[float, float]) -> None:
    assert 0 < geo.distance_km(*point, *geo.wgs84_to_gcj02(*point)) < 1.0


@pytest.mark.parametrize(("lat", "lng"), [(35.6812, 139.7671), (51.5074, -0.1278), (-33.8688, 151.2093), (0.0, 0.0)])
def test_outside_china_nothing_moves(lat: float, lng: float) -> None:
    assert not geo.in_china(lat, lng)
    assert geo.wgs84_to_gcj02(lat, lng) == (lat, lng)
    assert geo.gcj02_to_wgs84(lat, lng) == (lat, lng)


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ((39.9042, 116.4074), (31.2304, 121.4737), 1067.3),  # Beijing - Shanghai
        ((0.0, 0.0), (0.0, 1.0), 111.195),  # a degree of the equator on the mean sphere
        ((0.0, 0.0), (0.0, 180.0), 20015.1),  # half way round
        ((90.0, 0.0), (-90.0, 77.0), 20015.1),
        ((25.83, 114.93), (25.83, 114.93), 0.0),
    ],
)
def test_known_distances(one: tuple[float, float], other: tuple[float, float], km: float) -> None:
    assert geo.distance_km(*one, *other) == pytest.approx(km, rel=2e-4, abs=1e-9)


@given(ANYWHERE, ANYWHERE)
def test_distance_is_symmetric_and_agrees_with_the_chord(one: tuple[float, float], other: tuple[float, float]) -> None:
    km = geo.distance_km(*one, *other)
    assert km == pytest.approx(geo.distance_km(*other, *one), abs=1e-6)
    chord = sum((a - b) ** 2 for a, b in zip(geo.unit_vector(*one), geo.unit_vector(*other), strict=True)) ** 0.5
    assert chord * geo.EARTH_RADIUS_KM <= km + 1e-6
    assert km <= geo.EARTH_RADIUS_KM * 3.1416


@given(IN_CHINA, st.floats(0.0, 500.0), st.floats(-6.0, 6.0), st.floats(-6.0, 6.0))
def test_box_holds_every_point_of_the_circle(centre: tuple[float, float], km: float, d_lat: float, d_lng: float) -> None:
    lat_min, lng_min, lat_max, lng_max = geo.bounding_box(*centre, km)
    lat, lng = centre[0] + d_lat, centre[1] + d_lng
    if geo.distance_km(*centre, lat, lng) <= km:
        assert lat_min - 1e-9 <= lat <= lat_max + 1e-9
        assert lng_min - 1e-9 <= lng <= lng_max + 1e-9


def test_box_is_tight() -> None:
    lat_min, lng_min, lat_max, lng_max = geo.bounding_box(25.83, 114.93, 20.0)
    assert geo.distance_km(25.83, 114.93, lat_max, 114.93) == pytest.approx(20.0)
    assert geo.distance_km(25.83, 114.93, lat_min, 114.93) == pytest.approx(20.0)
    assert geo.distance_km(25.83, 114.93, 25.83, lng_max) == pytest.approx(20.0, rel=1e-4)
    assert (lng_min + lng_max) / 2 == pytest.approx(114.93)


def test_box_over_a_pole_or_the_date_line_takes_all_longitudes() -> None:
    assert geo.bounding_box(89.9, 10.0, 100.0)[1::2] == (-180.0, 180.0)
    assert geo.bounding_box(10.0, 179.9, 100.0)[1::2] == (-180.0, 180.0)


@pytest.mark.parametrize("km", [-1.0, float("nan"), float("inf")])
def test_impossible_radius_is_refused(km: float) -> None:
    with pytest.raises(ValueError, match="半径"):
        geo.bounding_box(25.83, 114.93, km)


@given(ANYWHERE)
def test_unit_vector_has_length_one(point: tuple[float, float]) -> None:
    assert sum(part * part for part in geo.unit_vector(*point)) == pytest.approx(1.0)
