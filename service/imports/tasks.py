"""Background work for imports: the work itself, and what is given up or has served its time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from service.imports.confirm import RUN
from service.imports.keep import drop_cells, drop_previews, give_up
from service.imports.run import run
from service.tasks import Outside, every, handler, outside_handler

SWEEP = "imports.sweep"
LONGEST_SECONDS = 1_800
every(SWEEP, seconds=600)


@outside_handler(RUN, longest_seconds=LONGEST_SECONDS)
def work_off(outside: Outside, payload: dict[str, Any], _now: datetime) -> None:
    """One import, in many short transactions; one that was killed goes on where it stopped."""
    run(outside.database, int(payload["import_id"]))


@handler(SWEEP)
def sweep(session: Session, _payload: dict[str, Any], now: datetime) -> None:
    """Imports whose work was given up are said to have failed; old previews and old cells go."""
    give_up(session, now)
    drop_previews(session, now)
    drop_cells(session, now)
