"""Client credentials: issued and ended by the operator or an office, exchanged for short tokens."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, false, func, or_, select, true
from sqlalchemy.orm import Session

from matching.rules import region
from service import audit
from service.accounts.caller import Caller
from service.accounts.create import create_account
from service.accounts.models import Account
from service.accounts.permit import Owned, require
from service.accounts.tokens import issue_token, revoke_all
from service.errors import Conflict, Forbidden, NotFound, Unauthorized
from service.jobs.models import Job
from service.partners.models import PartnerClient, PartnerConflict
from service.partners.terms import terms

_MISSING = ("partner_not_found", "没有这个合作平台的客户端，请检查编号。")
_WRONG = ("client_wrong", "客户端编号或密钥不对，或者已经停用，请联系给您开通的部门。")


@dataclass(frozen=True, slots=True)
class Issued:
    """A new client with its secret, which is shown this once."""

    client: PartnerClient
    secret: str


@dataclass(frozen=True, slots=True)
class Granted:
    """A token of a client."""

    token: str
    expires_at: datetime
    seconds: int
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A client, and how many jobs of its source are shown."""

    client: PartnerClient
    jobs: int


def issue(session: Session, caller: Caller | None, *, source_key: str, name: str, region_code: str, now: datetime) -> Issued:
    """A client for a source; ``caller`` None is the operator at the machine. ``name`` is the registered name, which every advert
    shows as its source. Raises Invalid for a source key of another form, Conflict when the source has another name here already,
    Forbidden when it is not the caller's territory."""
    code = region_code or ("" if caller is None else caller.region_code)
    if caller is not None:
        refused = ("outside_territory", "只能给自己辖区的合作平台开通。")
        require(caller, "partner.issue", Owned(region_code=code, public=True), refused=refused)
    before = session.scalars(
        select(PartnerClient).where(PartnerClient.source_key == source_key).order_by(PartnerClient.partner_id.desc())
    ).first()
    if before is not None and before.name != name:
        raise Conflict(
            "partner_name_differs", f"来源 {source_key} 登记的名称是“{before.name}”，请用同一个名称，或换一个来源代码。"
        )
    if before is not None and before.region_code != code:
        raise Conflict("source_elsewhere", f"来源 {source_key} 是别的地区开通的，请换一个来源代码。")
    client_id = f"cn-{secrets.token_hex(12)}"
    account = create_account(
        session, role="partner", login=client_id, display_name=name, now=now, region_code=code, source_key=source_key
    )
    secret = secrets.token_urlsafe(32)
    row = PartnerClient(
        client_id=client_id,
        secret_hash=_hash(secret),
        account_id=account.account_id,
        source_key=source_key,
        name=name,
        region_code=account.region_code,
        conflicts=0,
        issued_by=None if caller is None else caller.account_id,
        created_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(session, caller, "partner.issue", "partner", row.partner_id, region_code=row.region_code)
    return Issued(row, secret)


def end(session: Session, caller: Caller | None, partner_id: int, now: datetime) -> PartnerClient:
    """End a client: its tokens are good for nothing at once. Its jobs stay until they run out or its source withdraws them.
    Doing it twice changes nothing. Raises NotFound."""
    row = session.get(PartnerClient, partner_id, with_for_update=True)
    if row is None:
        raise NotFound(*_MISSING)
    if caller is not None:
        require(caller, "partner.end", Owned(region_code=row.region_code), missing=_MISSING)
    if row.ended_at is None:
        row.ended_at, row.ended_by = now, None if caller is None else caller.account_id
        session.get_one(Account, row.account_id).disabled_at = now
        revoke_all(session, row.account_id, now=now)
        audit.record(session, caller, "partner.end", "partner", row.partner_id, region_code=row.region_code)
    session.flush()
    return row


def grant(session: Session, client_id: str, secret: str, now: datetime) -> Granted:
    """A short token for the right secret. Raises Unauthorized, the same for everything that can be wrong."""
    row = session.scalars(select(PartnerClient).where(PartnerClient.client_id == client_id)).one_or_none()
    good = hmac.compare_digest(_hash(secret), row.secret_hash if row is not None else _hash(""))
    if row is None or not good or row.ended_at is not None:
        raise Unauthorized(*_WRONG)
    account = session.get_one(Account, row.account_id)
    if account.disabled_at is not None:
        raise Unauthorized(*_WRONG)
    agreed = terms(now)
    token = issue_token(session, row.account_id, now, agreed.token_life, scopes=agreed.scopes)
    row.last_used_at = now
    return Granted(token, now + agreed.token_life, int(agreed.token_life.total_seconds()), agreed.scopes)


def client_of(session: Session, caller: Caller) -> PartnerClient:
    """The client that calls, held with all clients of its source until the transaction ends: a source writes one batch at a time
    (so that the same advert sent twice at once is written once), and whoever ends the client knows that nothing comes after.

    Raises Forbidden for an account that was never given client credentials, Unauthorized for a client that was ended since.
    """
    rows = session.scalars(
        select(PartnerClient)
        .where(PartnerClient.source_key == caller.source_key)
        .order_by(PartnerClient.partner_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    row = next((one for one in rows if one.account_id == caller.account_id), None)
    if row is None:
        raise Forbidden("no_client", "这个接口要用客户端凭证登录（POST /v1/auth/client），请联系给您开通的部门。")
    if row.ended_at is not None:
        raise Unauthorized(*_WRONG)
    return row


def listed(session: Session, caller: Caller, now: datetime) -> list[Listed]:
    """The clients of the caller's territory, the newest first, with the jobs of their source that are shown."""
    shown = (
        select(func.count())
        .select_from(Job)
        .where(Job.source_key == PartnerClient.source_key, Job.status == "open", Job.valid_until > now)
        .scalar_subquery()
    )
    rows = session.execute(
        select(PartnerClient, shown).where(_in_territory(caller)).order_by(PartnerClient.partner_id.desc()).limit(500)
    )
    return [Listed(client, int(jobs)) for client, jobs in rows]


def conflicts_of(session: Session, caller: Caller, partner_id: int) -> tuple[PartnerClient, Sequence[PartnerConflict]]:
    """A client and its latest hundred conflicts. Raises NotFound."""
    row = session.get(PartnerClient, partner_id)
    if row is None:
        raise NotFound(*_MISSING)
    require(caller, "partner.read", Owned(region_code=row.region_code), missing=_MISSING)
    found = select(PartnerConflict).where(PartnerConflict.partner_id == partner_id)
    return row, session.scalars(found.order_by(PartnerConflict.last_at.desc(), PartnerConflict.conflict_id).limit(100)).all()


def _in_territory(caller: Caller) -> ColumnElement[bool]:
    if caller.region_code:
        return PartnerClient.region_code.startswith(region.prefix(caller.region_code))
    return true() if caller.role == "operator" else or_(false())


def _hash(secret: str) -> str:
    """What the table keeps. Random bytes need no salt and no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
