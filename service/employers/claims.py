"""Whose a credit code is. Anybody can type one; it belongs to whoever was first found in order with it.

Until then several may give the same code: one holds it (``credit_code`` is unique), the others claim it (``claimed_code``), and
whoever looks at one of them is shown all. So nobody can keep a company out by giving its code first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.audit import trail
from service.employers.models import Decision, Employer, Verification
from service.employers.watch import standing_changed
from service.errors import Conflict
from service.tasks import enqueue

LOST = "code_of_another"
"""The reason (``decisions.toml``) for whose code was another's."""
TELL = "employers.claim_ended"


def registered() -> Conflict:
    """The code is that of an employer whose papers were found in order."""
    return Conflict(
        "employer_registered",
        "这个统一社会信用代码已经登记过了，请让本单位的管理员邀请您加入；管理员联系不上的，请带证照到当地就业服务站办理。",
        errors={"credit_code": ["已经登记过了。"]},
    )


def take_code(session: Session, employer: Employer, code: str | None) -> None:
    """Let an employer give a code: it holds it when nobody does, and claims it while whoever does is not found in order.

    Raises Conflict when the code is that of a verified employer.
    """
    if code == employer.said_code:
        return
    employer.credit_code = employer.claimed_code = None
    if not code:
        return
    with session.no_autoflush:
        # Shared: whoever is just being approved with this code goes first, and is then seen.
        wanted = select(Employer).where(Employer.credit_code == code).with_for_update(read=True)
        holder = session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if holder is None:
        employer.credit_code = code
    elif holder.verified_at is not None:
        raise registered()
    else:
        employer.claimed_code = code
    employer.claim_ended_at = None


def gives(codes: Sequence[str]) -> ColumnElement[bool]:
    """Employers that give one of these codes, held or claimed."""
    return or_(Employer.credit_code.in_(codes), Employer.claimed_code.in_(codes))


def rivals_of(session: Session, employer: Employer, *, lock: bool = False) -> list[Employer]:
    """The others that give the same code, in the order of their ids."""
    if not employer.said_code:
        return []
    wanted = select(Employer).where(gives([employer.said_code]), Employer.employer_id != employer.employer_id)
    wanted = wanted.order_by(Employer.employer_id)
    return list(session.scalars(wanted.with_for_update(key_share=True) if lock else wanted))


def contested(session: Session, employers: Sequence[Employer]) -> set[int]:
    """Which of these give a code that others give too. One SELECT for all."""
    codes = {row.said_code for row in employers if row.said_code}
    if not codes:
        return set()
    found = session.execute(select(Employer.employer_id, Employer.credit_code, Employer.claimed_code).where(gives(sorted(codes))))
    givers: dict[str, set[int]] = {}
    for employer_id, held, claimed in found:
        givers.setdefault(str(held or claimed), set()).add(employer_id)
    return {row.employer_id for row in employers if row.said_code and givers.get(row.said_code, set()) - {row.employer_id}}


def settle_claims(session: Session, employer: Employer, caller: Caller, now: datetime) -> None:
    """An employer is being approved; it and its rivals are locked. The code is its own from now on, and the others' claims end.

    Raises Conflict when another one was found in order with this code before.
    """
    code = employer.said_code
    if code is None:
        return
    rivals = rivals_of(session, employer, lock=True)
    for rival in rivals:
        if rival.verified_at is not None:
            raise Conflict(
                "code_verified_already",
                f"另一个登记（编号 {rival.employer_id}）已经凭这个统一社会信用代码核验通过，请先核对那一家，两家不能都通过。",
            )
    for rival in rivals:
        _end(session, rival, caller, now)
    session.flush()
    employer.credit_code, employer.claimed_code = code, None
    for rival in rivals:
        standing_changed(session, rival.employer_id, now)


def _end(session: Session, rival: Employer, caller: Caller, now: datetime) -> None:
    """Its code goes, its round ends with the reason, its owners are told."""
    rival.credit_code = rival.claimed_code = None
    rival.claim_ended_at = now
    rival.version += 1
    waiting = session.scalars(
        select(Verification).where(Verification.open_key == rival.employer_id).with_for_update()
    ).one_or_none()
    if waiting is not None:
        waiting.state, waiting.open_key, waiting.decided_at = "rejected", None, now
        waiting.version += 1
        session.add(
            Decision(
                verification_id=waiting.verification_id,
                outcome="reject",
                reasons=[LOST],
                decided_by=caller.account_id,
                decided_at=now,
            )
        )
    trail.record(
        session, caller, "employer.claim_end", "employer", rival.employer_id,
        region_code=rival.region_code, details={"verification_id": None if waiting is None else waiting.verification_id},
    )  # fmt: skip
    enqueue(session, TELL, {"employer_id": rival.employer_id})
