"""An employer whose new adverts are looked at first objects, and staff answer: right, and it starts anew; or not, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.accounts.territory import within
from service.audit import trail
from service.employers.models import Employer
from service.errors import Conflict, NotFound
from service.jobs.contacts import without_contacts
from service.jobs.reviews.models import RepeatLift, RepeatObjection
from service.jobs.reviews.repeat import record_of
from service.jobs.reviews.tables import due

WORDS_LENGTH = 500
MISSING = ("objection_not_found", "没有这条申诉，请检查编号。")


def object_to(session: Session, employer: Employer, words: str, caller: Caller, now: datetime) -> RepeatObjection:
    """Take down why a locked employer objects. Raises Conflict when nothing stands against it, or one waits already."""
    if not record_of(session, employer.employer_id, now).held:
        raise Conflict("not_held", "您单位的岗位没有因为多次违规被先看后发，不用申诉。")
    if _open_of(session, employer.employer_id) is not None:
        raise Conflict("objection_open", "上一次申诉还在处理，请等答复，或者打当地人社部门的电话。")
    row = RepeatObjection(
        employer_id=employer.employer_id,
        open_key=employer.employer_id,
        words=without_contacts(words)[:WORDS_LENGTH],
        state="waiting",
        made_by=caller.account_id,
        made_at=now,
        due_at=due("objection", now),
    )
    session.add(row)
    session.flush()
    trail.record(session, caller, "objection.make", "employer", employer.employer_id, region_code=employer.region_code)
    return row


def answer(
    session: Session, row: RepeatObjection, employer: Employer, *, right: bool, sentence: str, caller: Caller, now: datetime
) -> None:
    """Answer the objection of a locked employer. Raises Conflict when it is answered."""
    if row.state != "waiting":
        raise Conflict("objection_answered", "这条申诉已经答复过了，请刷新后再看。")
    if right:  # also when it is not held any more today: what was taken down before counts no more
        session.add(RepeatLift(employer_id=row.employer_id, lifted_by=caller.account_id, lifted_at=now, reason=sentence))
        trail.record(session, caller, "repeat.lift", "employer", row.employer_id, region_code=employer.region_code)
    _answered(session, row, employer, "upheld" if right else "dismissed", sentence, caller, now)


def answered_by_lift(session: Session, employer: Employer, reason: str, caller: Caller, now: datetime) -> None:
    """Staff let a locked employer start anew of their own accord: what it still waits for is answered with that."""
    row = _open_of(session, employer.employer_id)
    if row is not None:
        _answered(session, row, employer, "upheld", reason, caller, now)


def last_of(session: Session, employer_id: int) -> RepeatObjection | None:
    """The newest objection of an employer."""
    wanted = select(RepeatObjection).where(RepeatObjection.employer_id == employer_id)
    return session.scalars(wanted.order_by(RepeatObjection.objection_id.desc()).limit(1)).one_or_none()


def objection_of(session: Session, objection_id: int, *, lock: bool = False) -> RepeatObjection:
    """One objection. Raises NotFound."""
    wanted = select(RepeatObjection).where(RepeatObjection.objection_id == objection_id)
    found = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if found is None:
        raise NotFound(*MISSING)
    return found


def objections(
    session: Session, caller: Caller, *, state: str, after: int, limit: int
) -> tuple[Sequence[tuple[RepeatObjection, str]], int | None]:
    """Those of a state in the caller's territory with the employer's name, the oldest first, and where to go on."""
    wanted = (
        select(RepeatObjection, Employer.name)
        .join(Employer, Employer.employer_id == RepeatObjection.employer_id)
        .where(
            RepeatObjection.state == state,
            RepeatObjection.objection_id > after,
            within(Employer.region_code, caller.region_code),
        )
        .order_by(RepeatObjection.objection_id)
        .limit(limit + 1)
    )
    found = [(row[0], row[1]) for row in session.execute(wanted)]
    return found[:limit], found[limit - 1][0].objection_id if len(found) > limit else None


def _open_of(session: Session, employer_id: int) -> RepeatObjection | None:
    return session.scalars(select(RepeatObjection).where(RepeatObjection.open_key == employer_id).with_for_update()).one_or_none()


def _answered(
    session: Session, row: RepeatObjection, employer: Employer, state: str, sentence: str, caller: Caller, now: datetime
) -> None:
    row.state, row.open_key, row.answer = state, None, sentence
    row.answered_by, row.answered_at = caller.account_id, now
    session.flush()
    trail.record(
        session, caller, "objection.answer", "employer", row.employer_id, region_code=employer.region_code,
        details={"objection_id": row.objection_id, "state": state},
    )  # fmt: skip
