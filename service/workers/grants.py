"""代办: a family member or a station acts for a worker, with the worker's word, until its day or until the worker ends it.

What a proxy can do is what the table of permissions gives ``proxy``; what it never can: leave for the person, hand the grant on,
change the phone, take all data away. Whether a grant is live is asked at every request (``accounts.tokens``), so ending one
works at once; one to a person at a station dies with that account.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.accounts.models import ActingGrant
from service.accounts.permissions import granted_nouns
from service.consents import texts
from service.consents.record import Said, give
from service.errors import Conflict, Invalid, NotFound
from service.workers.choices import acting
from service.workers.models import GrantInvitation

MISSING = ("grant_missing", "没有这个代办授权。")
"""Said of another person's grant, too: nobody learns that there is one."""
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 of them, none that looks like another."""
_LENGTH = 12


def invite(
    session: Session, worker_id: int, said: Said, now: datetime, *, version: str, scopes: Sequence[str] = ()
) -> tuple[str, GrantInvitation]:
    """A code that the worker gives to somebody in the family, and its row. It is shown this once; codes from before end.

    Raises Conflict when the words of the consent have changed, Invalid for a scope that nobody can hand on.
    """
    consent = give(session, worker_id, texts.PROXY, said, now, version=version, fields=())
    chosen = _scopes(scopes)
    session.execute(
        update(GrantInvitation)
        .where(GrantInvitation.worker_id == worker_id, GrantInvitation.used_at.is_(None), GrantInvitation.expires_at > now)
        .values(expires_at=now)
    )
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    row = GrantInvitation(
        code_hash=_hash(code),
        worker_id=worker_id,
        consent_id=consent.consent_id,
        scopes=chosen,
        created_at=now,
        expires_at=now + acting().invitation,
    )
    session.add(row)
    session.flush()
    return "-".join(code[at : at + 4] for at in range(0, _LENGTH, 4)), row


def accept(session: Session, code: str, caller: Caller, now: datetime) -> ActingGrant:
    """Take a code: from now on the caller may act for its worker. Two who type the same code at once: one gets it.

    Raises NotFound for a code that is wrong, used or too old (one answer for all three), Invalid for one's own.
    """
    taken = session.execute(
        update(GrantInvitation)
        .where(GrantInvitation.code_hash == _hash(code), GrantInvitation.used_at.is_(None), GrantInvitation.expires_at > now)
        .values(used_at=now)
        .returning(GrantInvitation.worker_id, GrantInvitation.consent_id, GrantInvitation.scopes)
    ).one_or_none()
    if taken is None:
        raise NotFound("invitation_gone", "代办码不对、已经用过或者过期了，请让本人再给一个。")
    if taken.worker_id == caller.worker_id:
        raise Invalid("invitation_own", "这是您自己的代办码，请发给替您办事的家人。")
    return _grant(
        session, taken.worker_id, "family", now, scopes=taken.scopes, consent_id=taken.consent_id, holder=caller.account_id
    )


def grant_to_station(
    session: Session, worker_id: int, station_id: int, caller: Caller, said: Said, now: datetime, scopes: Sequence[str] = ()
) -> ActingGrant:
    """The worker's word on paper or by telephone lets this member of the station act for them. Raises Invalid without proof."""
    if said.channel not in {"station_paper", "phone"}:
        raise Invalid("evidence_needed", "驿站代办要有本人的纸质签字或电话录音，请写明材料编号。")
    consent = give(session, worker_id, texts.PROXY, said, now)
    return _grant(
        session,
        worker_id,
        "station",
        now,
        scopes=_scopes(scopes),
        consent_id=consent.consent_id,
        holder=caller.account_id,
        station_id=station_id,
    )


def grants_of(session: Session, worker_id: int) -> list[ActingGrant]:
    """All grants about a worker, the newest first, ended ones too: the person can see who could act when."""
    query = select(ActingGrant).where(ActingGrant.worker_id == worker_id).order_by(ActingGrant.grant_id.desc())
    return list(session.scalars(query))


def held_by(session: Session, caller: Caller, now: datetime) -> list[ActingGrant]:
    """The live grants under which an account may act."""
    query = select(ActingGrant).where(ActingGrant.holder_account_id == caller.account_id, *_live(now))
    return list(session.scalars(query.order_by(ActingGrant.grant_id)))


def grant_by_id(session: Session, grant_id: int) -> ActingGrant:
    """One grant, live or not, held until the transaction ends. Raises NotFound."""
    row = session.scalars(select(ActingGrant).where(ActingGrant.grant_id == grant_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound(*MISSING)
    return row


def end(session: Session, row: ActingGrant, now: datetime, *, ended_by: int | None) -> None:
    """End one. Ending it twice changes nothing."""
    if row.ended_at is None:
        row.ended_at, row.ended_by = now, ended_by
        session.flush()


def end_all(session: Session, worker_id: int, now: datetime, *, ended_by: int | None) -> None:
    """End all of a worker, invitations that nobody took included."""
    session.execute(
        update(ActingGrant)
        .where(ActingGrant.worker_id == worker_id, ActingGrant.ended_at.is_(None))
        .values(ended_at=now, ended_by=ended_by)
    )
    session.execute(
        update(GrantInvitation)
        .where(GrantInvitation.worker_id == worker_id, GrantInvitation.expires_at > now)
        .values(expires_at=now)
    )


def _grant(
    session: Session,
    worker_id: int,
    kind: str,
    now: datetime,
    *,
    scopes: Sequence[str],
    consent_id: int,
    holder: int,
    station_id: int | None = None,
) -> ActingGrant:
    live = select(func.count()).where(ActingGrant.worker_id == worker_id, *_live(now))
    if (session.scalar(live) or 0) >= acting().grants_most:
        raise Conflict("grants_too_many", f"同时最多让 {acting().grants_most} 个人代办，请先结束一个。")
    same = select(ActingGrant).where(
        ActingGrant.worker_id == worker_id, ActingGrant.holder_account_id == holder, ActingGrant.kind == kind, *_live(now)
    )
    for before in session.scalars(same):
        end(session, before, now, ended_by=holder)  # the new word takes the place of the old one
    row = ActingGrant(
        worker_id=worker_id,
        holder_account_id=holder,
        kind=kind,
        station_id=station_id,
        consent_id=consent_id,
        scopes=list(scopes),
        starts_at=now,
        expires_at=now + acting().lasts(kind),
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _live(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return ActingGrant.ended_at.is_(None), ActingGrant.expires_at > now, ActingGrant.starts_at <= now


def _scopes(asked: Sequence[str]) -> list[str]:
    possible = granted_nouns()
    if set(asked) - set(possible):
        message = f"只能授权这些：{'、'.join(possible)}。"
        raise Invalid("scope_unknown", message, errors={"scopes": [message]})
    return sorted(set(asked) or possible)


def _hash(code: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKC", code).upper() if c.isalnum())
    return hashlib.sha256(f"grant:{plain}".encode("utf-8", "surrogatepass")).hexdigest()
