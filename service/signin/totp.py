"""Time-based one-time passwords: RFC 6238 over RFC 4226, HMAC-SHA-1 as every authenticator app speaks it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from datetime import datetime
from urllib.parse import quote, urlencode

import segno

SECRET_BYTES = 20
"""RFC 4226, section 4: 160 bits recommended."""


def new_secret() -> str:
    """A new secret in base32 without padding, as apps take it by hand."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode().rstrip("=")


def hotp(secret: bytes, counter: int, *, digits: int = 6, algorithm: str = "sha1") -> str:
    """The code of a counter (RFC 4226, section 5.3)."""
    digest = hmac.new(secret, struct.pack(">Q", counter), getattr(hashlib, algorithm)).digest()
    at = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_of(now: datetime, step_seconds: int = 30) -> int:
    """The number of the time step (RFC 6238, section 4.2; T0 = 0)."""
    return int(now.timestamp()) // step_seconds


def matching_step(
    secret: str, code: str, now: datetime, *, after: int, digits: int = 6, step_seconds: int = 30, drift: int = 1
) -> int | None:
    """The step whose code this is, at most ``drift`` steps away from now and later than ``after``; None when there is none.

    ``after`` is the last step that was used: RFC 6238, section 5.2, a code is good once. Every candidate is compared, in equal
    time.
    """
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    present = step_of(now, step_seconds)
    given = code.encode("utf-8", "surrogatepass")
    found: int | None = None
    for step in range(present - drift, present + drift + 1):
        if hmac.compare_digest(hotp(key, step, digits=digits).encode(), given) and step > after:
            found = step
    return found


def address(secret: str, login: str, issuer: str, *, digits: int = 6, step_seconds: int = 30) -> str:
    """``otpauth://``, the key URI that authenticator apps read from a QR code."""
    label = quote(f"{issuer}:{login}", safe="")
    asked = {"secret": secret, "issuer": issuer, "algorithm": "SHA1", "digits": digits, "period": step_seconds}
    return f"otpauth://totp/{label}?{urlencode(asked, quote_via=quote)}"


def qr_svg(text: str) -> str:
    """The text as a QR code, an SVG that can stand in a page; made here, so that no other server ever sees the secret."""
    return str(segno.make(text, error="m", micro=False).svg_inline(scale=4, border=4))
