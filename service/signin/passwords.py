"""Passwords as argon2id hashes (RFC 9106). One hash costs memory and time on purpose, so only a few are computed at once.

A process has one place for hashing and one more for known devices; one request may wait for a place, any other is answered 503 at
once. So a flood of sign-ins never takes more than 128 MiB, leaves threads for everybody who looks for work, and does not keep
people at their own computers out. Only who has a place can hash.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from service.errors import Unavailable
from service.signin.policy import PasswordPolicy, policy


class Place:
    """Somebody whose turn it is: hashes and checks."""

    def __init__(self, argon2: PasswordHasher, nobody: str) -> None:
        self._argon2 = argon2
        self._nobody = nobody

    def hash(self, password: str) -> str:
        """The hash to keep, its parameters and salt within."""
        return self._argon2.hash(_bytes(password))

    def matches(self, kept: str | None, password: str) -> bool:
        """Whether the password belongs to the hash. ``None`` (no such login, no password) takes the same time and is False."""
        try:
            self._argon2.verify(kept or self._nobody, _bytes(password))
        except VerifyMismatchError:
            return False
        except (VerificationError, InvalidHashError):
            return False  # a hash that was damaged opens nothing
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether the hash was made at another cost than today's, so that it should be made again."""
        return self._argon2.check_needs_rehash(kept)


class Hasher:
    """The places of a process."""

    def __init__(self, chosen: PasswordPolicy) -> None:
        argon2 = PasswordHasher(
            time_cost=chosen.time_cost, memory_cost=chosen.memory_kib, parallelism=chosen.parallelism, type=Type.ID
        )
        # What an unknown login is compared with, so that it takes as long as a known one.
        self._place = Place(argon2, argon2.hash(secrets.token_hex(16)))
        self._strangers = _Queue(chosen.at_once, chosen.waiting, chosen.wait_seconds)
        self._known = _Queue(chosen.at_once_known, chosen.waiting, chosen.wait_seconds)

    @contextmanager
    def place(self, *, known: bool = False) -> Iterator[Place]:
        """One's turn; ``known``: from a known device. Raises Unavailable when too many want one."""
        queue = self._known if known else self._strangers
        if not queue.enter():
            raise Unavailable("sign_in_busy", "登录的人太多了，请过几秒再试。", headers={"Retry-After": "5"})
        try:
            yield self._place
        finally:
            queue.leave()


class _Queue:
    """So many at once, so many waiting, everybody else goes away."""

    def __init__(self, at_once: int, waiting: int, wait_seconds: float) -> None:
        self._places = threading.BoundedSemaphore(at_once)
        self._waiting = threading.BoundedSemaphore(waiting)
        self._wait_seconds = wait_seconds

    def enter(self) -> bool:
        """Whether one is in."""
        if self._places.acquire(blocking=False):
            return True
        if not self._waiting.acquire(blocking=False):
            return False
        try:
            return self._places.acquire(timeout=self._wait_seconds)
        finally:
            self._waiting.release()

    def leave(self) -> None:
        """Make room."""
        self._places.release()


@cache
def hasher() -> Hasher:
    """The hasher of this process, at the cost of the table."""
    return Hasher(policy().password)


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
