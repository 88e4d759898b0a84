"""Say of new and changed jobs which advert stands for them, and of those around them.

Only what shares a key with a changed job is compared, and only the group that comes of it is written: the same answer as
comparing all with all, in the time that a few adverts take. One transaction marks at a time; rows that somebody else holds are
left to a later task.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from service.duplicates import stored
from service.duplicates.compare import Verdict, same_job
from service.duplicates.groups import Link, beside, grouped, nearest
from service.duplicates.held import Made, held
from service.duplicates.sketch import Sketch, plain_text, sketch
from service.jobs.models import Job
from service.jobs.put import DUPLICATE, apply_all

MOST: Final = 1_000
"""Adverts looked at from one group; the nightly run looks at what is left."""
HOLDERS: Final = 400
ALSO_FROM: Final = 20
"""So many other sources a card names."""
_LOCK: Final = 73_190_612
"""Number of the advisory lock on PostgreSQL; any number that nobody else uses will do."""


class Marked(NamedTuple):
    """``changed``: rows written; ``missed``: jobs that somebody else held, to be looked at again."""

    changed: int
    missed: frozenset[int]


def mark(session: Session, job_ids: Collection[int], now: datetime) -> Marked:
    """Bring these jobs, and all that could be the same as one of them, to how they belong together now."""
    alone(session)
    seeds = stored.around(session, job_ids)
    near = _Near(session, now)
    near.take(seeds)
    stored.keep_keys(session, {job_id: near.pool[job_id].keys if job_id in near.pool else () for job_id in seeds})
    found = near.explore()
    apart = stored.told_apart(session, near.explored)
    links = grouped(near.pool, [pair for pair in found if pair[0] in near.explored and pair[1] in near.explored], apart)
    return _write(session, seeds | near.explored, links, now)


def alone(session: Session) -> None:
    """Until the end of the transaction nobody else marks or writes keys (SQLite has one writer at a time anyway)."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


class _Near:
    """The adverts around some, found key by key until nothing new is the same as any of them."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session, self.now = session, now
        self.pool: dict[int, Sketch] = {}
        self.texts: dict[int, str] = {}
        self.explored: set[int] = set()
        self.front: set[int] = set()
        self.gone: set[int] = set()

    def take(self, job_ids: Collection[int]) -> None:
        """Load adverts to start from."""
        self.load(job_ids)
        self.front |= {job_id for job_id in job_ids if job_id in self.pool}

    def load(self, job_ids: Collection[int]) -> None:
        """Load what is open of these and not there yet."""
        wanted = [job_id for job_id in job_ids if job_id not in self.pool and job_id not in self.gone]
        stamps, kept = stored.stamps(self.session, wanted, self.now), held(self.session)
        known = dict(kept.of(stamps))
        new = {
            given.job_id: Made(stamps[given.job_id], sketch(given), plain_text(given.description))
            for given in stored.these(self.session, stamps.keys() - known.keys(), self.now)
        }
        kept.keep(new)
        for job_id, made in (known | new).items():
            self.pool[job_id], self.texts[job_id] = made.sketch, made.text
        self.gone.update(job_id for job_id in wanted if job_id not in self.pool)

    def explore(self) -> list[tuple[int, int, Verdict]]:
        """Pairs that are one job."""
        found: dict[tuple[int, int], Verdict | None] = {}
        while self.front and len(self.explored) < MOST:
            front, self.front = self.front, set()
            self.explored |= front
            keys = {key for job_id in front for key in self.pool[job_id].keys}
            holders = stored.holders(self.session, keys, HOLDERS)
            self.load({job_id for block in holders.values() for job_id in block})
            blocks = {key: sorted((self.pool[j] for j in block if j in self.pool), key=beside) for key, block in holders.items()}
            for job_id in sorted(front):
                mine = self.pool[job_id]
                for other in {one.job_id: one for key in mine.keys for one in nearest(blocks[key], mine)}.values():
                    pair = (min(job_id, other.job_id), max(job_id, other.job_id))
                    if other.job_id == job_id or pair in found:
                        continue
                    found[pair] = same_job(self.pool[pair[0]], self.pool[pair[1]], self.texts.__getitem__)
                    if found[pair] is not None and other.job_id not in self.explored:
                        self.front.add(other.job_id)
        return [(one, other, verdict) for (one, other), verdict in found.items() if verdict is not None]


def _write(session: Session, job_ids: Collection[int], links: Mapping[int, Link], now: datetime) -> Marked:
    rows: list[Job] = []
    for chunk in stored.chunks(job_ids):
        rows += session.scalars(
            select(Job)
            .where(Job.job_id.in_(chunk))
            .order_by(Job.job_id)
            # Whoever holds a row is changing it, and will have it compared; waiting for him could be waiting for each other.
            .with_for_update(of=Job, skip_locked=True)
            .execution_options(populate_existing=True)
        )
    there = {row.job_id for row in rows}
    also: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        link = links.get(row.job_id)
        if link is not None and _open(row, now):
            also[link.canonical].append(
                {"job_id": row.job_id, "key": row.source_key, "name": row.source_name, "url": row.source_url}
            )
    wanted: list[tuple[Job, dict[str, Any]]] = []
    for row in rows:
        link = links.get(row.job_id) if _open(row, now) else None
        if link is not None and link.canonical not in there:
            continue  # somebody holds what it is to point to: as it is, until the next look
        head = None if link is None else link.canonical
        fields: dict[str, Any] = {
            "duplicate_of_id": head,
            "duplicate_reason": ",".join(link.verdict.reasons)[:64] if link is not None else "",
            "also_from": also.get(row.job_id, [])[:ALSO_FROM] or None,
        }
        if fields["duplicate_of_id"] != row.duplicate_of_id:
            fields["duplicate_at"] = None if head is None else now
        wanted.append((row, fields))
    before = [(job, job.version) for job, _ in wanted]
    changed = apply_all(session, wanted, action=DUPLICATE, account_id=None, now=now)
    session.flush()
    kept = held(session)
    for job, version in before:
        if job.version != version:
            kept.moved(job.job_id, job.version, job.updated_at)
    return Marked(changed, frozenset(set(job_ids) - there))


def _open(row: Job, now: datetime) -> bool:
    return row.status == "open" and row.valid_until > now
