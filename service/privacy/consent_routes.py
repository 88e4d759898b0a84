"""What I am asked, what I said, and who got what of me."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import audit, clock
from service.accounts.access import allow, current_account
from service.accounts.caller import Caller
from service.accounts.models import ActingGrant
from service.accounts.permit import Owned, require
from service.blueprint import Blueprint
from service.consents import record, texts
from service.consents.ledger import PAGE_MOST, disclosures_of
from service.consents.models import ConsentRecord
from service.consents.record import Recipient, Said
from service.employers.models import Employer
from service.errors import Forbidden, Invalid, NotFound
from service.jobs.queries import shown
from service.privacy import schemas
from service.privacy.limits import limits
from service.sessions import read_session, write_session
from service.workers import profile
from service.workers.ages import ages, refuse_minors
from service.workers.grant_routes import channel_of
from service.workers.models import Worker
from service.workers.schemas import BeforeArgs

blueprint = Blueprint("consents", __name__, description="隐私：问了什么、同意了什么、谁看过、怎么结束")


@blueprint.route("/v1/privacy/current", methods=["GET"])
@blueprint.response(200, schemas.PrivacyOut)
@allow.anyone("privacy.read")
def current() -> dict[str, Any]:
    """现在的隐私说明：每件事问什么、不同意会怎样、什么留多久、怎么结束。"""
    return {"texts": texts.current(clock.now()), "kept": list(limits().values())}


@blueprint.route("/v1/me/consents", methods=["GET"])
@blueprint.response(200, schemas.ConsentsOut)
@allow("consent.read")
def my_consents() -> dict[str, Any]:
    """我同意过、拒绝过、撤回过什么，现在怎样。"""
    caller, now = current_account(), clock.now()
    with read_session() as session:
        row = _mine(session, caller, "consent.read")
        query = select(ConsentRecord).where(ConsentRecord.worker_id == row.worker_id)
        said = list(session.scalars(query.order_by(ConsentRecord.consent_id.desc())))
        last = record.history_last(session, row.worker_id)
    newest = {one.purpose: one for one in last if one.purpose != texts.DISCLOSURE}
    states = [_state(words, newest.get(words.purpose), now) for words in texts.current(now) if words.purpose != texts.DISCLOSURE]
    given = [one for one in last if one.purpose == texts.DISCLOSURE]
    return {"current": states, "disclosures": given, "history": said}


@blueprint.route("/v1/me/consents", methods=["POST"])
@blueprint.arguments(schemas.ConsentIn)
@blueprint.response(201, schemas.ConsentOut)
@allow("consent.give")
def give(said: dict[str, Any]) -> ConsentRecord:
    """同意或不同意一件事。每次都记下来：看的是哪一版文字、什么时候、通过什么方式、谁按的。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        row = _mine(session, caller, "consent.give", lock=True)
        words = texts.text_of(said["purpose"], now)
        word = _word(session, caller, said, words, agree=said["agree"])
        recipient = _recipient(session, said, row if said["agree"] else None, now)
        if said["agree"] and words.separate and ages(row, now).protected and not word.guardian:
            message = "您还不满 18 周岁，请选：主要靠自己劳动生活，或者监护人知道并且同意。"
            raise Invalid("guardian_needed", message, errors={"guardian": [message]})
        made = record.give(
            session,
            row.worker_id,
            said["purpose"],
            word,
            now,
            version=said["version"],
            recipient=recipient,
            fields=said["fields_"],
            refused=not said["agree"],
        )
        if said["agree"] and said["purpose"] == texts.RANKING and not row.personal_ranking:
            row.personal_ranking = True
            row.version += 1
        _note(session, caller, "consent.give", made)
    return made


