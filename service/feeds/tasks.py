"""Sources are pulled by the task table: every few minutes those are found whose time has come, each as a task of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.orm import Session

from service.errors import Conflict, Invalid, NotFound, Refusal
from service.feeds.ingest import pull
from service.feeds.lease import LONGEST_SECONDS
from service.feeds.source import open_source, source_keys
from service.tasks import Outside, enqueue, every, outside_handler
from service.tasks.registry import Finish

DUE = "feeds.due"
PULL = "feeds.pull"
log = structlog.get_logger()
every(DUE, seconds=300)


@outside_handler(DUE, tries=2, longest_seconds=60)
def find_due(outside: Outside, _payload: dict[str, Any], now: datetime) -> Finish:
    """A task for each source whose moment has come. One moment makes one task, however often it is found."""
    due: list[tuple[str, str]] = []
    for key in source_keys():
        try:
            source = open_source(key, outside.settings.feeds_dir)
        except Refusal as wrong:  # one source's settings are wrong: the others are pulled all the same
            log.warning("feed_settings", source=key, code=wrong.error)
            continue
        slot = source.timing.slot(now) if source.enabled else None
        if slot is not None:
            due.append((key, slot.strftime("%Y-%m-%dT%H:%M:%SZ")))

    def finish(session: Session) -> None:
        for key, moment in due:
            enqueue(session, PULL, {"source": key}, key=f"{key}:{moment}")

    return finish


@outside_handler(PULL, tries=4, longest_seconds=LONGEST_SECONDS)
def pull_source(outside: Outside, payload: dict[str, Any], now: datetime) -> None:
    """Pull one source and write. A server that is away is tried again later; what trying again would not help is in the run's
    row for people to see, and so is what the guard stopped."""
    key = str(payload["source"])
    try:
        source = open_source(key, outside.settings.feeds_dir)
        report = pull(outside.database, source, now=now, write=True, full=bool(payload.get("full")))
    except (Conflict, Invalid, NotFound) as refused:
        log.warning("feed_not_pulled", source=key, code=refused.error)
        return
    log.info(
        "feed_pulled", source=key, run_id=report.run_id, read=report.read, stopped=bool(report.stopped), gap=bool(report.gap)
    )
