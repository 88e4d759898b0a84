"""The numbers of signing in, read once from ``data/sign_in.toml`` and checked: a wrong table must not pass unnoticed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """How long a sign-in of some roles lasts."""

    access: timedelta
    idle: timedelta
    absolute: timedelta
    grace: timedelta
    second_factor_required: bool


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """Length in characters, cost of one hash, and how many may be computed at once in a process: for strangers and
    for known devices, and how many of each may wait."""

    shortest: int
    longest: int
    time_cost: int
    memory_kib: int
    parallelism: int
    at_once: int
    at_once_known: int
    waiting: int
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class SecondFactorPolicy:
    """Shape of the codes (RFC 6238)."""

    issuer: str
    digits: int
    step_seconds: int
    drift_steps: int
    recovery_codes: int
    pending: timedelta


@dataclass(frozen=True, slots=True)
class SourceThrottle:
    """Growing waits of one account from one device or address."""

    free_failures: int
    first_wait: timedelta
    longest_wait: timedelta
    forgotten: timedelta


@dataclass(frozen=True, slots=True)
class Bucket:
    """``burst`` attempts at once, and ``per_day`` more every day."""

    burst: int
    per_day: int


@dataclass(frozen=True, slots=True)
class SmsPolicy:
    """A code by SMS."""

    digits: int
    life: timedelta
    tries: int
    again: timedelta
    longest_seconds: float


@dataclass(frozen=True, slots=True)
class OidcPolicy:
    """A sign-in at the provincial identity service."""

    life: timedelta
    clock_skew: timedelta
    keys_life: timedelta
    longest_seconds: float


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole table."""

    sessions: Mapping[str, SessionPolicy]
    password: PasswordPolicy
    second_factor: SecondFactorPolicy
    source: SourceThrottle
    buckets: Mapping[str, Bucket]
    device_known: timedelta
    devices_most: int
    set_up_life: timedelta
    sms: SmsPolicy
    oidc: OidcPolicy
    sessions_kept: timedelta
    throttle_kept: timedelta

    def session(self, role: str) -> SessionPolicy | None:
        """For a role; None for one that does not sign in (a partner has tokens from the operator)."""
        return self.sessions.get(role)


@cache
def policy() -> Policy:
    """The table. Raises KeyError, TypeError or ValueError when it cannot be used."""
    return read(tomllib.loads(files("service.signin").joinpath("data/sign_in.toml").read_text(encoding="utf-8")))


def read(table: Mapping[str, Any]) -> Policy:
    """A table as TOML gives it. Raises as :func:`policy`."""
    throttle, second, sms, oidc = dict(table["throttle"]), table["second_factor"], table["sms"], table["oidc"]
    source = throttle.pop("source")
    found = Policy(
        sessions={role: _session(row) for row in table["sessions"].values() for role in row["roles"]},
        password=PasswordPolicy(**table["password"]),
        second_factor=SecondFactorPolicy(
            issuer=second["issuer"],
            digits=second["digits"],
            step_seconds=second["step_seconds"],
            drift_steps=second["drift_steps"],
            recovery_codes=second["recovery_codes"],
            pending=timedelta(minutes=second["pending_minutes"]),
        ),
        source=SourceThrottle(
            free_failures=source["free_failures"],
            first_wait=timedelta(seconds=source["first_wait_seconds"]),
            longest_wait=timedelta(seconds=source["longest_wait_seconds"]),
            forgotten=timedelta(hours=source["forgotten_hours"]),
        ),
        buckets={name: Bucket(row["burst"], row["leak_per_day"]) for name, row in throttle.items()},
        device_known=timedelta(days=table["device"]["known_days"]),
        devices_most=table["device"]["most"],
        set_up_life=timedelta(days=table["set_up"]["code_days"]),
        sms=SmsPolicy(
            digits=sms["digits"],
            life=timedelta(minutes=sms["minutes"]),
            tries=sms["tries"],
            again=timedelta(seconds=sms["again_seconds"]),
            longest_seconds=sms["longest_seconds"],
        ),
        oidc=OidcPolicy(
            life=timedelta(minutes=oidc["minutes"]),
            clock_skew=timedelta(seconds=oidc["clock_skew_seconds"]),
            keys_life=timedelta(minutes=oidc["keys_minutes"]),
            longest_seconds=oidc["longest_seconds"],
        ),
        sessions_kept=timedelta(days=table["kept"]["sessions_days"]),
        throttle_kept=timedelta(days=table["kept"]["throttle_days"]),
    )
    if any(bucket.burst < 1 or bucket.per_day < 1 for bucket in found.buckets.values()):
        raise ValueError("a bucket that lets nobody in")
    if any(row.access > row.absolute or row.idle > row.absolute or row.access > row.idle for row in found.sessions.values()):
        raise ValueError("a session shorter than its token")
    return found


def _session(row: Mapping[str, Any]) -> SessionPolicy:
    return SessionPolicy(
        access=timedelta(minutes=row["access_minutes"]),
        idle=timedelta(minutes=row["idle_minutes"]),
        absolute=timedelta(hours=row["absolute_hours"]),
        grace=timedelta(seconds=row["grace_seconds"]),
        second_factor_required=row["second_factor_required"],
    )
