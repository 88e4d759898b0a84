"""What a person refuses (不要夜班, 除了保安, 中介勿扰) or can do without (不交社保也行), taken out of a wish before all else.

The things that can be refused, and what is left out for each: ``wish_words.refusals``.
"""

from __future__ import annotations

import re
from typing import Final

from matching import text, wish_words
from matching.rules import region, trade
from matching.wish_reader import Reader

_DISPENSABLE = re.compile(
    r"(?:不(?!是)|没有?|无|莫得|冇)[^,.;!?\s]{1,8}?(?:也(?:行|可以?|好|成|中|没事|能|无所谓|没关系)|无所谓|没关系)(?:的)?"
)
"""What may be missing (不交社保也行) is neither wished nor refused."""


def may_be_missing(reader: Reader) -> None:
    for match in _DISPENSABLE.finditer(reader.rest):
        reader.take(*match.span())


_REFUSING = re.compile(
    r"(?P<hard>不想要|不想再|不想|不要|不愿意|不愿|不接受|不考虑|不喜欢|不做|不干|不上|不去|不坐|不进|不搞|不当|不穿|不碰|不找|不开|不跑|不送|不(?=加班|倒班|站|熬|[两三]班|夜班|搬|爬|出差|住家|收费|收钱|交钱)"
    r"|不是|不用|不需要|拒绝|讨厌|别(?![的人处墅家名说])|莫要|莫给我|莫(?!得)|唔要|唔做|唔想|甭|嫑|除了|除开|排除|受不了|干不了|做不了)"
    r"|(?P<unable>不会|不懂|唔识)"
    r"|(?P<fearless>不怕|不嫌|不介意|不在乎|不挑|不论|能接受|可以接受|接受得了|接受|愿意)"
)
_DENYING = re.compile(r"不需要|不用|没有|[不没无非]")
"""Words that deny a benefit or a way of working named right behind them: 不包住, 没有社保, 非日结."""
_BEFORE_NO_REFUSAL: Final = {"别": frozenset("特性区分级告个识"), "不": frozenset("要能好是会")}
"""特别, 要不要: characters before which these are no refusal."""
_JOINED = re.compile(r"\s?(?:[、/和跟或与及]|或者|还有|以及|也不要|也不|,?也别|,?不)\s?")
_BEHIND = re.compile(
    r"(?:不要|不考虑|不做|不干|不去|不想做|不想干|不想去|不上|免谈|勿扰|勿|除外|就算了|算了|别来|别找我|莫来|别介绍|不接受)(?=$|[,.;!?\s])"
)
_BEFORE_BEHIND = re.compile(r"(?:的|类的?|工作|活儿?|这种|之类的?)*(?:都|就|一律|坚决|绝对)?$")
_NO_OBJECT = re.compile(
    r"[求紧错多少低高超太限要钱能会想管论好了再就是说和跟与离远怕都啥一二三四五六七八九十两\d]|什么|其他|别的"
)
_TAIL = re.compile(r"(?:的工作|的活|工作|的|了|啊|吧|哈|类)+")
_LONGEST_TRADE: Final = 8


def refused(reader: Reader) -> None:
    phrases = wish_words.phrase_pattern()
    for match in _REFUSING.finditer(reader.rest):
        start, end = match.span()
        if reader.rest[start:end] != match[0] or reader.rest[start - 1 : start] in _BEFORE_NO_REFUSAL.get(match[0][0], ()):
            continue  # taken by an earlier refusal, or none
        whole = phrases.match(reader.rest, start)
        if whole is not None and whole.end() > end:
            continue  # 不要太远, 不用经验: the phrase says what is meant
        _objects(reader, start, end, hard=match["hard"], fearless=match["fearless"] is not None)
    for match in _DENYING.finditer(reader.rest):
        _denied(reader, *match.span())
    for match in _BEHIND.finditer(reader.rest):
        before = _BEFORE_BEHIND.sub("", reader.rest[: match.start()])
        for length in range(min(_LONGEST_TRADE, len(before)), 0, -1):
            named = _named_at(before, len(before) - length)
            if named is not None and named[1] == len(before):
                _refuse(reader, len(before) - length, match.end(), named[0])
                break


def _denied(reader: Reader, start: int, end: int) -> None:
    """不包住, 没有社保, 非日结: a thing denied is never wished for. 包不包住 and 有没有社保 only ask."""
    rest = reader.rest
    if start and rest[start - 1] in {rest[end : end + 1], rest[end - 1], "要"}:
        if rest[start - 1] == rest[end : end + 1] and _benefit_at(rest, end):
            reader.take(start - 1, end)
        return
    for at in (end, end - 1):  # 没有宿舍 denies 有宿舍
        named = _named_at(rest, at) if at > start else None
        if named is None or named[0].startswith(("trade:", "near:")):
            continue
        if not named[0].startswith("word:") or rest[start] == "非":  # 非中介; but 没有工地经验 refuses nothing
            tail = _TAIL.match(rest, named[1])
            _refuse(reader, start, tail.end() if tail else named[1], named[0])
            return


