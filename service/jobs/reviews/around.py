"""Judge an advert with what the tables know around it: what its trade is paid there, its employer's record, the lists of
authorities by name, and what staff have decided about this very advert before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service import clock
from service.employers.models import ListEntry
from service.employers.tables import list_rows, reason_row
from service.jobs.advert import Advert, Reading
from service.jobs.checks import check_advert, holds
from service.jobs.findings import Finding
from service.jobs.hold import ADVERT
from service.jobs.models import Job
from service.jobs.reviews.models import JobReview
from service.jobs.reviews.repeat import repeat_findings
from service.jobs.reviews.usual_wages import usual_wage

ASKED = "asked_to_mend"
REPORTED = "reported"
_SHORTEST = 4
"""Characters of a name that can be compared at all."""


def judge(
    session: Session,
    advert: Advert,
    reading: Reading,
    now: datetime,
    *,
    job: Job | None = None,
    seen: tuple[Finding, ...] = (),
) -> tuple[Finding, ...]:
    """All findings about an advert that is handed in now, the gravest first, those ``seen`` elsewhere included. ``job``: the row
    that it changes, if it is there.

    What somebody has looked at and found in order is only noted; what somebody asked to have mended is held until it is seen.
    """
    usual = usual_wage(session, reading.fields["trade_codes"], reading.fields["region_code"])
    found = (
        *seen,
        *repeat_findings(session, advert.employer_id, now),
        *_named_on_lists(session, advert, now),
        *check_advert(advert, now, reading, usual=usual),
    )
    if job is not None:
        found = (*_after_decisions(session, job.job_id, found), *_reported(session, job))
    order = {"block": 0, "hold": 1, "warn": 2, "note": 3}
    return tuple(sorted(found, key=lambda finding: order[finding.severity]))


def _named_on_lists(session: Session, advert: Advert, now: datetime) -> tuple[Finding, ...]:
    """Of an employer that is not registered here (a station or a source names it): whether its name stands on a list today. A
    name is no proof, so that it only warns; the registered ones are found by their code (``employers/standing.py``)."""
    if advert.employer_id is not None or len(advert.employer_name) < _SHORTEST:
        return ()
    today = now.astimezone(clock.BEIJING).date()
    kinds = session.scalars(
        select(ListEntry.list_kind)
        .where(
            ListEntry.name == advert.employer_name,
            ListEntry.listed_on <= today,
            or_(ListEntry.removed_on.is_(None), ListEntry.removed_on > today),
            or_(ListEntry.until.is_(None), ListEntry.until >= today),
        )
        .distinct()
        .order_by(ListEntry.list_kind)
    )
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


def _after_decisions(session: Session, job_id: int, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    last = session.scalars(
        select(JobReview)
        .where(JobReview.job_id == job_id, JobReview.state == "decided")
        .order_by(JobReview.decided_at.desc(), JobReview.review_id.desc())
        .limit(1)
    ).one_or_none()
    if last is None:
        return found
    if last.outcome == "mend":
        advice = "工作人员要求修改过，改好的内容要再看一次才会显示。"
        return (*found, Finding(ASKED, "description", "", advice, "hold"))
    if last.outcome != "publish":
        return found
    seen = {(said["rule"], said["words"]) for said in last.findings}
    return tuple(
        replace(finding, severity="note") if holds(finding) and (finding.rule, finding.words) in seen else finding
        for finding in found
    )


def _reported(session: Session, job: Job) -> tuple[Finding, ...]:
    """What many people reported is not shown again by an edit: somebody looks first."""
    if ADVERT not in job.waits_for:
        return ()
    causes = session.scalar(select(JobReview.causes).where(JobReview.open_key == job.job_id))
    if "report" not in (causes or ()):
        return ()
    return (Finding(REPORTED, "description", "", "有多人举报，要工作人员看过才会显示。", "hold"),)
