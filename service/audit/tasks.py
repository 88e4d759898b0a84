"""The trail is read through every night: a damage is told by a task that failed for good, which `/status` and an alert show."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog

from service.audit.anchors import keep, kept
from service.audit.verify import verify
from service.crypto import keyring
from service.errors import Conflict
from service.tasks import every, outside_handler
from service.tasks.registry import Outside

log = structlog.get_logger(__name__)

VERIFY = "audit.verify"
LONGEST_SECONDS = 4 * 3600
every(VERIFY, daily_at="02:20")


@outside_handler(VERIFY, tries=1, longest_seconds=LONGEST_SECONDS)
def verify_trail(outside: Outside, _payload: dict[str, Any], _now: datetime) -> None:
    """Check the whole chain and keep its end. Raises Conflict when a row was changed, removed or put elsewhere."""
    with outside.database.read_session() as session:
        verdict = verify(session, keyring.current(), anchors=kept(outside.settings.data_dir))
    if verdict.problems:
        log.error("audit_trail_broken", rows=[problem.seq for problem in verdict.problems])
        raise Conflict("audit_trail_broken", "操作记录被改过或缺了几条，请立刻执行 flask audit verify。")
    keep(outside.settings.data_dir, verdict.end)
