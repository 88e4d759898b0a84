"""What happens at the door, counted. Labels are few and fixed: nothing of a person, no login, no address."""

from __future__ import annotations

from prometheus_client import Counter

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
