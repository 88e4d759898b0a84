"""Jobs as the database has them, as sketches; and the keys by which they are found again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Row, Select, bindparam, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from service.crypto.seal import unseal
from service.duplicates.held import Stamp
from service.duplicates.models import DuplicateKey, NotSame
from service.duplicates.sketch import TEXT_CHARS, Given
from service.employers.models import Employer
from service.jobs.models import GigTerms, Job

CHUNK: Final = 500
"""Ids in one question: SQLite takes no more than some thousands."""


def open_now(now: datetime) -> tuple[Any, ...]:
    """What is compared at all: adverts that may be shown, copies among them."""
    return Job.status == "open", Job.valid_until > now


def _columns() -> Select[Any]:
    columns = {
        "description": func.substr(Job.description, 1, TEXT_CHARS),
        "contact_phone": Job.contact_phone_sealed,
        "credit_code": Employer.credit_code,
        "starts_at": GigTerms.starts_at,
    }
    return (
        select(
            *(columns[name] if name in columns else getattr(Job, name) for name in Given._fields),
            Job.row_key,
            Job.contact_phone_open,
        )
        .outerjoin(Employer, Employer.employer_id == Job.employer_id)
        .outerjoin(GigTerms, GigTerms.job_id == Job.job_id)
    )


def all_open(session: Session, now: datetime, *, batch: int = 2_000) -> Iterator[tuple[Given, Stamp]]:
    """Every open advert in the order of their ids, with what changes when its sketch would, streamed."""
    state = (Job.version, Job.updated_at, Employer.credit_code)
    statement = _columns().add_columns(*state).where(*open_now(now)).order_by(Job.job_id).execution_options(yield_per=batch)
    for row in session.execute(statement):
        yield _given(row), tuple(row[-len(state) :])


def _given(row: Row[Any]) -> Given:
    """A row with its telephone number opened, of which a sketch keeps a hash."""
    given, (row_key, phone) = Given._make(row[: len(Given._fields)]), row[len(Given._fields) :][:2]
    if not phone and given.contact_phone:
        phone = unseal(given.contact_phone, Job.contact_phone.aad(Job, row_key or ""))
    return given._replace(contact_phone=phone)


def stamps(session: Session, job_ids: Collection[int], now: datetime) -> dict[int, Stamp]:
    """Those of these adverts that are open, each with what changes when its sketch would."""
    found: dict[int, Stamp] = {}
    for chunk in chunks(job_ids):
        rows = session.execute(
            select(Job.job_id, Job.version, Job.updated_at, Employer.credit_code)
            .outerjoin(Employer, Employer.employer_id == Job.employer_id)
            .where(Job.job_id.in_(chunk), *open_now(now))
        )
        found |= {row[0]: tuple(row[1:]) for row in rows}
    return found


def these(session: Session, job_ids: Collection[int], now: datetime) -> list[Given]:
    """Those of these adverts that are open."""
    found: list[Given] = []
    for chunk in chunks(job_ids):
        found += [_given(row) for row in session.execute(_columns().where(Job.job_id.in_(chunk), *open_now(now)))]
    return found


def chunks(ids: Collection[int]) -> Iterator[list[int]]:
    """Ids in order, as many at a time as one question takes."""
    ordered = sorted(ids)
    return (ordered[at : at + CHUNK] for at in range(0, len(ordered), CHUNK))


def around(session: Session, job_ids: Collection[int]) -> set[int]:
    """These jobs, the ones they point to, and all that point to any of those: what may change when they do."""
    heads = set(job_ids)
    for chunk in chunks(job_ids):
        # "is not null" in the question would have PostgreSQL read every copy there is, by the index over them.
        heads |= {head for head in session.scalars(select(Job.duplicate_of_id).where(Job.job_id.in_(chunk))) if head is not None}
    found = set(heads)
    for chunk in chunks(heads):
        found |= set(session.scalars(select(Job.job_id).where(Job.duplicate_of_id.in_(chunk))))
    return found


def holders(session: Session, keys: Collection[int], most: int) -> dict[int, list[int]]:
    """The jobs with these keys, of each key the newest ``most``."""
    found: dict[int, list[int]] = {key: [] for key in keys}
    newest = func.row_number().over(partition_by=DuplicateKey.key, order_by=DuplicateKey.job_id.desc()).label("newest")
    for chunk in chunks(keys):
        ranked = select(DuplicateKey.key, DuplicateKey.job_id, newest).where(DuplicateKey.key.in_(chunk)).subquery()
        for key, job_id in session.execute(select(ranked.c.key, ranked.c.job_id).where(ranked.c.newest <= most)):
            found[key].append(job_id)
    return found


def all_keys(session: Session, *, batch: int = 10_000) -> Iterator[tuple[int, set[int]]]:
    """The keys of every job that has any, in the order of their ids, streamed."""
    lines = select(DuplicateKey.job_id, DuplicateKey.key).order_by(DuplicateKey.job_id).execution_options(yield_per=batch)
    for job_id, of_one in groupby(session.execute(lines), key=itemgetter(0)):
        yield job_id, {key for _, key in of_one}


def keep_keys(session: Session, wanted: Mapping[int, Collection[int]]) -> int:
    """Give jobs these keys (empty: none any more) and no others; how many lines that changed."""
    changed = 0
    for chunk in chunks(wanted.keys()):
        there: dict[int, set[int]] = {job_id: set() for job_id in chunk}
        for job_id, key in session.execute(select(DuplicateKey.job_id, DuplicateKey.key).where(DuplicateKey.job_id.in_(chunk))):
            there[job_id].add(key)
        stale = [job_id for job_id in chunk if there[job_id] - set(wanted[job_id])]
        if stale:
            session.execute(delete(DuplicateKey).where(DuplicateKey.job_id.in_(stale)))
        new = [
            {"key": key, "job_id": job_id}
            for job_id in chunk
            for key in (wanted[job_id] if job_id in stale else set(wanted[job_id]) - there[job_id])
        ]
        if new:
            _insert(session, new)
        changed += len(new) + len(stale)
    return changed


def _insert(session: Session, new: list[dict[str, int]]) -> None:
    if session.get_bind().dialect.name != "postgresql":
        session.execute(insert(DuplicateKey), new)
        return
    # Two arrays are one statement; a row each takes five times as long.
    columns = [bindparam(name, [row[name] for row in new], type_=ARRAY(BigInteger)) for name in ("key", "job_id")]
    lines = select(*(func.unnest(column) for column in columns))
    session.execute(insert(DuplicateKey).from_select(["key", "job_id"], lines))


def told_apart(session: Session, job_ids: Collection[int] | None = None) -> set[tuple[int, int]]:
    """Pairs that a person has told apart: those of these jobs, or all."""
    if job_ids is None:
        return {(low, high) for low, high in session.execute(select(NotSame.low_id, NotSame.high_id))}
    found: set[tuple[int, int]] = set()
    for chunk in chunks(job_ids):
        pairs = select(NotSame.low_id, NotSame.high_id).where(or_(NotSame.low_id.in_(chunk), NotSame.high_id.in_(chunk)))
        found |= {(low, high) for low, high in session.execute(pairs)}
    return found
