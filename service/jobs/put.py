"""Put an advert into the table of jobs: create it, change it, or find that nothing changed.

The job, its history line and its line in the change log are written in the one transaction of the caller.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal, cast

from sqlalchemy import Table, bindparam, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, undefer_group
from sqlalchemy.orm.attributes import set_committed_value

from service import clock
from service.errors import Conflict
from service.jobs.advert import Advert, GigAdvert, LiveAdvert, Reading, read_advert
from service.jobs.contacts import without_contacts
from service.jobs.lifetimes import lifetime
from service.jobs.marking import compare_later
from service.jobs.models import CONTACT, FEED_RUN, HOLDS, GigTerms, Job, JobChange, JobHistory, LiveListing, held_columns

Outcome = Literal["created", "changed", "unchanged"]

_AT_ONCE = 500
_JOBS = cast("Table", Job.__table__)
CONFIRMED_EVERY = timedelta(days=1)
"""Who says every hour that his advert still stands is written down once a day."""
GONE = "gone"
"""Closed because its source no longer lists it: the only closed state from which a source may bring a job back."""
DUPLICATE = "duplicate"
"""The action of what only says which advert stands for which: nothing to compare anew."""
_PRIVATE = frozenset({"contact_name", "contact_phone"})


def put(
    session: Session,
    advert: Advert,
    *,
    account_id: int | None,
    now: datetime,
    reading: Reading | None = None,
    held_for: Collection[str] = (),
    row: Job | None = None,
) -> tuple[Job, Outcome]:
    """Write one advert; the same ``(source.key, original_id)`` again changes the row that is there, or leaves it alone.

    ``reading`` saves reading twice when the caller has read the advert already; ``held_for`` keeps the job out of every answer
    until none of these reasons is left; ``row`` is the row that is there, when the caller has it whole and holds it. Times that
    the advert does not say are kept as they are in the table; a row that has run out and is still listed by its source is valid
    for another term of its kind. A job closed by a person stays closed.
    """
    reading = reading or read_advert(advert, now)
    job = row or _find(session, advert.source.key, advert.source.original_id)
    if job is None:
        make = partial(_create, session, advert, reading, account_id=account_id, now=now, held_for=held_for)
        if advert.source.original_id is None or session.get_bind().dialect.name == "sqlite":
            return make(), "created"  # nobody can come between: no id to collide, or the only writer
        try:
            with session.begin_nested():
                return make(), "created"
        except IntegrityError:
            # Somebody else put the same advert between our look and our insert; anything else is a real fault.
            job = _find(session, advert.source.key, advert.source.original_id)
            if job is None:
                raise
    fields = _wanted(job, advert, reading, held_for, now)
    changed = apply(session, job, fields, gig=advert.gig, live=advert.live, action="put", account_id=account_id, now=now)
    if changed or job.confirmed_at is None or now - job.confirmed_at >= CONFIRMED_EVERY:
        job.confirmed_at = now
    return job, "changed" if changed else "unchanged"


def unchanged(
    session: Session, key: str, adverts: Mapping[str, tuple[Advert, Reading, Collection[str]]], now: datetime
) -> frozenset[str]:
    """Which of these :func:`put` would find just as they are, by original id; writes nothing. For adverts without the terms of a
    gig or a live session. ``adverts``: original id to the advert, its reading and what it waits for."""
    rows = session.scalars(
        select(Job).where(Job.source_key == key, Job.original_id.in_(adverts)).options(undefer_group(CONTACT))
    ).all()
    same: set[str] = set()
    for job in rows:
        if job.original_id is not None:
            advert, reading, held_for = adverts[job.original_id]
            wanted = _wanted(job, advert, reading, held_for, now)
            if all(getattr(job, name) == value for name, value in wanted.items()):
                same.add(job.original_id)
    return frozenset(same)


def _wanted(job: Job, advert: Advert, reading: Reading, held_for: Collection[str], now: datetime) -> dict[str, Any]:
    """The columns of a row that is there, as the advert would have them."""
    fields = dict(reading.fields)
    for name in ("published_at", "verified_at", "valid_until"):
        if fields[name] is None:
            del fields[name]
    if "valid_until" not in fields and job.valid_until <= now:
        fields["valid_until"] = default_end(advert, now)
    if job.status != "closed" or job.closed_reason == GONE:
        # What others hold it for (a report, say) is theirs to lift.
        fields |= {**held_columns({*held_for, *(job.waits_for - set(HOLDS))}), "closed_reason": ""}
    fields["stale_at"] = None
    return fields


def default_end(advert: Advert, now: datetime) -> datetime:
    """When an advert ends that does not say so: a gig with its work, else after the term of its kind (``lifetimes.toml``)."""
    term = lifetime(advert.kind, now)
    return min(advert.gig.ends_at, now + term.longest) if advert.gig else now + term.days


def apply(
    session: Session,
    job: Job,
    fields: dict[str, Any],
    *,
    action: str,
    account_id: int | None,
    now: datetime,
    gig: GigAdvert | None = None,
    live: LiveAdvert | None = None,
) -> dict[str, list[Any]]:
    """Set ``fields`` on a loaded job; when any differs, raise its version and write history and change log.

    Returns what changed, field to [before, after]. ``job.gig`` and ``job.listing`` must be loaded.
    """
    changes = _set_fields(job, fields)
    changes |= _apply_gig(job, gig)
    changes |= _apply_live(job, live)
    if changes:
        job.version += 1
        job.updated_at = now
        record(session, job, action=action, account_id=account_id, now=now, changes=changes)
    return changes


def apply_all(
    session: Session, wanted: Iterable[tuple[Job, dict[str, Any]]], *, action: str, account_id: int | None, now: datetime
) -> int:
    """:func:`apply` for many loaded jobs whose own columns change, rows, history and change log in one statement each; how many
    of them changed. Not for what is sealed, and not inside a savepoint, whose going back would not reach the loaded jobs."""
    session.flush()
    changed: dict[int, dict[str, list[Any]]] = {}
    statements: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for job, fields in wanted:
        changes = _differences(job, fields)
        if changes:
            if any(name in _PRIVATE or name not in _JOBS.c for name in fields):
                raise ValueError("only plain columns of the job itself")
            row = fields | {"version": job.version + 1, "updated_at": now}
            changed[job.job_id] = changes
            statements[tuple(row)].append({"of": job.job_id, **row})
            for name, value in row.items():  # what the statement writes is not written once more by a flush
                set_committed_value(job, name, value)
    for names, rows in statements.items():
        # The table itself: of the mapped class each row would be a statement of its own.
        values: dict[str, Any] = {name: bindparam(name) for name in names}
        session.connection().execute(_JOBS.update().where(_JOBS.c.job_id == bindparam("of")).values(values), rows)
    record_all(session, changed, action=action, account_id=account_id, now=now)
    return len(changed)


def confirm_all(session: Session, job_ids: Collection[int], *, account_id: int | None, now: datetime) -> None:
    """The owner has said again what stands there: the jobs are fresh. That is no change, and is written once a day, except of
    those that were sunk as stale: that they are back is one."""
    for at in range(0, len(job_ids), _AT_ONCE):
        some = Job.job_id.in_(sorted(job_ids)[at : at + _AT_ONCE])
        due = or_(Job.confirmed_at.is_(None), Job.confirmed_at <= now - CONFIRMED_EVERY)
        session.execute(update(Job).where(some, due, Job.stale_at.is_(None)).values(confirmed_at=now))
        sunk = session.scalars(select(Job).where(some, Job.stale_at.is_not(None)).order_by(Job.job_id).with_for_update(of=Job))
        wanted: list[tuple[Job, dict[str, Any]]] = [(job, {"confirmed_at": now, "stale_at": None}) for job in sunk]
        apply_all(session, wanted, action="confirm", account_id=account_id, now=now)


def record_all(
    session: Session, changed: Mapping[int, dict[str, list[Any]]], *, action: str, account_id: int | None, now: datetime
) -> None:
    """:func:`record` for many jobs that are there, from job id to what changed."""
    if not changed:
        return
    session.flush()
    told: dict[str, Any] = {
        "at": now, "account_id": account_id, "action": action, "feed_run_id": session.info.get(FEED_RUN),
    }  # fmt: skip
    session.execute(insert(JobHistory), [{"job_id": job_id, **told, "changes": changes} for job_id, changes in changed.items()])
    session.execute(insert(JobChange), [{"job_id": job_id, "at": now} for job_id in changed])
    if action != DUPLICATE:
        compare_later(session, changed)


def _set_fields(job: Job, fields: dict[str, Any]) -> dict[str, list[Any]]:
    changes = _differences(job, fields)
    for name in changes:
        setattr(job, name, fields[name])
    return changes


def _differences(job: Job, fields: dict[str, Any]) -> dict[str, list[Any]]:
    changes: dict[str, list[Any]] = {}
    for name, value in fields.items():
        before = getattr(job, name)
        if before != value:
            changes[name] = ["…", "…"] if name in _PRIVATE else [_plain(before), _plain(value)]
    return changes


def record(
    session: Session, job: Job, *, action: str, account_id: int | None, now: datetime, changes: dict[str, list[Any]] | None = None
) -> None:
    """One line of history and one of the change log. Everything that alters what a search may show must call this."""
    session.flush()
    run = session.info.get(FEED_RUN)
    session.add(
        JobHistory(job_id=job.job_id, at=now, account_id=account_id, action=action, changes=changes or {}, feed_run_id=run)
    )
    session.add(JobChange(job_id=job.job_id, at=now))
    if action != DUPLICATE:
        compare_later(session, (job.job_id,))


def _find(session: Session, key: str, original_id: str | None) -> Job | None:
    if original_id is None:
        return None
    return session.scalars(
        select(Job)
        .where(Job.source_key == key, Job.original_id == original_id)
        .options(undefer_group(CONTACT), joinedload(Job.gig), joinedload(Job.listing))
        .with_for_update(of=Job)
    ).one_or_none()


def _create(
    session: Session, advert: Advert, reading: Reading, *, account_id: int | None, now: datetime, held_for: Collection[str]
) -> Job:
    fields = dict(reading.fields)
    fields["published_at"] = fields["published_at"] or now
    fields["valid_until"] = fields["valid_until"] or default_end(advert, now)
    made: dict[str, Any] = {"confirmed_at": now, "created_by": account_id, "created_at": now, "updated_at": now}
    job = Job(**fields, **held_columns(held_for), version=1, **made)
    job.gig = None
    job.listing = None
    _apply_gig(job, advert.gig)
    _apply_live(job, advert.live)
    session.add(job)
    record(session, job, action="create", account_id=account_id, now=now)
    return job


def _apply_gig(job: Job, gig: GigAdvert | None) -> dict[str, list[Any]]:
    if gig is None:
        return {}
    wanted = {name: getattr(gig, name) for name in ("starts_at", "ends_at", "seats", "station_id")}
    wanted["insurance"] = without_contacts(gig.insurance)
    terms = job.gig
    if terms is None:
        job.gig = GigTerms(seats_taken=0, **wanted)
        return {"gig": [None, {name: _plain(value) for name, value in wanted.items()}]}
    if gig.seats < terms.seats_taken:
        raise Conflict(
            "seats_taken", f"已经有 {terms.seats_taken} 人报名，名额不能改得比这更少。", errors={"gig.seats": ["名额太少。"]}
        )
    return _set_all(terms, wanted, "gig")


def _apply_live(job: Job, live: LiveAdvert | None) -> dict[str, list[Any]]:
    if live is None:
        return {}
    wanted: dict[str, Any] = {"session_id": live.session_id, "listing_no": live.listing_no}
    if job.listing is None:
        job.listing = LiveListing(**wanted)
        return {"live": [None, wanted]}
    return _set_all(job.listing, wanted, "live")


def _set_all(row: GigTerms | LiveListing, wanted: dict[str, Any], prefix: str) -> dict[str, list[Any]]:
    changes: dict[str, list[Any]] = {}
    for name, value in wanted.items():
        before = getattr(row, name)
        if before != value:
            changes[f"{prefix}.{name}"] = [_plain(before), _plain(value)]
            setattr(row, name, value)
    return changes


def _plain(value: Any) -> Any:
    return clock.show(value) if isinstance(value, datetime) else value