def _objects(reader: Reader, start: int, end: int, *, hard: str | None, fearless: bool) -> None:
    """What stands behind one word of refusal: one thing, or several with 和 or 、 between."""
    at, begin, found = end, start, False
    while True:
        named, at = _behind(reader.rest, at)
        if named is None and not found and hard is not None and not fearless:
            named = _unknown(reader.rest, at)
        if named is None:
            break
        what, stop = named
        if fearless and _is_only_told(what):
            break  # 愿意包住 wishes for it
        if tail := _TAIL.match(reader.rest, stop):
            stop = tail.end()
        if fearless:
            reader.take(begin, stop)
        else:
            _refuse(reader, begin, stop, what, applied=hard is not None)
        found, begin = True, stop
        joined = _JOINED.match(reader.rest, stop)
        at = joined.end() if joined else stop
        if not joined and not what.startswith("trade:"):
            break
    if not found and hard is None:
        said = re.compile(r"[^,.;!?\s]{1,6}").match(reader.rest, end)
        if said is not None and not fearless:
            reader.add(start, "not", "word:" + said[0], reader.take(start, said.end()), 0.5, applied=False)


def _behind(rest: str, at: int) -> tuple[tuple[str, int] | None, int]:
    """The thing named at ``at`` or behind the verbs there, with where it was looked for."""
    for _ in range(4):
        named = _named_at(rest, at)
        if named is not None:
            return named, at
        verb = _VERB.match(rest, at)
        if verb is None:
            break
        at = verb.end()
    return None, at


_VERB = re.compile(
    r"再|太|要|给我|帮我|给|介绍|推荐|安排|推|发|去|来|到|想|让我|做|干|上|坐|进|当|搞|穿|有|是|找|住|倒|熬|收|碰|接触|从事|那种|什么|啥|一些|的"
)


def _named_at(rest: str, at: int) -> tuple[str, int] | None:
    """What is refused when its name stands at ``at``, and where the name ends: a thing of the table, a trade, or a benefit."""
    known = wish_words.refusable_pattern().match(rest, at)
    end = known.end() if known else at
    window = rest[at : at + _LONGEST_TRADE]
    trades = [(word, stop) for word, start, stop in trade.find_words(window)[:1] if start == 0]
    if trades and at + trades[0][1] > end:
        word, stop = trades[0]
        occupation = trade.lookup(word)
        if occupation is not None:
            # A rest class (6-31-99-00) holds half of all factory work: only the word is refused.
            what = "word:" + word if occupation.code.endswith("-99-00") else "trade:" + occupation.code
            return what, at + stop
    return (wish_words.refusable()[known[0]], end) if known else _benefit_at(rest, at)


def _benefit_at(rest: str, at: int) -> tuple[str, int] | None:
    """``benefit:包吃,包住`` when a phrase at ``at`` wishes for benefits, and where it ends."""
    phrase = wish_words.phrase_pattern().match(rest, at)
    said = wish_words.phrases()[phrase[0]].meanings if phrase else ()
    tags = ",".join(str(meaning.value) for meaning in said if meaning.field == "benefit")
    return (f"benefit:{tags}", phrase.end()) if phrase and tags else None


def _is_only_told(what: str) -> bool:
    """Whether no advert is left out for it: who needs no room may still take work that has one."""
    known = wish_words.refusals().get(what)
    return what.startswith(("region:", "benefit:")) if known is None else what.startswith("word:") and not known.is_applied


def _unknown(rest: str, at: int) -> tuple[str, int] | None:
    """A refused thing that no table knows, up to the next stop: a place, or the first word."""
    said = re.compile(r"[\u4e00-\u9fffa-z]{2,8}").match(rest, at)
    if said is None or _NO_OBJECT.match(said[0]):
        return None
    if region.may_name(said[0]) == 0:
        place = region.find(said[0])
        if place.matched and said[0].startswith(place.matched):
            return "region:" + (place.code or ",".join(place.ambiguous)), at + len(place.matched)
    word, *others = text.cutter().cut(said[0], False)
    if len(word) == 1 and word not in text.STOP_WORDS and others and others[0] not in text.STOP_WORDS:
        word += others[0]  # 黑 厂 is one thing refused, and no factory is wished for
    if len(word) < 2 or word in text.STOP_WORDS:
        return None
    return "word:" + word, at + len(word)


def _refuse(reader: Reader, start: int, end: int, what: str, *, applied: bool = True) -> None:
    if what == "near:true":  # 不去外地, 不想离家太远: what is wanted is near
        reader.add(start, "near", value=True, words=reader.take(start, end), sure=0.8)
        return
    sure = 0.8 if what in wish_words.refusals() or not what.startswith("word:") else 0.5
    reader.add(start, "not", what, reader.take(start, end), sure, applied=applied and not _is_only_told(what))
