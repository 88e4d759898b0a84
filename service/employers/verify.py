"""Check an employer's papers: hand them in, decide, suspend and take back. Whoever decides never decides on what he handed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import clock
from service.accounts.caller import Caller
from service.audit import trail
from service.employers.claims import settle_claims
from service.employers.models import Decision, Employer, Paper, Verification
from service.employers.tables import check_names, class_row, deadline, paper_names, reasons_of
from service.employers.watch import standing_changed
from service.errors import Conflict, Forbidden, Invalid

FINAL = {"approve": "approved", "reject": "rejected", "ask": "asked"}


@dataclass(frozen=True, slots=True)
class Said:
    """A decision as it is sent: ``outcome`` one of ``FINAL``, codes of reasons, a sentence, and what was looked at."""

    outcome: str
    reasons: tuple[str, ...]
    sentence: str
    checked: tuple[str, ...]


def papers_of(session: Session, employer_id: int) -> list[Paper]:
    """The papers that count, oldest first."""
    wanted = select(Paper).where(Paper.employer_id == employer_id, Paper.removed_at.is_(None))
    return list(session.scalars(wanted.order_by(Paper.paper_id)))


def submit(session: Session, employer: Employer, caller: Caller, now: datetime) -> Verification:
    """Hand in the papers of a locked employer: a new round, or the round in which something was asked for.

    Raises Invalid naming all that is missing, Conflict while a round is waiting.
    """
    waiting = session.scalars(
        select(Verification).where(Verification.open_key == employer.employer_id).with_for_update()
    ).one_or_none()
    if waiting is not None and waiting.state == "pending":
        raise Conflict("verification_pending", "材料已经提交，正在核验，不用重复提交。")
    _require_whole(session, employer, now)
    if waiting is None:
        waiting = Verification(employer_id=employer.employer_id, open_key=employer.employer_id, version=0)
        session.add(waiting)
    waiting.version += 1
    waiting.state = "pending"
    waiting.region_code = employer.region_code
    waiting.submitted_by, waiting.submitted_at = caller.account_id, now
    waiting.due_at = deadline("verification", now).after(now)
    waiting.decided_at = None
    session.flush()
    trail.record(
        session, caller, "verification.submit", "employer", employer.employer_id,
        region_code=employer.region_code, details={"verification_id": waiting.verification_id},
    )  # fmt: skip
    standing_changed(session, employer.employer_id, now)
    return waiting


def decide(
    session: Session, employer: Employer, verification: Verification, said: Said, caller: Caller, now: datetime
) -> Decision:
    """Decide on a round; employer, its rivals and the round are locked, and the caller has been let in for its territory.

    Raises Conflict when somebody else has decided, a picture is not scanned yet or another one has proven the credit code,
    Forbidden for one's own papers and words, Invalid for a decision that does not say why or what was looked at.
    """
    if verification.state != "pending":
        raise Conflict("verification_decided", "这份材料已经有人处理过了，请刷新后再看。")
    papers = papers_of(session, employer.employer_id)
    if caller.account_id == verification.submitted_by or any(paper.uploaded_by == caller.account_id for paper in papers):
        raise Forbidden("own_submission", "材料是您自己提交或上传的，要由另一位同事核验。")
    if caller.account_id in (employer.words_by or []):
        raise Forbidden("own_words", "单位的名称、代码、经办人等是您登记或修改的，要由另一位同事核验。")
    _require_reasoned(said, employer, now)
    if said.outcome == "approve":
        if any(paper.scan_state != "clean" for paper in papers):
            raise Conflict("scan_pending", "还有照片没有扫描完，请过几分钟再核验。")
        _require_whole(session, employer, now)
        settle_claims(session, employer, caller, now)
        employer.words_by = None  # another one has looked at every word
    verification.state = FINAL[said.outcome]
    verification.version += 1
    verification.decided_at = now
    if said.outcome != "ask":
        verification.open_key = None
        employer.verified_at = now if said.outcome == "approve" else None
        employer.version += 1
    decision = Decision(
        verification_id=verification.verification_id,
        outcome=said.outcome,
        reasons=list(said.reasons),
        sentence=said.sentence,
        checked=list(said.checked),
        decided_by=caller.account_id,
        decided_at=now,
    )
    session.add(decision)
    session.flush()
    trail.record(
        session, caller, "verification.decide", "employer", employer.employer_id,
        region_code=employer.region_code,
        details={"verification_id": verification.verification_id, "outcome": said.outcome, "reasons": list(said.reasons)},
    )  # fmt: skip
    standing_changed(session, employer.employer_id, now)
    return decision


def suspend(session: Session, employer: Employer, reason: str, note: str, caller: Caller, now: datetime) -> None:
    """Stop a locked employer: what it shows is held at once and nothing new is taken. Raises Conflict or Invalid."""
    if employer.suspended_at is not None:
        raise Conflict("already_suspended", "这个单位已经暂停招聘了。")
    _require_known((reason,), "suspend", note)
    employer.suspended_at, employer.suspended_reason, employer.suspended_note = now, reason, note
    employer.version += 1
    trail.record(
        session, caller, "employer.suspend", "employer", employer.employer_id,
        region_code=employer.region_code, details={"reason": reason},
    )  # fmt: skip
    standing_changed(session, employer.employer_id, now)


def reinstate(session: Session, employer: Employer, caller: Caller, now: datetime) -> None:
    """Let a suspended employer go on; what waited for this alone is shown again. Raises Conflict."""
    if employer.suspended_at is None:
        raise Conflict("not_suspended", "这个单位没有被暂停招聘。")
    employer.suspended_at, employer.suspended_reason, employer.suspended_note = None, "", ""
    employer.version += 1
    trail.record(session, caller, "employer.reinstate", "employer", employer.employer_id, region_code=employer.region_code)
    standing_changed(session, employer.employer_id, now)


def _require_whole(session: Session, employer: Employer, now: datetime) -> None:
    """Raises Invalid naming everything that is missing at once: nobody should have to come five times."""
    row = class_row(employer.publisher_class, now)
    today: date = now.astimezone(clock.BEIJING).date()
    errors: dict[str, list[str]] = {}
    if not employer.region_code:
        errors["region"] = ["请填写单位所在地区，写到县区。"]
    if not employer.handler_name:
        errors["handler_name"] = ["请填写经办人姓名。"]
    if not employer.handler_id:
        errors["handler_id"] = ["请填写经办人身份证号码。"]
    if row.needs_code and not employer.said_code:
        errors["credit_code"] = ["请填写统一社会信用代码。"]
    if row.needs_licence and not employer.agency_licence_no:
        errors["agency_licence_no"] = ["请填写人力资源服务许可证号。"]
    if row.needs_licence and (employer.agency_licence_until is None or employer.agency_licence_until < today):
        errors["agency_licence_until"] = ["许可证已过期或没有填写有效期，请填写新证的有效期。"]
    there = {paper.kind for paper in papers_of(session, employer.employer_id) if paper.scan_state != "infected"}
    missing = [paper_names()[kind] for kind in row.papers if kind not in there]
    if missing:
        errors["papers"] = [f"请上传{name}的照片。" for name in missing]
    if errors:
        message = "材料还不齐，请补齐下面几项再提交。"
        raise Invalid("verification_incomplete", message, errors=errors)


def _require_reasoned(said: Said, employer: Employer, now: datetime) -> None:
    _require_known(said.reasons, said.outcome, said.sentence)
    if said.outcome == "approve":
        missing = [name for name in class_row(employer.publisher_class, now).checks if name not in said.checked]
        if missing:
            raise Invalid(
                "checks_missing",
                "通过之前，请把要核对的几项都核对一遍并勾选。",
                errors={"checked": [f"还没有核对：{check_names()[name]}" for name in missing]},
            )


def _require_known(reasons: tuple[str, ...], outcome: str, sentence: str) -> None:
    known = reasons_of(outcome)
    unknown = [code for code in reasons if code not in known]
    if not reasons or unknown:
        choices = "、".join(f"{code}（{text}）" for code, text in known.items())
        raise Invalid("reason_needed", "请选择理由，单位才知道怎么办。", errors={"reasons": [f"只能选这些：{choices}"]})
    if "other" in reasons and not sentence:
        raise Invalid("sentence_needed", "选了“其他”，请用一句话说明。", errors={"sentence": ["请写一句说明。"]})
