"""What staff have said about an advert before, and what follows from that when it is handed in again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.jobs.checks import holds
from service.jobs.findings import Finding
from service.jobs.reviews.models import JobReview

ASKED = "asked_to_mend"
REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Word:
    """``outcome``: the last decision about a job, empty when there is none; ``seen``: the rules and words that were looked at
    then; ``reported``: people have reported it, and nobody has decided yet."""

    outcome: str = ""
    seen: frozenset[tuple[str, str]] = frozenset()
    reported: bool = False


NOTHING_SAID = Word()


def words_about(session: Session, job_ids: Collection[int]) -> dict[int, Word]:
    """What was said about these jobs; those that nobody has spoken of are left out. One SELECT."""
    said: dict[int, Word] = {}
    if not job_ids:
        return said
    rows = session.execute(
        select(JobReview.job_id, JobReview.open_key, JobReview.state, JobReview.causes, JobReview.outcome, JobReview.findings)
        .where(JobReview.job_id.in_(job_ids))
        .order_by(JobReview.decided_at, JobReview.review_id)
    )
    for row in rows:
        before = said.get(row.job_id, NOTHING_SAID)
        if row.state == "decided":
            seen = frozenset((finding["rule"], finding["words"]) for finding in row.findings)
            said[row.job_id] = replace(before, outcome=row.outcome, seen=seen)
        elif row.open_key is not None and "report" in row.causes:
            said[row.job_id] = replace(before, reported=True)
    return said


def heeding(found: tuple[Finding, ...], word: Word, *, held: bool) -> tuple[Finding, ...]:
    """The findings about a job of which this was said. ``held``: it waits for somebody to look at its words.

    What somebody has looked at and found in order is only noted; what somebody asked to have mended is held until it is seen;
    what many people reported is not shown again by an edit: somebody looks first.
    """
    if word.outcome == "mend":
        advice = "工作人员要求修改过，改好的内容要再看一次才会显示。"
        found = (*found, Finding(ASKED, "description", "", advice, "hold"))
    elif word.outcome == "publish":
        found = tuple(
            replace(finding, severity="note") if holds(finding) and (finding.rule, finding.words) in word.seen else finding
            for finding in found
        )
    if held and word.reported:
        found = (*found, Finding(REPORTED, "description", "", "有多人举报，要工作人员看过才会显示。", "hold"))
    return found
