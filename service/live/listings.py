"""The numbered listings of a stream: written one by one, each with its own result."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.accounts.permissions import EMPLOYER_ROLES
from service.employers.models import Employer
from service.errors import Forbidden, Invalid, NotFound, Refusal
from service.jobs.bodies import JobDraft
from service.jobs.contacts import first_phone
from service.jobs.edit import change_job
from service.jobs.findings import Finding
from service.jobs.models import Job, LiveListing, LiveSession
from service.jobs.publish import publish
from service.jobs.queries import any_state
from service.live.order import Named, make_room, move, named, plain, standing
from service.live.running_order import Line, headcount_of, listing_no_of, moment_of
from service.messages import by_field

Outcome = Literal["created", "changed", "unchanged", "withdrawn", "refused"]
_DRAFT = JobDraft()
_TEXTS = (
    "title", "trade", "wage", "age", "education", "experience", "region", "address", "contact_name", "contact_phone",
    "description", "employer_name",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listing:
    """One listing as it is handed in: an advert as people send it, its number, the slot, the row of the sheet (0: none).
    ``loaded``: the advert was checked with the body it came in."""

    listing_no: int | None
    draft: dict[str, Any]
    slot: str = ""
    slot_starts_at: datetime | None = None
    row: int = 0
    notes: tuple[str, ...] = ()
    loaded: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one listing."""

    listing_no: int | None
    row: int
    outcome: Outcome
    job_id: int | None = None
    status: str = ""
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    refusal: Refusal | None = None


def listing_of(line: Line, stream: LiveSession) -> Listing:
    """A row of a sheet as a listing. What is not said is not sent; where the work is stands for itself, not for the stream."""
    said = line.values
    draft: dict[str, Any] = {name: said[name] for name in _TEXTS if said.get(name)}
    notes = []
    if said.get("headcount"):
        number = headcount_of(said["headcount"])
        if number is None:
            notes.append(f"招聘人数“{said['headcount'][:20]}”没读懂，请写数字。")
        else:
            draft["headcount"] = number
    if draft.get("contact_phone"):
        # 「演示甲 138…」 in one cell: the number is what people call.
        draft["contact_phone"] = first_phone(draft["contact_phone"]) or draft["contact_phone"]
    if not draft.get("region") and draft.get("address"):
        draft["region"] = draft["address"][:64]
    written = said.get("slot_starts_at") or line.slot
    begins = moment_of(written, stream.starts_at) if written else None
    if said.get("slot_starts_at") and begins is None:
        notes.append(f"时间“{said['slot_starts_at'][:20]}”没读懂，请写成 14:30 这样。")
    return Listing(listing_no_of(said.get("listing_no", "")), draft, line.slot[:64], begins, line.row, tuple(notes))


def write_all(
    session: Session, stream: LiveSession, listings: Sequence[Listing], caller: Caller, now: datetime, *, whole: bool = False
) -> list[Written]:
    """Write the listings of a stream that the caller may edit and that is held; a wrong one spoils no other.

    The same number again changes the job that stands there; a job that stands at another number now moves with all that hangs on
    it; another employer at a number is another job. ``whole``: this is all of the running order, so that what stands at a number
    that is not in it is withdrawn; not when a number could not be read, since it may be that one.
    """
    done: list[Written] = []
    seen: set[int] = set()
    moved = move(session, stream, [(one.listing_no, _named(session, one, caller)) for one in listings], caller, now)
    for listing in listings:
        step = session.begin_nested()
        try:
            written = _write(session, stream, listing, caller, now, seen)
        except Refusal as refused:
            step.rollback()
            done.append(Written(listing.listing_no, listing.row, "refused", notes=listing.notes, refusal=refused))
            continue
        step.commit()
        if written.outcome == "unchanged" and written.job_id in moved:
            written = replace(written, outcome="changed")
        done.append(written)
    if whole and all(listing.listing_no is not None for listing in listings):
        done += _withdraw_others(session, stream, {listing.listing_no for listing in listings}, caller, now)
    return done


def _withdraw_others(
    session: Session, stream: LiveSession, numbers: Set[int | None], caller: Caller, now: datetime
) -> list[Written]:
    gone = []
    for number, job in sorted(standing(session, stream).items()):
        if number not in numbers:
            make_room(session, job, caller, now)
            gone.append(Written(number, 0, "withdrawn", job.job_id, job.status))
    return gone


