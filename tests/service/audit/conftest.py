"""Somebody who acts, and a short trail."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from service import audit
from service.db import Database


@dataclass(frozen=True, slots=True)
class Somebody:
    """As much of a caller as the trail asks for."""

    account_id: int = 7
    role: str = "bureau"
    region_code: str = "360700000000"
    acting_for: int | None = None


@pytest.fixture
def somebody() -> Somebody:
    return Somebody()


def act(database: Database, times: int, *, each: int = 1) -> None:
    """``times`` transactions with ``each`` acts."""
    for number in range(times):
        with database.write_session() as session:
            for part in range(each):
                audit.record(session, Somebody(), "demo.act", "demo", number * each + part, details={"fields": ["title"]})
