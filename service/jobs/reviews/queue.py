"""The queue of adverts to be looked at: what comes in, who takes it, and what a decision does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, tuple_
from sqlalchemy.orm import Session, joinedload

from service import clock
from service.accounts.caller import Caller
from service.accounts.territory import within
from service.audit import trail
from service.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound
from service.jobs.close import close
from service.jobs.findings import Finding
from service.jobs.hold import ADVERT
from service.jobs.models import Job, held_columns
from service.jobs.origins import follows_its_source
from service.jobs.put import apply
from service.jobs.reviews.models import JobReport, JobReview
from service.jobs.reviews.tables import decision_reasons, due, taken_for

REFUSED = "refused"
"""Why an advert is closed that staff found unlawful."""
OPEN = ("waiting", "taken")
_CURSOR = re.compile(r"([0-9]{1,11})_([0-9]{1,15})")
MISSING = ("review_not_found", "没有这条待看的岗位，请检查编号。")


def follow(session: Session, job: Job, findings: Iterable[Finding], now: datetime) -> JobReview | None:
    """Bring the queue to what an advert that was just written needs: a place in it while it waits for somebody to look at its
    words, and none when the employer has mended it. What was reported stays until somebody decides."""
    review = _undecided(session, job.job_id)
    if ADVERT in job.waits_for:
        return open_review(session, job, "advert", due("advert", now), now, findings=findings, review=review)
    if review is not None and "report" not in review.causes:
        _mended(review, now)
    return review


def follow_new(session: Session, held: Sequence[tuple[int, Iterable[Finding]]], now: datetime) -> None:
    """:func:`follow` for many jobs that were just made and wait for somebody to look at their words."""
    said = dict(held)
    jobs = select(Job).where(Job.job_id.in_(said)).options(joinedload(Job.employer)).order_by(Job.job_id)
    due_at = due("advert", now)
    rows = [
        {
            "job_id": job.job_id,
            "open_key": job.job_id,
            "version": 1,
            "state": "waiting",
            "opened_at": now,
            "due_at": due_at,
            "causes": ["advert"],
            "findings": _said(said[job.job_id]),
            "employer_id": _answerable(job),
            "region_code": _territory(job),
        }
        for job in (session.scalars(jobs) if said else ())
    ]
    if rows:
        session.execute(insert(JobReview), rows)


def stop_waiting(session: Session, job_ids: Sequence[int], now: datetime) -> None:
    """:func:`follow` for jobs that were taken down, or shown, by what their source says: what a rule found in them need not be
    looked at any more. What was reported stays until somebody decides: whoever reported it is to get an answer."""
    waiting = select(JobReview).where(JobReview.open_key.in_(job_ids)).with_for_update()
    for review in session.scalars(waiting) if job_ids else ():
        if "report" not in review.causes:
            _mended(review, now)


def _mended(review: JobReview, now: datetime) -> None:
    review.state, review.open_key, review.version = "mended", None, review.version + 1
    review.decided_at = now


def _said(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [asdict(finding) for finding in findings if finding.severity != "note"]


def _answerable(job: Job) -> int | None:
    """What another source says of an employer is no act of that employer's."""
    return None if follows_its_source(job.source_key, job.original_id) else job.employer_id


def _territory(job: Job) -> str:
    return job.region_code or (job.employer.region_code if job.employer is not None else "") or ""


def with_reviews(session: Session, job_ids: Sequence[int]) -> frozenset[int]:
    """Which of these held jobs stand in the queue."""
    return frozenset(session.scalars(select(JobReview.job_id).where(JobReview.open_key.in_(job_ids)))) if job_ids else frozenset()


def open_review(
    session: Session,
    job: Job,
    cause: str,
    due_at: datetime,
    now: datetime,
    *,
    findings: Iterable[Finding] = (),
    review: JobReview | None = None,
) -> JobReview:
    """The review of a locked job, made when there is none; the sooner promise holds."""
    review = review or _undecided(session, job.job_id)
    said = _said(findings)
    if review is None:
        review = JobReview(
            job_id=job.job_id,
            open_key=job.job_id,
            version=0,
            state="waiting",
            opened_at=now,
            due_at=due_at,
            causes=[],
            findings=[],
        )
        session.add(review)
    review.employer_id = _answerable(job)
    review.region_code = _territory(job)
    review.causes = sorted({*review.causes, cause})
    review.due_at = min(review.due_at, due_at)
    if said or cause == "advert":
        review.findings = said
    review.version += 1
    session.flush()
    return review


def queue(
    session: Session, caller: Caller, *, state: str, overdue: bool, mine: bool, now: datetime, cursor: str, limit: int
) -> tuple[list[tuple[JobReview, Job]], str | None]:
    """Reviews of a state in the caller's territory with their jobs, the most urgent first, and where to go on."""
    states = OPEN if state == "open" else (state,)
    wanted = (
        select(JobReview, Job)
        .join(Job, Job.job_id == JobReview.job_id)
        .where(JobReview.state.in_(states), within(JobReview.region_code, caller.region_code))
        .order_by(JobReview.due_at, JobReview.review_id)
        .limit(limit + 1)
    )
    if overdue:
        wanted = wanted.where(JobReview.due_at < now)
    if mine:
        wanted = wanted.where(JobReview.taken_by == caller.account_id)
    if cursor:
        found = _CURSOR.fullmatch(cursor)
        if found is None:
            raise BadRequest("cursor_invalid", "翻页位置不对，请从第一页重新看。")
        behind = (clock.from_seconds(int(found[1])), int(found[2]))
        wanted = wanted.where(tuple_(JobReview.due_at, JobReview.review_id) > behind)
    lines = [(row[0], row[1]) for row in session.execute(wanted)]
    last = lines[limit - 1][0] if len(lines) > limit else None
    return lines[:limit], None if last is None else f"{clock.seconds(last.due_at)}_{last.review_id}"