@blueprint.route("/v1/me/consents/<int:consent_id>", methods=["DELETE"])
@blueprint.response(200, schemas.ConsentOut)
@allow("consent.give")
def withdraw(consent_id: int) -> ConsentRecord:
    """撤回一次同意，立刻生效；靠它保存的内容一起删掉。撤回两次也没关系。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        given = session.get(ConsentRecord, consent_id)
        if given is None:
            raise NotFound("consent_missing", "没有这条同意记录。")
        require(caller, "consent.give", Owned(worker_id=given.worker_id))
        row = _mine(session, caller, "consent.give", lock=True)
        recipient = None
        if given.employer_id is not None and given.job_id is not None:
            recipient = Recipient(given.employer_id, given.job_id, given.recipient_name)
        word = Said(channel_of(flask.request), caller.account_id, caller.acting_for)
        made = record.withdraw(session, row.worker_id, given.purpose, word, now, recipient=recipient)
        _note(session, caller, "consent.withdraw", made)
    return made


@blueprint.route("/v1/me/disclosures", methods=["GET"])
@blueprint.arguments(BeforeArgs, location="query")
@blueprint.response(200, schemas.DisclosuresOut)
@allow("disclosure.read")
def my_disclosures(args: dict[str, int]) -> dict[str, Any]:
    """谁看过我的信息：哪家单位、哪个部门，看了哪几项，凭什么，什么时候。"""
    caller = current_account()
    with read_session() as session:
        row = _mine(session, caller, "disclosure.read")
        rows = disclosures_of(session, row.worker_id, before=args.get("before"), limit=PAGE_MOST + 1)
    more = len(rows) > PAGE_MOST
    return {"items": rows[:PAGE_MOST], "next": rows[PAGE_MOST - 1].disclosure_id if more else None}


def _mine(session: Session, caller: Caller, permission: str, *, lock: bool = False) -> Worker:
    row = profile.worker_of(session, caller.worker_id, lock=lock)
    require(caller, permission, Owned(worker_id=row.worker_id))
    return row


def _word(session: Session, caller: Caller, said: dict[str, Any], words: texts.ConsentText, *, agree: bool) -> Said:
    """How it was said. A proxy may always say no; a yes to what is asked for separately is the person's own, or stands on paper
    at the station."""
    if caller.acting_for is None:
        return Said(channel_of(flask.request), caller.account_id, guardian=said["guardian"])
    grant = session.get_one(ActingGrant, caller.acting_for)
    if words.purpose == texts.PROXY and agree:
        raise Forbidden("only_in_person", "请人代办这件事，只能本人同意。")
    if not agree or (not words.separate and "evidence" not in said):
        return Said(channel_of(flask.request), caller.account_id, caller.acting_for, guardian=said["guardian"])
    if grant.kind != "station" or "evidence" not in said:
        raise Forbidden("consent_in_person", "这件事要本人自己同意；没有手机的，请驿站凭本人签字或电话录音代办。")
    return Said(
        said["channel"], caller.account_id, caller.acting_for, grant.station_id, said["evidence"], guardian=said["guardian"]
    )


def _recipient(session: Session, said: dict[str, Any], agreeing: Worker | None, now: datetime) -> Recipient | None:
    if "job_id" not in said:
        return None
    job = shown(session, said["job_id"], now)
    if job is None or job.employer_id is None:
        raise NotFound("job_not_found", "没有这个岗位，或者它已经结束了。")
    if job.minors_barred and agreeing is not None:
        refuse_minors(agreeing.birth_month, now)
    return Recipient(job.employer_id, job.job_id, session.get_one(Employer, job.employer_id).name)


def _state(words: texts.ConsentText, last: ConsentRecord | None, now: datetime) -> dict[str, Any]:
    holds = record.holds(last, now)
    return {
        "purpose": words.purpose,
        "title": words.title,
        "holds": holds,
        "ask_again": last is not None and last.action == "give" and not holds,
        "last": last,
    }


def _note(session: Session, caller: Caller, action: str, made: ConsentRecord) -> None:
    audit.record(
        session,
        caller,
        action,
        "consent",
        made.consent_id,
        details={"purpose": made.purpose, "action": made.action},
        for_worker=made.worker_id,
    )
