"""Who calls, as far as permissions need it. Actions take this; they know nothing of requests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """The account that calls, as far as permissions need it."""

    account_id: int
    role: str
    display_name: str
    region_code: str
    employer_id: int | None
    station_id: int | None
    worker_id: int | None
