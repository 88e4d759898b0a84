"""Take in a picture of a paper, scan it, show it, take it away."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.audit import trail
from service.config import Settings
from service.crypto.sealed import new_row_key
from service.employers import files
from service.employers.images import Picture, redraw
from service.employers.models import Employer, Paper, Verification
from service.employers.scanner import ScannerAway, scan
from service.errors import Conflict, Invalid, NotFound
from service.tasks import enqueue

MOST = 20
"""Papers an employer may keep at a time."""
SCAN = "employers.scan"
LEFT_BEHIND = timedelta(days=1)


def look_at(settings: Settings, content: bytes) -> tuple[Picture, str]:
    """Draw a picture anew and have the file that was sent scanned; gives the picture and its state. No transaction is open.

    Raises Invalid or UnsupportedMedia. When the scanner is away, the picture is kept unseen until it has answered.
    """
    picture = redraw(content)
    if not settings.scanner_url:
        return picture, "clean"
    try:
        found = scan(settings.scanner_url, content)
    except ScannerAway:
        return picture, "scan_pending"
    if found:
        raise Invalid("picture_infected", "这个文件里有病毒，没有保存；请用手机重新拍一张。", errors={"file": ["文件里有病毒。"]})
    return picture, "clean"


def put_away(settings: Settings, picture: Picture) -> Paper:
    """Write the picture to the disk, sealed, and give the row that can open it; the row is not in any session yet."""
    paper = Paper(row_key=new_row_key(), size_bytes=len(picture.content), width=picture.width, height=picture.height)
    key = files.new_key()
    paper.file_key = key
    paper.file_name = files.keep(settings.files_dir, picture.content, key=key, row_key=paper.row_key or "")
    return paper


def add_paper(
    session: Session, employer: Employer, paper: Paper, *, kind: str, scan_state: str, caller: Caller, now: datetime
) -> Paper:
    """Hang a picture on a locked employer. Raises Conflict when there are too many."""
    there = session.scalar(
        select(func.count()).select_from(Paper).where(Paper.employer_id == employer.employer_id, Paper.removed_at.is_(None))
    )
    if (there or 0) >= MOST:
        raise Conflict("papers_too_many", f"最多保存 {MOST} 张照片，请先撤下不用的。")
    paper.employer_id, paper.kind, paper.scan_state = employer.employer_id, kind, scan_state
    paper.uploaded_by, paper.uploaded_at = caller.account_id, now
    session.add(paper)
    session.flush()
    if scan_state == "scan_pending":
        enqueue(session, SCAN, {"paper_id": paper.paper_id})
    _newer(session, employer)
    trail.record(
        session, caller, "paper.add", "paper", paper.paper_id,
        region_code=employer.region_code, details={"employer_id": employer.employer_id, "kind": kind},
    )  # fmt: skip
    return paper


def paper_of(session: Session, employer_id: int, paper_id: int) -> Paper:
    """One paper that counts. Raises NotFound."""
    paper = session.get(Paper, paper_id)
    if paper is None or paper.employer_id != employer_id or paper.removed_at is not None:
        raise NotFound("paper_not_found", "没有这张照片，可能已经撤下，请刷新后再看。")
    return paper


def content_of(settings: Settings, paper: Paper) -> bytes:
    """The picture itself. Raises Conflict while it has not been scanned."""
    if paper.scan_state != "clean":
        raise Conflict("scan_pending", "这张照片还没有扫描完，请过几分钟再看。")
    return files.read(settings.files_dir, paper.file_name, key=paper.file_key, row_key=paper.row_key or "")


def remove_paper(session: Session, employer: Employer, paper: Paper, caller: Caller, now: datetime) -> None:
    """Take a paper of a locked employer away; its key goes with it, so that nobody can open the file any more."""
    _forget(paper, now)
    _newer(session, employer)
    trail.record(
        session, caller, "paper.remove", "paper", paper.paper_id,
        region_code=employer.region_code, details={"employer_id": employer.employer_id},
    )  # fmt: skip
    session.flush()


def scanned(session: Session, paper: Paper, found: str, now: datetime) -> None:
    """Note what the scanner said of a picture that waited for it."""
    if found:
        paper.scan_state = "infected"
        _forget(paper, now)
    else:
        paper.scan_state = "clean"
    session.flush()


def left_behind(session: Session, settings: Settings, now: datetime) -> list[str]:
    """Names of files that no row can open: an upload that did not end, a paper taken away."""
    names = files.lying_about(settings.files_dir, now - LEFT_BEHIND)
    if not names:
        return []
    kept = set(session.scalars(select(Paper.file_name).where(Paper.removed_at.is_(None), Paper.file_name.in_(names))))
    return [name for name in names if name not in kept]


def _forget(paper: Paper, now: datetime) -> None:
    paper.removed_at = now
    paper.file_key = None


def _newer(session: Session, employer: Employer) -> None:
    """Whoever has looked at the round before must look again."""
    waiting = session.scalars(
        select(Verification).where(Verification.open_key == employer.employer_id).with_for_update()
    ).one_or_none()
    if waiting is not None:
        waiting.version += 1
    employer.version += 1