def _named(session: Session, listing: Listing, caller: Caller) -> Named:
    """By what a listing is known when it stands at another number."""
    employer = listing.draft.get("employer_name") or ""
    if not employer and caller.role in EMPLOYER_ROLES:
        employer = session.scalar(select(Employer.name).where(Employer.employer_id == caller.employer_id)) or ""
    return named(str(employer), str(listing.draft.get("title") or ""))


def _write(session: Session, stream: LiveSession, listing: Listing, caller: Caller, now: datetime, seen: set[int]) -> Written:
    number = listing.listing_no
    if number is None:
        told = "没有写几号链接，或者一格里写了几个号。"
        raise Invalid("listing_no_unread", told, errors={"listing_no": [told]})
    if number in seen:
        told = f"{number} 号链接写了两次，后面这一行没有收。"
        raise Invalid("listing_no_twice", told, errors={"listing_no": [told]})
    seen.add(number)
    draft = _draft(stream, number, listing)
    _require_own(session, draft, caller)
    job = _standing_at(session, stream, number)
    if job is not None and _other_employer(job, draft, caller):
        make_room(session, job, caller, now)
        job = None
    outcome: Outcome = "created"
    if job is None:
        job, findings = publish(session, draft, caller, now)
    else:
        before = job.version
        patch = {name: value for name, value in draft.items() if name not in {"kind", "employer_name", "live"}}
        findings = change_job(session, job, patch, caller, now)
        outcome = "unchanged" if job.version == before else "changed"
    row = session.get_one(LiveListing, job.job_id)
    if (row.slot, row.slot_starts_at) != (listing.slot, listing.slot_starts_at):
        row.slot, row.slot_starts_at = listing.slot, listing.slot_starts_at
        outcome = "changed" if outcome == "unchanged" else outcome
    session.flush()
    return Written(number, listing.row, outcome, job.job_id, job.status, findings, listing.notes)


def _draft(stream: LiveSession, number: int, listing: Listing) -> dict[str, Any]:
    """The body of a publication, checked like one. Raises Invalid."""
    whole = {**listing.draft, "kind": "live", "live": {"session": stream.code, "listing_no": number}}
    if listing.loaded:
        return whole
    try:
        loaded: dict[str, Any] = _DRAFT.load(whole)
    except ValidationError as wrong:
        raise Invalid("invalid", "有几项填得不对，请改正后再提交。", errors=by_field(wrong.messages)) from None
    return loaded


def _require_own(session: Session, draft: dict[str, Any], caller: Caller) -> None:
    """An employer shows its own jobs only: who shows others' does an agency's work."""
    if caller.role not in EMPLOYER_ROLES or not draft.get("employer_name"):
        return
    own = session.scalar(select(Employer.name).where(Employer.employer_id == caller.employer_id)) or ""
    if plain(draft["employer_name"]) != plain(own):
        told = "单位账号的直播只能介绍本单位的岗位。"
        raise Forbidden("not_your_employer", told, errors={"employer_name": [told]})


def _standing_at(session: Session, stream: LiveSession, number: int) -> Job | None:
    """The job at a number, wholly loaded and held; a closed one gives its number up."""
    row = session.scalars(
        select(LiveListing).where(LiveListing.session_id == stream.session_id, LiveListing.listing_no == number)
    ).one_or_none()
    if row is None:
        return None
    job = any_state(session, row.job_id, lock=True)
    if job is not None and job.status != "closed":
        return job
    session.delete(row)
    session.flush()
    return None


def _other_employer(job: Job, draft: dict[str, Any], caller: Caller) -> bool:
    said = draft.get("employer_name", "")
    return caller.role not in EMPLOYER_ROLES and bool(said) and plain(said) != plain(job.employer_name)


def withdraw(session: Session, stream: LiveSession, number: int, caller: Caller, now: datetime) -> int:
    """Take a listing out: its job closes and the number is free. Gives the job. Raises NotFound."""
    job = _standing_at(session, stream, number)
    if job is None:
        raise NotFound("listing_not_found", "这个号没有岗位，请检查编号。")
    make_room(session, job, caller, now)
    return job.job_id
