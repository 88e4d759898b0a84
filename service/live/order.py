"""Which job stands at which number of a stream, and how jobs move to other numbers."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.jobs.advert import LiveAdvert
from service.jobs.close import close_own
from service.jobs.models import Job, LiveListing, LiveSession
from service.jobs.put import apply
from service.jobs.queries import whole

Named = tuple[str, str]
"""Employer and title in one plain form: by this a listing is known wherever it stands."""
_SIGNS = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """A text as it is compared: one width, no signs, no spaces."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", text)).casefold()


def named(employer: str, title: str) -> Named:
    """By what a listing is known."""
    return plain(employer), plain(title)


def standing(session: Session, stream: LiveSession) -> dict[int, Job]:
    """The jobs of a held stream that are not closed, by number, whole and held."""
    rows = session.scalars(
        whole()
        .join(LiveListing, LiveListing.job_id == Job.job_id)
        .where(LiveListing.session_id == stream.session_id, Job.status != "closed")
        .order_by(Job.job_id)
        .with_for_update(of=Job)
    )
    return {job.listing.listing_no: job for job in rows if job.listing is not None}


def move(
    session: Session, stream: LiveSession, wanted: Sequence[tuple[int | None, Named]], caller: Caller, now: datetime
) -> frozenset[int]:
    """Let jobs that stand at another number in ``wanted`` move there; their ids.

    A job keeps its address, and those who have applied keep their job. Only what is named once, now and before, is known again.
    Whatever stood at such a number and does not move itself is withdrawn. Raises Forbidden when that is not the caller's.
    """
    there = standing(session, stream)
    before = Counter(named(job.employer_name, job.title) for job in there.values())
    after = Counter(name for _, name in wanted)
    target = {name: number for number, name in wanted if number is not None and after[name] == 1 and before[name] == 1}
    taken = Counter(number for number, _ in wanted)
    goes = {
        number: target[name]
        for number, job in there.items()
        if (name := named(job.employer_name, job.title)) in target and target[name] != number and taken[target[name]] == 1
    }
    for number in set(goes.values()) - goes.keys():
        if number in there:
            make_room(session, there[number], caller, now)
    ids = [there[number].job_id for number in goes]
    # Two that change places must not meet: all step aside first.
    session.execute(
        update(LiveListing).where(LiveListing.job_id.in_(ids)).values(listing_no=-LiveListing.job_id),
        execution_options={"synchronize_session": False},
    )
    for number, to in goes.items():
        place = LiveAdvert(stream.session_id, to, stream.station_id)
        apply(session, there[number], {}, live=place, action="move", account_id=caller.account_id, now=now)
    session.flush()
    return frozenset(ids)


def make_room(session: Session, job: Job, caller: Caller, now: datetime) -> None:
    """Close a job and free its number. Raises Forbidden when it is not the caller's."""
    close_own(session, job, "withdrawn", caller, now)
    session.delete(session.get_one(LiveListing, job.job_id))
    session.flush()
