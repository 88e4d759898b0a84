"""How often one caller may call: per person, else per device and address, by class of route (``rate_classes.py``).

With ``REDIS_URL`` all processes count together, in one round trip a request. When Redis does not answer, each class says what
holds meanwhile: a broken counter must not stop people from finding work, nor open the door to whoever guesses passwords or
collects phone numbers. It is never a 500. Without Redis each process counts its share, so that the whole keeps the numbers.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import flask
import redis
import structlog
from redis.exceptions import RedisError

from service.config import Settings
from service.errors import TooMany
from service.rate_classes import RateClass, Window, class_for

log = structlog.get_logger(__name__)

DEVICE_ID = "X-Device-Id"
"""A random name that a phone gives itself and keeps: 16 to 64 letters, digits, ``-``, ``_``. Nothing is ever granted for it."""
_DEVICE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_REDIS_SECONDS = 0.2
_PAUSE_SECONDS = 5.0
KEYS_MOST = 200_000
"""Counters of one process: more than this many callers at once are not remembered one by one."""
_COUNT = """
local counts = {}
for i, key in ipairs(KEYS) do
  local n = redis.call('INCR', key)
  if n == 1 then redis.call('EXPIRE', key, ARGV[i]) end
  counts[i] = n
end
return counts
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One counter of a request: whose, in which window, which turn of it, and how many are allowed."""

    key: str
    window: Window
    most: int
    ends: float


class OwnCounters:
    """Counters in the memory of this process, forgotten when their window is over."""

    def __init__(self, most: int = KEYS_MOST) -> None:
        self.most = most
        self._counts: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def count(self, lines: Sequence[Line], now: float) -> list[int]:
        """Add one to each; how many each has now."""
        with self._lock:
            if len(self._counts) + len(lines) > self.most:
                self._forget(now)
            counts = []
            for line in lines:
                number = self._counts.get(line.key, (0, 0.0))[0] + 1
                self._counts[line.key] = (number, line.ends)
                counts.append(number)
            return counts

    def _forget(self, now: float) -> None:
        self._counts = {key: held for key, held in self._counts.items() if held[1] > now}
        if len(self._counts) > self.most * 9 // 10:  # still full: a flood of new names. The busiest stay counted
            kept = sorted(self._counts.items(), key=lambda item: -item[1][0])[: self.most // 2]
            self._counts = dict(kept)


class RateLimit:
    """Counts requests and refuses the one too many."""

    def __init__(self, settings: Settings) -> None:
        self.factor = settings.rate_limit_factor
        self.workers = settings.web_workers
        self.own = OwnCounters()
        self.shared: redis.Redis | None = None
        self.away_until = 0.0
        if settings.redis_url:
            self.shared = redis.Redis.from_url(
                settings.redis_url, socket_connect_timeout=_REDIS_SECONDS, socket_timeout=_REDIS_SECONDS
            )
            self._script = self.shared.register_script(_COUNT)

    def check(self, rate_class: RateClass, callers: Sequence[tuple[str, str]]) -> None:
        """Count one request of ``callers``, pairs of (``person``, ``device``, ``address`` or ``crowd``; its name).

        Raises TooMany with ``Retry-After`` when it is one too many for any of them.
        """
        if not self.factor:
            return
        now = time.time()
        lines = self._lines(rate_class, callers, now)
        counts = self._count_together(lines)
        if counts is None:
            away = self.shared is not None
            if away and rate_class.away == "pass":
                return
            if not away or rate_class.away == "share":
                lines = [Line(one.key, one.window, max(1, one.most // self.workers), one.ends) for one in lines]
            counts = self.own.count(lines, now)
        over = [line for line, number in zip(lines, counts, strict=True) if number > line.most]
        if over:
            raise _too_many(rate_class, max(over, key=lambda line: line.ends), now)

    def _lines(self, rate_class: RateClass, callers: Sequence[tuple[str, str]], now: float) -> list[Line]:
        lines = []
        for who, name in callers:
            for window in rate_class.windows(who):
                turn = int(now // window.seconds)
                key = f"chengnuan:{rate_class.name}:{who}:{name}:{window.seconds}:{turn}"
                lines.append(Line(key, window, max(1, int(window.most * self.factor)), (turn + 1) * window.seconds))
        return lines

    def _count_together(self, lines: Sequence[Line]) -> list[int] | None:
        """In Redis; None when there is none or it does not answer."""
        if self.shared is None or time.monotonic() < self.away_until:
            return None
        try:
            counts = self._script(keys=[line.key for line in lines], args=[line.window.seconds for line in lines])
        except (RedisError, OSError) as error:
            self.away_until = time.monotonic() + _PAUSE_SECONDS
            log.warning("redis_away", kind=type(error).__name__)
            return None
        return [int(number) for number in cast("list[Any]", counts)]


def _too_many(rate_class: RateClass, line: Line, now: float) -> TooMany:
    seconds = max(1, int(line.ends - now) + 1)
    headers = {
        "Retry-After": str(seconds),
        "RateLimit-Policy": f'"{rate_class.name}";q={line.most};w={line.window.seconds}',
        "RateLimit": f'"{rate_class.name}";r=0;t={seconds}',
    }
    minutes = -(-seconds // 60)
    wait = f"{seconds} 秒" if seconds <= 120 else f"{minutes} 分钟" if minutes <= 120 else f"{-(-minutes // 60)} 小时"
    return TooMany("too_many_requests", f"操作太频繁了，请等 {wait}再试。", headers=headers)


def address_of(remote: str | None) -> str:
    """Whose line it is: an IPv4 address, or the /64 that one household or phone has of IPv6."""
    try:
        address = ipaddress.ip_address(remote or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)


def callers_of(request: flask.Request, account_id: int | None) -> list[tuple[str, str]]:
    """For whom a request counts: the person who is signed in; else the device, if it names itself, and the address."""
    if account_id is not None:
        return [("person", str(account_id))]
    callers = [("address", address_of(request.remote_addr))]
    device = request.headers.get(DEVICE_ID, "")
    if _DEVICE.fullmatch(device):
        callers.append(("device", hashlib.sha256(device.encode()).hexdigest()[:24]))
    return callers


def crowd_of(request: flask.Request, account_id: int | None) -> list[tuple[str, str]]:
    """With whom somebody who is signed in shares a limit: with all who are at the same address."""
    return [] if account_id is None else [("crowd", address_of(request.remote_addr))]


def register_rate_limit(app: flask.Flask, settings: Settings) -> None:
    """Count every request, of addresses that do not exist too."""
    limit = RateLimit(settings)
    app.extensions["rate_limit"] = limit

    @app.before_request
    def check() -> None:
        request = flask.request
        view = None if request.endpoint is None else app.view_functions[request.endpoint]
        account = flask.g.get("account")
        account_id = None if account is None else account.account_id
        rate_class = class_for(view, request.method)
        limit.check(rate_class, callers_of(request, account_id))
        if rate_class.crowd:  # only what the person himself still had: one who goes on trying must not use up the others' share
            limit.check(rate_class, crowd_of(request, account_id))
