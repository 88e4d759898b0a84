"""Passwords that are among the first to be guessed, known by how they are built rather than by a list of a hundred thousand.

Nearly every entry of the usual lists that is long enough for us is one of these: one word or name with digits or signs around
it, a row of keys, a short piece repeated, a date, a phone or ID number. What is built so is refused; everything else of enough
length is taken, with no rule about capitals or signs (OWASP ASVS 5.0, 6.2.5).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files

from service.errors import Invalid
from service.signin.policy import policy

_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "!@#$%^&*()_+",
)
_LEET = str.maketrans("013457@$!", "oieastasi")
_SHORTEST_REST = 6
"""Characters that must be left when words, rows of keys and longer numbers are taken away."""


def require_good(password: str, *, login: str, name: str = "") -> None:
    """Raises Invalid, with a sentence for the person, when the password is too short, too long or easily guessed."""
    told = _fault(password, login, name)
    if told:
        raise Invalid("password_weak", told, errors={"password": [told]})


def is_guessable(password: str, *, login: str = "", name: str = "") -> bool:
    """Whether it is built like those that are tried first. Length is not looked at."""
    plain = unicodedata.normalize("NFKC", password).casefold()
    if len(set(plain)) < 5 or _repeats(plain):
        return True
    words = [word for word in (login.casefold(), name.casefold()) if len(word) >= 3]
    variants = {plain, plain.translate(_LEET)}
    return any(len(_rest(variant, words)) < _SHORTEST_REST for variant in variants)


def _fault(password: str, login: str, name: str) -> str:
    bounds = policy().password
    if len(password) < bounds.shortest:
        return f"密码至少要 {bounds.shortest} 位，可以用几个不相干的词连起来，好记又安全。"
    if len(password) > bounds.longest:
        return f"密码最多 {bounds.longest} 位。"
    if is_guessable(password, login=login, name=name):
        return "这个密码太容易被猜到（常见词、键盘顺序、数字日期、登录名），请换几个不相干的词连起来。"
    return ""


def _rest(text: str, words: list[str]) -> str:
    """What is left without the common words, rows of keys, and numbers of three digits and more (years, dates, phones)."""
    for word in sorted((*words, *_common()), key=len, reverse=True):
        text = text.replace(word, " ")
    for row in _ROWS:
        for way in (row, row[::-1]):
            for length in range(len(way), 2, -1):
                for start in range(len(way) - length + 1):
                    text = text.replace(way[start : start + length], " ")
    return re.sub(r"\d{3,}|\s", "", text)


def _repeats(text: str) -> bool:
    """Whether it is one short piece again and again: abcabcabcabc."""
    return any(len(text) >= 2 * size and (text[:size] * len(text))[: len(text)] == text for size in range(1, len(text) // 2 + 1))


@cache
def _common() -> tuple[str, ...]:
    lines = files("service.signin").joinpath("data/weak_words.txt").read_text(encoding="utf-8").splitlines()
    return tuple(word for line in lines if not line.startswith("#") for word in line.split())
