"""What happens at the door: counted for the operator, noted in the audit trail. Labels are few and fixed: nothing of a person, no
login, no address."""

from __future__ import annotations

from prometheus_client import Counter
from sqlalchemy.orm import Session

from service import audit
from service.accounts.caller import Caller
from service.accounts.models import Account

SIGN_INS = Counter("chengnuan_sign_ins", "Attempts to sign in, by method and outcome", ["method", "outcome"])
SESSION_ENDS = Counter("chengnuan_session_ends", "Sign-ins that were ended, by reason", ["reason"])


def count(method: str, outcome: str) -> None:
    """One attempt. Outcomes: ``ok``, ``pending`` (the second factor is to come), ``wrong``, ``waiting``, ``busy``,
    ``refused``."""
    SIGN_INS.labels(method, outcome).inc()


def count_ended(reason: str, number: int = 1) -> None:
    """Sign-ins that were ended."""
    if number:
        SESSION_ENDS.labels(reason).inc(number)


def note(session: Session, by: Account | Caller | None, action: str, account_id: int, **details: int | str | bool) -> None:
    """Note in the audit trail what was done with an account. At the door nobody is signed in yet: then it acts itself; None is
    a command at the machine."""
    actor = of_account(by) if isinstance(by, Account) else by
    worker_id = actor.worker_id if actor is not None else None
    audit.record(session, actor, action, "account", account_id, details=details, for_worker=worker_id)


def of_account(account: Account) -> Caller:
    """An account as it acts when it signs in."""
    return Caller(
        account_id=account.account_id,
        role=account.role,
        display_name=account.display_name,
        region_code=account.region_code,
        employer_id=account.employer_id,
        station_id=account.station_id,
        worker_id=account.worker_id,
    )
