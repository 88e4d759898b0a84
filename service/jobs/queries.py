"""Reading jobs. Every relationship that an answer needs is named here in the one SELECT; nothing is loaded later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, BigInteger, Select, any_, bindparam, select
from sqlalchemy.orm import Session, joinedload, undefer_group

from service.employers.models import Employer
from service.employers.standing import NEVER, Checked, checked_for
from service.employers.tables import Deadline, deadline_if_any
from service.jobs.models import CONTACT, GigTerms, Job, LiveListing, LiveSession
from service.stations.models import Station

_WHOLE = (
    undefer_group(CONTACT),
    joinedload(Job.employer),
    joinedload(Job.gig).joinedload(GigTerms.station),
    joinedload(Job.listing).joinedload(LiveListing.session),
)


def whole() -> Select[Job]:
    """Jobs with contact, employer, gig, station, listing and session."""
    return select(Job).options(*_WHOLE)


class StationFacts(NamedTuple):
    """What a card says of the station behind a gig."""

    station_id: int
    name: str
    address: str


class GigFacts(NamedTuple):
    """The terms of a gig."""

    starts_at: datetime
    ends_at: datetime
    seats: int
    seats_taken: int
    insurance: str
    station: StationFacts | None


class SessionFacts(NamedTuple):
    """The stream of a listing."""

    code: str
    title: str
    host: str
    platform: str
    room: str
    starts_at: datetime
    ends_at: datetime


class ListingFacts(NamedTuple):
    """The numbered place in a stream."""

    listing_no: int
    session: SessionFacts


class Card(NamedTuple):
    """What a list shows of a job, under the names that :class:`Job` has for it; no description, no contact."""

    job_id: int
    kind: str
    title: str
    wage_text: str
    wage_min: float | None
    wage_max: float | None
    wage_unit: str | None
    wage_min_yuan_month: int | None
    wage_max_yuan_month: int | None
    wage_negotiable: bool
    region_code: str
    address: str
    lat: float | None
    lng: float | None
    point_source: str | None
    employer_name: str
    publisher_class: str
    headcount: int | None
    age_text: str
    age_min: int | None
    age_max: int | None
    tags: list[str]
    source_key: str
    source_name: str
    source_class: str
    label: str
    source_url: str
    original_id: str | None
    legal_basis: str
    published_at: datetime
    verified_at: datetime | None
    valid_until: datetime
    settlement: str | None
    also_from: list[dict[str, Any]] | None
    employer: Checked
    gig: GigFacts | None
    listing: ListingFacts | None


_OWN = Card._fields[: Card._fields.index("employer")]


@cache
def _card_columns(dialect: str) -> Select[Any]:
    """Columns instead of objects: an ORM row with its joins costs five times as much to make, and a card is only looked at.

    PostgreSQL takes the ids as one array, so that the statement has one text and is planned once.
    """
    one_of = (
        Job.job_id == any_(bindparam("ids", type_=ARRAY(BigInteger)))
        if dialect == "postgresql"
        else Job.job_id.in_(bindparam("ids", expanding=True))
    )
    return (
        select(
            *(getattr(Job, name) for name in _OWN),
            *(Employer.verified_at.label("papers_at"), Employer.demo),
            *(getattr(GigTerms, name) for name in GigFacts._fields[:-1]),
            *(getattr(Station, name) for name in StationFacts._fields),
            LiveListing.listing_no,
            *(getattr(LiveSession, name) for name in SessionFacts._fields),
        )
        .outerjoin(Employer, Employer.employer_id == Job.employer_id)
        .outerjoin(GigTerms, GigTerms.job_id == Job.job_id)
        .outerjoin(Station, Station.station_id == GigTerms.station_id)
        .outerjoin(LiveListing, LiveListing.job_id == Job.job_id)
        .outerjoin(LiveSession, LiveSession.session_id == LiveListing.session_id)
        .where(one_of, Job.status == "open", Job.valid_until > bindparam("now"), Job.duplicate_of_id.is_(None))
    )


def _card(row: Sequence[Any], term: Deadline | None, now: datetime) -> Card:
    own, rest = row[: len(_OWN)], iter(row[len(_OWN) :])
    papers_at, demo = next(rest), next(rest)
    *terms, station_id, name, address = (next(rest) for _ in range(len(GigFacts._fields) - 1 + len(StationFacts._fields)))
    listing_no, *stream = rest
    station = None if station_id is None else StationFacts(station_id, name, address)
    employer = NEVER if papers_at is None else checked_for(term, papers_at, now, demo=demo)
    gig = None if terms[0] is None else GigFacts._make((*terms, station))
    listing = None if listing_no is None else ListingFacts(listing_no, SessionFacts._make(stream))
    return Card._make((*own, employer, gig, listing))


def cards(session: Session, ids: Sequence[int], now: datetime) -> dict[int, Card]:
    """The jobs of ``ids`` that may be shown at ``now``, by id, in ONE SELECT. Closed, held and expired ones are not in it,
    nor copies of another advert, so a late index never shows one."""
    if not ids:
        return {}
    connection = session.connection()
    found = connection.execute(_card_columns(connection.dialect.name), {"ids": list(ids), "now": now}).all()
    term = deadline_if_any("reverification", now)
    return {row[0]: _card(row, term, now) for row in found}


def barred_to_minors(session: Session, ids: Sequence[int]) -> frozenset[int]:
    """Which of these jobs are closed to people of 16 and 17."""
    return frozenset(session.scalars(select(Job.job_id).where(Job.job_id.in_(ids), Job.minors_barred)))


def shown(session: Session, job_id: int, now: datetime) -> Job | None:
    """One job that may be shown to anyone at ``now``."""
    return session.scalars(whole().where(Job.job_id == job_id, Job.status == "open", Job.valid_until > now)).one_or_none()


def any_state(session: Session, job_id: int, *, lock: bool = False) -> Job | None:
    """One job in whatever state, for those who look after it; ``lock`` holds the row until the transaction ends."""
    query = whole().where(Job.job_id == job_id)
    return session.scalars(query.with_for_update(of=Job) if lock else query).one_or_none()
