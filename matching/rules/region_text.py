"""Names of divisions inside free text: "昆山千灯镇", "四川省成都红星路", "朝阳区望京SOHO".

A place is read as a chain: the first name that surely is one, then every name that follows directly and lies inside
(or around) what was read so far. Nothing is guessed. A short name (章贡, 南康) counts only where the words around it
cannot turn it into something else (上海路, 北京烤鸭店, 淮河南岸), an ordinary word (和平, 长安, 新城) only inside a
chain, or when it is the whole text. What stays open comes back with its candidates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from matching.rules import region_table as tree
from matching.rules.region_lexicon import (
    FULL,
    OLD,
    SHORT,
    TOWN,
    Entry,
    Words,
    lexicon,
    towns_by_form,
    towns_in_city,
)
from matching.rules.region_names import stem
from matching.rules.region_table import within

_SHOWN_CANDIDATES = 5


@dataclass(frozen=True, slots=True)
class Place:
    """What was read. `code` 12 digits or None, then `reason` says why; `ambiguous` the codes it could be.

    `matched` is the text that named the place, `rest` the text around it (full-width and 區縣鎮鄉 normalised).
    """

    code: str | None
    name: str | None
    ambiguous: tuple[str, ...]
    rest: str
    reason: str | None
    matched: str


@dataclass(frozen=True, slots=True)
class _Mention:
    start: int
    end: int
    name: str
    keys: tuple[str, ...]


# Length-preserving, so that positions stay those of the text: full-width forms, and the division characters.
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_SIMPLE = dict(
    zip(map(ord, "區縣鎮鄉東廣蘇貴慶陝遼寧雲贛貢灣龍黃陽漢瀋長滬"), "区县镇乡东广苏贵庆陕辽宁云赣贡湾龙黄阳汉沈长沪", strict=True)
)
_TABLE: dict[int, int | str] = {**_NARROW, **_SIMPLE}

_SEPARATORS = " \t\r\n-—–_·・,，、/\\|>》《<:：;；()（）[]【】.。'\"“”→"
_BETWEEN = re.compile(r"[ \t\-—–_·・,，、/\\|>:：()（）\[\]【】→]*")
# 路桥 and 街道 are places themselves.
_ROAD = re.compile(
    r"[东西南北中大小上下内外前后老新一二三四五六七八九十0-9]{0,2}(?:大道|大街|胡同|弄堂|支路|环路|高架|路(?!桥)|街(?!道)|巷)"
)
_THING = re.compile(
    r"烤鸭|小面|拉面|火锅|热干面|鸭|烧烤|烤|米粉|米线|螺蛳粉|牛肉|羊肉|大盘鸡|板鸡|小吃|凉皮|肉夹馍|臭豆腐|烧饼|煎饼|烧鸡|"
    r"扒鸡|啤酒|白药|料理|菜|风味|特产|味|早茶|肠粉|卤|包子|生煎|小笼|汤包|锅贴|刀削面|烩面|酸菜鱼|豆花|串串|麻辣|冒菜|"
    r"炒粉|瓦罐|熏|驴肉|馕|面馆|粉面|土菜|银行|大学|学院|师范|医学院|理工|日报|晚报|商会|户籍|籍|口音|方言|老乡|老家|话|"
    r"人(?!民|才|社|力|行|工|武)|大酒店|酒店|宾馆|饭店|大厦|公寓|花园|家园|小区|商城|书店|广场|航空(?!港)|股份|集团公司|牌"
)
_ZONE = re.compile(
    r"国家级|高新|新技术|经济|科技|软件|产业|工业|综合|保税|物流|园区|风景|大学城|新区|新城|开发区|公园|小学|中学|幼儿园|医院|大桥"
)
_NEW_AREA = re.compile(r"新区|新城")
_NEAR = re.compile(r"$|[^\u4e00-\u9fff]|附近|周边|旁|一带|这边|那边|招|急招|诚聘|本地|地区|城区|市区|县城|镇上|街上")
_TOWN_KIND = re.compile(r"镇(?![上中])|乡|街道(?:办事处)?|街办")
_CODE = re.compile(r"(?<!\d)(\d{12}|\d{9}|\d{6})(?!\d)(?!\s*[元块万人平米])")
_CODE_BEFORE = re.compile(r"(?:代码|编码|区划|地区|区域|地点)[::号为是]?\s*$")
_POSTCODE_BEFORE = re.compile(r"(?:邮编|邮政编码|邮码)[::]?\s*$")


def _is_han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


def _free_before(text: str, start: int, words: Words) -> bool:
    return start == 0 or not _is_han(text[start - 1]) or text[start - 1] in words.allowed_before


def _spoiled(text: str, end: int, name: str, words: Words) -> re.Match[str] | None:
    """What follows a short name and makes it another word: a road, a dish, a bank."""
    after = text[end : end + 1]
    if after and after in words.not_before.get(name, ""):
        return re.compile(".").match(text, end)
    return _ROAD.match(text, end) or _THING.match(text, end)


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lexicon = lexicon()

    def names_at(self, start: int) -> list[str]:
        """Known names that begin at a position, longest first."""
        text, entries = self.text, self.lexicon.entries
        return [
            text[start : start + n]
            for n in self.lexicon.lengths.get(text[start : start + 2], ())
            if text[start : start + n] in entries or text[start : start + n] in self.lexicon.hints
        ]

    def first(self) -> _Mention | None:
        """The first name that surely is a place."""
        start, length = 0, len(self.text)
        while start < length - 1:
            mention, skip = self._standing_at(start)
            if mention:
                return mention
            start += skip
        return None

    def _standing_at(self, start: int) -> tuple[_Mention | None, int]:
        text = self.text
        for name in self.names_at(start):
            end = start + len(name)
            hint = self.lexicon.hints.get(name)
            if hint and text.startswith(hint[0], end):
                return _Mention(start, end, name, (hint[1],)), 0
            found = self.lexicon.entries.get(name, ())
            if not found:
                continue
            whole = start == 0 and end == len(text)
            if name[-1] == "市" and self._city_cut_short(start, end):
                continue
            keys, spoiled = self._accept(name, start, end, found, whole=whole)
            if keys:
                return _Mention(start, end, name, keys), 0
            if spoiled:
                # 南京西路 holds 京西 and 中山东路 holds 山东: nothing inside the spoiled words is a name.
                return None, spoiled.end() - start
        return None, 1

    def _city_cut_short(self, start: int, end: int) -> bool:
        """济南市中区 is 济南 + 市中区, not 济南市 + 中区."""
        if self.text[end - 1 : end + 2] not in ("市中区", "市北区", "市南区"):
            return False
        district = self.lexicon.entries[self.text[end - 1 : end + 2]]
        cities = self.lexicon.entries.get(self.text[start : end - 1], ())
        return any(within(d.key, c.key) for d in district for c in cities)

    def _accept(
        self, name: str, start: int, end: int, found: tuple[Entry, ...], *, whole: bool
    ) -> tuple[tuple[str, ...], re.Match[str] | None]:
        """The divisions a name outside any chain may mean; empty when it may be no place at all."""
        text, words = self.text, self.lexicon.words
        full = tuple(e.key for e in found if e.form == FULL)
        short = tuple(e.key for e in found if e.form == SHORT)
        town = tuple(e.key for e in found if e.form == TOWN)
        old = tuple(e.key for e in found if e.form == OLD)
        free = _free_before(text, start, words)
        if whole:
            return self._choice(name, full or short + old or town, full), None
        if full and not short:
            # 赣南山区 is no 南山区, 主城区 no 城区.
            risky = len(name) == 2 or name[:2] in words.ordinary or name in words.ordinary
            if len(name) == 2 and name[-1] == "区":
                return (), None
            return (self._choice(name, full, full) if free or not risky else ()), None
        if short:
            if spoiled := _spoiled(text, end, name, words):
                return (), spoiled
            return self._short(name, start, end, short, free=free), None
        if town:
            return (town if free else ()), None
        return self._old(name, end, old, free=free)

    def _short(self, name: str, start: int, end: int, keys: tuple[str, ...], *, free: bool) -> tuple[str, ...]:
        text, words = self.text, self.lexicon.words
        chosen = tree.outermost(keys, name)
        before = text[start - 1 : start]
        if before and before in words.not_after.get(name, ""):
            return ()
        if name in words.ordinary:
            # An ordinary word is a place when a division inside it follows at once (和平彭寨镇), or one around it
            # after a comma (朝阳，北京).
            return chosen if free and self._holds_next(end, keys) else ()
        if all(key.endswith("00") for key in chosen):
            return chosen if free or name not in words.directions else ()
        if not free or _NEW_AREA.match(text, end):
            return ()
        return chosen

    def _old(self, name: str, end: int, keys: tuple[str, ...], *, free: bool) -> tuple[tuple[str, ...], re.Match[str] | None]:
        if not free or not keys:
            return (), None
        if name[-1] not in "省市区县旗盟州":
            if spoiled := _spoiled(self.text, end, name, self.lexicon.words):
                return (), spoiled
            if name in self.lexicon.words.ordinary or name in self.lexicon.old_districts:
                return (), None
            if _ZONE.match(self.text, end):
                return (), None
        elif len(name) == 2 or name[:2] in self.lexicon.words.ordinary or (len(name) == 3 and _THING.match(self.text, end)):
            return (), None
        return tuple(sorted(set(keys))), None

    def _choice(self, name: str, keys: tuple[str, ...], full: tuple[str, ...]) -> tuple[str, ...]:
        keys = tuple(dict.fromkeys(keys))
        return keys if full or not keys else tree.outermost(keys, name)

    def _holds_next(self, end: int, keys: tuple[str, ...]) -> bool:
        between = _BETWEEN.match(self.text, end)
        start = between.end() if between else end
        return any(
            (entry.form in (FULL, TOWN) and entry.key != key and within(entry.key, key))
            or (start > end and entry.form in (FULL, SHORT) and entry.key != key and within(key, entry.key))
            for name in self.names_at(start)
            for entry in self.lexicon.entries.get(name, ())
            for key in keys
        )

    def following(self, context: tuple[str, ...], end: int, said: str) -> _Mention | None:
        """The next name of the chain: inside, around or equal to what was read; `keys` is the narrowed context."""
        between = _BETWEEN.match(self.text, end)
        start = between.end() if between else end
        division: _Mention | None = None
        for name in self.names_at(start):
            stop = start + len(name)
            if name[-1] == "市" and self._city_cut_short(start, stop):
                continue
            found = self.lexicon.entries.get(name, ())
            if keys := self._narrowed(context, name, stop, found, said):
                division = _Mention(start, stop, name, keys)
                break
        town = self._town(context, start, said)
        # 龙南市龙南镇: the longer name is the one that was meant.
        if not town or not division:
            return division or town
        said_again = division.keys == context and division.name not in self.lexicon.zones
        return town if town.end > division.end or (said_again and town.end == division.end) else division

    def _narrowed(self, context: tuple[str, ...], name: str, stop: int, found: tuple[Entry, ...], said: str) -> tuple[str, ...]:
        inside: list[str] = []
        once: list[str] = []  # what the name meant in former years: only when it means nothing here today
        around: set[str] = set()
        short = False
        for entry in found:
            if entry.form == TOWN and len(context) == 1 and len(context[0]) == 6 and not context[0].endswith("00"):
                continue  # a county's own towns are looked up below, with their short names
            for key in context:
                if entry.key == key or within(key, entry.key):
                    around.add(key)
                elif within(entry.key, key) or (entry.form == OLD and key == entry.old_province + "0000"):
                    # 长沙 长沙海信广场: the name said twice is still the city, not 长沙县.
                    if entry.form == SHORT and stem(name) == stem(said) and not key.endswith("0000"):
                        continue
                    (once if entry.form == OLD else inside).append(entry.key)
                    short = short or entry.form == SHORT or (entry.form == OLD and name[-1] not in "市区县旗")
        inside = inside or once
        words = self.lexicon.words
        # 陕西西安新城区: a city keeps its name before a 新城; a county (赣州南康新区) may have nothing to do with it.
        new_area = not all(key.endswith("00") for key in inside) and _NEW_AREA.match(self.text, stop)
        spoiled = _spoiled(self.text, stop, name, words) or new_area
        if inside and short and (spoiled or (name in words.ordinary and _ZONE.match(self.text, stop))):
            inside = []
        if inside:
            return tree.outermost(tuple(dict.fromkeys(inside)), name) if short else tuple(dict.fromkeys(inside))
        # 石家庄 河北省博物馆: a wider name after a narrower one belongs to the place only when nothing hangs on it.
        wider = around and len(context) == 1 and all(entry.key not in context for entry in found)
        if wider and stop < len(self.text) and _is_han(self.text[stop]):
            return ()
        if around and not _spoiled(self.text, stop, name, words):
            return tuple(key for key in context if key in around)
        return ()

    def _town(self, context: tuple[str, ...], start: int, said: str) -> _Mention | None:
        """A town inside the one division read so far, also by its short name when nothing speaks against it."""
        if len(context) != 1 or len(context[0]) != 6:
            return None
        holder = context[0]
        is_city = holder.endswith("00") and not holder.endswith("0000") and bool(tree.table().below.get(holder))
        if holder[2:] == "0000":
            if holder[:2] not in ("11", "12", "31", "50"):
                return None
            is_city = True
        forms = towns_in_city(holder) if is_city else towns_by_form(holder)
        for length in range(min(14, len(self.text) - start), 1, -1):
            name = self.text[start : start + length]
            keys = forms.get(name)
            if not keys:
                continue
            stop = start + length
            if name[-1] not in "镇乡道木" or tree.get(keys[0].ljust(12, "0")).name != name:
                if stem(said) == name:
                    return _Mention(start, stop, name, context)  # 宝安区宝安: the district said again
                near = _NEAR.match(self.text, stop)
                spoiled = _spoiled(self.text, stop, name, self.lexicon.words) or _ZONE.match(self.text, stop)
                if (spoiled and not name.endswith("区")) or (not near and (is_city or name in self.lexicon.words.ordinary)):
                    continue
                if renamed := _TOWN_KIND.match(self.text, stop):
                    stop = renamed.end()  # 水南镇 became 水南街道: the name is the same place
            if len(keys) == 1:
                return _Mention(start, stop, name, keys)
        return None


def _code_in(text: str) -> tuple[re.Match[str], tree.Current] | None:
    """The first number in the text that is a division's code and nothing else (a wage, a postcode)."""
    for found in _CODE.finditer(text):
        if _POSTCODE_BEFORE.search(text, 0, found.start()):
            continue
        meant = tree.current(found.group(1))
        if meant.code or meant.ambiguous:
            return found, meant
    return None


