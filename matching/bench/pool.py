"""The same jobs as plain columns and postings, for the peers: what a person without our engine would hold in NumPy.

Rows stand in the engine's own spatial order: it helps everybody who reads neighbours together, so the peers get it as well.
Nothing here reads the engine's layout but the order of the job ids.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching import formula
from matching.index import Index
from matching.layout import NEVER
from matching.model import KINDS, Job
from matching.space import is_point, unit_vector
from matching.text import advert_words
from matching.wanted import CODE_MARK

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
_FOLDER: Final = "columns"
_FACTS: Final = 13
_STEP: Final = 100_000


@dataclass(frozen=True, slots=True)
class Pool:
    """``n`` jobs by row, ``t`` terms. ``facts`` int32 [n, 13]: unit vector (3), has a point, kind, pay from and to (0 unknown),
    age limits of men and of women (4), bit 0 limit binds and bit 1 barred to minors, tags as bits of ``tags``.

    ``published`` and ``expires`` int64 [n], ``places`` float64 [n, 2] (latitude, longitude; nan without), ``job_id`` int64 [n];
    ``doc_*``: terms of each row with their frequencies (title 3, skills 2, description 1, occupation 4 a time); ``post_*``: rows
    of each term, rising, with their impacts of 1 to 255; ``title`` int32 [n] into ``titles``.
    """

    job_id: Ints
    facts: npt.NDArray[np.int32]
    published: Ints
    expires: Ints
    places: npt.NDArray[np.float64]
    title: npt.NDArray[np.int32]
    doc_starts: Ints
    doc_terms: npt.NDArray[np.int32]
    doc_tf: npt.NDArray[np.uint8]
    post_starts: Ints
    post_rows: npt.NDArray[np.int32]
    post_impacts: npt.NDArray[np.uint8]
    terms: dict[str, int]
    titles: list[str]
    tags: dict[str, int]

    def postings(self, term: str) -> tuple[Array, Array]:
        """Rows and impacts of a term; empty when no job carries it."""
        number = self.terms.get(term)
        if number is None:
            return self.post_rows[:0], self.post_impacts[:0]
        span = slice(int(self.post_starts[number]), int(self.post_starts[number + 1]))
        return self.post_rows[span], self.post_impacts[span]

    def words(self, row: int) -> str:
        """The row's words, each as often as its weighted frequency, as ``t`` and a number so that every tokenizer agrees."""
        span = slice(int(self.doc_starts[row]), int(self.doc_starts[row + 1]))
        pairs = zip(self.doc_terms[span].tolist(), self.doc_tf[span].tolist(), strict=True)
        return " ".join(f"t{term} " * count for term, count in pairs)


def _facts(job: Job, tags: dict[str, int]) -> tuple[int, ...]:
    point = unit_vector(job.lat or 0.0, job.lng or 0.0) if is_point(job.lat, job.lng) else (0, 0, 0)
    men = job.age_men or (job.age_min, job.age_max)
    women = job.age_women or (job.age_min, job.age_max)
    ages = [(low or 0, formula.AGE_OPEN if high is None else high) for low, high in (men, women)]
    bits = sum(1 << tags.setdefault(tag, len(tags)) for tag in job.tags)
    rules = int(job.age_binding) | int(job.minors_barred) << 1
    pay = (job.wage_min_yuan_month or 0, job.wage_max_yuan_month or 0)
    return (*point, int(is_point(job.lat, job.lng)), KINDS.index(job.kind), *pay, *ages[0], *ages[1], rules, bits)


def frequencies(job: Job) -> dict[str, int]:
    """How often an advert carries each term, weighted by field; occupation codes with every coarser level."""
    counts: dict[str, int] = {}
    fields = [(formula.TITLE_WEIGHT, advert_words(job.title))]
    fields += [(formula.SKILL_WEIGHT, advert_words(skill)) for skill in job.skills]
    fields.append((formula.DESCRIPTION_WEIGHT, advert_words(job.description, singles=False)))
    for weight, words in fields:
        for word in words:
            counts[word] = counts.get(word, 0) + weight
    for code in job.trade_codes:
        levels = code.split("-")
        counts |= {CODE_MARK + "-".join(levels[:end]): formula.TRADE_WEIGHT for end in range(1, len(levels) + 1)}
    return counts


def _places(folder: Path, job_ids: Ints) -> Ints:
    """The place of each job in the order of the index."""
    index = Index(folder)
    places, first = np.full(len(job_ids), -1, dtype=np.int64), 0
    for live in index.snapshot.lives:
        rows = live.segment.find(job_ids)
        places = np.where(rows >= 0, rows + first, places)
        first += live.segment.rows
    index.close()
    return places


