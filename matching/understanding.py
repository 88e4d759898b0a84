"""What a person typed, taken apart: wishes and filters by the rules, trade words, and the words left over.

Each finding takes its words out of the text, so that nothing counts twice; what is refused ("不要夜班") is taken out too, lest it
be searched for. Order: what may be missing, what is refused, days, phrases (``wish_words``), numbers (``wish_numbers``), places,
certificates, sex and schooling, trades, words. A phrase inside a longer trade word (临时 in 临时演员) is part of the trade.

Most searches are one trade or a few: they are looked up word by word and none of the rules runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Final

from matching import text, wish_numbers, wish_words
from matching.model import Piece
from matching.rules import region, trade
from matching.wish_days import starts
from matching.wish_reader import Reader
from matching.wish_refusals import may_be_missing, refused

_PARTS = re.compile(r"[^\s,;/、。]+")
_PLAIN_LONGEST: Final = 60


def understand(written: str, today: date | None = None) -> tuple[Piece, ...]:
    """The pieces of what a person typed, in the order of their words; fields as in the API's table of ``understand``.

    ``wage_min`` is in the unit of ``wage_unit``, as it was said. A place that could be several is a ``region`` that is not
    applied, its value the codes with commas. ``trade``, ``skill``, ``certificate`` and ``text`` are to be searched as words, by
    their ``text`` (进厂 by ``wish_words.FACTORY_WORK``); all others are wishes and filters.

    ``not`` is what is refused, its value ``field:value``: ``shift:夜班``, ``settlement:month``, ``kind:gig``,
    ``benefit:无尘车间``, ``trade:4-07-05-01``, ``region:…``, ``word:中介``. The tables of ``wish_words`` say what each leaves
    out; a word that is in no table leaves out itself. Beside the table of the API: ``sex`` (``male female``), ``education`` and
    ``experience`` (years, or true), always only offered.

    ``today`` turns days to come into dates (``start``) and years of birth (70后) into ages; without it they stay words.
    The ``text`` of each piece stands in ``text.normalise(written)``. Never raises.
    """
    whole = text.normalise(written[: text.QUERY_CHARS])
    if not whole:
        return ()
    if len(whole) <= _PLAIN_LONGEST and (plain := _plain(whole)) is not None:
        return plain
    reader = Reader(whole, today)
    for signs, step in _STEPS:
        if signs is None or not signs.isdisjoint(reader.rest):
            step(reader)
    reader.found.sort(key=_by_place)
    return tuple(piece for _, piece in reader.found)


def _by_place(found: tuple[int, Piece]) -> int:
    return found[0]


def _plain(whole: str) -> tuple[Piece, ...] | None:
    """The pieces when every part is one known trade word; None when any is not."""
    pieces = []
    for part in _PARTS.findall(whole):
        piece = _trade_piece(part)
        if piece is None:
            return None
        pieces.append(piece)
    return tuple(pieces)


@lru_cache(maxsize=1 << 14)
def _trade_piece(word: str) -> Piece | None:
    """The piece for a word that is a trade and nothing else; None for anything else."""
    if word in wish_words.phrases() or trade.find_words(word) != [(word, 0, len(word))]:
        return None
    known = trade.lookup(word)
    return None if known is None or word in text.STOP_WORDS else Piece("trade", known.code, word, 0.9, applied=True)


_ALSO = re.compile(
    r"(?:的)?(?:也(?:行|可以?|好|成|中|能|干|做|没关系)|都(?:行|可以?|好|成|能|中)|无所谓|(?:都|也)?(?:能|可以)?接受)"
)


_EITHER: Final = frozenset({"settlement", "kind"})
"""Fields of which several may be wanted: 日结周结都行 is both."""


def _phrases(reader: Reader) -> None:
    """What stands in the table of phrases; what is only accepted (夜班也行) is offered, not applied."""
    found, rest = wish_words.phrases(), reader.rest
    matches = [match.span() for match in wish_words.phrase_pattern().finditer(rest)]
    if not matches:
        return
    trades = [(start, end) for _, start, end in reader.trades()]
    for start, end in matches:
        if any(begin < end and start < stop and stop - begin > end - start for begin, stop in trades):
            continue
        phrase = found[rest[start:end]]
        if (start, end) in trades and phrase.meanings and phrase.meanings[0].field == "skill":
            continue  # 打螺丝 is searched as the work it is
        words = reader.take(start, end)
        also = _ALSO.match(rest, end)
        for name, value, applied in phrase.meanings:
            either = also is not None and name in _EITHER and "都" in also[0]
            reader.add(start, name, value, words, phrase.sure, applied=applied and (also is None or either))


def _numbers(reader: Reader) -> None:
    """Facts with numbers; a second age or wage is of somebody else or a second thought, and does not count."""
    said: set[str] = set()
    for start, end, says in wish_numbers.facts(reader.rest, reader.today, daily=reader.says("settlement")):
        words = reader.take(start, end)
        names = {name for name, *_ in says}
        if names & said:
            continue
        said |= {"age_min", "age_max"} if names & {"age_min", "age_max"} else names
        for name, value, sure, applied in says:
            reader.add(start, name, value, words, sure, applied=applied)
    if "near" in said and any(piece.field == "near" and piece.applied and piece.value is not True for _, piece in reader.found):
        reader.found = [(at, piece) for at, piece in reader.found if piece.field != "near" or piece.value is not True]


_CLAUSE = re.compile(r"[^,.;!?]+")
_PLACES_MOST: Final = 3


def _regions(reader: Reader) -> None:
    at = 0
    for _ in range(_PLACES_MOST):
        at = region.may_name(reader.rest, at)
        if at < 0:
            break
        begin = max(reader.rest.rfind(stop, 0, at) for stop in ",.;!?") + 1
        stop = _CLAUSE.match(reader.rest, at)
        said = reader.rest[begin : stop.end() if stop else at]
        place = region.find(said)
        where = said.find(place.matched) if place.matched else -1
        if where < 0 or (place.code is None and len(place.matched) < 3 and len(place.matched) < len(reader.whole)):
            at = begin + len(said)
            continue
        at = begin + where
        words = reader.take(at, at + len(place.matched))
        if place.code is not None:
            reader.add(at, "region", place.code, words, 0.9)
        else:
            reader.add(at, "region", ",".join(place.ambiguous), words, 0.3, applied=False)
        at = begin
    _only_innermost(reader)


def _only_innermost(reader: Reader) -> None:
    """赣州的，最好章贡区: the place inside the other is the one that is meant."""
    codes = {
        str(piece.value): region.prefix(str(piece.value))
        for _, piece in reader.found
        if piece.field == "region" and piece.applied
    }
    if len(codes) > 1:
        wide = {code for code, start in codes.items() if any(other != code and other.startswith(start) for other in codes)}
        reader.found = [(at, piece) for at, piece in reader.found if piece.field != "region" or piece.value not in wide]


_CERTIFICATE = re.compile(
    r"(?:有|持|会开|考了|考过|拿了|办了)?(?P<name>(?:(?:高压|低压|高低压|特种作业|高级|初级|中级)?(?:电焊工?|焊工|焊接|叉车|电工|健康|驾驶|厨师|保安员?|行车|起重|高空作业|高空|高处作业|登高|塔吊|挖机|挖掘机|铲车|吊车|锅炉|司炉|制冷|消防|监控"
    r"|安全员|施工员|建造师|特种作业|操作|上岗|教师|幼师|护士|护理员?|育婴师?|月嫂|家政|导游|会计|美容师?|从业|押运|危险品)(?:操作|资格|上岗|从业|特种)?(?:证书|证)"
    r"|(?<![a-z0-9])[abc][123](?:驾照|驾驶证|照|证|本)|驾驶证|驾照|(?<![a-z0-9])[abc][123](?![a-z0-9])))"
)
_NO_CERTIFICATE = re.compile(r"(?:没有?|无)[^,.;\s]{0,5}(?:证|驾照|证书)(?!券)")
_LICENCE = re.compile(r"[abc][123]")


def _certificates(reader: Reader) -> None:
    for match in _NO_CERTIFICATE.finditer(reader.rest):
        reader.take(*match.span())
    for match in _CERTIFICATE.finditer(reader.rest):
        name = match["name"]
        reader.take(*match.span())
        licence = _LICENCE.match(name)
        reader.add(match.start("name"), "certificate", licence[0].upper() if licence else name, name, 0.9)


_SEX = re.compile(r"(?<![\u4e00-\u9fff])(?:本人|我是|我|性别:?)?(?P<sex>男|女)(?![\u4e00-\u9fffa-z])")
_SCHOOL = re.compile(r"(?P<school>小学|初中|高中|中专|大专|本科|技校)(?:毕业生?|学历|文化程度?|以上|没毕业|$|(?=[\s,.;!?]))")


def _person(reader: Reader) -> None:
    for match in _SEX.finditer(reader.rest):
        reader.add(
            match.start(), "sex", "male" if match["sex"] == "男" else "female", reader.take(*match.span()), 0.7, applied=False
        )
    for match in _SCHOOL.finditer(reader.rest):
        reader.add(match.start(), "education", match["school"], reader.take(*match.span()), 0.8, applied=False)


_APART = re.compile(r"(?<!\S)[\u4e00-\u9fff](?: [\u4e00-\u9fff])+(?!\S)")


def _works(reader: Reader) -> None:
    for match in _APART.finditer(reader.rest):  # 厨 师
        if (known := trade.lookup(match[0].replace(" ", ""))) is not None:
            reader.add(match.start(), "trade", known.code, reader.take(*match.span()), 0.8)
    for word, start, end in reader.trades():
        known = trade.lookup(word)
        if known is not None and word not in text.STOP_WORDS:
            reader.add(start, "trade", known.code, word, 0.9)
            reader.take(start, end)


_ONLY_HAN = re.compile(r"[\u4e00-\u9fff]+")


def _cut(run: str) -> list[list[str]]:
    """As ``text.query_runs``, which has nothing to put right in plain Han of normalised text."""
    if wish_numbers.NUMERALS.isdisjoint(run) and _ONLY_HAN.fullmatch(run):
        return [text.cutter().cut(run, False)]
    return text.query_runs(run)


_LEFT = re.compile(r"[^\s,.;:!?，。；：！？、/()（）\"'~+*<>]+")
_MAY_OPEN: Final = frozenset("家小大新老")
"""Stop words that may be the first character of a word nobody knows: 家纺厂."""
_TELLS_NOTHING: Final = frozenset("的活")
_SINGLE_STOPS = frozenset(word for word in text.STOP_WORDS if len(word) == 1)


_NO_WORK: Final = frozenset(
    (
        "工资",
        "薪资",
        "待遇",
        "老公",
        "老婆",
        "小孩",
        "孩子",
        "外省",
        "外地",
        "愿意",
        "小伙子",
        "小伙",
        "姑娘",
        "两天",
        "三天",
        "几天",
    )
)
"""Left over by themselves, these are no work; inside a phrase or before a number they say something."""
_AROUND_FACTORY: Final = "的想找个去在到有"


def _any_factory(reader: Reader, at: int, said: str) -> None:
    """找个厂 without any trade is general work; beside one it only says where."""
    if not reader.says("trade"):
        known = trade.lookup(wish_words.FACTORY_WORK[said])
        if known is not None:
            reader.add(at, "trade", known.code, said, 0.6)


def _words(reader: Reader) -> None:
    """Each unbroken run that is left, from its first telling word to its last: typing errors are corrected in whole runs."""
    for match in _LEFT.finditer(reader.rest):
        run = match[0]
        if (factory := run.strip(_AROUND_FACTORY)) in wish_words.FACTORY_WORK:
            _any_factory(reader, match.start() + run.find(factory), factory)
            continue
        if _SINGLE_STOPS.issuperset(run) or run in text.STOP_WORDS or run in _NO_WORK:
            continue
        for cut in _cut(run):
            while cut and cut[0] in text.STOP_WORDS and cut[0] not in _MAY_OPEN:
                cut.pop(0)
            while len(cut) > 1 and cut[-1] in text.STOP_WORDS and (len(cut[-1]) > 1 or cut[-1] in _TELLS_NOTHING):
                cut.pop()
            words = "".join(cut)
            at = run.find(words)
            if words and at >= 0 and (len(words) > 1 or words.isascii() or words == reader.whole):
                reader.add(match.start() + at, "text", words, words, 0.5)


_STEPS: Final[tuple[tuple[frozenset[str] | None, Callable[[Reader], None]], ...]] = (
    (frozenset("也无没"), may_be_missing),
    (frozenset("不别莫唔甭嫑除拒讨排受勿免了接愿没无非"), refused),
    (frozenset("天日早晚上立刻时周星礼月年节春底假几国后"), starts),
    (None, _phrases),
    (wish_numbers.NUMERALS, _numbers),
    (None, _regions),
    (frozenset("证照本123"), _certificates),
    (frozenset("男女小初高中大本技"), _person),
    (None, _works),
    (None, _words),
)
"""What each step cannot do without, and the step: most texts hold the signs of few."""
