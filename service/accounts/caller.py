"""Who calls, as far as permissions need it. Actions take this; they know nothing of requests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """The account that calls, and in which role.

    ``role`` is the account's own, or ``proxy`` while it acts for a worker under a grant; ``worker_id`` is then the person it acts
    for, and ``employer_id`` and ``region_code`` are empty: whoever acts for somebody brings no rights of his own along.
    """

    account_id: int
    role: str
    display_name: str
    region_code: str = ""
    employer_id: int | None = None
    station_id: int | None = None
    worker_id: int | None = None
    source_key: str = ""
    acting_for: int | None = None
    """The grant under which somebody acts for a worker (``X-Acting-For``)."""
    account_role: str = ""
    """The role of the account itself; differs from ``role`` only under a grant."""
    session_id: int | None = None
    second_factor: bool = False
    limits: frozenset[str] | None = None
    """What the token or the grant is limited to: permissions (``job.publish``) or their nouns (``job``). None: not limited."""
