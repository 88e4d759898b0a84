"""An advert that the employer or a station has published here itself is not taken from a partner a second time.

Two adverts are compared as the search for duplicates does it (``service.duplicates``). But a copy is only pointed elsewhere,
and what is refused is not there: only what leaves no doubt counts, which is the same employer, kind,
shift, title and pay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.duplicates import stored
from service.duplicates.compare import Verdict, same_job
from service.duplicates.groups import beside, nearest
from service.duplicates.models import DuplicateKey
from service.duplicates.sketch import Given, Sketch, plain_text, sketch
from service.jobs.advert import Advert, Reading
from service.jobs.models import Job
from service.jobs.origins import DIRECT, FIRST_PARTY_PREFIXES, Party, party
from service.partners.models import PartnerClient, PartnerConflict

_MOST: Final = 2_000
"""Adverts of first parties looked at for one batch; the newest."""
_NEW: Final = 0
"""The job id of an advert that has none."""
_SURE: Final = frozenset({"title", "wage"})


class FirstParty:
    """What employers, stations and offices show now that could be the same as any of a batch of adverts."""

    def __init__(self, session: Session, adverts: Sequence[tuple[Advert, Reading]], now: datetime) -> None:
        self._session, self._now = session, now
        sketches = [sketch(given_of(advert, reading, now)) for advert, reading in adverts]
        self._texts: dict[int, str] = {}
        self._blocks: dict[int, list[Sketch]] = defaultdict(list)
        for given in stored.these(session, self._candidates(adverts, sketches), now):
            if party(given.source_key, given.publisher_class) > Party.AGENCY:
                continue  # whose name nobody has checked keeps nobody out
            made = sketch(given)
            self._texts[made.job_id] = plain_text(given.description)
            for key in made.keys:
                self._blocks[key].append(made)
        for block in self._blocks.values():
            block.sort(key=beside)

    def same_as(self, advert: Advert, reading: Reading, before: int | None = None) -> int | None:
        """The job that is surely the same; None when there is none. ``before``: the partner's own row, if it is there, since
        people may have told the two apart."""
        given = given_of(advert, reading, self._now)
        mine, text = sketch(given), plain_text(given.description)
        texts = self._texts | {_NEW: text}
        beside_it = {one.job_id: one for key in mine.keys for one in nearest(self._blocks.get(key, ()), mine)}
        apart = stored.told_apart(self._session, [before]) if before is not None and beside_it else set()
        found = [
            (-verdict.score, job_id)
            for job_id, one in beside_it.items()
            if (verdict := same_job(mine, one, texts.__getitem__)) is not None
            and surely_same(mine, one, verdict)
            and (min(before or 0, job_id), max(before or 0, job_id)) not in apart
        ]
        return min(found)[1] if found else None

    def _candidates(self, adverts: Sequence[tuple[Advert, Reading]], sketches: Sequence[Sketch]) -> set[int]:
        """By the keys that are kept of each job, and by the very name, since a job that has just come has no keys yet."""
        keys = {key for one in sketches for key in one.keys}
        names = {reading.fields["employer_name"] for _, reading in adverts} - {""}
        where = (*stored.open_now(self._now), _first_party())
        newest = select(Job.job_id).where(*where).order_by(Job.job_id.desc()).limit(_MOST)
        found: set[int] = set()
        for chunk in stored.chunks(keys):
            kept = select(DuplicateKey.job_id).where(DuplicateKey.key.in_(chunk))
            found |= set(self._session.scalars(newest.where(Job.job_id.in_(kept))))
        for at in range(0, len(named := sorted(names)), stored.CHUNK):
            found |= set(self._session.scalars(newest.where(Job.employer_name.in_(named[at : at + stored.CHUNK]))))
        return found


def surely_same(one: Sketch, other: Sketch, verdict: Verdict) -> bool:
    """Whether two adverts that are one job are so beyond doubt: kind, employer, shift, title and pay all agree."""
    if one.kind != other.kind or one.shifts != other.shifts:
        return False
    return verdict.reasons[0].startswith("employer") and set(verdict.reasons) >= _SURE


def given_of(advert: Advert, reading: Reading, now: datetime) -> Given:
    """An advert of a partner as the search for duplicates takes it. A partner names the employer and is not its agency: only the
    employer's own name can say that it is one."""
    extra: dict[str, Any] = {
        "job_id": _NEW,
        "credit_code": None,
        "publisher_class": "employer",
        "published_at": reading.fields["published_at"] or now,
        "starts_at": None if advert.gig is None else advert.gig.starts_at,
    }
    return Given._make(
        extra[name] if name in extra else reading.fields[name] for name in Given._fields
    )  # fmt: skip


def _first_party() -> ColumnElement[bool]:
    return or_(Job.source_key == DIRECT, *(Job.source_key.startswith(prefix) for prefix in FIRST_PARTY_PREFIXES))


def count(session: Session, client: PartnerClient, original_id: str, job_id: int, now: datetime) -> None:
    """Write down that the client tried to bring what was there."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = {
        "partner_id": client.partner_id, "original_id": original_id, "job_id": job_id, "attempts": 1,
        "first_at": now, "last_at": now,
    }  # fmt: skip
    again = {"job_id": job_id, "attempts": PartnerConflict.attempts + 1, "last_at": now}
    session.execute(
        dialect.insert(PartnerConflict)
        .values(row)
        .on_conflict_do_update(index_elements=["partner_id", "original_id"], set_=again)
    )
    client.conflicts += 1  # its row is held
