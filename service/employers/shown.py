"""An employer's file put together for an answer, from its rows and the tables of the day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from service.employers import schemas
from service.employers.claims import rivals_of
from service.employers.models import Employer, Verification
from service.employers.notices import notices_of
from service.employers.queries import decisions_of, last_round
from service.employers.standing import checked, flags_for_workers, may_publish
from service.employers.tables import class_names, class_row, reasons_of
from service.employers.verify import papers_of

LABEL = "招聘服务"
"""The words by which the notice of five ministries (人社厅发〔2025〕60号) wants such content to be known."""


def card(session: Session, employer: Employer, now: datetime) -> dict[str, Any]:
    """What everybody may know."""
    known = checked(employer, now)
    shown = {
        "label": LABEL,
        "class_name": class_names().get(employer.publisher_class, ""),
        "licence_no": employer.agency_licence_no or None,
        "verified": known.verified,
        "verified_note": known.note,
        "region_code": employer.region_code or None,
        "flags": flags_for_workers(session, employer.said_code, now),
    }
    names = ("employer_id", "name", "publisher_class", "verified_at", "industry_code", "size", "about")
    body: dict[str, Any] = schemas.EmployerCard().dump({name: getattr(employer, name) for name in names} | shown)
    return body


def record(session: Session, employer: Employer, now: datetime) -> dict[str, Any]:
    """The whole file, the handler masked."""
    last = last_round(session, employer.employer_id)
    needed = class_row(employer.publisher_class, now)
    body: dict[str, Any] = schemas.EmployerRecord(exclude=_PUT_BESIDE).dump(employer)
    standing = may_publish(session, employer, now)
    return body | {
        "standing": schemas.StandingOut().dump(standing),
        "papers": schemas.PaperOut(many=True).dump(papers_of(session, employer.employer_id)),
        "papers_needed": list(needed.papers),
        "checks_needed": list(needed.checks),
        "verification": None if last is None else verification(session, last, now),
        "notices": notices_of(employer, standing, now),
    }


_PUT_BESIDE = ("standing", "papers", "papers_needed", "checks_needed", "verification", "notices")


def verification(session: Session, row: Verification, now: datetime, *, office: bool = False) -> dict[str, Any]:
    """A round with its decisions; for an ``office`` also with everybody else who gives the same credit code."""
    decided = []
    for decision in decisions_of(session, row.verification_id):
        sentences = reasons_of(decision.outcome)
        advice = [sentences[code] for code in decision.reasons if code in sentences and code != "other"]
        names = ("outcome", "reasons", "sentence", "checked", "decided_at")
        decided.append({name: getattr(decision, name) for name in names} | {"advice": advice})
    own = ("verification_id", "employer_id", "state", "submitted_at", "due_at", "decided_at", "version")
    shown = {name: getattr(row, name) for name in own} | {"overdue": overdue(row, now), "decisions": decided}
    shown["same_code"] = _rivals(session, row.employer_id) if office else []
    body: dict[str, Any] = schemas.VerificationOut().dump(shown)
    return body


def _rivals(session: Session, employer_id: int) -> list[dict[str, Any]]:
    found = []
    for rival in rivals_of(session, session.get_one(Employer, employer_id)):
        last = last_round(session, rival.employer_id)
        names = ("employer_id", "name", "region_code", "verified_at", "created_at")
        about = {name: getattr(rival, name) for name in names}
        said = (
            {"verification_id": None, "state": ""}
            if last is None
            else {"verification_id": last.verification_id, "state": last.state}
        )
        found.append(about | said)
    return found


def overdue(row: Verification, now: datetime) -> bool:
    """Whether staff have not kept their promise."""
    return row.state == "pending" and row.due_at < now
