"""The access token: one for all processes, asked for once when many need it, renewed before it runs out.

In Redis when there is one, else in a file of the data folder. Both are only a convenience: ``stable_token`` in its normal mode
gives the same token to whoever asks until five minutes before its end, and then the old and the new one are good together. When
Redis goes or the lock is lost, the worst is one call too many; nobody's token dies. ``force_refresh`` (20 a day, kills the token
of all others) is never sent.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import redis
import structlog

from service import clock
from service.wechat.errcodes import WechatError

EARLY = timedelta(seconds=300)
"""How long before its end a token is no longer used: from then on WeChat gives a new one."""
LEAST = timedelta(seconds=10)
_LOCK_MS = 12_000
_WAIT_SECONDS = 10.0
_REDIS_SECONDS = 0.5
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Token:
    """A token and until when we use it."""

    text: str = field(repr=False)
    until: datetime

    def good(self, now: datetime) -> bool:
        """Whether it may still be used."""
        return now < self.until


Fetch = Callable[[], tuple[str, int]]
"""Asks WeChat: the token and its remaining seconds."""


class AccessTokens:
    """The token of one mini-program, as this process sees it."""

    def __init__(self, fetch: Fetch, data_dir: Path, redis_url: str, appid: str) -> None:
        self._fetch = fetch
        self._shelves: list[FileShelf | RedisShelf] = [FileShelf(data_dir / "wechat", appid)]
        if redis_url:
            self._shelves.insert(0, RedisShelf(redis_url, appid))
        self._held: Token | None = None
        self._one_at_a_time = threading.Lock()

    def get(self) -> Token:
        """A token that is good for at least a few minutes. Raises WechatError when WeChat gives none."""
        held = self._held
        if held is not None and held.good(clock.now()):
            return held
        if not self._one_at_a_time.acquire(timeout=_WAIT_SECONDS):
            raise WechatError.of_line("stable_token", "timeout", uncertain=False)
        try:
            held = self._held
            if held is None or not held.good(clock.now()):
                held = self._held = self._shared()
            return held
        finally:
            self._one_at_a_time.release()

    def drop(self, token: Token) -> None:
        """WeChat does not take it any more: forget it everywhere, unless somebody has put a newer one in its place."""
        with self._one_at_a_time:
            if self._held is not None and self._held.text == token.text:
                self._held = None
            for shelf in self._shelves:
                try:
                    with shelf.lock():
                        lying = shelf.read()
                        if lying is not None and lying.text == token.text:
                            shelf.write(None)
                except (redis.RedisError, OSError) as trouble:
                    log.warning("wechat_token_shelf", kind=type(trouble).__name__)

    def _shared(self) -> Token:
        """From the first shelf that works; without any, straight from WeChat."""
        for shelf in self._shelves:
            try:
                return self._from(shelf)
            except (redis.RedisError, OSError) as trouble:
                log.warning("wechat_token_shelf", kind=type(trouble).__name__)
        return self._new()

    def _from(self, shelf: FileShelf | RedisShelf) -> Token:
        lying = shelf.read()
        if lying is not None and lying.good(clock.now()):
            return lying
        with shelf.lock():
            lying = shelf.read()
            if lying is not None and lying.good(clock.now()):
                return lying
            token = self._new()
            shelf.write(token)
            return token

    def _new(self) -> Token:
        text, seconds = self._fetch()
        return Token(text, clock.now() + max(timedelta(seconds=seconds) - EARLY, LEAST))


class FileShelf:
    """A file that only this user may read, under a lock that goes with the process that holds it."""

    def __init__(self, folder: Path, appid: str) -> None:
        self.path = folder / f"token-{appid}.json"

    def read(self) -> Token | None:
        """What the file says; None when it says nothing of use."""
        try:
            return _token(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def write(self, token: Token | None) -> None:
        """Swap the file in one step."""
        if token is None:
            self.path.unlink(missing_ok=True)
            return
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(_text(token))
        beside.replace(self.path)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Waits for the other process, but not longer than it may take to ask WeChat."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            deadline = time.monotonic() + _WAIT_SECONDS
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        break
                    time.sleep(0.02)
            yield
        finally:
            os.close(descriptor)


class RedisShelf:
    """A key of Redis with its time to live, under a lock that runs out by itself."""

    _RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"

    def __init__(self, url: str, appid: str) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_connect_timeout=_REDIS_SECONDS, socket_timeout=_REDIS_SECONDS, decode_responses=True
        )
        self._key = f"chengnuan:wechat:token:{appid}"

    def read(self) -> Token | None:
        """What the key says."""
        told = self._redis.get(self._key)
        return None if told is None else _token(str(told))

    def write(self, token: Token | None) -> None:
        """Set the key until the token's end."""
        if token is None:
            self._redis.delete(self._key)
            return
        self._redis.set(self._key, _text(token), px=max(1, int((token.until - clock.now()).total_seconds() * 1000)))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Waits for the other process, but not longer than it may take to ask WeChat."""
        mine, name = secrets.token_hex(8), f"{self._key}:lock"
        deadline = time.monotonic() + _WAIT_SECONDS
        while not self._redis.set(name, mine, nx=True, px=_LOCK_MS):
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        try:
            yield
        finally:
            self._redis.eval(self._RELEASE, 1, name, mine)


def _text(token: Token) -> str:
    return json.dumps({"token": token.text, "until": clock.seconds(token.until)})


def _token(text: str) -> Token | None:
    try:
        told = json.loads(text)
        return Token(str(told["token"]), clock.from_seconds(int(told["until"])))
    except (ValueError, KeyError, TypeError):
        return None
