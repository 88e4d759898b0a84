"""What would become of every line of a sheet that nobody has confirmed yet. Nothing is written."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from service.errors import Forbidden
from service.imports.confirm import corrected, require_waiting
from service.imports.judge import OUTCOMES
from service.imports.limits import bounds
from service.imports.models import SheetImport
from service.imports.owner import Owner
from service.imports.run import BATCH, Ready, ready_lines, settle_lines

_FIRST = 20


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """``judged``: how many lines were looked at, all of them unless there was no time; ``counts`` by outcome; ``reasons``: how
    many lines had which, the most common first; ``first``: the first lines that would not simply be published."""

    rows: int
    judged: int
    counts: dict[str, int]
    reasons: list[dict[str, Any]]
    first: list[dict[str, Any]]


def as_corrected(row: SheetImport, said: Mapping[str, Any]) -> None:
    """Read a preview, held by no session any more, as somebody corrected it. Raises Conflict when it waits no longer, Invalid."""
    require_waiting(row)
    row.layout = corrected(row.layout, said.get("sheets", ()))
    row.region_code = said.get("region") or row.region_code


def rehearse(session: Session, row: SheetImport, owner: Owner, now: datetime) -> Rehearsal:
    """Judge every line as the work in the background would. Raises Forbidden for a suspended employer."""
    if owner.refused:
        raise Forbidden("employer_refused", owner.refused)
    lines = ready_lines(session, row)
    until = time.monotonic() + bounds(now).rehearsal.total_seconds()
    counts: Counter[str] = Counter()
    reasons: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], str] = {}
    first: list[dict[str, Any]] = []
    judged = 0
    while judged < len(lines) and (judged == 0 or time.monotonic() < until):
        batch = lines[judged : judged + BATCH]
        for line, settled in zip(batch, settle_lines(session, batch, owner, row.region_code, now), strict=True):
            counts[settled.outcome] += 1
            if settled.code:
                reasons[settled.outcome, settled.code] += 1
                examples.setdefault((settled.outcome, settled.code), settled.reason)
                if len(first) < _FIRST:
                    first.append(_told(line, settled.outcome, settled.reason))
        judged += len(batch)
    return Rehearsal(
        len(lines),
        judged,
        {outcome: counts[outcome] for outcome in OUTCOMES},
        [
            {"outcome": outcome, "code": code, "count": count, "example": examples[outcome, code]}
            for (outcome, code), count in sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
        ],
        first,
    )


def _told(line: Ready, outcome: str, reason: str) -> dict[str, Any]:
    return {"line": line.label, "outcome": outcome, "outcome_text": OUTCOMES[outcome], "reason": reason}
