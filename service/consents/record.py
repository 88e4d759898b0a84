"""Say yes, no, or no longer. Every word is a new row; what holds now is the last row of its kind.

Two taps at once are put in one order by locking the person's row, so that the last row is what the person said last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, exists, select, text
from sqlalchemy.orm import Session, aliased

from service.consents.effects import carry_out
from service.consents.models import CHANNELS, ConsentRecord
from service.consents.texts import DISCLOSURE, ConsentText, text_of
from service.errors import Conflict, Forbidden, Invalid


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is to get data, for which job: 个人信息保护法 art. 23 wants each named."""

    employer_id: int
    job_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Said:
    """How something was said: through which channel, by whose account, under which grant, and where the proof is."""

    channel: str
    account_id: int | None
    grant_id: int | None = None
    station_id: int | None = None
    evidence: str = ""
    guardian: str = ""


def give(
    session: Session,
    worker_id: int,
    purpose: str,
    said: Said,
    now: datetime,
    *,
    version: str | None = None,
    recipient: Recipient | None = None,
    fields: Sequence[str] = (),
    refused: bool = False,
) -> ConsentRecord:
    """Write a yes (or, ``refused``, a no) to the words in force.

    Raises NotFound for an unknown purpose, Conflict when ``version`` is not that of the words in force (the person read other
    words), Invalid for a disclosure without recipient and fields and for a channel that needs a proof and has none.
    """
    words = text_of(purpose, now)
    if version is not None and version != words.version:
        raise Conflict("consent_text_changed", "说明的文字已经更新，请重新看一遍再选择。", details={"version": words.version})
    _check(words, said, recipient, fields)
    _in_order(session, worker_id)
    action = "refuse" if refused else "give"
    row = _row(worker_id, words, action, said, now, recipient, fields)
    session.add(row)
    session.flush()
    if refused:
        carry_out(session, purpose, worker_id, now)
    return row


def withdraw(
    session: Session, worker_id: int, purpose: str, said: Said, now: datetime, *, recipient: Recipient | None = None
) -> ConsentRecord:
    """Take a yes back, as easily as it was given (art. 15). What rested on it ends in the same transaction.

    Doing it twice, or without ever having agreed, writes nothing the second time and gives back the last row there is; Raises
    NotFound for an unknown purpose, Conflict when there is nothing at all to take back.
    """
    words = text_of(purpose, now)
    _in_order(session, worker_id)
    last = latest(session, worker_id, purpose, recipient)
    if last is None:
        raise Conflict("consent_not_given", "您没有同意过这一项，不需要撤回。")
    if last.action != "give":
        return last
    row = _row(worker_id, words, "withdraw", said, now, recipient, ())
    row.text_version, row.text_hash, row.fields = last.text_version, last.text_hash, list(last.fields)
    session.add(row)
    session.flush()
    carry_out(session, purpose, worker_id, now)
    return row


def withdraw_all(session: Session, worker_id: int, said: Said, now: datetime) -> int:
    """Take back everything that holds, as leaving does; how many it was. What rested on it is the business of leaving itself,
    which may have to wait for a legal hold."""
    _in_order(session, worker_id)
    held = [row for row in history_last(session, worker_id) if row.action == "give"]
    for last in held:
        row = ConsentRecord(
            worker_id=worker_id,
            purpose=last.purpose,
            action="withdraw",
            text_version=last.text_version,
            text_hash=last.text_hash,
            at=now,
            channel=said.channel,
            given_by_account_id=said.account_id,
            grant_id=said.grant_id,
            employer_id=last.employer_id,
            job_id=last.job_id,
            recipient_name=last.recipient_name,
            fields=list(last.fields),
            station_id=said.station_id,
            evidence=said.evidence,
        )
        session.add(row)
    session.flush()
    return len(held)


def latest(session: Session, worker_id: int, purpose: str, recipient: Recipient | None = None) -> ConsentRecord | None:
    """The last word of the person on a purpose (of a disclosure: for this employer and job)."""
    query = select(ConsentRecord).where(ConsentRecord.worker_id == worker_id, ConsentRecord.purpose == purpose)
    if recipient is not None:
        query = query.where(ConsentRecord.employer_id == recipient.employer_id, ConsentRecord.job_id == recipient.job_id)
    return session.scalars(query.order_by(ConsentRecord.consent_id.desc()).limit(1)).one_or_none()


