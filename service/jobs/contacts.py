"""Ways to reach a person, in texts where they do not belong: a number in the title would be in every list and every copy of it.

What a text loses is not lost: the first telephone number of an advert that gives none of its own becomes its contact, which is
shown masked and given whole by ``GET /v1/jobs/{job_id}/contact`` only.
"""

from __future__ import annotations

import re

LEFT_OUT = "（联系方式略）"
_PHONE = re.compile(
    r"(?<!\d)(?:(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}|1(?:[ .·-]\d){10}"
    r"|(?:\(0\d{2,3}\)|0\d{2,3}[- ]?)\d{7,8}|400[- ]?\d{3}[- ]?\d{4})(?!\d)"
)
_SUSPECT = re.compile(r"\d[\d .·-]{5}|@|微信|薇信|v信|wechat|qq", re.IGNORECASE)
"""Without one of these none of the others can match; most texts are done here."""
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_ACCOUNT = re.compile(
    r"(?:微信|薇信|v信|wechat|QQ)(?:号?\s*[:：]\s*|号\s*|\s*(?=[A-Za-z_-]*\d))[A-Za-z0-9_-]{5,20}", re.IGNORECASE
)
"""With a colon, or with a digit in it: 「wechat operator」 is a trade."""
_CITIZEN = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")


def without_contacts(text: str) -> str:
    """A text without telephone numbers, mail addresses, chat accounts and identity numbers."""
    if not _SUSPECT.search(text):
        return text
    for pattern in (_CITIZEN, _MAIL, _ACCOUNT, _PHONE):
        text = pattern.sub(LEFT_OUT, text)
    return text


def first_phone(text: str) -> str:
    """The first telephone number of a text, its digits only; empty when there is none."""
    found = _PHONE.search(_CITIZEN.sub("", text))
    return "" if found is None else re.sub(r"\D", "", found[0].removeprefix("+86"))
