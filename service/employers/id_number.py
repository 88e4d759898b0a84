"""公民身份号码: check digit and date of birth (GB 11643-1999, ISO 7064 mod 11-2). Nothing here stores or prints one."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_FORM = re.compile(r"[1-9]\d{16}[\dX]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_DIGITS = "10X98765432"
ADULT = 18


def tidy(text: str) -> str:
    """As people type it, to the form in which it is kept: half width, capital X, no spaces."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).upper() if not c.isspace())


def what_is_wrong(number: str, today: date) -> str:
    """One sentence for the person who typed a tidy number; empty when it can be one. The number itself is never repeated."""
    if not _FORM.fullmatch(number):
        return "身份证号码是 18 位，前 17 位是数字，最后一位是数字或 X，请对照证件检查。"
    if _DIGITS[sum(weight * int(c) for weight, c in zip(_WEIGHTS, number[:17], strict=True)) % 11] != number[17]:
        return "身份证号码的校验位对不上，多半是有一位打错了，请对照证件逐位检查。"
    born = birth_date(number)
    if born is None or born > today or today.year - born.year > 130:
        return "身份证号码里的出生日期不对，请对照证件检查。"
    return ""


def birth_date(number: str) -> date | None:
    """The date of birth in a number of the right form; None when there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def age_on(number: str, today: date) -> int | None:
    """Whole years on that day; None when the number holds no day of birth."""
    born = birth_date(number)
    return None if born is None else today.year - born.year - ((today.month, today.day) < (born.month, born.day))
