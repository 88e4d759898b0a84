"""What goes from a profile when a consent is withdrawn (个人信息保护法 art. 15, 47: no consent, no keeping)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from service.accounts.models import Account
from service.consents import texts
from service.consents.effects import on_withdrawal
from service.wechat.models import OutgoingMessage, SubscriptionCredit
from service.workers.grants import end_all
from service.workers.models import Hardship, Worker
from service.workers.profile import ROUGH, TAGS


@on_withdrawal(texts.BASIC)
def empty(session: Session, worker_id: int, now: datetime) -> None:
    """The whole profile: the person goes on with nothing but the account."""
    row = session.get_one(Worker, worker_id)
    for name in (*TAGS, "sex", "birth_month", "female_track", "lat", "lng", "radius_km", "wage_min", "wage_unit"):
        setattr(row, name, None)
    for name in ("wage_min_yuan_month", "hours_max", "group_size", "couple"):
        setattr(row, name, None)
    row.wish, row.region_code, row.skills, row.point_exact = "", "", [], False
    row.real_name = row.id_number = row.health_limits = ""
    session.execute(delete(Hardship).where(Hardship.worker_id == worker_id))
    _changed(row, now)


@on_withdrawal(texts.RANKING)
def switch_off(session: Session, worker_id: int, now: datetime) -> None:
    """Ranking by the person."""
    row = session.get_one(Worker, worker_id)
    row.personal_ranking = False
    _changed(row, now)


@on_withdrawal(texts.HEALTH)
def forget_health(session: Session, worker_id: int, now: datetime) -> None:
    """The limits of health."""
    row = session.get_one(Worker, worker_id)
    row.health_limits = ""
    _changed(row, now)


@on_withdrawal(texts.HARDSHIP)
def forget_hardship(session: Session, worker_id: int, now: datetime) -> None:  # noqa: ARG001  the form of all endings
    """Claims and certificates of hardship."""
    session.execute(delete(Hardship).where(Hardship.worker_id == worker_id))


@on_withdrawal(texts.EXACT_PLACE)
def round_place(session: Session, worker_id: int, now: datetime) -> None:
    """The exact point; the rough one stays."""
    row = session.get_one(Worker, worker_id)
    if row.point_exact and row.lat is not None and row.lng is not None:
        row.lat, row.lng, row.point_exact = round(row.lat, ROUGH), round(row.lng, ROUGH), False
        _changed(row, now)


@on_withdrawal(texts.ID_NUMBER)
def forget_id(session: Session, worker_id: int, now: datetime) -> None:
    """Real name and number."""
    row = session.get_one(Worker, worker_id)
    row.real_name = row.id_number = ""
    _changed(row, now)


@on_withdrawal(texts.MESSAGES)
def stop_messages(session: Session, worker_id: int, now: datetime) -> None:
    """What waits to be sent, and the pushes that the person's taps still allow: another tap would be another yes."""
    mine = select(Account.account_id).where(Account.worker_id == worker_id)
    waiting = OutgoingMessage.account_id.in_(mine), OutgoingMessage.state == "queued"
    session.execute(update(OutgoingMessage).where(*waiting).values(state="expired", reason="withdrawn", done_at=now))
    session.execute(delete(SubscriptionCredit).where(SubscriptionCredit.account_id.in_(mine)))


@on_withdrawal(texts.PROXY)
def end_acting(session: Session, worker_id: int, now: datetime) -> None:
    """Nobody acts for the person any more."""
    end_all(session, worker_id, now, ended_by=None)


def _changed(row: Worker, now: datetime) -> None:
    row.version += 1
    row.updated_at = now