def _strip(text: str) -> str:
    return text.strip(_SEPARATORS)


def _without(text: str, start: int, end: int) -> str:
    before, after = text[:start].strip(_SEPARATORS), text[end:].strip(_SEPARATORS)
    return f"{before} {after}" if before and after else before or after


def _nothing(text: str, reason: str, candidates: tuple[str, ...] = (), matched: str = "") -> Place:
    return Place(None, None, candidates, text, reason, matched)


def _place(codes: tuple[str, ...], rest: str, matched: str) -> Place:
    """The answer for 12-digit codes: one is the place, several are candidates."""
    if len(codes) == 1:
        return Place(codes[0], tree.get(codes[0]).full_name, (), rest, None, matched)
    names = "、".join(tree.get(code).full_name for code in codes[:_SHOWN_CANDIDATES])
    more = " 等" if len(codes) > _SHOWN_CANDIDATES else ""
    return Place(None, None, codes, rest, f"“{matched}”有 {len(codes)} 处：{names}{more}，请写上所在的省市", matched)


def _wide(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key.ljust(12, "0") for key in keys)


def may_name(text: str, start: int = 0) -> int:
    """Where, from ``start`` on, the first name or code that :func:`find` could read stands; -1 when there is none.

    Cheap, and never wrongly -1 for a text in half width and simplified characters: most texts name no place.
    """
    names = lexicon()
    lengths, entries = names.lengths, names.entries
    for at in range(start, len(text) - 1):
        found = lengths.get(text[at : at + 2])
        if found is not None:
            for length in found:
                name = text[at : at + length]
                if name in entries or name in names.hints or name in names.several:
                    return at
    if text[start:].strip() in names.exact:
        return start
    code = _CODE.search(text, start)
    return code.start() if code else -1


