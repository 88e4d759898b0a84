"""Find stations: near a point or along their ids, of a region, with a function, open now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from matching.geo import bounding_box, distance_km
from matching.rules import region
from service.accounts.territory import within
from service.errors import BadRequest
from service.stations.hours import is_open
from service.stations.models import Station

RADIUS_KM = 30.0
BATCH = 200
_CURSOR = re.compile(r"(?:([0-9]{1,9})m)?([0-9]{1,15})")
CITY_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. ``now``: whether it is open is asked at this moment."""

    now: datetime
    lat: float | None = None
    lng: float | None = None
    radius_km: float = RADIUS_KM
    region_code: str = ""
    function: str = ""
    open_now: bool = False


@dataclass(frozen=True, slots=True)
class Near:
    """A station, and how far it is from the point that was given (None: no point was given)."""

    station: Station
    distance_m: int | None


def find(session: Session, wanted: Wanted, *, cursor: str, limit: int) -> tuple[list[Near], str | None]:
    """A page of stations, the nearest first where a point was given; and where to go on. Raises BadRequest for another cursor."""
    after = _position(cursor, with_distance=wanted.lat is not None)
    found = _nearest(session, wanted, after) if wanted.lat is not None else _in_order(session, wanted, after[1])
    page: list[Near] = []
    for near in found:
        if len(page) == limit:
            last = page[-1]
            return page, f"{'' if last.distance_m is None else f'{last.distance_m}m'}{last.station.station_id}"
        page.append(near)
    return page, None


def nearest_open(session: Session, station: Station, now: datetime, most: int = 3) -> list[Near]:
    """Where to go instead of a station that is gone: the nearest that are there."""
    if station.lat is None or station.lng is None:
        wanted = Wanted(now, region_code=f"{station.region_code[:6]}000000")
    else:
        wanted = Wanted(now, lat=station.lat, lng=station.lng, radius_km=100.0)
    return find(session, wanted, cursor="", limit=most)[0]


def _open_ones(wanted: Wanted) -> Select[Station]:
    query = select(Station).where(Station.closed_at.is_(None))
    if wanted.region_code:
        # Who serves a place from the next county is of the same city.
        code = wanted.region_code
        below_city = code[CITY_DIGITS:].strip("0") != ""
        query = query.where(within(Station.region_code, f"{code[:CITY_DIGITS]}00000000" if below_city else code))
    return query


def _nearest(session: Session, wanted: Wanted, after: tuple[int, int]) -> list[Near]:
    assert wanted.lat is not None and wanted.lng is not None  # noqa: S101, PT018  both or neither, see the schema
    south, west, north, east = bounding_box(wanted.lat, wanted.lng, wanted.radius_km)
    rows = session.scalars(_open_ones(wanted).where(Station.lat.between(south, north), Station.lng.between(west, east)))
    near = []
    for station in rows:
        if station.lat is None or station.lng is None or not _fits(station, wanted):
            continue
        metres = round(distance_km(wanted.lat, wanted.lng, station.lat, station.lng) * 1000)
        if metres <= wanted.radius_km * 1000 and (metres, station.station_id) > after:
            near.append(Near(station, metres))
    return sorted(near, key=lambda one: (one.distance_m or 0, one.station.station_id))


def _in_order(session: Session, wanted: Wanted, after: int) -> Iterator[Near]:
    while True:
        rows = session.scalars(
            _open_ones(wanted).where(Station.station_id > after).order_by(Station.station_id).limit(BATCH)
        ).all()
        yield from (Near(station, None) for station in rows if _fits(station, wanted))
        if len(rows) < BATCH:
            return
        after = rows[-1].station_id


def _fits(station: Station, wanted: Wanted) -> bool:
    if wanted.function and wanted.function not in (station.functions or []):
        return False
    if wanted.open_now and not is_open(station.hours, wanted.now):
        return False
    return not wanted.region_code or _serves(station, wanted.region_code)


def _serves(station: Station, code: str) -> bool:
    try:
        if region.is_within(station.region_code, code):
            return True
        return any(region.is_within(code, area) or region.is_within(area, code) for area in station.service_regions or [])
    except region.UnknownRegion:  # a division that is no longer in the table
        return False


def _position(cursor: str, *, with_distance: bool) -> tuple[int, int]:
    if not cursor:
        return -1, 0
    found = _CURSOR.fullmatch(cursor)
    if found is None or (found[1] is not None) != with_distance:
        raise BadRequest("cursor_invalid", "翻页位置不对，请从第一页重新看。")
    return int(found[1] or 0), int(found[2])
