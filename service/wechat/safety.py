"""Is a text fit to be shown? Our own list of words first, then WeChat, where WeChat can be asked.

WeChat checks only texts of somebody who was in the mini-program in the last two hours. What is typed on the web or comes by Excel
has nobody like that: there the list decides, and people look at the rest. This is not the check of the law on adverts
(``service/jobs/rules``); it is about what no public page shows.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Literal

from service.wechat.client import Wechat
from service.wechat.errcodes import WechatError

PROFILE, COMMENT, FORUM, SOCIAL = 1, 2, 3, 4
"""Where a text is shown (``scene`` of the call)."""
Fitness = Literal["pass", "review", "risky", "unknown"]
"""``review``: a person must look; ``risky``: refuse it; ``unknown``: WeChat does not answer, hold the text until somebody did."""
NOT_RECENT = frozenset({40003, 43104, 61010})
_UNSEEN = re.compile(r"[\s\u200b-\u200f\u2060\ufeff.。·*＊_\-|,，]+")


def check_text(wechat: Wechat | None, openid: str | None, text: str, scene: int) -> Fitness:
    """Whether a text may be shown. ``openid``: of the writer, when he was here in the last two hours. Never raises.

    Without WeChat, or without such an openid, the list alone decides. It may take seconds: never call it inside a transaction.
    """
    own = by_words(text)
    if own == "risky" or wechat is None or not openid or not text.strip():
        return own
    said = ask(wechat, openid, text, scene)
    return "review" if said == "pass" and own == "review" else said


def ask(wechat: Wechat, openid: str, text: str, scene: int) -> Fitness:
    """What WeChat alone says; ``pass`` for a writer whom it does not know to be here, ``unknown`` when it does not answer."""
    try:
        return wechat.check_text(openid, text, scene).suggest
    except WechatError as trouble:
        return "pass" if trouble.errcode in NOT_RECENT else "unknown"


def by_words(text: str) -> Fitness:
    """What our own list says: ``pass``, ``review`` or ``risky``."""
    return worst_word(text)[0]


def worst_word(text: str) -> tuple[Fitness, str]:
    """What our own list says, and the word for which it says so. Seen through full width, spaces and unseen signs."""
    plain = _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).lower()
    found = {verdict: word for word, verdict in reversed(_words()) if word in plain}
    if "risky" in found:
        return "risky", found["risky"]
    return ("review", found["review"]) if found else ("pass", "")


@cache
def _words() -> tuple[tuple[str, str], ...]:
    text = files("service.wechat").joinpath("data/words.csv").read_text(encoding="utf-8")
    rows = tuple((row["word"], row["verdict"]) for row in csv.DictReader(text.splitlines()))
    if any(not word or verdict not in {"review", "risky"} for word, verdict in rows):
        raise ValueError("words.csv")
    return rows
