"""Telephone numbers and accounts in a message: found first, so that no number of them is read as anything else."""

from __future__ import annotations

import re
from typing import NamedTuple

from matching.pasted.letters import Span

_PHONE = re.compile(
    r"(?<!\d)(?:(?:\+?86[- ]?)?1[3-9]\d(?:[- ]{0,2}\d{4}){2}|1[3-9]\d(?:[- .·]\d){8}|1[3-9](?:[- ]?\d{3}){3}"
    r"|(?:\(0\d{2,3}\)|0\d{2,3}[- ]?)\d{7,8}|400[- ]?\d{3,4}[- ]?\d{3,4})(?!\d)"
)
_ACCOUNT = re.compile(
    r"(?:微信|薇信|威信|v信|vx|wx|wechat|qq群?)(?:号码?|同号)?\s*[:：]?\s*[a-z0-9_-]{5,20}(?<!-)", re.IGNORECASE
)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_CITIZEN = re.compile(r"(?<!\d)\d{17}[\dx](?!\d)", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s，。]+|www\.[^\s，。]+")


class Contact(NamedTuple):
    """A way to reach somebody; `phone` holds the digits of a telephone number, and is empty for anything else."""

    start: int
    end: int
    phone: str


def contacts(text: str) -> list[Contact]:
    """The contacts of a plain text in their order, none inside another."""
    found: list[Contact] = []
    taken: list[Span] = []
    for pattern in (_CITIZEN, _LINK, _MAIL, _PHONE, _ACCOUNT):
        for match in pattern.finditer(text):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            taken.append(match.span())
            digits = re.sub(r"\D", "", match[0].removeprefix("+86")) if pattern is _PHONE else ""
            found.append(Contact(*match.span(), digits))
    return sorted(found)