def history_last(session: Session, worker_id: int) -> list[ConsentRecord]:
    """The last row of every purpose, recipient and job of a person."""
    rows = session.scalars(select(ConsentRecord).where(ConsentRecord.worker_id == worker_id).order_by(ConsentRecord.consent_id))
    newest = {(row.purpose, row.employer_id, row.job_id): row for row in rows}
    return list(newest.values())


def holds(row: ConsentRecord | None, now: datetime) -> bool:
    """Whether a last row is a yes that still counts: to the words in force now, and not too long ago for what it is."""
    if row is None or row.action != "give":
        return False
    words = text_of(row.purpose, now)
    if row.text_hash != words.text_hash:
        return False
    return not words.lasts_days or now < row.at + timedelta(days=words.lasts_days)


def has_consent(session: Session, worker_id: int, purpose: str, now: datetime, *, recipient: Recipient | None = None) -> bool:
    """Whether a person agrees at ``now``. A disclosure is asked for with its recipient, never in general."""
    if purpose == DISCLOSURE and recipient is None:
        raise ValueError("a disclosure has a recipient")
    return holds(latest(session, worker_id, purpose, recipient), now)


def require_consent(
    session: Session, worker_id: int, purpose: str, now: datetime, *, recipient: Recipient | None = None
) -> ConsentRecord:
    """The row that allows it. Raises Forbidden with the purpose to ask for when there is none that holds."""
    if purpose == DISCLOSURE and recipient is None:
        raise ValueError("a disclosure has a recipient")
    row = latest(session, worker_id, purpose, recipient)
    if row is None or not holds(row, now):
        words = text_of(purpose, now)
        raise Forbidden(
            "consent_needed",
            f"这一步要先征得本人同意：“{words.title}”。{words.refused}",
            details={"purpose": purpose, "version": words.version},
        )
    return row


def _check(words: ConsentText, said: Said, recipient: Recipient | None, fields: Sequence[str]) -> None:
    if said.channel not in CHANNELS:
        raise Invalid("channel_unknown", "同意的方式只能是小程序、网页、驿站纸质签字或电话。")
    if said.channel in {"station_paper", "phone"} and not (said.station_id and said.evidence):
        message = "纸质签字或电话同意要写明驿站和材料（或录音）编号。"
        raise Invalid("evidence_needed", message, errors={"evidence": [message]})
    if (words.purpose == DISCLOSURE) != (recipient is not None and bool(fields)):
        message = "把信息给单位要写明给哪一家、为哪个岗位、给哪几项。"
        raise Invalid("recipient_needed", message, errors={"employer_id": [message]})


def _row(
    worker_id: int,
    words: ConsentText,
    action: str,
    said: Said,
    now: datetime,
    recipient: Recipient | None,
    fields: Sequence[str],
) -> ConsentRecord:
    return ConsentRecord(
        worker_id=worker_id,
        purpose=words.purpose,
        action=action,
        text_version=words.version,
        text_hash=words.text_hash,
        at=now,
        channel=said.channel,
        given_by_account_id=said.account_id,
        grant_id=said.grant_id,
        guardian=said.guardian,
        employer_id=recipient.employer_id if recipient else None,
        job_id=recipient.job_id if recipient else None,
        recipient_name=recipient.name if recipient else "",
        fields=list(fields),
        station_id=said.station_id,
        evidence=said.evidence,
    )


def _in_order(session: Session, worker_id: int) -> None:
    """Hold the person's row until the transaction ends: on SQLite there is one writer anyway. The table belongs to a feature
    above this one, so it is named, not imported."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT 1 FROM worker WHERE worker_id = :id FOR UPDATE"), {"id": worker_id})


def agreeing(purpose: str, now: datetime) -> Select[int]:
    """Worker ids of all whose last word on a purpose is a yes that counts at ``now``: the same as :func:`has_consent`, as a
    SELECT to filter with. Not for disclosures."""
    if purpose == DISCLOSURE:
        raise ValueError("a disclosure has a recipient")
    words = text_of(purpose, now)
    later = aliased(ConsentRecord)
    said_since = select(1).where(
        later.worker_id == ConsentRecord.worker_id,
        later.purpose == purpose,
        later.consent_id > ConsentRecord.consent_id,
    )
    query = select(ConsentRecord.worker_id).where(
        ConsentRecord.purpose == purpose,
        ConsentRecord.action == "give",
        ConsentRecord.text_hash == words.text_hash,
        ~exists(said_since),
    )
    return query.where(ConsentRecord.at > now - timedelta(days=words.lasts_days)) if words.lasts_days else query
