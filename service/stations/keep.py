"""Make a station, change it, close it. The tree of stations has no circle: whoever stands above has a smaller rank."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matching.geo import in_china, wgs84_to_gcj02
from matching.rules import region
from service.accounts.caller import Caller
from service.accounts.held_grants import end_held
from service.accounts.models import Account
from service.accounts.permissions import STATION_ROLES
from service.accounts.permit import Owned, require
from service.accounts.tokens import revoke_all
from service.audit import trail
from service.errors import Conflict, Forbidden, Invalid, NotFound
from service.stations import hours as opening
from service.stations.levels import levels
from service.stations.models import Station

HEAD_MAY = frozenset({"address", "lat", "lng", "crs", "phone", "hours", "holiday_note", "functions"})
"""What the head of a station may say of it himself; name, level, place in the tree and area are the office's to say."""
MISSING = ("station_not_found", "没有这个驿站，请检查编号。")


def owned(station: Station) -> Owned:
    """Whose a station is. Everybody may know of it."""
    return Owned(station_id=station.station_id, region_code=station.region_code, public=True)


def locked(session: Session, station_id: int) -> Station:
    """The row, held until the transaction ends. Raises NotFound."""
    wanted = select(Station).where(Station.station_id == station_id)
    station = session.scalars(wanted.with_for_update(key_share=True)).one_or_none()
    if station is None:
        raise NotFound(*MISSING)
    return station


def create_station(session: Session, said: dict[str, Any], caller: Caller, now: datetime) -> Station:
    """A new station in the caller's territory. Raises Forbidden, Invalid, or Conflict when the code is taken."""
    place = Owned(region_code=said["region_code"], public=True)
    require(caller, "station.create", place, refused=("outside_territory", "这个地方不在您负责的地区，不能设驿站。"))
    code = said.get("code") or _free_code(session, said["region_code"])
    if session.scalar(select(Station.station_id).where(Station.code == code)) is not None:
        raise Conflict("station_code_taken", "这个驿站编码已经用了，请换一个。", errors={"code": ["已经用了。"]})
    station = Station(code=code, name="", level="", region_code="", created_at=now)
    _say(session, station, said)
    session.add(station)
    session.flush()
    trail.record(session, caller, "station.create", "station", station.station_id, region_code=station.region_code)
    return station


def edit_station(session: Session, station: Station, said: dict[str, Any], caller: Caller) -> None:
    """Change a locked station. Raises Conflict (closed), Forbidden (not the head's to say, out of the territory) or Invalid."""
    if station.closed_at is not None:
        raise Conflict("station_closed", "这个驿站已经撤销，不能再改。")
    if caller.role in STATION_ROLES and not set(said) <= HEAD_MAY:
        raise Forbidden("office_only", "名称、级别、上级、地区和服务范围由人社部门修改，您可以改电话、时间、地址和服务内容。")
    if "region_code" in said:
        after = Owned(station_id=station.station_id, region_code=said["region_code"], public=True)
        require(caller, "station.edit", after, refused=("outside_territory", "不能把驿站改到您负责的地区之外。"))
    before = {name: getattr(station, name) for name in _COLUMNS}
    _say(session, station, said)
    changed = [name for name, value in before.items() if getattr(station, name) != value]
    if not changed:
        return
    station.version += 1
    session.flush()
    trail.record(
        session, caller, "station.edit", "station", station.station_id,
        region_code=station.region_code, details={"fields": changed},
    )  # fmt: skip


def close_station(session: Session, station: Station, caller: Caller, now: datetime) -> None:
    """Close a locked station: nobody signs in for it from this moment on. Raises Conflict while stations stand below it."""
    if station.closed_at is not None:
        raise Conflict("station_closed", "这个驿站已经撤销了。")
    below = session.scalar(
        select(func.count()).select_from(Station).where(Station.parent_id == station.station_id, Station.closed_at.is_(None))
    )
    if below:
        raise Conflict("station_has_children", f"还有 {below} 个驿站挂在它下面，请先给它们换上级。")
    station.closed_at = now
    station.version += 1
    for account in staff_of(session, station.station_id, lock=True):
        account.disabled_at = account.disabled_at or now
        revoke_all(session, account.account_id, now=now)
        end_held(session, account.account_id, now, ended_by=caller.account_id)
    session.flush()
    trail.record(session, caller, "station.close", "station", station.station_id, region_code=station.region_code)


