"""From written Chinese to the words that are indexed and searched: one function for adverts and for queries.

Order matters: normalise (full width, traditional, case, control characters), lift out facts (pay, ages, dates, phones: they are
filters, not words, and the two cutters differ on digits), then cut runs of Han with jieba's dictionary plus our own words.
Changing anything here changes what stored segments mean: ``fingerprint`` stands in every segment, others are refused.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import cache, lru_cache
from importlib.metadata import version
from typing import Final, Protocol

import opencc
import rjieba

from matching.rules import trade

VERSION: Final = 1
ADVERT_CHARS: Final = 20_000
QUERY_CHARS: Final = 400

# Benefits, shifts and pay cycles as adverts write them: jieba's dictionary cuts most of them apart.
OWN_WORDS: Final = tuple(
    "包吃 包住 包吃住 包吃包住 管吃 管住 管吃住 管吃管住 夫妻房 夫妻工 五险 五险一金 社保 日结 周结 月结 现结 工资日结 长白班 白班 夜班 "
    "两班倒 三班倒 坐班 站班 双休 单休 月休四天 计件 计时 加班费 全勤奖 工龄奖 餐补 房补 车补 高温补贴 接送 包接送 班车 返费 小时工 "
    "临时工 暑假工 寒假工 短期工 长期工 兼职 零工 学徒 不限经验 无经验 普工 操作工 作业员 流水线 无尘车间 电子厂 服装厂 鞋厂 家具厂 "
    "食品厂 五金厂 注塑厂 稀土 脐橙".split()
)

# Words that every advert and every wish carries and that tell jobs apart no better than a comma.
STOP_WORDS: Final = frozenset(
    "的 了 和 与 或 及 等 在 是 有 我 你 您 他 她 我们 你们 也 都 就 还 又 很 最 能 会 可 可以 要 想 想要 找 想找 找个 个 份 一个 一份 一些 一个月 一天 每月 每天 "
    "做 干 干活 活 活儿 点 离 近 附近 家 家附近 上 下 以上 以下 左右 到 从 去 来 给 把 被 让 对 为 为了 于 由 向 不 没 没有 无 招 招聘 急招 诚聘 "
    "诚招 高薪 急聘 招工 招人 聘 急 现 大量 直招 若干 名 工作 岗位 职位 职责 要求 任职 任职要求 岗位职责 工种 人员 员工 人 工 师 员 者 "
    "公司 本公司 单位 负责 相关 优先 能够 具有 具备 熟悉 熟练 良好 以及 进行 完成 其他 其它 有限公司 有限 年 月 日 天 号 元 块 钱 岁 周岁 "
    "那 那边 这 这边 这里 那里 里 吗 呢 吧 啊 呀 哪 哪里 什么 怎么 请 请问 谢谢 需要 需 的话 方便 一点 点儿 多 多多 少 好 好的 长期 收 "
    "之 其 该 各 每 并 而 且 但 如 即 至 所 将 已 均 按 时 内 外 中 前 后 大 小 新 老 先 再 更 比 较 起 约".split()
)

_CONTROL = re.compile(r"[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]+")
_SPACE = re.compile(r"\s+")
_HAN_NUMBER = "[一二两三四五六七八九十]"
_AMOUNT = rf"(?:\d+(?:[.,]\d+)?\s*[k千万w]?|{_HAN_NUMBER}+[百千万](?:{_HAN_NUMBER}+[百千]?)*)"
_FACTS: Final = re.compile(
    "|".join(
        (
            r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)",  # mobile phone
            r"(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)",  # land line
            r"\d{4}\s*[-/.年]\s*\d{1,2}(?:\s*[-/.月]\s*\d{1,2}\s*[日号]?)?",  # date
            r"\d{1,2}月\d{1,2}[日号]",
            r"\d{1,2}[:点]\d{2}(?:\s*[-~到至]\s*\d{1,2}[:点]\d{2})?",  # clock
            rf"(?:\d{{2}}|{_HAN_NUMBER}{{1,3}}|{_HAN_NUMBER}十[多几来])\s*(?:[-~到至—]+\s*(?:\d{{2}}|{_HAN_NUMBER}{{1,3}}))?\s*[多几来]?周?岁(?:以[上下内]|左右|之间)?",
            rf"{_AMOUNT}\s*(?:[-~到至—]+\s*{_AMOUNT}\s*)?(?:元|块钱|块|圆)?\s*(?:[/每一]\s*(?:个?月|天|日|小?时|年|周|件|h))?\s*(?:以[上下]|左右|起|多)?",
        )
    )
)
_MAY_HOLD_FACT = re.compile(rf"\d|{_HAN_NUMBER}(?:[百千万岁周多几来到至十])")
_RUNS: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+|[a-z][a-z0-9]*(?:[+#]+)?")
_LATIN_WITH_DIGIT = re.compile(r"(?<![a-z0-9])[a-z]+\d+(?:[a-z]+\d*)*(?![a-z0-9])")
_to_simplified = opencc.OpenCC("t2s")


class Cutter(Protocol):
    """What the words need of a cutter; jieba's own ``Tokenizer`` is wrapped to it in the tests, as the oracle."""

    def cut_for_search(self, text: str, hmm: bool) -> list[str]: ...
    def cut(self, text: str, hmm: bool) -> list[str]: ...


