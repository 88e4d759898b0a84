"""统一社会信用代码: the 18 characters by which a legal person is known, with both of their check digits.

Source: GB 32100-2015 (alphabet, weights, mod 31) and GB 11714-1997 (characters 9-17, the organisation code, mod 11), as
python-stdnum computes them too. A single wrong character is always found; so is a swap of two neighbours.
"""

from __future__ import annotations

import unicodedata

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""Without I O S V Z, which look like digits."""
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
LENGTH = 18


def tidy(text: str) -> str:
    """As people type it, to the form in which it is kept: half width, capitals, no spaces or dashes."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c not in " -\t\n")


def what_is_wrong(code: str) -> str:
    """One sentence for the person who typed a tidy code; empty when both check digits agree."""
    if len(code) != LENGTH:
        return f"统一社会信用代码是 18 位，您填了 {len(code)} 位，请对照营业执照检查。"
    wrong = next((c for c in code if c not in ALPHABET), None)
    if wrong is not None:
        return f"统一社会信用代码里没有“{wrong}”这个字，请对照营业执照检查（字母 I、O、S、V、Z 不会出现，常被看成数字）。"
    if check_digit(code[:17]) != code[17] or organisation_digit(code[8:16]) != code[16]:
        return "统一社会信用代码的校验位对不上，多半是有一位打错了，请对照营业执照逐位检查。"
    return ""


def check_digit(first_17: str) -> str:
    """The last character of a code (GB 32100-2015). Raises ValueError for a character outside the alphabet."""
    total = sum(weight * ALPHABET.index(c) for weight, c in zip(_WEIGHTS, first_17, strict=True))
    return ALPHABET[-total % 31]


def organisation_digit(first_8: str) -> str:
    """The check digit of an organisation code (GB 11714-1997): digits count as themselves, A as 10 to Z as 35."""
    remainder = -sum(weight * int(c, 36) for weight, c in zip(_ORGANISATION_WEIGHTS, first_8, strict=True)) % 11
    return "X" if remainder == 10 else str(remainder)
