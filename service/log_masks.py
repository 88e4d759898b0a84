"""What must not stand in a log, taken out of whatever is about to be written there.

Our own lines carry ids and counts only. This is for the line that somebody writes tomorrow, and for what libraries say: a phone
number, an identity number, a bank card, a token, an openid inside a message, a key, a list or an exception. The text of an
exception is never written at all, since it may quote what a person wrote: its kind and its places are.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from types import TracebackType
from typing import Any

HIDDEN = "***"
LONGEST = 2_000
"""Characters of one value: a log is no place for a body."""
DEEPEST = 6

_SECRET_KEYS = re.compile(
    r"(?i)passw|secret|token(?!_kind)|authorization|cookie|openid|unionid|session_key|phone|mobile|id_number|id_card|sms_code|otp|totp"
)
_GAP = r"[ \-\u2010-\u2015\u00a0._]?"
_ID_NUMBER = re.compile(rf"(?<![0-9])[1-9]{_GAP}(?:[0-9]{_GAP}){{16}}[0-9Xx](?![0-9])")
_OLD_ID_NUMBER = re.compile(r"(?<![0-9])[1-9][0-9]{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}(?![0-9])")
_CARD = re.compile(rf"(?<![0-9])(?:[0-9]{_GAP}){{12,18}}[0-9](?![0-9])")
_PHONE = re.compile(rf"(?<![0-9])((?:\+?86|0086)?{_GAP}1[3-9][0-9]){_GAP}[0-9]{{4}}{_GAP}([0-9]{{4}})(?![0-9])")
_LANDLINE = re.compile(r"(?<![0-9])0[1-9][0-9]{1,2}[ \-]?[2-9][0-9]{6,7}(?![0-9])")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}")
_NAMED = re.compile(
    r"(?i)((?:access_token|refresh_token|token|secret|appsecret|password|passwd|pwd|openid|unionid|session_key|js_code|code"
    r"|authorization|api_?key)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;}]+"
)
_URL_LOGIN = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*")
_OPENID = re.compile(r"(?<![A-Za-z0-9_-])o[A-Za-z0-9_-]{27}(?![A-Za-z0-9_-])")
_LONG_RANDOM = re.compile(r"(?<![\w-])(?=[\w-]*[g-zG-Z_-])(?=[\w-]*[0-9])[\w-]{40,}(?![\w-])", re.ASCII)
"""Our tokens are 43 characters of base64url. Hex (hashes, trace numbers, commits) may stay: it opens nothing."""
_SUSPECT = re.compile(
    r"(?i)(?:[0-9０-９][^0-9０-９]{0,2}){7}|[a-z0-9_-]{28}|://|eyj|bearer|basic|token|secret|passw|pwd|openid|unionid|session_key|code"
    r"|authorization|api_?key"
)
"""Without any of these there is nothing to look for: most values of most lines."""
_HEX = re.compile(r"[0-9a-f]{16,64}")
_NINE = re.compile(r"[0-9]{9}")
"""Numbers of requests and traces, hashes: hex without room for a phone number."""
_PLAIN_DIGITS = str.maketrans({wide: str(digit) for digit, wide in enumerate("０１２３４５６７８９")})
_LINE_ENDS = str.maketrans(dict.fromkeys("\x85\u2028\u2029", " "))
"""JSON lets these through as they are, and some readers of logs would begin a line there."""


def mask_text(text: str) -> str:
    """The text without what must not be there. Full-width digits count as digits."""
    text = text[: LONGEST + 1].translate(_LINE_ENDS)
    if _SUSPECT.search(text) is None or (_HEX.fullmatch(text) and not _NINE.search(text)):
        return text if len(text) <= LONGEST else text[:LONGEST] + "…"
    text = text.translate(_PLAIN_DIGITS)
    text = _URL_LOGIN.sub(rf"\g<1>{HIDDEN}@", text)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    text = _NAMED.sub(rf"\g<1>{HIDDEN}", text)
    for secret in (_JWT, _LONG_RANDOM, _OPENID, _ID_NUMBER, _OLD_ID_NUMBER):
        text = secret.sub(HIDDEN, text)
    text = _PHONE.sub(rf"{HIDDEN}\2", text)
    text = _CARD.sub(lambda found: HIDDEN if _is_card(found[0]) else found[0], text)
    text = _LANDLINE.sub(HIDDEN, text)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def mask_value(value: Any, depth: int = 0) -> Any:
    """The same for whatever a line carries: nested, as a number, as bytes, as an object with a text of its own."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        masked = mask_text(str(value))
        return value if masked == str(value) else masked
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, BaseException):
        return type(value).__name__
    if depth >= DEEPEST:
        return HIDDEN
    if isinstance(value, Mapping):
        return dict(_mask_named(str(key), inner, depth) for key, inner in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return [mask_value(inner, depth + 1) for inner in value]
    if isinstance(value, bytes | bytearray):
        return mask_text(bytes(value).decode("utf-8", "replace"))
    return mask_text(str(value))


@lru_cache(maxsize=1_000)
def _mask_key(key: str) -> tuple[str, bool]:
    """The key without what must not be there, and whether what it names is hidden."""
    return mask_text(key), _SECRET_KEYS.search(key) is not None


def _mask_named(key: str, value: Any, depth: int) -> tuple[str, Any]:
    name, secret = _mask_key(key)
    hidden = secret and isinstance(value, str | bytes | int | list | tuple) and not isinstance(value, bool)
    return name, HIDDEN if hidden and value not in ("", 0, 1, None) else mask_value(value, depth + 1)


def mask_line(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog's processor: the last before the time and the rendering."""
    return dict(_mask_named(key, value, 0) for key, value in line.items())


def kinds_of_exceptions(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog's processor: an exception as its kind, the kinds behind it, and the places; without its words."""
    told = line.pop("exc_info", None)
    told = sys.exc_info() if told is True else told
    error = told if isinstance(told, BaseException) else told[1] if isinstance(told, tuple) and len(told) == 3 else None
    line.pop("stack_info", None)
    if isinstance(error, BaseException):
        line["exception"] = kinds(error)
        line["where"] = places(error.__traceback__)
    return line


def kinds(error: BaseException) -> list[str]:
    """The kind of an exception and of those that caused it."""
    found: list[str] = []
    while error is not None and len(found) < DEEPEST:
        found.append(type(error).__name__)
        error = error.__cause__ or error.__context__  # type: ignore[assignment]  # None ends it
    return found


def places(trace: TracebackType | None) -> list[str]:
    """The last six places of a traceback: file and line."""
    lines: list[str] = []
    while trace is not None:
        lines.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return lines[-6:]


def _is_card(text: str) -> bool:
    """Whether the digits are a bank card's: 13 to 19 with a right check digit (Luhn, ISO/IEC 7812-1)."""
    digits = [int(character) for character in text if character.isdecimal()]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return 13 <= len(digits) <= 19 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