def remove_account(session: Session, station: Station, account_id: int, caller: Caller, now: datetime) -> None:
    """Whoever has left the station loses access at once. Raises NotFound, or Conflict for oneself."""
    if account_id == caller.account_id:
        raise Conflict("own_account", "不能移除自己，请联系人社部门。")
    accounts = {row.account_id: row for row in staff_of(session, station.station_id, lock=True)}
    found, head = accounts.get(account_id), accounts.get(caller.account_id)
    if caller.role in STATION_ROLES and (head is None or head.disabled_at is not None):
        # Of two heads who remove each other at once, one stays.
        raise Conflict("not_head", "您已经不是本站站长了，请刷新后再看。")
    if found is None:
        raise NotFound("account_not_found", "本站没有这个账号，请刷新后再看。")
    found.disabled_at = found.disabled_at or now
    revoke_all(session, account_id, now=now)
    end_held(session, account_id, now, ended_by=caller.account_id)
    session.flush()
    trail.record(
        session, caller, "station.staff", "account", account_id,
        region_code=station.region_code, details={"station_id": station.station_id},
    )  # fmt: skip


def staff_of(session: Session, station_id: int, *, lock: bool = False) -> list[Account]:
    """The accounts of a station, in order of their ids."""
    wanted = select(Account).where(Account.station_id == station_id, Account.role.in_(STATION_ROLES)).order_by(Account.account_id)
    return list(session.scalars(wanted.with_for_update(key_share=True) if lock else wanted))


_PLAIN = ("name", "level", "parent_id", "region_code", "address", "phone", "holiday_note", "functions", "service_regions")
_COLUMNS = (*_PLAIN, "lat", "lng", "hours", "opening_hours")


def _say(session: Session, station: Station, said: dict[str, Any]) -> None:
    for name in _PLAIN:
        if name in said:
            setattr(station, name, said[name])
    if "lat" in said:
        station.lat, station.lng = _point(said)
    if "hours" in said:
        station.hours = said["hours"]
        station.opening_hours = opening.in_words(said["hours"]) if said["hours"] else ""
    if {"level", "parent_id", "region_code"} & set(said):
        _require_place_in_tree(session, station)


def _point(said: dict[str, Any]) -> tuple[float | None, float | None]:
    lat, lng = said["lat"], said["lng"]
    if lat is None or lng is None:
        return None, None
    if not in_china(lat, lng):
        raise Invalid("point_outside", "坐标不在中国境内，请检查经纬度有没有写反。", errors={"lat": ["请检查经纬度。"]})
    if said.get("crs") == "wgs84":
        lat, lng = wgs84_to_gcj02(lat, lng)
    return round(lat, 6), round(lng, 6)


def _require_place_in_tree(session: Session, station: Station) -> None:
    """Raises Invalid unless the station fits under its parent, over its children, and into its division."""
    level = levels().get(station.level)
    if level is None:
        raise Invalid("station_level", "请选择驿站的级别。", errors={"level": ["没有这个级别。"]})
    if region.get(station.region_code).level < level.region_level:
        raise Invalid(
            "station_region", f"{level.name}驿站的地区要写得更具体。", errors={"region": ["请写到县区，或乡镇、街道。"]}
        )
    if station.parent_id is not None:
        with session.no_autoflush:
            parent = session.scalars(
                select(Station).where(Station.station_id == station.parent_id).with_for_update(key_share=True)
            ).one_or_none()
        if parent is None or parent.closed_at is not None or parent.station_id == station.station_id:
            raise Invalid("parent_unknown", "没有这个上级驿站，请检查编号。", errors={"parent_id": ["没有这个驿站。"]})
        _require_above(parent, station, "parent_id")
    if station.station_id is not None:
        with session.no_autoflush:
            children = select(Station).where(Station.parent_id == station.station_id, Station.closed_at.is_(None))
            below = session.scalars(children.order_by(Station.station_id)).all()
        for child in below:
            _require_above(station, child, "level")


def _require_above(parent: Station, child: Station, field: str) -> None:
    above, under = levels().get(parent.level), levels().get(child.level)
    if above is None or under is None or above.rank >= under.rank:
        advice = f"上级驿站的级别要比下级高：“{parent.name}”不能管“{child.name}”。"
        raise Invalid("parent_not_above", advice, errors={field: [advice]})
    if not region.is_within(child.region_code, parent.region_code):
        advice = f"下级驿站要在上级的地区里：“{child.name}”不在“{parent.name}”的地区。"
        raise Invalid("parent_elsewhere", advice, errors={field: [advice]})


def _free_code(session: Session, region_code: str) -> str:
    number = session.scalar(select(func.count()).select_from(Station).where(Station.region_code == region_code)) or 0
    while True:
        number += 1
        code = f"{region_code}-{number:03d}"
        if session.scalar(select(Station.station_id).where(Station.code == code)) is None:
            return code
