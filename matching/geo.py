"""Points on the map: GCJ-02 and WGS-84 both ways, great-circle distance, boxes and unit vectors.

Chinese map services and `wx.getLocation(type="gcj02")` give GCJ-02, a WGS-84 point moved by some 100-700 m by a smooth
formula. The formula was never published by the state; the constants below are those of the widely used reconstruction
(Krasovsky 1940 ellipsoid: semi-major axis 6 378 245 m, first eccentricity squared 0.00669342162296594323), which map
services agree with to about a metre. All angles are degrees, all distances kilometres, order is always (lat, lng).
"""

from __future__ import annotations

from math import asin, cos, degrees, isfinite, pi, radians, sin, sqrt

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the earth (IUGG 1980), km."""

_SEMI_MAJOR_AXIS_M = 6378245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
# 1e-7 degrees is about 1 cm: far below the 0.5 m we promise, and reached after two or three rounds.
_CLOSE_ENOUGH_DEGREES = 1e-7
_ROUNDS = 10


def in_china(lat: float, lng: float) -> bool:
    """Whether the GCJ-02 shift applies: the rectangle that map services use (0.8293..55.8271 N, 72.004..137.8347 E)."""
    return 0.8293 <= lat <= 55.8271 and 72.004 <= lng <= 137.8347


def _shift(lat: float, lng: float) -> tuple[float, float]:
    """The GCJ-02 shift in degrees at a WGS-84 point."""
    x, y = lng - 105.0, lat - 35.0
    root = sqrt(abs(x))
    short_waves = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + short_waves
    d_lat += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    d_lat += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    d_lng = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + short_waves
    d_lng += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    d_lng += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    phi = radians(lat)
    magic = 1.0 - _ECCENTRICITY_SQUARED * sin(phi) ** 2
    meridian_m = _SEMI_MAJOR_AXIS_M * (1.0 - _ECCENTRICITY_SQUARED) / (magic * sqrt(magic))
    parallel_m = _SEMI_MAJOR_AXIS_M / sqrt(magic) * cos(phi)
    return degrees(d_lat / meridian_m), degrees(d_lng / parallel_m)


def wgs84_to_gcj02(lat: float, lng: float) -> tuple[float, float]:
    """A WGS-84 point as GCJ-02 `(lat, lng)`; unchanged outside China."""
    if not in_china(lat, lng):
        return lat, lng
    d_lat, d_lng = _shift(lat, lng)
    return lat + d_lat, lng + d_lng


def gcj02_to_wgs84(lat: float, lng: float) -> tuple[float, float]:
    """A GCJ-02 point as WGS-84 `(lat, lng)`, by iteration to about a centimetre; unchanged outside China.

    The shift has no closed inverse. Subtracting it once is off by up to 2 m, so the guess is corrected until its own
    GCJ-02 point is the given one.
    """
    if not in_china(lat, lng):
        return lat, lng
    guess_lat, guess_lng = lat, lng
    for _ in range(_ROUNDS):
        d_lat, d_lng = _shift(guess_lat, guess_lng)
        off_lat, off_lng = guess_lat + d_lat - lat, guess_lng + d_lng - lng
        guess_lat -= off_lat
        guess_lng -= off_lng
        if abs(off_lat) < _CLOSE_ENOUGH_DEGREES and abs(off_lng) < _CLOSE_ENOUGH_DEGREES:
            break
    return guess_lat, guess_lng


def distance_km(lat1: float, lng1: float, lat2: float, lng2: float) -> float:
    """Great-circle distance in km (haversine, mean earth radius: within 0.6 % of the ellipsoid)."""
    phi1, phi2 = radians(lat1), radians(lat2)
    half_phi, half_lambda = (phi2 - phi1) / 2.0, radians(lng2 - lng1) / 2.0
    square = sin(half_phi) ** 2 + cos(phi1) * cos(phi2) * sin(half_lambda) ** 2
    # min: rounding can lift the square of two opposite points a hair above 1, where asin has no value.
    return 2.0 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(square)))


def bounding_box(lat: float, lng: float, km: float) -> tuple[float, float, float, float]:
    """The smallest `(lat_min, lng_min, lat_max, lng_max)` that holds every point within `km` of the given one.

    Clipped to -90..90 and -180..180: a circle over a pole or over the date line gets all longitudes (neither is near
    any job in China, but a wrong box would lose points silently). ValueError for a negative or endless radius.
    """
    if not isfinite(km) or km < 0:
        raise ValueError("半径要是不小于 0 的公里数")
    angle = km / EARTH_RADIUS_KM
    lat_min, lat_max = lat - degrees(angle), lat + degrees(angle)
    if lat_min <= -90.0 or lat_max >= 90.0 or angle >= pi / 2:
        return max(lat_min, -90.0), -180.0, min(lat_max, 90.0), 180.0
    # The circle's widest point lies poleward of its centre: asin(sin r / cos lat), not r / cos lat.
    d_lng = degrees(asin(min(1.0, sin(angle) / cos(radians(lat)))))
    if lng - d_lng < -180.0 or lng + d_lng > 180.0:
        return lat_min, -180.0, lat_max, 180.0
    return lat_min, lng - d_lng, lat_max, lng + d_lng


def unit_vector(lat: float, lng: float) -> tuple[float, float, float]:
    """The point on the unit sphere, (x, y, z): the chord between two such vectors bounds a distance without trigonometry."""
    phi, lam = radians(lat), radians(lng)
    return cos(phi) * cos(lam), cos(phi) * sin(lam), sin(phi)
