"""Background work for employers: the scanner that was away, files that no row can open, and what a new day brings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from service import clock
from service.accounts.models import Account
from service.employers import files, papers
from service.employers.claims import TELL
from service.employers.closing import close_and_reopen_all
from service.employers.models import Employer, Paper
from service.employers.notices import notices_of
from service.employers.scanner import scan
from service.employers.standing import may_publish
from service.tasks import Outside, enqueue, every, handler, outside_handler
from service.wechat.outbox import post

CLOSE = "employers.close"
SWEEP = "employers.sweep_files"
REMIND = "employers.remind"
BATCH = 500
every(CLOSE, daily_at="00:05")
every(SWEEP, daily_at="03:50")
every(REMIND, daily_at="09:10")


@outside_handler(papers.SCAN, tries=40)
def scan_paper(outside: Outside, payload: dict[str, Any], now: datetime) -> Any:
    """Have a picture scanned that was kept while the scanner was away. Raises ScannerAway: then it is tried again later."""
    with outside.database.read_session() as session:
        paper = session.get(Paper, payload["paper_id"])
        if paper is None or paper.removed_at is not None or paper.scan_state != "scan_pending":
            return None
        content = files.read(outside.settings.files_dir, paper.file_name, key=paper.file_key, row_key=paper.row_key or "")
    found = scan(outside.settings.scanner_url, content) if outside.settings.scanner_url else ""

    def finish(session: Session) -> None:
        waiting = session.scalars(
            select(Paper).where(Paper.paper_id == payload["paper_id"], Paper.scan_state == "scan_pending").with_for_update()
        ).one_or_none()
        if waiting is not None:
            papers.scanned(session, waiting, found, now)

    return finish


@handler(CLOSE)
def close_companies(session: Session, _payload: dict[str, Any], now: datetime) -> None:
    """Shut out the accounts of companies that are on the list of the gone from today, and let in those that are not any more."""
    close_and_reopen_all(session, now)


@outside_handler(SWEEP)
def sweep_files(outside: Outside, _payload: dict[str, Any], now: datetime) -> None:
    """Take away files that no row can open any more."""
    with outside.database.read_session() as session:
        names = papers.left_behind(session, outside.settings, now)
    for name in names:
        files.remove(outside.settings.files_dir, name)


@handler(REMIND)
def remind_owners(session: Session, payload: dict[str, Any], now: datetime) -> None:
    """Tell owners what runs out soon, once a week for each employer; those who have no WeChat see it on their file."""
    after = int(payload.get("after", 0))
    wanted = select(Employer).where(Employer.employer_id > after, Employer.verified_at.is_not(None), Employer.demo.is_(False))
    found = list(session.scalars(wanted.order_by(Employer.employer_id).limit(BATCH)))
    year, week, _ = now.astimezone(clock.BEIJING).isocalendar()
    for employer in found:
        notices = notices_of(employer, may_publish(session, employer, now), now)
        if not notices:
            continue
        for account_id in session.scalars(_owners_of(employer)):
            values = {"item": "单位核验", "status": "快到期", "at": clock.show(now)[:10], "note": notices[0]}
            post(session, account_id, "case_update", values, key=f"employer-{account_id}-{year}-{week}", now=now)
    if len(found) == BATCH:
        enqueue(session, REMIND, {"after": found[-1].employer_id})


@handler(TELL)
def tell_whose_claim_ended(session: Session, payload: dict[str, Any], now: datetime) -> None:
    """Tell owners that the code they gave was proven by another; those who have no WeChat see it on their file."""
    employer = session.get(Employer, payload["employer_id"])
    if employer is None or employer.claim_ended_at is None:
        return
    values = {"item": "单位核验", "status": "信用代码属于别人", "at": clock.show(now)[:10], "note": "请打开单位档案看说明。"}
    for account_id in session.scalars(_owners_of(employer)):
        key = f"claim-{account_id}-{clock.seconds(employer.claim_ended_at)}"
        post(session, account_id, "case_update", values, key=key, now=now)


def _owners_of(employer: Employer) -> Select[int]:
    return select(Account.account_id).where(
        Account.employer_id == employer.employer_id, Account.role == "employer_owner", Account.disabled_at.is_(None)
    )
