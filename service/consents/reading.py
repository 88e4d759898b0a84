"""Before somebody is shown personal data of another person: the audit trail and the person's own ledger, in one committed
transaction. What cannot be noted is not shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from service import audit
from service.accounts.caller import Caller
from service.consents.ledger import record_disclosure
from service.crypto.keyring import KeysUnusable
from service.errors import Unavailable
from service.sessions import write_session


def note_reading(
    caller: Caller,
    worker_id: int,
    fields: Sequence[str],
    purpose: str,
    now: datetime,
    *,
    object_kind: str = "worker",
    object_id: int | None = None,
    region_code: str = "",
) -> None:
    """Note that ``caller`` is about to read these fields of a person in the duty of a public service. Call it outside any
    session, after the permission was asked and before the read. Nothing is noted for one's own.

    Raises Unavailable when it cannot be written.
    """
    if caller.worker_id == worker_id and caller.acting_for is None:
        return
    with refuse_unnoted(), write_session() as session:
        record_disclosure(session, worker_id, caller, fields, purpose, now)
        audit.record(
            session,
            caller,
            "personal.read",
            object_kind,
            worker_id if object_id is None else object_id,
            region_code=region_code,
            details={"fields": sorted(fields)},
            for_worker=worker_id,
        )


@contextmanager
def refuse_unnoted() -> Iterator[None]:
    """Around the transaction that notes a reading. Raises Unavailable when it cannot be written."""
    try:
        yield
    except (SQLAlchemyError, KeysUnusable):
        raise Unavailable(
            "audit_unavailable", "查看个人信息要留下记录，现在记录写不进去，请稍后再试。", headers={"Retry-After": "10"}
        ) from None
