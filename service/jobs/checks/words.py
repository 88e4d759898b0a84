"""The words of an advert as a reader sees them, however they were written: split, full-width, with unseen or needless signs in
between, in another spelling (``service/jobs/data/spellings.toml``)."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from service.jobs.advert import Advert
from service.jobs.checks.masks import toneless, unmasked
from service.jobs.rules import Possible, possible_words

WRITTEN = ("description", "title", "experience", "education", "age", "wage")
"""Where words can stand, the usual place first: the person is sent to the field that holds them."""
_SEAM = 8
"""Characters of the title's end and of the description's start that are read as one."""
_HAN = r"\u3400-\u9fff"
_UNSEEN = (
    r"\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
    r"\U000e0000-\U000e0fff"
)
_MARKS = r"\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u302a-\u302f\u3099\u309a\ufe20-\ufe2f"
"""Signs that stand over, under or through the one before (Mn, Me): Chinese has none."""
_PICTURES = r"\u2190-\u21ff\u2300-\u23ff\u2500-\u2775\u2794-\u27bf\u2900-\u2bff\u3004\u3012\u3013\u3020\U0001f000-\U0001faff"
_INVISIBLE = re.compile(f"[{_UNSEEN}{_MARKS}]")
_TONED = re.compile("[\u00c0-\u024f\u1e00-\u1eff]")
_OPEN, _CLOSE = r"[【（(「『《〖\[]", r"[】）)」』》〗\]]"
_NEEDLESS = rf"[ \u3000\u00a0·.．。*＊_\-|~^\u2010-\u2015\u2026\u2500～{_PICTURES}]{{1,4}}"
_SPLIT = re.compile(rf"(?<=[{_HAN}])(?:{_NEEDLESS}|{_OPEN}\s?{_CLOSE})(?=[{_HAN}])")
_WRAPPED = re.compile(rf"(?<=[{_HAN}]){_OPEN}([{_HAN}]){_CLOSE}")
_ALONE = re.compile(rf"(?<!\w)[{_HAN}](?:[\W_]{{1,8}}[{_HAN}\d]){{2,}}(?!\w)")
"""Three characters or more that each stand alone: nobody writes so who wants to be found by the words. Line breaks count too."""
_BETWEEN = re.compile(r"[\W_]+")
_LAST_HAN = re.compile(rf"[{_HAN}]+$")
_FIRST_HAN = re.compile(rf"[{_HAN}]+")
_WIDE = re.compile(r"[\uff01-\uff5e]")
_KEPT_WIDE = frozenset("，。；：！？（）")
"""Signs of a Chinese sentence: the rules know them as they are."""
_SUM = re.compile(r"[〇零一二两三四五六七八九十百千万壹贰叁肆伍陆柒捌玖拾\d]{1,9}[圆元]")


@dataclass(frozen=True, slots=True)
class Spellings:
    """Signs that stand for a character, the numbers of a cheque. Most texts hold none: ``any_sign`` tells so at once."""

    any_sign: re.Pattern[str]
    signs: dict[int, str]
    sums: dict[int, str]


@dataclass(frozen=True, slots=True)
class Seam:
    """Two texts read as one: the text, where the first ends, the words of rules that may stand there."""

    text: str
    middle: int
    possible: Possible


@cache
def spellings() -> Spellings:
    """The table. KeyError when a part of it is missing."""
    table = tomllib.loads(files("service.jobs").joinpath("data/spellings.toml").read_text(encoding="utf-8"))
    return Spellings(
        any_sign=re.compile(f"[{''.join(table['signs'])}]"),
        signs=str.maketrans(table["signs"]),
        sums=str.maketrans(table["sums"]),
    )


def plain_words(texts: Iterable[str]) -> str:
    """「押 金」 is 押金, unseen signs too, ＡＢＣ１ is ABC1. Both spellings are given, since a stop may end a sentence."""
    text = _plain("\n".join(texts))
    joined = _SPLIT.sub("", _WRAPPED.sub(r"\1", _ALONE.sub(lambda run: _BETWEEN.sub("", run[0]), text)))
    plain = unmasked(text if joined == text else _spelt(joined))
    return text if plain == text else f"{text}\n{plain}"


def words_of(advert: Advert) -> str:
    """All that an advert says in words, a line a field: the title first."""
    return plain_words(
        (advert.title, advert.description, advert.experience, advert.education, advert.age, advert.wage, *advert.tags)
    )


def seam_of(advert: Advert) -> Seam | None:
    """Where the title's end and the description's start can be read as one word; None where a number or a stop is between."""
    title, begin = _plain(advert.title.rstrip()[-_SEAM:]), _plain(advert.description.lstrip()[:_SEAM])
    last, first = _LAST_HAN.search(title), _FIRST_HAN.match(begin)
    if last is None or first is None:
        return None
    text = last[0] + first[0]
    return Seam(text, len(last[0]), possible_words(text))


def _plain(text: str) -> str:
    text = _INVISIBLE.sub("", text)
    if _WIDE.search(text):
        text = _WIDE.sub(lambda found: found[0] if found[0] in _KEPT_WIDE else unicodedata.normalize("NFKC", found[0]), text)
    if _TONED.search(text):
        # shēn is shen, before the sounds are looked for; ü keeps nothing either: nü is written nu as often.
        text = _TONED.sub(lambda found: toneless(found[0]), text)
    return _spelt(text)


def _spelt(text: str) -> str:
    """In the plain spelling: signs, sums."""
    known = spellings()
    if known.any_sign.search(text):
        text = text.translate(known.signs)
    if "圆" in text or "元" in text:
        text = _SUM.sub(lambda found: found[0].translate(known.sums), text)
    return text
