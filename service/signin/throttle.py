"""Lock-out that cannot be used to lock others out.

Three counts, all in the database, so that they hold across processes:

- (account, source): the source is a known device, else the address. After a few failures it waits, twice as long each time.
- account: what all unknown sources together may try, a leaking bucket. A thousand addresses get no more than one.
- address: what one address may try at all accounts together.

A known device looks only at its own (account, device) count: however much strangers hammer, it is let in. An unknown login is
counted like a known one, so that the counts tell nothing about who has an account.

An attempt is counted **before** the password is looked at, and given back when it was right: a hundred at once are a hundred.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.errors import TooMany
from service.signin.models import SignInThrottle
from service.signin.policy import Bucket, policy


@dataclass(frozen=True, slots=True)
class Source:
    """Where an attempt comes from: the address, and the hash of a known device of this very account (empty: none)."""

    address: str
    device_hash: str = ""


class Waiting(TooMany):
    """429: this source has to wait. ``which`` says which count (for the metrics, never for the client)."""

    def __init__(self, which: str, seconds: float) -> None:
        whole = max(1, int(seconds) + 1)
        said = f"{whole} 秒" if whole < 120 else f"{whole // 60 + 1} 分钟"
        told = f"试的次数太多了，请 {said}后再试；忘了密码请找管理员重设。"
        if which.startswith("sms"):
            told = f"获取验证码太频繁了，请 {said}后再试，或用微信登录。"
        super().__init__("sign_in_wait", told, headers={"Retry-After": str(whole)})
        self.which = which


def begin(session: Session, kind: str, who: str, source: Source, now: datetime) -> bool:
    """Count an attempt of ``kind`` (``password``, ``second_factor``) at ``who``. Raises Waiting, and then nothing is counted.

    Gives whether this source has to wait, should the attempt be wrong. The transaction must be committed before the secret is
    looked at.
    """
    rows = {key: _locked(session, _key(*key), now) for key in _keys(kind, who, source)}
    for key, row in rows.items():
        if key[0] == "source":
            _forget(row, now)
            if row.blocked_until is not None and row.blocked_until > now:
                raise Waiting("source", (row.blocked_until - now).total_seconds())
        else:
            _look(key, row, now)
    for key, row in rows.items():
        row.updated_at = now
        if key[0] == "source":
            row.failures += 1
            row.blocked_until = _block(row.failures, now)
        else:
            row.level += 1.0
    session.flush()
    return any(key[0] == "source" and row.blocked_until is not None for key, row in rows.items())


def succeeded(session: Session, kind: str, who: str, source: Source, now: datetime) -> None:
    """Give back what :func:`begin` has counted: it was right. The wait of this source is over; strangers' tries stay counted."""
    for key in _keys(kind, who, source):
        row = _locked(session, _key(*key), now)
        if key[0] == "source":
            row.failures, row.blocked_until = 0, None
        else:
            row.level = max(0.0, row.level - 1.0)
    session.flush()


def take(session: Session, bucket: str, who: str, now: datetime) -> None:
    """Take one from a bucket (an SMS costs money whether or not the code is used). Raises Waiting when it is full."""
    key = (bucket, who)
    row = _locked(session, _key(*key), now)
    _look(key, row, now)
    row.level += 1.0
    row.updated_at = now
    session.flush()


def give_back(session: Session, bucket: str, who: str, now: datetime) -> None:
    """Give one back that was taken for nothing."""
    row = _locked(session, _key(bucket, who), now)
    row.level = max(0.0, row.level - 1.0)
    session.flush()


def address_group(address: str) -> str:
    """What counts as one address: an IPv4 address, a /64 of IPv6 (one connection has that many)."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def forget_old(session: Session, now: datetime) -> int:
    """Drop counts that nobody has touched for so long that they say nothing any more. Gives their number."""
    old = SignInThrottle.updated_at < now - policy().throttle_kept
    return len(session.execute(delete(SignInThrottle).where(old).returning(SignInThrottle.key)).all())


def _keys(kind: str, who: str, source: Source) -> list[tuple[str, ...]]:
    """The counts of an attempt, always in the same order, so that two attempts never wait for each other in a ring."""
    if source.device_hash:
        return [("source", kind, who, "device", source.device_hash)]
    address = address_group(source.address)
    whole = "second_factor" if kind == "second_factor" else "account"
    return [("address", address), (whole, who), ("source", kind, who, "address", address)]


def _key(*parts: str) -> str:
    # A hash: the table of a flood should hold neither addresses nor logins to read.
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _locked(session: Session, key: str, now: datetime) -> SignInThrottle:
    """The row of a key, made when it is missing, and held until the transaction ends."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = {"key": key, "failures": 0, "level": 0.0, "updated_at": now}
    session.execute(dialect.insert(SignInThrottle).values(values).on_conflict_do_nothing())
    return session.get_one(SignInThrottle, key, with_for_update=True, populate_existing=True)


def _look(key: tuple[str, ...], row: SignInThrottle, now: datetime) -> None:
    """Let the bucket leak until now. Raises Waiting when there is no room for one more."""
    bucket = policy().buckets[key[0]]
    row.level = max(0.0, row.level - _leaked(bucket, now - row.updated_at))
    if row.level + 1.0 > bucket.burst:
        raise Waiting(key[0], (row.level + 1.0 - bucket.burst) * 86400 / bucket.per_day)


def _leaked(bucket: Bucket, passed: timedelta) -> float:
    # A clock that was set back leaks nothing, and fills nothing either.
    return max(0.0, passed.total_seconds()) * bucket.per_day / 86400


def _forget(row: SignInThrottle, now: datetime) -> None:
    if now - row.updated_at > policy().source.forgotten:
        row.failures, row.blocked_until = 0, None
    elif row.blocked_until is not None and row.blocked_until - now > policy().source.longest_wait:
        row.blocked_until = None  # the clock was set back: nobody waits for yesterday's tomorrow


def _block(failures: int, now: datetime) -> datetime | None:
    chosen = policy().source
    beyond = failures - chosen.free_failures
    if beyond < 0:
        return None
    doubled: int = 2 ** min(beyond, 20)
    return now + min(chosen.longest_wait, chosen.first_wait * doubled)
