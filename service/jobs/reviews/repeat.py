"""Employers whose adverts were found unlawful again and again: what they hand in anew is looked at before it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.audit import trail
from service.employers.models import Employer
from service.errors import Conflict
from service.jobs.findings import Finding
from service.jobs.reviews.models import JobReview, RepeatLift, RepeatObjection
from service.jobs.reviews.tables import Repeat, repeat_row, unlawful_reasons

RULE = "repeat_offender"


@dataclass(frozen=True, slots=True)
class Record:
    """How often an employer's adverts were found unlawful since ``since``, and the rule that counts them."""

    upheld: int
    since: datetime
    rule: Repeat
    lifted: RepeatLift | None
    objection: RepeatObjection | None = None

    @property
    def held(self) -> bool:
        """Whether new adverts are looked at first."""
        return self.rule.counts and self.upheld >= self.rule.upheld


def record_of(session: Session, employer_id: int, now: datetime) -> Record:
    """The record of an employer at ``now``: adverts taken down as unlawful, in the days of the rule, since staff last lifted."""
    rule = repeat_row(now)
    lifted = session.scalars(
        select(RepeatLift).where(RepeatLift.employer_id == employer_id).order_by(RepeatLift.lifted_at.desc()).limit(1)
    ).one_or_none()
    since = now - timedelta(days=rule.days)
    if lifted is not None:
        since = max(since, lifted.lifted_at)
    upheld = session.scalar(
        select(func.count(distinct(JobReview.job_id))).where(
            JobReview.employer_id == employer_id,
            JobReview.outcome == "refuse",
            JobReview.reason.in_(unlawful_reasons()),
            JobReview.decided_at > since,
        )
    )
    return Record(upheld or 0, since, rule, lifted)


def repeat_findings(record: Record) -> tuple[Finding, ...]:
    """What the record says of an advert that its employer hands in now."""
    if not record.held:
        return ()
    rule = record.rule
    advice = (
        f"单位在 {rule.days} 天内有 {record.upheld} 个岗位因违规下架，新的岗位要工作人员看过才显示；"
        "已经整改的，或者觉得不对的，可以在“违规记录”里申诉，也可以联系当地人社部门。"
    )
    return (Finding(RULE, "employer_name", "", advice, "hold", rule.article, rule.source, rule.verified),)


def lift(session: Session, employer: Employer, reason: str, caller: Caller, now: datetime) -> Record:
    """Let a locked employer start anew. Raises Conflict when nothing stands against it."""
    if not record_of(session, employer.employer_id, now).held:
        raise Conflict("not_held", "这个单位的岗位没有因为多次违规被先看后发，不用恢复。")
    session.add(RepeatLift(employer_id=employer.employer_id, lifted_by=caller.account_id, lifted_at=now, reason=reason))
    session.flush()
    trail.record(session, caller, "repeat.lift", "employer", employer.employer_id, region_code=employer.region_code)
    return record_of(session, employer.employer_id, now)
