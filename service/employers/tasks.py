"""Background work for employers: the scanner that was away, files that no row can open, and what a new day brings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.employers import files, papers
from service.employers.models import Paper
from service.employers.scanner import scan
from service.tasks import Outside, every, outside_handler

SWEEP = "employers.sweep_files"
every(SWEEP, daily_at="03:50")


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


@outside_handler(SWEEP)
def sweep_files(outside: Outside, _payload: dict[str, Any], now: datetime) -> None:
    """Take away files that no row can open any more."""
    with outside.database.read_session() as session:
        names = papers.left_behind(session, outside.settings, now)
    for name in names:
        files.remove(outside.settings.files_dir, name)