def _gathered(starts: Ints, rows: Ints, values: Array) -> tuple[Ints, Array]:
    """The runs ``starts`` of ``values`` in the order ``rows``, a step at a time so that the numbers of places stay small."""
    lengths = np.diff(starts)[rows]
    ends = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
    out = np.empty(int(ends[-1]), dtype=values.dtype)
    for at in range(0, len(rows), _STEP):
        part = rows[at : at + _STEP]
        sizes = lengths[at : at + _STEP]
        first = int(ends[at])
        where = np.repeat(starts[part] - (ends[at : at + len(part)] - first), sizes) + np.arange(int(sizes.sum()))
        out[first : first + len(where)] = values[where]
    return ends, out


def _inverted(starts: Ints, terms: Array, tf: Array, lengths: Ints, count: int) -> tuple[Ints, Array, Array]:
    """Documents to postings by a counting sort, a step of documents at a time; the rows of a term rise."""
    ends = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(np.bincount(terms, minlength=count))])
    filled = ends[:-1].copy()
    post_rows, post_impacts = np.empty(len(terms), dtype=np.int32), np.empty(len(terms), dtype=np.uint8)
    for at in range(0, len(starts) - 1, _STEP):
        last = min(len(starts) - 1, at + _STEP)
        span = slice(int(starts[at]), int(starts[last]))
        here = terms[span]
        order = np.argsort(here, kind="stable")
        counts = np.bincount(here, minlength=count)
        begun = np.cumsum(counts) - counts
        place = filled[here[order]] + np.arange(len(order)) - begun[here[order]]
        post_rows[place] = np.repeat(np.arange(at, last, dtype=np.int32), np.diff(starts[at : last + 1]))[order]
        impacts = formula.impacts(tf[span].astype(np.int64), np.repeat(lengths[at:last], np.diff(starts[at : last + 1])))
        post_impacts[place] = impacts[order]
        filled += counts
    return ends, post_rows, post_impacts


def write(folder: Path, jobs: Iterable[Job]) -> None:
    """Read ``jobs`` once and write the columns beside the index of the same jobs in ``folder``."""
    ids, facts, times, places = array("q"), array("i"), array("q"), array("d")
    title = array("i")
    starts, doc_terms, doc_tf, doc_lengths = array("q", [0]), array("i"), array("B"), array("i")
    terms: dict[str, int] = {}
    titles: dict[str, int] = {}
    tags: dict[str, int] = {}
    for job in jobs:
        ids.append(job.job_id)
        facts.extend(_facts(job, tags))
        times.extend((job.published_at, NEVER if job.valid_until is None else job.valid_until))
        places.extend((float("nan") if job.lat is None else job.lat, float("nan") if job.lng is None else job.lng))
        title.append(titles.setdefault(job.title, len(titles)))
        counts = frequencies(job)
        length = sum(tf for term, tf in counts.items() if not term.startswith(CODE_MARK))
        doc_terms.extend([terms.setdefault(term, len(terms)) for term in counts])
        doc_tf.extend([min(255, tf) for tf in counts.values()])
        doc_lengths.append(length)
        starts.append(len(doc_terms))
    made = np.array(ids, dtype=np.int64)
    rows = np.argsort(_places(folder, made))
    kept: dict[str, Array] = {
        "job_id": made[rows],
        "facts": np.frombuffer(facts, dtype=np.int32).reshape(-1, _FACTS)[rows],
        "published": np.frombuffer(times, dtype=np.int64)[0::2][rows],
        "expires": np.frombuffer(times, dtype=np.int64)[1::2][rows],
        "places": np.frombuffer(places, dtype=np.float64).reshape(-1, 2)[rows],
        "title": np.frombuffer(title, dtype=np.int32)[rows],
    }
    before = np.frombuffer(starts, dtype=np.int64)
    _, kept["doc_tf"] = _gathered(before, rows, np.frombuffer(doc_tf, dtype=np.uint8))
    kept["doc_starts"], kept["doc_terms"] = _gathered(before, rows, np.frombuffer(doc_terms, dtype=np.int32))
    lengths = np.frombuffer(doc_lengths, dtype=np.int32)[rows].astype(np.int64)
    inverted = _inverted(kept["doc_starts"], kept["doc_terms"], kept["doc_tf"], lengths, len(terms))
    kept["post_starts"], kept["post_rows"], kept["post_impacts"] = inverted
    place = folder / _FOLDER
    place.mkdir(exist_ok=True)
    for name, values in kept.items():
        np.save(place / f"{name}.npy", values)
    names = {"terms": list(terms), "titles": list(titles), "tags": list(tags)}
    (place / "names.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")


def read(folder: Path) -> Pool:
    """The columns of a folder, mapped."""
    place = folder / _FOLDER
    names = json.loads((place / "names.json").read_text(encoding="utf-8"))
    arrays = {path.stem: np.load(path, mmap_mode="r").view(np.ndarray) for path in place.glob("*.npy")}
    return Pool(
        **arrays,
        terms={term: number for number, term in enumerate(names["terms"])},
        titles=names["titles"],
        tags={tag: number for number, tag in enumerate(names["tags"])},
    )