def find(text: str) -> Place:
    """The place a text names, by the settled readings of the API: the first one, as exact as it is sure.

    Development zones and parks without a code of their own get the city or county they surely lie in and stay in
    `rest`; an ambiguous name gives no code but its candidates. A code in the text (360702, also with its name beside
    it) is read like a name. Never raises; an unreadable text comes back whole in `rest` with a Chinese `reason`.
    """
    plain = text.translate(_TABLE).strip()
    if not plain:
        return _nothing("", "没有写地点")
    names = lexicon()
    if codes := names.exact.get(plain):
        return _place(_wide(codes), "", plain)
    for name, keys in names.several.items():
        if plain.startswith(name) and (keys or plain == name):
            if keys:
                return _place(_wide(keys), plain[len(name) :], name)
            return _nothing(plain, f"“{name}”不是一个行政区，请写到市或县", matched=name)
    code = _code_in(plain)
    first = _Reader(plain).first()
    if code and not first:
        return _by_code(plain, *code)
    if not first:
        return _nothing(plain, "没有认出地名")
    context, end = _chain(plain, first)
    if code and len(code[0].group()) and (both := _agreeing(context, code[1])):
        start, stop = min(first.start, code[0].start()), max(end, code[0].end())
        between = plain[min(end, code[0].end()) : max(first.start, code[0].start())]
        if not _strip(between):
            return _place(both, _without(plain, start, stop), plain[start:stop])
        context = tuple(tree.short(c) for c in both)
    return _place(_wide(context), _without(plain, first.start, end), plain[first.start : end])