def late(session: Session, region_code: str, now: datetime) -> int:
    """How many reviews of a division, or of all for an empty code, are behind their promise."""
    wanted = select(func.count()).where(
        JobReview.state.in_(OPEN), JobReview.due_at < now, within(JobReview.region_code, region_code)
    )
    return session.scalar(wanted) or 0


def review_of(session: Session, review_id: int, *, lock: bool = False) -> JobReview:
    """One review. Raises NotFound."""
    wanted = select(JobReview).where(JobReview.review_id == review_id)
    found = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if found is None:
        raise NotFound(*MISSING)
    return found


def reports_of(session: Session, review_id: int) -> Sequence[JobReport]:
    """What was reported, oldest first."""
    wanted = select(JobReport).where(JobReport.review_id == review_id).order_by(JobReport.report_id)
    return session.scalars(wanted).all()


def take(review: JobReview, caller: Caller, now: datetime) -> None:
    """Somebody begins to look at a locked review. Raises Conflict when it is decided, or with somebody else."""
    _require_free(review, caller, now)
    review.state, review.taken_by, review.taken_at = "taken", caller.account_id, now
    review.version += 1


def decide(
    session: Session, review: JobReview, job: Job, outcome: str, reason: str, sentence: str, caller: Caller, now: datetime
) -> None:
    """Decide on a locked review and its locked job: show it, have it mended, or take it down; reporters get the answer.

    Raises Conflict when it is decided, with somebody else, or asks to show what a rule forbids; Forbidden for one's own advert;
    Invalid without a reason.
    """
    _require_free(review, caller, now)
    if job.created_by == caller.account_id:
        raise Forbidden("own_advert", "岗位是您自己发布的，要由另一位同事来看。")
    if outcome == "publish" and any(said["severity"] == "block" for said in review.findings):
        raise Conflict("advert_blocked", "里面有法律明确禁止的内容，不能放行，请选“要修改”或“下架”。")
    answer = _answer(outcome, reason, sentence)
    review.state, review.open_key = "decided", None
    review.outcome, review.reason, review.sentence = outcome, reason, sentence
    review.decided_by, review.decided_at = caller.account_id, now
    review.version += 1
    _carry_out(session, job, outcome, caller, now)
    for report in reports_of(session, review.review_id):
        report.state = "dismissed" if outcome == "publish" else "upheld"
        report.answer, report.answered_at = answer, now
    session.flush()
    trail.record(
        session, caller, "review.decide", "job", job.job_id, region_code=review.region_code,
        details={"review_id": review.review_id, "outcome": outcome, "reason": reason},
    )  # fmt: skip


def last_word(session: Session, job_id: int) -> JobReview | None:
    """The last decision about a job, for whoever published it."""
    wanted = select(JobReview).where(JobReview.job_id == job_id, JobReview.state == "decided")
    return session.scalars(wanted.order_by(JobReview.decided_at.desc(), JobReview.review_id.desc()).limit(1)).one_or_none()


def answer_of(review: JobReview) -> str:
    """A decision in one sentence."""
    return _answer(review.outcome, review.reason, review.sentence)


def _carry_out(session: Session, job: Job, outcome: str, caller: Caller, now: datetime) -> None:
    if job.status == "closed":
        return
    if outcome == "refuse":
        close(session, job, REFUSED, account_id=caller.account_id, now=now)
        return
    reasons = job.waits_for - {ADVERT} if outcome == "publish" else job.waits_for | {ADVERT}
    if reasons != job.waits_for:
        action = "hold" if reasons else "release"
        apply(session, job, held_columns(reasons), action=action, account_id=caller.account_id, now=now)


def _answer(outcome: str, reason: str, sentence: str) -> str:
    known = decision_reasons(outcome)
    if reason not in known:
        choices = "、".join(f"{code}（{text}）" for code, text in known.items())
        raise Invalid("reason_needed", "请选择理由，单位和举报人才知道怎么回事。", errors={"reason": [f"只能选这些：{choices}"]})
    if reason == "other" and not sentence:
        raise Invalid("sentence_needed", "选了“其他”，请用一句话说明。", errors={"sentence": ["请写一句说明。"]})
    return f"{known[reason]}{sentence}"


def _require_free(review: JobReview, caller: Caller, now: datetime) -> None:
    if review.state not in OPEN:
        raise Conflict("review_decided", "这个岗位已经有人处理过了，请刷新后再看。")
    held = review.taken_at is not None and now < review.taken_at + taken_for()
    if held and review.taken_by != caller.account_id:
        raise Conflict("review_taken", "这个岗位正有同事在看，请先看别的。")


def _undecided(session: Session, job_id: int) -> JobReview | None:
    return session.scalars(select(JobReview).where(JobReview.open_key == job_id).with_for_update()).one_or_none()
