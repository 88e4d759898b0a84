"""Judge an advert with what the tables know around it: what its trade is paid there, its employer's record, the lists of
authorities by name, and what staff have decided about this very advert before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import clock
from service.employers.models import ListEntry
from service.employers.tables import list_rows, reason_row
from service.jobs.advert import Advert, Reading
from service.jobs.checks import check_advert
from service.jobs.checks.pay import UsualWage
from service.jobs.findings import Finding
from service.jobs.hold import ADVERT
from service.jobs.models import Job
from service.jobs.reviews.before import NOTHING_SAID, heeding, words_about
from service.jobs.reviews.models import JobReview
from service.jobs.reviews.repeat import Record, record_of, repeat_findings
from service.jobs.reviews.usual_wages import areas_of, usual_wages

_SHORTEST = 4
"""Characters of a name that can be compared at all."""


@dataclass(frozen=True, slots=True)
class Around:
    """What the tables know around many adverts, asked once for all of them: what a trade is paid in a place, the lists on which a
    name stands, the jobs about which somebody has decided, the record of each employer that is registered here."""

    paid: Mapping[tuple[str, str], UsualWage | None]
    listed: Mapping[str, tuple[str, ...]]
    decided: frozenset[int]
    records: Mapping[int, Record]


def look_around(session: Session, adverts: Sequence[tuple[Advert, Reading]], job_ids: Collection[int], now: datetime) -> Around:
    """What :func:`judge` asks of each of these adverts, in a few statements. ``job_ids``: those that are there already, held."""
    wanted = {key for _, reading in adverts if (key := _trade_and_place(reading)) is not None}
    usual = usual_wages(session, wanted)
    paid = {(trade, place): usual.of([trade], place) for trade, place in wanted}
    names = {advert.employer_name for advert, _ in adverts if _may_be_listed(advert)}
    decided = select(JobReview.job_id).where(JobReview.job_id.in_(job_ids), JobReview.state == "decided")
    employers = {advert.employer_id for advert, _ in adverts if advert.employer_id is not None}
    return Around(
        paid,
        _lists_of(session, names, now),
        frozenset(session.scalars(decided)) if job_ids else frozenset(),
        {employer_id: record_of(session, employer_id, now) for employer_id in employers},
    )


def _trade_and_place(reading: Reading) -> tuple[str, str] | None:
    trade, areas = next(iter(reading.fields["trade_codes"]), None), areas_of(reading.fields["region_code"])
    return None if trade is None or not areas else (trade, areas[0])


def judge(
    session: Session,
    advert: Advert,
    reading: Reading,
    now: datetime,
    *,
    job: Job | None = None,
    seen: tuple[Finding, ...] = (),
    around: Around | None = None,
) -> tuple[Finding, ...]:
    """All findings about an advert that is handed in now, the gravest first, those ``seen`` elsewhere included. ``job``: the row
    that it changes, if it is there; ``around``: what was asked before, for many at once.

    What somebody has looked at and found in order is only noted; what somebody asked to have mended is held until it is seen.
    """
    around = around or look_around(session, [(advert, reading)], () if job is None else (job.job_id,), now)
    place = _trade_and_place(reading)
    found = (
        *seen,
        *(() if advert.employer_id is None else repeat_findings(around.records[advert.employer_id])),
        *_named_on_lists(advert, around.listed.get(advert.employer_name, ()), now),
        *check_advert(advert, now, reading, usual=None if place is None else around.paid[place]),
    )
    held = job is not None and ADVERT in job.waits_for
    if job is not None and (held or job.job_id in around.decided):
        found = heeding(found, words_about(session, [job.job_id]).get(job.job_id, NOTHING_SAID), held=held)
    order = {"block": 0, "hold": 1, "warn": 2, "note": 3}
    return tuple(sorted(found, key=lambda finding: order[finding.severity]))


def _may_be_listed(advert: Advert) -> bool:
    return advert.employer_id is None and len(advert.employer_name) >= _SHORTEST


def _lists_of(session: Session, names: Collection[str], now: datetime) -> dict[str, tuple[str, ...]]:
    """The kinds of lists on which these names stand today."""
    if not names:
        return {}
    today = now.astimezone(clock.BEIJING).date()
    rows = session.execute(
        select(ListEntry.name, ListEntry.list_kind)
        .where(
            ListEntry.name.in_(names),
            ListEntry.stands_on(today),
        )
        .distinct()
        .order_by(ListEntry.list_kind)
    )
    found: dict[str, tuple[str, ...]] = {}
    for name, kind in rows:
        found[name] = (*found.get(name, ()), kind)
    return found


def _named_on_lists(advert: Advert, kinds: tuple[str, ...], now: datetime) -> tuple[Finding, ...]:
    """Of an employer that is not registered here (a station or a source names it): whether its name stands on a list today. A
    name is no proof, so that it only warns; the registered ones are found by their code (``employers/standing.py``)."""
    if not _may_be_listed(advert):
        return ()
    found: list[Finding] = []
    for kind in kinds:
        listed = list_rows()[kind]
        row = reason_row(listed.reason, now)
        if row is not None:
            advice = f"“{advert.employer_name}”和{listed.name}上的单位同名，请核对；确实是它的，请按规定处理后再发布。"
            found.append(
                Finding(
                    f"list.{kind}", "employer_name", advert.employer_name, advice, "warn", row.article, row.source, row.verified
                )
            )
    return tuple(found)
