"""Stations: find one, look at one, make, change and close them, and who works there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import flask
from sqlalchemy.orm import Session

from matching.geo import wgs84_to_gcj02
from service import clock
from service.accounts.access import allow, current_account
from service.accounts.permit import require
from service.answering import KEY, MATCH, once, respond, versioned
from service.blueprint import Blueprint
from service.errors import NotFound
from service.headers import require_match, unless_known
from service.idempotency import Answer
from service.sessions import read_session, write_session
from service.stations import hours, schemas
from service.stations.keep import (
    MISSING,
    close_station,
    create_station,
    edit_station,
    locked,
    owned,
    remove_account,
    staff_of,
)
from service.stations.levels import function_names, level_names
from service.stations.models import Station
from service.stations.queries import Near, Wanted, find, nearest_open

blueprint = Blueprint("stations", __name__, description="驿站：就近找、开放时间、管理")


def _card(near: Near, now: datetime) -> dict[str, Any]:
    station = near.station
    functions = list(station.functions or [])
    names = ("station_id", "name", "level", "region_code", "address", "lat", "lng", "phone", "opening_hours", "holiday_note")
    return {name: getattr(station, name) for name in names} | {
        "level_name": level_names().get(station.level, ""),
        "region_name": schemas.region_name(station.region_code),
        "distance_km": None if near.distance_m is None else round(near.distance_m / 1000, 1),
        "open_now": hours.is_open(station.hours, now) if station.closed_at is None else False,
        "opens_next": hours.opens_next(station.hours, now) if station.closed_at is None else None,
        "functions": functions,
        "function_names": [function_names()[code] for code in functions if code in function_names()],
    }


def _detail(session: Session, station: Station, now: datetime) -> dict[str, Any]:
    near = [_card(one, now) for one in nearest_open(session, station, now)] if station.closed_at is not None else []
    body: dict[str, Any] = schemas.StationDetail().dump(
        _card(Near(station, None), now)
        | {name: getattr(station, name) for name in ("code", "parent_id", "hours", "version")}
        | {"service_regions": station.service_regions or [], "closed": station.closed_at is not None, "near": near}
    )
    return body


def _answer(session: Session, station: Station, now: datetime, *, status: int = 200) -> Answer:
    location = f"/v1/stations/{station.station_id}" if status == 201 else ""
    return versioned(_detail(session, station, now), station.version, status=status, location=location)


def _found(session: Session, station_id: int) -> Station:
    station = session.get(Station, station_id)
    if station is None:
        raise NotFound(*MISSING)
    return station


@blueprint.route("/v1/stations", methods=["GET"])
@blueprint.arguments(schemas.StationQuery, location="query")
@blueprint.response(200, schemas.StationPage)
@allow.anyone("station.read")
def list_stations(query: dict[str, Any]) -> flask.Response:
    """找驿站：给了位置就由近到远，可以只看现在开门的、能办某件事的。"""
    now = clock.now()
    lat, lng = query.get("lat"), query.get("lng")
    if lat is not None and lng is not None and query["crs"] == "wgs84":
        lat, lng = wgs84_to_gcj02(lat, lng)
    wanted = Wanted(now, lat, lng, query["radius_km"], query.get("region_code", ""), query.get("function", ""), query["open_now"])
    with read_session() as session:
        page, following = find(session, wanted, cursor=query["cursor"], limit=query["limit"])
        body = schemas.StationPage().dump({"items": [_card(near, now) for near in page], "next": following})
    return unless_known(flask.jsonify(body), "list")


@blueprint.route("/v1/stations/<int:station_id>", methods=["GET"])
@blueprint.response(200, schemas.StationDetail)
@allow.anyone("station.read")
def show_station(station_id: int) -> flask.Response:
    """一个驿站。已经撤销的会给出附近还在的。"""
    with read_session() as session:
        station = _found(session, station_id)
        body, version = _detail(session, station, clock.now()), station.version
    return unless_known(flask.jsonify(body), version)


@blueprint.route("/v1/stations", methods=["POST"])
@blueprint.arguments(schemas.StationDraft)
@blueprint.response(201, schemas.StationDetail)
@blueprint.doc(parameters=[KEY])
@allow("station.create")
def make_station(said: dict[str, Any]) -> flask.Response:
    """人社部门在本地区新设一个驿站。"""
    caller = current_account()

    def work(session: Session, now: datetime) -> Answer:
        return _answer(session, create_station(session, said, caller, now), now, status=201)

    return once(caller, work)


@blueprint.route("/v1/stations/<int:station_id>", methods=["PATCH"])
@blueprint.arguments(schemas.StationPatch)
@blueprint.response(200, schemas.StationDetail)
@blueprint.doc(parameters=[MATCH])
@allow("station.edit")
def change_station(said: dict[str, Any], station_id: int) -> flask.Response:
    """修改驿站。站长可以改电话、时间、地址和服务内容，其余由人社部门修改。"""
    caller = current_account()
    with write_session() as session:
        station = locked(session, station_id)
        require(caller, "station.edit", owned(station))
        require_match(station.version)
        edit_station(session, station, said, caller)
        made = _answer(session, station, clock.now())
    return respond(made)


@blueprint.route("/v1/stations/<int:station_id>/closure", methods=["POST"])
@blueprint.response(200, schemas.StationDetail)
@allow("station.close")
def shut_station(station_id: int) -> flask.Response:
    """撤销一个驿站：它的工作人员立刻不能再登录，来找它的人会看到附近还在的驿站。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        station = locked(session, station_id)
        require(caller, "station.close", owned(station))
        close_station(session, station, caller, now)
        made = _answer(session, station, now)
    return respond(made)


@blueprint.route("/v1/stations/<int:station_id>/staff", methods=["GET"])
@blueprint.response(200, schemas.StationStaff)
@allow("station.staff")
def list_staff(station_id: int) -> dict[str, Any]:
    """本站的工作人员账号。"""
    with read_session() as session:
        require(current_account(), "station.staff", owned(_found(session, station_id)))
        return {"items": staff_of(session, station_id)}


@blueprint.route("/v1/stations/<int:station_id>/staff/<int:account_id>", methods=["DELETE"])
@blueprint.response(204)
@allow("station.staff")
def remove_staff(station_id: int, account_id: int) -> None:
    """移除离开本站的人，立刻不能再登录。"""
    caller = current_account()
    with write_session() as session:
        station = locked(session, station_id)
        require(caller, "station.staff", owned(station))
        remove_account(session, station, account_id, caller, clock.now())