@cache
def vocabulary() -> tuple[str, ...]:
    """Our own words, sorted: trades with their synonyms, and benefits. The cutter never splits them."""
    words = {normalise(word) for word in trade.vocabulary()} | set(OWN_WORDS)
    return tuple(sorted(word for word in words if len(word) >= 2 and _RUNS.fullmatch(word)))


@cache
def fingerprint() -> str:
    """Names the rules by which words were made; a segment made by other rules is refused and rebuilt."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"{VERSION} {version('rjieba')}\n".encode())
    for word in (*vocabulary(), *sorted(STOP_WORDS)):
        digest.update(word.encode() + b"\n")
    return digest.hexdigest()


@cache
def cutter() -> Cutter:
    """The one cutter of this process (0.2 s to load), with our words."""
    loaded = rjieba.Jieba()
    for word in vocabulary():
        loaded.add_word(word, WORD_FREQUENCY, "n")
    made: Cutter = loaded
    return made


WORD_FREQUENCY: Final = 20_000  # of 60 million in jieba's dictionary: a word of ours beats any split of it


def normalise(text: str) -> str:
    """Full width to half, traditional to simplified, lower case, control characters and runs of space to one space."""
    text = unicodedata.normalize("NFKC", _CONTROL.sub(" ", text)).lower()
    if not text.isascii():
        text = _to_simplified.convert(text)
    return _SPACE.sub(" ", text).strip()


def without_facts(text: str) -> str:
    """``text`` (normalised) with pay, ages, dates, clock times and phones replaced by a space; ``c1`` and ``二保焊`` stay."""
    if not _MAY_HOLD_FACT.search(text):
        return text
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"\ue000{chr(0xE100 + len(kept) - 1)}\ue001" if len(kept) <= 1000 else match.group()

    text = _FACTS.sub(" ", _LATIN_WITH_DIGIT.sub(keep, text))
    return re.sub("\ue000(.)\ue001", lambda match: kept[ord(match.group(1)) - 0xE100], text)


def _runs(text: str, *, search: bool, singles: bool, using: Cutter | None) -> list[str]:
    words: list[str] = []
    chosen = using or cutter()
    cut = chosen.cut_for_search if search else chosen.cut
    for run in _RUNS.findall(text):
        if run[0] <= "z":
            words.append(run)
        else:
            words.extend(cut(run, False))
    return [word for word in words if word not in STOP_WORDS and (singles or len(word) > 1)]


@lru_cache(maxsize=1 << 15)
def advert_words(text: str, *, singles: bool = True) -> tuple[str, ...]:
    """The words of one field of an advert, repeats kept, with the shorter words inside long ones (电子厂 gives 电子 too).

    ``singles`` False leaves out single characters, which in a description are nearly always particles.
    """
    return tuple(_runs(without_facts(normalise(text[:ADVERT_CHARS])), search=True, singles=singles, using=None))


def query_words(text: str) -> tuple[str, ...]:
    """The words of what a person typed, each once, in order; only the first 400 characters count."""
    return tuple(dict.fromkeys(_runs(without_facts(normalise(text[:QUERY_CHARS])), search=False, singles=True, using=None)))


def query_runs(text: str) -> list[list[str]]:
    """What a person typed, cut, stop words kept: one list for each unbroken run of writing. For correction of whole runs."""
    cut = cutter().cut
    runs = _RUNS.findall(without_facts(normalise(text[:QUERY_CHARS])))
    return [[run] if run[0] <= "z" else cut(run, False) for run in runs]


def words_by(using: Cutter, text: str, *, search: bool) -> list[str]:
    """As ``advert_words`` or ``query_words`` would cut, with another cutter: how the test holds rjieba and jieba equal."""
    return _runs(without_facts(normalise(text)), search=search, singles=True, using=using)
