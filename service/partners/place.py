"""Put and withdraw adverts of a partner by the partner's own number. The same content again changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.accounts.permit import require
from service.errors import Conflict, NotFound, Refusal
from service.jobs.advert import Advert, Reading, read_advert
from service.jobs.close import close
from service.jobs.draft import advert_of_draft
from service.jobs.findings import Finding
from service.jobs.hold import ADVERT, reasons_to_hold
from service.jobs.models import Job, held_columns
from service.jobs.permit import owned_advert
from service.jobs.publish import refuse_if_blocked
from service.jobs.put import GONE, put
from service.jobs.put_new import put_new
from service.jobs.queries import whole
from service.jobs.reviews.around import Around, judge, look_around
from service.jobs.reviews.queue import follow, with_reviews
from service.partners.clients import client_of
from service.partners.conflicts import FirstParty, count
from service.partners.models import PartnerClient
from service.partners.terms import terms

_NO_JOB = ("job_not_found", "您的来源里没有这个编号的岗位，请检查编号。")
Outcome = Literal["created", "changed", "unchanged", "withdrawn", "conflict", "refused"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One advert that is to be there, read; without ``advert`` one that is to be withdrawn."""

    their_id: str
    advert: Advert | None = None
    reading: Reading | None = None


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


def asked(session: Session, caller: Caller, their_id: str, draft: dict[str, Any], now: datetime) -> Asked:
    """Read a loaded draft; nothing is held or written. Raises Invalid or Forbidden for a station that it may not name."""
    advert, _ = advert_of_draft(session, draft, caller)
    agreed = terms(now)
    source = replace(
        advert.source, original_id=their_id, url=draft.get("url", ""), label=agreed.label, legal_basis=agreed.legal_basis
    )
    advert = replace(advert, source=source)
    return Asked(their_id, advert, read_advert(advert, now))


def place(session: Session, caller: Caller, wanted: Sequence[Asked], now: datetime) -> list[Placed]:
    """Write adverts with different numbers, or find that nothing changed; a result each, in the order of ``wanted``.

    What is refused is an answer and not an exception, so that it spoils no other: a rule forbids the words, a first party shows
    the same job, a person has closed it (only a person opens it again), a withdrawn number that is not there. Raises Forbidden
    or Unauthorized when the client may not write at all.
    """
    return _Batch(session, caller, wanted, now).done()


@dataclass(frozen=True, slots=True)
class _New:
    """A job that is to be written with the others that are new."""

    at: int
    advert: Advert
    reading: Reading
    held_for: frozenset[str]
    findings: tuple[Finding, ...]


