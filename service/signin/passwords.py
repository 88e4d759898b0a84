"""Passwords as argon2id hashes (RFC 9106). One hash costs memory and time on purpose, so only a few are computed at once.

A flood of sign-ins waits for a free place, and after :attr:`PasswordPolicy.wait_seconds` is answered 503: with two places, one
more for known devices, and 64 MiB a hash, a process never uses more than 192 MiB for hashing, however many ask. The place of its
own lets people at their own computers in while strangers fill the others.
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


class Hasher:
    """Hash and check, bounded. One for each process."""

    def __init__(self, chosen: PasswordPolicy) -> None:
        self._argon2 = PasswordHasher(
            time_cost=chosen.time_cost, memory_cost=chosen.memory_kib, parallelism=chosen.parallelism, type=Type.ID
        )
        self._places = threading.BoundedSemaphore(chosen.at_once)
        self._known_places = threading.BoundedSemaphore(chosen.at_once_known)
        self._wait_seconds = chosen.wait_seconds
        # What an unknown login is compared with, so that it takes as long as a known one.
        self._nobody = self._argon2.hash(secrets.token_hex(16))

    def hash(self, password: str, *, known: bool = False) -> str:
        """The hash to keep, its parameters and salt within. Raises Unavailable when too many are being computed."""
        with self._place(known=known):
            return self._argon2.hash(_bytes(password))

    def matches(self, kept: str | None, password: str, *, known: bool = False) -> bool:
        """Whether the password belongs to the hash. ``None`` (no such login, no password set) takes the same time and is False.

        ``known``: it comes from a known device. Raises Unavailable when too many are being computed.
        """
        with self._place(known=known):
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

    @contextmanager
    def _place(self, *, known: bool) -> Iterator[None]:
        places = self._known_places if known else self._places
        if not places.acquire(timeout=self._wait_seconds):
            raise Unavailable("sign_in_busy", "登录的人太多了，请过几秒再试。", headers={"Retry-After": "5"})
        try:
            yield
        finally:
            places.release()


@cache
def hasher() -> Hasher:
    """The hasher of this process, at the cost of the table."""
    return Hasher(policy().password)


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
