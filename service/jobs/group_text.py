"""A stored job as a short text for a chat group."""

from __future__ import annotations

from matching.pasted import GroupJob, group_text
from matching.rules import region
from matching.rules.wage import parse_wage, show_wage
from service import clock
from service.jobs.contacts import without_contacts
from service.jobs.models import Job


def text_of(job: Job, look: str, *, with_phone: bool) -> str:
    """The text of a wholly loaded row. ``look``: the last line, where more is to be found. The phone only
    where the caller says so.
    """
    terms = job.gig
    return group_text(
        GroupJob(
            title=without_contacts(job.title),
            wage=show_wage(parse_wage(job.wage_text)) if job.wage_text else "",
            place=_place(job),
            look=look,
            headcount=terms.seats if terms is not None else job.headcount,
            age=(job.age_min, job.age_max),
            men=_bounds(job.age_men),
            women=_bounds(job.age_women),
            employer=without_contacts(job.employer_name),
            tags=tuple(job.tags),
            shift=job.shift,
            settlement=job.settlement,
            begins="" if terms is None else _period(job),
            phone=job.contact_phone if with_phone else "",
            label=job.label,
            source="" if job.source_name == job.employer_name else job.source_name,
        )
    )


def _bounds(limits: list[int | None] | None) -> tuple[int | None, int | None] | None:
    return None if not limits else (limits[0], limits[1])


def _place(job: Job) -> str:
    try:
        name = region.get(job.region_code).full_name if job.region_code else ""
    except region.UnknownRegion:
        name = ""
    return name + job.address


def _period(job: Job) -> str:
    assert job.gig is not None  # noqa: S101  asked for gigs only
    starts, ends = (moment.astimezone(clock.BEIJING) for moment in (job.gig.starts_at, job.gig.ends_at))
    last = "" if ends.date() == starts.date() else f"{ends.month}月{ends.day}日 "
    return f"{starts.month}月{starts.day}日 {starts:%H:%M}-{last}{ends:%H:%M}"
