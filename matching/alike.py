"""Jobs like one job, and words to search for while somebody types."""

from __future__ import annotations

from typing import cast

import numpy as np

from matching import text, wanted
from matching.asking import placed, planned
from matching.engine import explained
from matching.formula import IDF_DEFAULT
from matching.fresh import Fresh
from matching.index import Index, Snapshot
from matching.lookup import terms_of_row
from matching.model import Hit, Query, Suggestion
from matching.segment import Segment
from matching.wanted import Answer, Concept

_KEY_TERMS = 8


def similar(index: Index, job_id: int, now: int, limit: int) -> tuple[Hit, ...]:
    """Open jobs like this one by title, skills, occupation and place, itself left out; empty when it is not in the index."""
    snapshot = index.snapshot
    found = snapshot.locate(job_id)
    if found is None or limit <= 0:
        return ()
    number, row = found
    if number < len(snapshot.lives):
        segment = snapshot.lives[number].segment
        trades, words = segment.codes_of_set(int(segment.trade_set[row])), _words(segment, row)
        record = segment.hot.rows.record[row].tolist()
    else:
        fresh = cast(Fresh, snapshot.fresh)
        trades, words = list(fresh.trade_sets[fresh.chains.trade_set[row]]), fresh.impacts(row)
        record = fresh.chains.rows.record[row].tolist()
    codes = [wanted.CODE_MARK + code for code in trades]
    alike = tuple(Concept(name, (Answer(name, 100, "same"),)) for name in (*codes, *_telling(snapshot, words)))
    terms = snapshot.weigher.terms(alike)
    plan = planned(Query(now=now, limit=limit + 1), terms, needs_words=True)
    if record[0] & 32:
        plan = placed(plan, (record[0] >> 7, record[1] >> 7, record[2] >> 7))
    return tuple(hit for hit in explained(snapshot, plan) if hit.job_id != job_id)[:limit]


def _words(segment: Segment, row: int) -> list[tuple[str, int]]:
    terms, impacts = np.empty(len(segment.terms), dtype=np.int64), np.empty(len(segment.terms), dtype=np.int64)
    found = terms_of_row(segment.hot.posts, row, terms, impacts)
    return [(segment.terms[term], impact) for term, impact in zip(terms[:found].tolist(), impacts[:found].tolist(), strict=True)]


def _telling(snapshot: Snapshot, words: list[tuple[str, int]]) -> list[str]:
    """The words that say most of a job: heavy in its advert (title and skills are) and rare in the others."""
    rarity = snapshot.stats.rarity
    weighed = [(-impact * rarity.get(word, IDF_DEFAULT), word) for word, impact in words if not word.startswith(wanted.CODE_MARK)]
    return [word for _, word in sorted(weighed)[:_KEY_TERMS]]


def suggest(index: Index, prefix: str, limit: int) -> tuple[Suggestion, ...]:
    """Words to search for that begin as typed, also in pinyin or first letters (``dhg`` 电焊工), those of most jobs first.

    When nothing begins so, the words it was probably meant to be (``corrected``); Latin letters are taken for pinyin, never
    for another Latin word. Only words that some job carries; the count is about that of the adverts in the index (``carriers``).
    """
    snapshot = index.snapshot
    spelling = snapshot.stats.spelling
    typed = text.normalise(prefix)[: text.QUERY_CHARS].replace(" ", "")
    if not typed or limit <= 0:
        return ()
    begun = _counted(snapshot, spelling.starting(typed, 4 * limit), corrected=False)
    if begun:
        return tuple(begun[:limit])
    # cgu is no cg: among the few Latin words of adverts anything is near.
    meant = (spelling.homophones(typed) or spelling.loosely_sounding(typed)) if typed.isascii() else spelling.corrections(typed)
    return tuple(_counted(snapshot, [correction.word for correction in meant], corrected=True)[:limit])


def carriers(snapshot: Snapshot, word: str) -> int:
    """About how many adverts carry a word: from the lengths of its lists, no advert is looked at.

    Those that came since the open generation are counted too; those that were taken out are still counted until a merge, and
    so are those whose time ran out.
    """
    jobs = 0 if snapshot.fresh is None else snapshot.fresh.carriers(word)
    for live in snapshot.lives:
        term = live.segment.term_index.get(word)
        if term is not None:
            posts = live.segment.hot.posts
            jobs += int(posts.super_post[posts.term_starts[term + 1]]) - int(posts.super_post[posts.term_starts[term]])
    return jobs


def _counted(snapshot: Snapshot, words: list[str], *, corrected: bool) -> list[Suggestion]:
    found = [Suggestion(word, jobs, corrected) for word in words if (jobs := carriers(snapshot, word))]
    return sorted(found, key=lambda suggestion: -suggestion.count)
