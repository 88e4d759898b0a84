"""Names of employers, brought to what tells one from another: the brand, and the branches of business behind it.

江西省赣州市恒信电子科技有限公司, 恒信電子（赣州）有限公司 and 恒信电子厂 are one; 恒信物业 is another, and 某电子厂 is nobody.
The words stand in ``data/words.toml``.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from matching import normalise
from matching.rules import region
from matching.rules.numerals import plain
from service.duplicates.words import words

_BRACKETS = re.compile(r"[(（\[【<《][^)）\]】>》]*[)）\]】>》]?")
_PUNCTUATION = re.compile(r"[^\u3400-\u9fffa-z0-9]+")
_PERSON = re.compile(r"[\u4e00-\u9fff]{1,2}(?:先生|女士|小姐|老板|老板娘|师傅|阿姨|姐|哥|总|叔|经理)")
_BRANCH_OFFICE = re.compile(r"(公司|集团|厂)[\u4e00-\u9fff]{2,6}(?:分公司|分厂|分店|门店|营业部|经营部|办事处|项目部)$")
LEAST_BRAND = 2


class EmployerName(NamedTuple):
    """``brand`` empty: the name says nobody. ``branches``: hard words of business (电子, 物业), soft ones (科技) left out."""

    brand: str
    branches: frozenset[str]
    agency: bool


NOBODY = EmployerName("", frozenset(), agency=False)


@lru_cache(maxsize=1 << 17)
def employer_name(written: str) -> EmployerName:
    """What a written name says."""
    text = plain(normalise(written))
    whole = _PUNCTUATION.sub("", text)
    if not whole or whole in words()["nobody"] or _anonymous().search(text) or _PERSON.fullmatch(whole):
        return NOBODY
    agency = bool(_agency().search(whole.replace("建筑劳务", "")))  # who builds with people of his own places nobody
    core = _PUNCTUATION.sub("", _BRACKETS.sub("", text)) or whole
    core = _without_place(_BRANCH_OFFICE.sub(r"\1", core))
    brand, branches = _without_branches(core)
    if len(brand) < LEAST_BRAND:
        # 电子厂 alone is no name; 南康家具 and 7天酒店 are: a place or a single sign before what they do.
        brand, branches = _without_form(whole), frozenset()
        if not _without_branches(_without_place(brand))[0] and len(_without_place(brand)) == len(brand):
            return NOBODY
    return EmployerName(brand, branches, agency)


def same_name(one: EmployerName, other: EmployerName) -> bool:
    """Whether two names can be the same employer: the same brand, and branches of which one says no more than the other."""
    if not one.brand or one.brand != other.brand:
        return False
    return one.branches <= other.branches or other.branches <= one.branches


def _without_place(text: str) -> str:
    """The name without the divisions before it (江西省赣州市章贡区); a name that is nothing else keeps them."""
    left = text
    for _ in range(4):
        found = _leading_place(left)
        if not found or len(left) - len(found) < LEAST_BRAND:
            break
        left = left[len(found) :].removeprefix("市").removeprefix("区").removeprefix("县").removeprefix("省")
    return left


@cache
def _places() -> frozenset[str]:
    """Names of provinces, cities and counties, whole and without their ending."""
    found: set[str] = set()
    queue = list(_provinces())
    while queue:
        code = queue.pop()
        place = region.get(code)
        names = {place.name, re.sub(r"(?:省|市|区|县|自治区|特别行政区|自治州|自治县|地区)$", "", place.name)}
        found |= {name for name in names if len(name) >= LEAST_BRAND}
        if place.level < 3:
            queue.extend(child.code for child in region.children(code))
    return frozenset(found | words()["zones"])


def _provinces() -> tuple[str, ...]:
    return tuple(f"{number:02d}0000000000" for number in range(11, 66) if _is_division(f"{number:02d}0000000000"))


def _is_division(code: str) -> bool:
    try:
        region.get(code)
    except region.UnknownRegion:
        return False
    return True


def _leading_place(text: str) -> str:
    for length in range(min(len(text), 8), 1, -1):
        if text[:length] in _places():
            return text[:length]
    return ""


def _without_form(text: str) -> str:
    cut = _form().sub("", text)
    return cut if len(cut) >= LEAST_BRAND else text


def _without_branches(text: str) -> tuple[str, frozenset[str]]:
    hard: set[str] = set()
    while text:
        match = _branch().search(text)  # first: 饭店 is a branch, though 店 alone is a form
        if match is None:
            cut = _without_form(text)
            if cut == text:
                break
            text = cut
            continue
        if match[0] not in words()["soft"]:
            hard.add(words_same().get(match[0], match[0]))
        text = text[: match.start()]
        if match[0] in words()["great"]:
            text = text.removesuffix("大")
    return text, frozenset(hard)


@cache
def words_same() -> dict[str, str]:
    """Words of business that mean the same: the word to the one that stands for it."""
    return {word: line.split()[0] for line in words()["same_branches"] for word in line.split()}


@cache
def _form() -> re.Pattern[str]:
    return re.compile(f"(?:{_alternatives('forms')})$")


@cache
def _branch() -> re.Pattern[str]:
    return re.compile(f"(?:{_alternatives('branches', 'soft')})$")


@cache
def _anonymous() -> re.Pattern[str]:
    return re.compile(_alternatives("anonymous"))


@cache
def _agency() -> re.Pattern[str]:
    return re.compile(_alternatives("agency"))


def _alternatives(*names: str) -> str:
    found = {word for name in names for word in words()[name]}
    return "|".join(map(re.escape, sorted(found, key=lambda word: (-len(word), word))))
