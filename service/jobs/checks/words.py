"""The words of an advert as a reader sees them, however they were written: split, full-width, with unseen signs in between."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from service.jobs.advert import Advert

WRITTEN = ("description", "title", "experience", "education", "age", "wage")
"""Where words can stand, the usual place first: the person is sent to the field that holds them."""
_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_SPLIT = re.compile(r"(?<=[\u3400-\u9fff])[ \u3000\u00a0·.．。*＊_\-|~^]{1,3}(?=[\u3400-\u9fff])")
_WIDE = re.compile(r"[\uff01-\uff5e]")
_KEPT_WIDE = frozenset("，。；：！？（）")
"""Signs of a Chinese sentence: the rules know them as they are."""


def plain_words(texts: Iterable[str]) -> str:
    """「押 金」 is 押金, unseen signs too, ＡＢＣ１ is ABC1. Both spellings are given, since a stop may end a sentence."""
    text = _INVISIBLE.sub("", "\n".join(texts))
    if _WIDE.search(text):
        text = _WIDE.sub(lambda found: found[0] if found[0] in _KEPT_WIDE else unicodedata.normalize("NFKC", found[0]), text)
    joined = _SPLIT.sub("", text)
    return text if joined == text else f"{text}\n{joined}"


def words_of(advert: Advert) -> str:
    """All that an advert says in words, a line a field: the title first."""
    return plain_words(
        (advert.title, advert.description, advert.experience, advert.education, advert.age, advert.wage, *advert.tags)
    )
