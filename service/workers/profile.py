"""A worker's profile: three things are enough (a phone on the account, a trade or what work), everything else is as they like.

Nothing that follows from other data is stored: age and brackets are computed when they are needed. What is sensitive is written
only with the consent for it, and goes when the consent goes.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from matching.geo import wgs84_to_gcj02
from matching.rules import region as region_rules
from matching.rules.benefits import tags_named
from matching.rules.wage import yuan_month
from service.consents import texts
from service.consents.record import require_consent
from service.employers import id_number as id_numbers
from service.errors import Invalid, NotFound
from service.workers.ages import day_of, minor_age, refuse_children
from service.workers.models import Worker

ROUGH = 2
"""Decimals of a rounded point: about a kilometre, so that a home is not found by it."""
NAMELESS = "工友"
_AS_THEY_ARE = (
    "display_name",
    "sex",
    "female_track",
    "wish",
    "trades",
    "certificates",
    "radius_km",
    "kinds",
    "shifts",
    "settlements",
    "hours_max",
    "group_size",
    "couple",
)
_EMPTY: dict[str, Any] = {"display_name": NAMELESS, "wish": ""}
TAGS = ("trades", "skill_levels", "certificates", "kinds", "shifts", "settlements", "tags_wanted")
"""What can be deleted as tags: all that says what the person is like, beside the three fields."""


def worker_of(session: Session, worker_id: int | None, *, lock: bool = False) -> Worker:
    """A worker who is here. Raises NotFound when there is no record, or the person has left."""
    query = select(Worker).where(Worker.worker_id == worker_id, Worker.left_at.is_(None), Worker.erased_at.is_(None))
    row = None if worker_id is None else session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("profile_missing", "还没有求职档案，填上工种和想干什么活就可以建一个。")
    return row


def new_worker(session: Session, now: datetime, *, display_name: str = NAMELESS, station_id: int | None = None) -> Worker:
    """An empty record: consents hang on it before anything of the person is written."""
    row = Worker(display_name=display_name, skills=[], station_id=station_id, created_at=now, active_at=now)
    session.add(row)
    session.flush()
    return row


def save(session: Session, row: Worker, said: dict[str, Any], now: datetime, *, whole: bool) -> None:
    """Write what was said (a checked body); ``whole``: what is not said is emptied. The row is locked by the caller.

    Raises Invalid (a child, an unknown place, a number that cannot be one) and Forbidden (a field that needs a consent the person
    has not given). All or nothing.
    """
    require_consent(session, row.worker_id, texts.BASIC, now)
    born = _birth_month(said)
    if born is not None:
        refuse_children(born, now)
    for name in _AS_THEY_ARE:
        if whole or name in said:
            setattr(row, name, said.get(name) or _EMPTY.get(name))
    if "birth_month" in said or "id_number" in said or whole:
        row.birth_month = born if born is not None or whole or "birth_month" in said else row.birth_month
    if whole or "skills" in said:
        _skills(row, said.get("skills") or ())
    if whole or "tags" in said:
        row.tags_wanted = sorted({tag for word in said.get("tags") or () for tag in tags_named(word)}) or None
    if whole or "wage_min" in said:
        _wage(row, said.get("wage_min"), said.get("wage_unit") or "month")
    if whole or "region" in said:
        row.region_code = _region(said["region"]) if said.get("region") else ""
    if whole or "place" in said:
        _place(session, row, said.get("place"), now)
    _sensitive(session, row, said, now, whole=whole)
    proved = id_numbers.birth_date(row.id_number) if row.id_number else None
    if proved is not None:
        row.birth_month = proved.replace(day=1)  # while the card is here, typing another month makes nobody older
    if "personal_ranking" in said:
        if said["personal_ranking"]:
            require_consent(session, row.worker_id, texts.RANKING, now)
        row.personal_ranking = said["personal_ranking"]
    if not row.wish and not row.trades:
        message = "请写上工种或想干什么活，有一样就行。"
        raise Invalid("profile_empty", message, errors={"wish": [message]})
    row.version = (row.version or 0) + 1
    row.updated_at = row.active_at = now
    session.flush()


def delete_tags(session: Session, row: Worker, now: datetime) -> None:
    """Take away what the person is like, and stop ranking by it (互联网信息服务算法推荐管理规定 art. 17)."""
    for name in TAGS:
        setattr(row, name, None)
    row.skills = []
    row.personal_ranking = False
    row.version += 1
    row.updated_at = now
    session.flush()


def searches_as(session: Session, worker_id: int, now: datetime) -> tuple[bool, int | None]:
    """Whether a worker has left personal ranking on (who has left, or is not there, ranks nothing), and the age at 16 or 17:
    what the law closes to them is closed whatever they type."""
    query = select(Worker.personal_ranking, Worker.birth_month).where(Worker.worker_id == worker_id, Worker.left_at.is_(None))
    row = session.execute(query).one_or_none()
    return (False, None) if row is None else (row.personal_ranking, minor_age(row.birth_month, now))


def birth_month_of(session: Session, worker_id: int | None) -> date | None:
    """The month of birth that a worker has told, None for who has not."""
    return session.scalar(select(Worker.birth_month).where(Worker.worker_id == worker_id))


def health_of(row: Worker) -> tuple[str, ...]:
    """The sealed limits of health, opened."""
    return tuple(json.loads(row.health_limits)) if row.health_limits else ()


def _birth_month(said: dict[str, Any]) -> date | None:
    born: date | None = said.get("birth_month")
    if said.get("id_number"):
        exact = id_numbers.birth_date(id_numbers.tidy(said["id_number"]))
        born = exact.replace(day=1) if exact is not None else born
    return born


def _skills(row: Worker, said: Any) -> None:
    row.skills = list(dict.fromkeys(one["name"] for one in said))
    row.skill_levels = {one["name"]: one["level"] for one in said if one.get("level")} or None


def _wage(row: Worker, least: float | None, unit: str) -> None:
    row.wage_min = least
    row.wage_unit = None if least is None else unit
    row.wage_min_yuan_month = None if least is None else yuan_month(least, unit)


def _region(said: str) -> str:
    found = region_rules.find(said)
    if found.code is None:
        several = "、".join(region_rules.get(code).full_name for code in found.ambiguous[:6])
        message = (
            f"叫「{said}」的地方不止一个（{several}），请写上省或市。" if several else f"没有找到地区「{said}」，请检查名称。"
        )
        raise Invalid("region_unknown", message, errors={"region": [message]})
    return found.code


def _place(session: Session, row: Worker, said: dict[str, Any] | None, now: datetime) -> None:
    """Exact only for who agreed to it and asked for it; else rounded before it is written."""
    if said is None:
        row.lat = row.lng = None
        row.point_exact = False
        return
    lat, lng = said["lat"], said["lng"]
    if said.get("crs") == "wgs84":
        lat, lng = wgs84_to_gcj02(lat, lng)
    exact = bool(said.get("exact"))
    if exact:
        require_consent(session, row.worker_id, texts.EXACT_PLACE, now)
    row.lat, row.lng = (lat, lng) if exact else (round(lat, ROUGH), round(lng, ROUGH))
    row.point_exact = exact


def _sensitive(session: Session, row: Worker, said: dict[str, Any], now: datetime, *, whole: bool) -> None:
    if whole or "health_limits" in said:
        limits = sorted(said.get("health_limits") or ())
        if limits:
            require_consent(session, row.worker_id, texts.HEALTH, now)
        row.health_limits = json.dumps(limits) if limits else ""
    for name in ("real_name", "id_number"):
        if not (whole or name in said):
            continue
        value = said.get(name) or ""
        if value:
            require_consent(session, row.worker_id, texts.ID_NUMBER, now)
        if value and name == "id_number":
            value = id_numbers.tidy(value)
            wrong = id_numbers.what_is_wrong(value, day_of(now))
            if wrong:
                raise Invalid("id_number_invalid", wrong, errors={name: [wrong]})
        setattr(row, name, value)