def _chain(plain: str, first: _Mention) -> tuple[tuple[str, ...], int]:
    """The context after all names that follow the first one, and where they end."""
    reader = _Reader(plain)
    context, end, said = first.keys, first.end, first.name
    while following := reader.following(context, end, said):
        if len(following.keys) > 1 and len(context) == 1:
            break  # 赣州黄陂镇 could be two: the city is sure, the town is not
        if following.name in reader.lexicon.zones:
            return following.keys, end
        context, end, said = following.keys, following.end, following.name
    return context, end


def _agreeing(context: tuple[str, ...], meant: tree.Current) -> tuple[str, ...]:
    """The codes when the number and the name speak of the same place; empty when they do not (a postcode)."""
    found = []
    for code in (meant.code,) if meant.code else meant.ambiguous:
        key = tree.short(code)
        for name in context:
            if within(key, name):
                found.append(code)
            elif within(name, key):
                found.append(name.ljust(12, "0"))
    return tuple(dict.fromkeys(found))


def _by_code(plain: str, found: re.Match[str], meant: tree.Current) -> Place:
    rest = _without(plain, *found.span())
    if rest and not _CODE_BEFORE.search(plain, 0, found.start()):
        return _nothing(plain, "没有认出地名")  # 年薪150000: a number among words is no place
    return _place((meant.code,) if meant.code else meant.ambiguous, rest, found.group())
