"""Put and withdraw adverts of a partner by the partner's own number. The same content again changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.accounts.permit import require
from service.errors import Conflict, NotFound, Refusal
from service.jobs.advert import Advert, read_advert
from service.jobs.close import close
from service.jobs.draft import advert_of_draft
from service.jobs.findings import Finding
from service.jobs.hold import reasons_to_hold
from service.jobs.models import Job
from service.jobs.permit import owned_advert
from service.jobs.publish import refuse_if_blocked
from service.jobs.put import GONE, put
from service.jobs.queries import whole
from service.jobs.reviews.around import judge
from service.jobs.reviews.queue import follow
from service.partners.conflicts import count, first_party
from service.partners.models import PartnerClient
from service.partners.terms import terms

_NO_JOB = ("job_not_found", "您的来源里没有这个编号的岗位，请检查编号。")
Outcome = Literal["created", "changed", "unchanged", "withdrawn", "conflict", "refused"]


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of one advert. ``refusal`` says why not (``conflict``, ``refused``); ``findings`` is what could be better."""

    their_id: str
    outcome: Outcome
    job_id: int | None = None
    status: str = ""
    waits_for: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    refusal: Refusal | None = None


def place(session: Session, client: PartnerClient, caller: Caller, their_id: str, draft: dict[str, Any], now: datetime) -> Placed:
    """Write one advert, or find that nothing changed. A conflict with what a first party published is an answer, not an
    exception: it has to be counted in this transaction.

    Raises Invalid (a rule forbids the words), Forbidden, or Conflict (closed by a person: only a person opens it again).
    """
    advert = _advert(session, caller, their_id, draft, now)
    reading = read_advert(advert, now)
    before = _own(session, caller, their_id)
    findings = refuse_if_blocked(judge(session, advert, reading, now, job=before), advert, now)
    require(caller, "job.put", owned_advert(advert, reading.fields["region_code"]))
    if before is not None and before.status == "closed" and before.closed_reason != GONE:
        raise Conflict("closed_by_person", "工作人员已经关闭这个岗位，不会自动重新发布；有疑问请联系给您开通的部门。")
    if before is None or before.status == "closed":
        there = first_party(session, reading.fields, now)
        if there is not None:
            count(session, client, their_id, there, now)
            return Placed(their_id, "conflict", job_id=there, refusal=conflict(there))
    held_for = reasons_to_hold(before, findings, None, advert.gig.station_id if advert.gig else None, caller)
    job, outcome = put(session, advert, account_id=caller.account_id, now=now, reading=reading, held_for=held_for)
    session.flush()
    follow(session, job, findings, now)
    return Placed(their_id, outcome, job.job_id, job.status, tuple(sorted(job.waits_for)), findings)


def withdraw(session: Session, caller: Caller, their_id: str, now: datetime) -> Placed:
    """Close an advert; sending it again opens it again. Doing it twice changes nothing. Raises NotFound."""
    job = _own(session, caller, their_id)
    if job is None:
        raise NotFound(*_NO_JOB)
    done = close(session, job, GONE, account_id=caller.account_id, now=now)
    return Placed(their_id, "withdrawn" if done else "unchanged", job.job_id, job.status)


def conflict(job_id: int) -> Conflict:
    """The refusal that names the address of what is there."""
    address = f"/v1/jobs/{job_id}"
    return Conflict(
        "job_conflict",
        f"用人单位或驿站已经自己发布了同一个岗位（{address}），不再收录；以本人发布的为准。",
        errors={"conflict": [address]},
        headers={"Link": f'<{address}>; rel="duplicate"'},
    )


def _advert(session: Session, caller: Caller, their_id: str, draft: dict[str, Any], now: datetime) -> Advert:
    advert, _ = advert_of_draft(session, draft, caller)
    agreed = terms(now)
    source = replace(
        advert.source, original_id=their_id, url=draft.get("url", ""), label=agreed.label, legal_basis=agreed.legal_basis
    )
    return replace(advert, source=source)


def _own(session: Session, caller: Caller, their_id: str) -> Job | None:
    """The caller's row of that number, held until the transaction ends."""
    own = (Job.source_key == caller.source_key, Job.original_id == their_id)
    held = session.scalar(select(Job.job_id).where(*own).with_for_update())
    return None if held is None else session.scalars(whole().where(Job.job_id == held)).one()
