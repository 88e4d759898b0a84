"""How many requests one caller may make. Counted per account, else per address; reads and writes apart.

With ``REDIS_URL`` all processes count together. When Redis does not answer, reads are let through and writes are counted in this
process: a broken counter must not stop people from finding work, nor open the door to floods of adverts. It is never a 500.
Without Redis each process counts for itself, so the limit of the whole is the limit times the number of processes.
"""

from __future__ import annotations

import time

import flask
import structlog
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from service.config import Settings
from service.errors import TooMany

log = structlog.get_logger(__name__)

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_FREE = ("/health", "/status", "/metrics", "/openapi.json", "/docs")
_REDIS_SECONDS = 0.2
_PAUSE_SECONDS = 5.0


class RateLimit:
    """Counters of one process, or the shared ones in Redis."""

    def __init__(self, settings: Settings) -> None:
        self.read: RateLimitItem = parse(settings.rate_limit_read)
        self.write: RateLimitItem = parse(settings.rate_limit_write)
        self.own = FixedWindowRateLimiter(MemoryStorage())
        self.shared: FixedWindowRateLimiter | None = None
        self.away_until = 0.0
        if settings.redis_url:
            options = {"socket_connect_timeout": _REDIS_SECONDS, "socket_timeout": _REDIS_SECONDS}
            self.shared = FixedWindowRateLimiter(
                RedisStorage(settings.redis_url, wrap_exceptions=False, key_prefix="chengnuan", **options)  # type: ignore[arg-type]
            )

    def check(self, key: str, *, reads: bool) -> None:
        """Count one request of ``key``. Raises TooMany with ``Retry-After`` when it is one too many."""
        item = self.read if reads else self.write
        name = "read" if reads else "write"
        limiter = self.own
        if self.shared is not None:
            if time.monotonic() >= self.away_until:
                try:
                    if self.shared.hit(item, name, key):
                        return
                    reset = self.shared.get_window_stats(item, name, key).reset_time
                except (RedisError, OSError) as error:
                    self.away_until = time.monotonic() + _PAUSE_SECONDS
                    log.warning("redis_away", kind=type(error).__name__)
                else:
                    raise _too_many(reset)
            if reads:
                return
        if not limiter.hit(item, name, key):
            raise _too_many(limiter.get_window_stats(item, name, key).reset_time)


def _too_many(reset: float) -> TooMany:
    seconds = max(1, int(reset - time.time()) + 1)
    return TooMany("too_many_requests", f"操作太频繁了，请等 {seconds} 秒再试。", headers={"Retry-After": str(seconds)})


def register_rate_limit(app: flask.Flask, settings: Settings) -> None:
    """Check every request but those that machines need for watching us."""
    limit = RateLimit(settings)
    app.extensions["rate_limit"] = limit

    @app.before_request
    def check() -> None:
        if flask.request.path.startswith(_FREE):
            return
        caller = flask.g.get("account")
        key = f"a{caller.account_id}" if caller is not None else f"i{flask.request.remote_addr}"
        limit.check(key, reads=flask.request.method in _READS)