class _Batch:
    """Adverts of one transaction. What is asked of the tables is asked once for all; new jobs are written together at the end."""

    def __init__(self, session: Session, caller: Caller, wanted: Sequence[Asked], now: datetime) -> None:
        self._session, self._caller, self._wanted, self._now = session, caller, wanted, now
        self._client: PartnerClient = client_of(session, caller)
        self._own: Mapping[str, Job] = _own(session, caller, [one.their_id for one in wanted])
        job_ids = [job.job_id for job in self._own.values()]
        adverts = [(one.advert, one.reading) for one in wanted if one.advert is not None and one.reading is not None]
        self._around: Around = look_around(session, adverts, job_ids, now)
        self._queued = with_reviews(session, job_ids)
        coming = [(advert, reading) for advert, reading in adverts if not self._shown(advert.source.original_id)]
        self._first_party = FirstParty(session, coming, now)
        self._new: list[_New] = []

    def done(self) -> list[Placed]:
        results: list[Placed] = []
        for at, one in enumerate(self._wanted):
            try:
                results.append(self._one(at, one))
            except Refusal as refused:
                results.append(Placed(one.their_id, "refused", refusal=refused))
        self._write_new(results)
        return results

    def _one(self, at: int, one: Asked) -> Placed:
        """Raises Refusal; then nothing was written."""
        job = self._own.get(one.their_id)
        if one.advert is None or one.reading is None:
            return self._withdraw(one.their_id, job)
        findings = judge(self._session, one.advert, one.reading, self._now, job=job, around=self._around)
        findings = refuse_if_blocked(findings, one.advert, self._now)
        require(self._caller, "job.put", owned_advert(one.advert, one.reading.fields["region_code"]))
        if job is not None and job.status == "closed" and job.closed_reason != GONE:
            raise Conflict("closed_by_person", "工作人员已经关闭这个岗位，不会自动重新发布；有疑问请联系给您开通的部门。")
        if not self._shown(one.their_id):
            there = self._first_party.same_as(one.advert, one.reading, None if job is None else job.job_id)
            if there is not None:
                count(self._session, self._client, one.their_id, there, self._now)
                return Placed(one.their_id, "conflict", job_id=there, refusal=conflict(there))
        station_id = one.advert.gig.station_id if one.advert.gig else None
        held_for = reasons_to_hold(job, findings, None, station_id, self._caller)
        if job is None and one.advert.gig is None:
            self._new.append(_New(at, one.advert, one.reading, held_for, findings))
            return Placed(one.their_id, "created")  # the rest when it is written
        return self._put(one.their_id, one.advert, one.reading, held_for, findings, job)

    def _put(
        self,
        their_id: str,
        advert: Advert,
        reading: Reading,
        held_for: frozenset[str],
        findings: tuple[Finding, ...],
        job: Job | None,
    ) -> Placed:
        # Only the seats of a gig can still be refused half way; a savepoint for every other advert is half the time of a batch.
        with nullcontext() if advert.gig is None else self._session.begin_nested():
            row, outcome = put(
                self._session,
                advert,
                account_id=self._caller.account_id,
                now=self._now,
                reading=reading,
                held_for=held_for,
                row=job,
            )
        if ADVERT in row.waits_for or row.job_id in self._queued:
            follow(self._session, row, findings, self._now)
        return Placed(their_id, outcome, row.job_id, row.status, tuple(sorted(row.waits_for)), findings)

    def _write_new(self, results: list[Placed]) -> None:
        ids = put_new(
            self._session,
            [(new.advert, new.reading) for new in self._new],
            account_id=self._caller.account_id,
            now=self._now,
            held_for=[new.held_for for new in self._new],
        )
        looked_at = [job_id for new, job_id in zip(self._new, ids, strict=True) if ADVERT in new.held_for]
        rows = {job.job_id: job for job in self._session.scalars(whole().where(Job.job_id.in_(looked_at)))} if looked_at else {}
        for new, job_id in zip(self._new, ids, strict=True):
            if job_id in rows:
                follow(self._session, rows[job_id], new.findings, self._now)
            results[new.at] = replace(
                results[new.at],
                job_id=job_id,
                status=held_columns(new.held_for)["status"],
                waits_for=tuple(sorted(new.held_for)),
                findings=new.findings,
            )

    def _withdraw(self, their_id: str, job: Job | None) -> Placed:
        """Close an advert; sending it again opens it again. Doing it twice changes nothing."""
        if job is None:
            raise NotFound(*_NO_JOB)
        done = close(self._session, job, GONE, account_id=self._caller.account_id, now=self._now)
        return Placed(their_id, "withdrawn" if done else "unchanged", job.job_id, job.status)

    def _shown(self, their_id: str | None) -> bool:
        """Whether the partner's own job is there and not closed: what is shown is not taken away by a conflict."""
        job = self._own.get(their_id or "")
        return job is not None and job.status != "closed"


def conflict(job_id: int) -> Conflict:
    """The refusal that names the address of what is there."""
    address = f"/v1/jobs/{job_id}"
    return Conflict(
        "job_conflict",
        f"用人单位或驿站已经自己发布了同一个岗位（{address}），不再收录；以本人发布的为准。",
        errors={"conflict": [address]},
        headers={"Link": f'<{address}>; rel="duplicate"'},
    )


def _own(session: Session, caller: Caller, their_ids: Sequence[str]) -> dict[str, Job]:
    """The caller's rows of these numbers, whole, held until the transaction ends."""
    own = (Job.source_key == caller.source_key, Job.original_id.in_(their_ids))
    held = session.scalars(select(Job.job_id).where(*own).order_by(Job.job_id).with_for_update()).all()
    rows = session.scalars(whole().where(Job.job_id.in_(held)).execution_options(populate_existing=True)) if held else ()
    return {str(job.original_id): job for job in rows}
