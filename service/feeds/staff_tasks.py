"""What is done for those who look after the sources: the digest of the night by the clock, taking back a run and running steps
again when somebody asks for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog

from service.errors import Conflict, Invalid, NotFound
from service.feeds import digest
from service.feeds.habits import policy
from service.feeds.oversight import opened
from service.feeds.replay import replay
from service.feeds.rollback import roll_back
from service.feeds.source import open_source
from service.tasks import Outside, every, outside_handler

log = structlog.get_logger(__name__)

DIGEST = "feeds.digest"
ROLL_BACK = "feeds.roll_back"
REPLAY = "feeds.replay"
LONGEST_SECONDS = 2 * 3600
BUSY = "feed_running"
every(DIGEST, daily_at=policy().made_at.strftime("%H:%M"))


@outside_handler(DIGEST, tries=4, longest_seconds=300)
def make_digest(outside: Outside, _payload: dict[str, Any], now: datetime) -> None:
    """The rows of this morning. Done twice it writes the same rows again."""
    sources = opened(outside.settings.feeds_dir)
    with outside.database.write_session() as session:
        digest.make(session, sources, now)


@outside_handler(ROLL_BACK, longest_seconds=LONGEST_SECONDS)
def take_back(outside: Outside, payload: dict[str, Any], now: datetime) -> None:
    """Take back a run, or go on with it after this process was killed. While a pull of the source goes on it is tried again
    later; what has come in between is in the log."""
    run_id = int(payload["run_id"])
    try:
        told = roll_back(outside.database, run_id, account_id=payload.get("account_id"), now=now)
    except (Conflict, NotFound) as refused:
        if refused.error == BUSY:
            raise
        log.warning("feed_not_rolled_back", run_id=run_id, code=refused.error)
        return
    log.info("feed_rolled_back", run_id=run_id, **told.as_json())


@outside_handler(REPLAY, longest_seconds=LONGEST_SECONDS)
def run_again(outside: Outside, payload: dict[str, Any], now: datetime) -> None:
    """Run a step of a source and those after it again on what was pulled before."""
    key, step = str(payload["source"]), str(payload["step"])
    try:
        report = replay(outside.database, open_source(key, outside.settings.feeds_dir), step=step, now=now, write=True)
    except (Conflict, Invalid, NotFound) as refused:
        if refused.error == BUSY:
            raise
        log.warning("feed_not_replayed", source=key, code=refused.error)
        return
    log.info("feed_replayed", source=key, run_id=report.run_id, read=report.read)
