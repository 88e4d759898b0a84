"""A message into jobs: for each offer the text that is its own, and the text that holds for all (place, phone, 以上均包吃住).

A list has a head, items, and a foot. What stands behind the last item is the foot as far as no other item says anything of that
kind, or when every other item is a single line. Paragraphs with offers keep their heads and feet to themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise

from matching.pasted.kinds import kinds
from matching.pasted.letters import Span
from matching.pasted.lines import Line, clauses, lines_of
from matching.pasted.mentions import Offer
from matching.pasted.offers import offers_in
from matching.rules import trade

MOST_JOBS = 60
"""More than a group message offers; what it offers behind them is counted and not read."""
_FOR_ALL = re.compile(r"[ \[(]*(?:以上|上述|所有|全部|都|均|统一|大家|福利|待遇|要求|公司地址|工厂地址|厂址|地址|联系)")
_COMPANIES = 2
_COMPANY = re.compile(
    r"[a-z\u4e00-\u9fff]{1,12}?(?:厂|公司|集团|企业|酒店|饭店|超市|物业|木业|家具|塑胶|塑业|制衣|服饰|鞋业|电子|科技|食品|"
    r"物流|机械|五金|建材|纸业|陶瓷|医院|学校|工地)"
    r"(?:(?:急|现|诚|直)?(?:招聘|招工|招人|招)|\])?[ ]?(?:[:：]|(?<=[招聘工人\]])[ ])"
)
_ALL_SO_FAR = re.compile(
    r"(?:工资|工钱)?(?:都|全|一律|统一|全部)[^,，。;；\n\d一二两三四五六七八九]{0,5}?[\d一二两三四五六七八九]"
)
_STEM = re.compile(r"([\u4e00-\u9fff]{2,4})(?:工|员|师傅|师)")
_SEAM = re.compile(r"[,，。;；、\n ]")
_ASKS = re.compile(r"的?(?:师傅|人)?[ ]?[?？吗]")
_SEEKS_WORK = re.compile(
    r"求职|(?:本人(?!开|有[个家]|承包|家里?[有要缺想]|店|厂|急?招)|(?<![给帮替跟])我们?(?![家店厂这公开有办承接包])|我老公|我老婆|夫妻俩|两口子)[^。\n]{0,24}?(?:找[个份一](?=[^,，。;；\n]{0,10}(?:活|事|工作|班上|厂))|(?:想找|找[个份一])(?![^,，。;；\n]{0,8}(?:的|师傅|阿姨|大姐|人|工|员|徒|保姆|嫂|司机|帮手))|求[个份一]|想做|找工作|找活)|"
    r"(?:夫妻|我们)(?:两个|俩|两口子)?(?:想)?找(?:点|个)?(?:事|活)(?:做|干)|想找[^。\n]{0,16}(?:工作|的活|活干|的厂|厂做|事做)|谁(?:家|那里)?有活"
)


_OFFERS_ELSE = re.compile(r"招租|招生(?![老员办主顾专鲜手产熟活])|转让|出租|寻人|拼车|求购|出售")
_HIRES = re.compile(r"招聘|招工|招人|聘|急招|直招|招(?![租生商标])|缺|要人|找(?!人)|需")


@dataclass(slots=True)
class Part:
    """One job of a message: its offer, and pieces of the plain text. What is its own is read first."""

    offer: Offer
    own: list[Span] = field(default_factory=list)
    shared: list[Span] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Block:
    """From one mention of work to the next, or to the end of the paragraph."""

    part: int
    start: int
    end: int
    line: int
    paragraph: int
    detail: bool


def split(text: str) -> tuple[list[Part], int]:
    """The jobs of a plain text, contacts hidden, and about how many more it offers that are not read.

    No jobs when nobody is wanted: somebody seeks work, or it is only talk.
    """
    if _SEEKS_WORK.search(text) or (_OFFERS_ELSE.search(text) and not _HIRES.search(text)):
        return [], 0
    lines = _companies(text, lines_of(text))
    offers, mentions = offers_in(text, lines)
    unread = offers[MOST_JOBS:]
    if unread:
        lines = _without(lines, offers[MOST_JOBS - 1].end, unread[0].anchor, unread[-1].end)
        mentions = [said for said in mentions if any(line.start <= said.anchor < line.end for line in lines)]
    offers, mentions = offers[:MOST_JOBS], mentions[:MOST_JOBS]
    if not offers:
        return [], 0
    return _parts(text, lines, offers, mentions), len(unread)


def _parts(text: str, lines: list[Line], offers: list[Offer], mentions: list[Offer]) -> list[Part]:
    offers, details = _merged(text, lines, offers, mentions)
    parts = [Part(offer) for offer in offers]
    if len(parts) == 1:
        parts[0].own = [(lines[0].start, lines[-1].end)]
        return parts
    blocks = _blocks(text, lines, offers, details)
    feet = _feet(text, lines, blocks)
    _share(text, lines, parts, blocks, feet)
    _of_all_alike(parts, blocks, feet)
    _paid_alike(text, parts)
    return parts


def _paid_alike(text: str, parts: list[Part]) -> None:
    """钢筋工八个，模板工十个，都是三百八一天: what is paid for all so far, for those before that say nothing of their own."""
    waiting: list[Part] = []
    for part in parts:
        said = [span for piece in part.own for span in clauses(text, piece) if "wage" in kinds(text[slice(*span)])]
        if not said:
            waiting.append(part)
            continue
        together = [before for before in waiting if part.offer.heads is not None and before.offer.heads == part.offer.heads]
        for before in together:  # 钣金、喷漆各1名 7500-10000
            before.own.append((max(said[0][0], part.offer.end), said[0][1]))
        waiting = [before for before in waiting if before not in together]
        for start, end in said if waiting else ():
            if (for_all := _ALL_SO_FAR.search(text, start, end)) is not None:
                for before in waiting:
                    before.own.append((for_all.start(), end))
                break
        span = said[0]
        if waiting and not _SEAM.search(text, waiting[0].offer.start, max(span[0], part.offer.end)) and len(said) == 1:
            # a list in one breath, and the pay behind the last
            for before in waiting:
                before.own.append((max(span[0], part.offer.end), span[1]))
        waiting = []


def _without(lines: list[Line], last: int, start: int, end: int) -> list[Line]:
    """The lines without those of the jobs that are not read, or what they say would hold for every job that is.

    `last`: where the last job that is read ends; what follows the others is a foot of its own.
    """
    kept: list[Line] = []
    for line in lines:
        if line.start <= last <= line.end:
            kept.append(replace(line, end=min(line.end, max(start, last))))
        elif line.end < last or line.start > end:
            kept.append(replace(line, paragraph=line.paragraph + (line.start > end)))
        elif line.end < start:
            kept.append(line)
    return kept


def _companies(text: str, lines: list[Line]) -> list[Line]:
    """Companies one below the other without a gap: each has a paragraph of its own, and so has the foot of them all."""
    heads = [number for number, line in enumerate(lines) if _COMPANY.match(text, line.words, line.end)]
    if len(heads) < _COMPANIES:
        return lines
    single = all(after - before == 1 for before, after in pairwise(heads))
    last = heads[-1] + 1 if single else len(lines)
    found: list[Line] = []
    shift = 0
    for number, line in enumerate(lines):
        shift += number in heads or number == last
        found.append(replace(line, paragraph=line.paragraph + shift))
    return found


def _same_work(text: str, one: Offer, other: Offer) -> bool:
    left, right = one.title(text), other.title(text)
    if left == right or (min(len(left), len(right)) >= 2 and (left in right or right in left)):
        return True
    if not (one.word and other.word):
        return False
    kind = trade.relation(one.word, other.word)
    # 有没有会电焊的？要二保焊三个人: the second says which, and how many
    return kind == "same" or (kind == "narrower" and one.heads is None and _ASKS.match(text, one.end) is not None)


def _items(text: str, lines: list[Line], offers: list[Offer]) -> dict[int, tuple[int, str]]:
    """Offers at the head of a line that says what it pays, by where they start, with the words of the line up to their end."""
    heads = {line.words: line for line in lines}
    return {
        offer.start: (line.start, text[offer.start : offer.end])
        for offer in offers
        if (line := heads.get(offer.start)) is not None
        and any("wage" in kinds(text[a:b]) for a, b in clauses(text, (line.words, line.end)))
    }


def _apart(one: tuple[int, str] | None, other: tuple[int, str] | None) -> bool:
    """白班普工 200, 夜班普工 230 below it: two openings of one work."""
    return one is not None and other is not None and one[0] != other[0] and one[1] != other[1]


def _of_all_alike(parts: list[Part], blocks: list[_Block], feet: dict[int, int]) -> None:
    """护工要求30-58岁 below 一对一护工 and 病区护工 holds for both."""
    for number, block in enumerate(blocks):
        if not block.detail:
            continue
        said = parts[block.part].offer
        for at, part in enumerate(parts):
            if at != block.part and block.start > part.offer.end and said.word and part.offer.word == said.word:
                part.own.append((block.start, feet.get(number, block.end)))


def _merged(
    text: str, lines: list[Line], offers: list[Offer], mentions: list[Offer]
) -> tuple[list[Offer], list[tuple[int, Offer]]]:
    """Offers said twice as one, with the places where more is said about each: 服务员2名 ... 服务员4000+提成."""
    kept: list[Offer] = []
    details: list[tuple[int, Offer]] = []
    items = _items(text, lines, offers)
    for offer in offers:
        again = next(
            (
                at
                for at, before in enumerate(kept)
                if _same_work(text, before, offer) and not _apart(items.get(before.start), items.get(offer.start))
            ),
            None,
        )
        if again is None or (offer.heads is not None and kept[again].heads is not None):
            kept.append(offer)
        elif kept[again].heads is None and len(offer.title(text)) > len(kept[again].title(text)):
            # 只招司机：货车司机2名: the longer words say which
            details.append((again, kept[again]))
            kept[again] = offer
        elif kept[again].heads is None and offer.start in items and kept[again].start not in items:
            # 脐橙采摘 over 剪果工40名: a heading
            kept[again] = offer
        else:
            details.append((again, offer))
    named = _named_short(text, kept)  # not where jobs stand that are not read
    details += [said for said in named if any(line.start <= said[1].anchor <= line.end for line in lines)]
    for mention in mentions:
        again = next(
            (at for at, before in enumerate(kept) if before.start < mention.start and _same_work(text, before, mention)), None
        )
        if again is not None:
            details.append((again, mention))
    return kept, details


def _named_short(text: str, kept: list[Offer]) -> list[tuple[int, Offer]]:
    """Clauses behind the offers that open with the first part of a title: 缝头按双算 of 缝头工."""
    stems: dict[str, int] = {}
    for at, offer in enumerate(kept):
        if (whole := _STEM.fullmatch(offer.title(text))) is not None:
            stems.setdefault(whole[1], at)
    if len(kept) < _COMPANIES or not stems:
        return []
    last = max(offer.end for offer in kept)
    found: list[tuple[int, Offer]] = []
    for start, _ in clauses(text, (last, len(text))):
        stem = next((stem for stem in stems if text.startswith(stem, start)), None)
        if stem is not None:
            at = stems[stem]
            found.append((at, replace(kept[at], start=start, end=start + len(stem), anchor=start, heads=None)))
    return found


def _blocks(text: str, lines: list[Line], offers: list[Offer], details: list[tuple[int, Offer]]) -> list[_Block]:
    starts = sorted(
        [(offer.anchor, at, False) for at, offer in enumerate(offers)] + [(said.anchor, at, True) for at, said in details]
    )
    kept: list[tuple[int, int, bool]] = []
    for start in starts:
        if kept and kept[-1][1] == start[1] and start[2] and not _pays_here(text, lines, start[0]):
            continue  # the job that is being spoken of, named again
        kept.append(start)
    begins = [_begin(text, lines, [anchor for anchor, _, _ in kept], place) for place in range(len(kept))]
    blocks: list[_Block] = []
    for place, (anchor, part, detail) in enumerate(kept):
        at = next(number for number, line in enumerate(lines) if line.start <= anchor <= line.end)
        stop = max(line.end for line in lines if line.paragraph == lines[at].paragraph)
        stop = min([stop, *begins[place + 1 : place + 2]])
        blocks.append(_Block(part, begins[place], stop, at, lines[at].paragraph, detail))
    return blocks


def _begin(text: str, lines: list[Line], anchors: list[int], place: int) -> int:
    """Where the block of a mention begins: what a line says before it is its own in a list, and the head of all in the first."""
    anchor = anchors[place]
    line = next(line for line in lines if line.start <= anchor <= line.end)
    if any(line.start <= other < anchor for other in anchors):
        return anchor
    own = line.listed or anchors[0] < line.start or not _says(text, line.words, anchor)
    return line.start if own else anchor


def _pays_here(text: str, lines: list[Line], anchor: int) -> bool:
    """Whether the clause that begins at a mention says what it pays: 学徒2000包吃住."""
    line = next(line for line in lines if line.start <= anchor <= line.end)
    first = clauses(text, (anchor, line.end))
    return bool(first) and "wage" in kinds(text[slice(*first[0])])


def _says(text: str, start: int, end: int) -> bool:
    """Whether the words of a line before an offer say something about a field: 章贡区招普工."""
    return any(kinds(text[a:b]) - {"headcount"} for a, b in clauses(text, (start, end)))


def _feet(text: str, lines: list[Line], blocks: list[_Block]) -> dict[int, int]:
    """For the last block of each run: where its foot begins. A run: blocks that are all offers or all details
    and of one list; a paragraph with a head of its own (a company) begins another list.
    """
    feet: dict[int, int] = {}
    run: list[int] = []
    for number, block in enumerate(blocks):
        before = blocks[run[-1]] if run else block
        headed = before.paragraph != block.paragraph and any(
            line.paragraph == block.paragraph and (line.end <= block.start or _COMPANY.match(text, line.words, line.end))
            for line in lines
        )
        if before.detail != block.detail or headed:
            feet |= _foot(text, lines, [blocks[at] for at in run], run[-1])
            run = []
        run.append(number)
    return feet | _foot(text, lines, [blocks[at] for at in run], run[-1])


def _foot(text: str, lines: list[Line], run: list[_Block], number: int) -> dict[int, int]:
    last = run[-1]
    pieces = clauses(text, (last.start, last.end))
    if len(run) < 2 and not last.detail:
        return {}
    own_line = lines[last.line]
    before = run[:-1]
    apart = bool(before) and "\n" in text[before[-1].start : last.start]  # no list in one line
    if apart and all(block.line != last.line for block in before) and all(_is_one_line(lines, block) for block in before):
        return {number: own_line.end}
    said: set[str] = set() if before or not pieces else set(kinds(text[slice(*pieces[0])]))
    for block in before:
        said.update(*(kinds(text[a:b]) for a, b in clauses(text, (block.start, block.end))))
    foot = last.end
    for start, end in reversed(pieces[1:]):
        if kinds(text[start:end]) & said:
            break
        foot = start
    for start, _ in pieces[1:]:
        if _FOR_ALL.match(text, start):
            foot = min(foot, start)
    return {number: foot}


def _is_one_line(lines: list[Line], block: _Block) -> bool:
    return sum(block.start < line.end and line.start < block.end for line in lines) == 1


def _share(text: str, lines: list[Line], parts: list[Part], blocks: list[_Block], feet: dict[int, int]) -> None:
    """Give every part its own pieces and those that hold for all of its paragraph or of the message."""
    scopes = {block.paragraph for block in blocks}
    local: dict[int, list[Span]] = {paragraph: [] for paragraph in scopes}
    whole: list[Span] = []
    taken: list[Span] = []
    for number, block in enumerate(blocks):
        end = feet.get(number, block.end)
        parts[block.part].own.append((block.start, end))
        taken.append((block.start, block.end))
        if end < block.end:
            local[block.paragraph].append((end, block.end))
    for line in lines:
        for piece in _untaken((line.start, line.end), taken):
            (local[line.paragraph] if line.paragraph in scopes else whole).append(piece)
    first, last = min(scopes), max(scopes)
    if len(scopes) > 1:
        whole += _for_everybody(text, local, first, last)
    of_part = {block.part: block.paragraph for block in reversed(blocks)}
    for at, part in enumerate(parts):
        part.shared = sorted(set(local[of_part[at]])) + sorted(set(whole) - set(local[of_part[at]]))


def _for_everybody(text: str, local: dict[int, list[Span]], first: int, last: int) -> list[Span]:
    """Heads of the first and feet of the last paragraph that say what no other paragraph says for itself."""
    found: list[Span] = []
    for paragraph in (first, last):
        others: set[str] = set()
        for other, pieces in local.items():
            if other != paragraph:
                others.update(*(kinds(text[a:b]) for piece in pieces for a, b in clauses(text, piece)))
        found += [piece for piece in local[paragraph] if not any(kinds(text[a:b]) & others for a, b in clauses(text, piece))]
    return found


def _untaken(span: Span, taken: list[Span]) -> list[Span]:
    pieces = [span]
    for start, end in taken:
        pieces = [
            piece
            for a, b in pieces
            for piece in ((a, min(b, start)), (max(a, end), b))
            if piece[0] < piece[1] and (piece[1] <= start or piece[0] >= end)
        ]
    return pieces
