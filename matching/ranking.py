"""The best k: a heap whose root is the worst of them, who may enter it, and the parts of a score that did."""

from __future__ import annotations

from matching.compiled import (
    inner,
    kernel,
)
from matching.formula import (
    age_points,
    fresh_points,
    place_points,
    preference_points,
    text_points,
    wage_points,
)
from matching.layout import (
    Array,
    Asked,
    Rows,
    whole,
)
from matching.rows import (
    chord_to,
    fair_of,
    limits_of,
    met_tags,
    passes,
    published_of,
    value_of,
)


@inner
def _behind(best: Array, a: int, value: int, published: int, job_id: int) -> bool:
    """Whether entry ``a`` of ``best`` sorts behind (value, published, job_id)."""
    if best[a, 0] != value:
        return bool(best[a, 0] < value)
    if best[a, 1] != published:
        return bool(best[a, 1] < published)
    return bool(best[a, 2] > job_id)


@inner
def _put(best: Array, at: int, value: int, published: int, job_id: int, segment: int, row: int) -> None:
    best[at, 0] = value
    best[at, 1] = published
    best[at, 2] = job_id
    best[at, 3] = segment
    best[at, 4] = row


@inner
def _copy(best: Array, to: int, source: int) -> None:
    for column in range(5):
        best[to, column] = best[source, column]


@inner
def _sink(best: Array, k: int, value: int, published: int, job_id: int, segment: int, row: int) -> None:
    """Let an entry take the root's place in the heap of the first ``k``."""
    at = 0
    while True:
        child = 2 * at + 1
        if child >= k:
            break
        if child + 1 < k and _behind(best, child + 1, best[child, 0], best[child, 1], best[child, 2]):
            child += 1
        if not _behind(best, child, value, published, job_id):
            break
        _copy(best, at, child)
        at = child
    _put(best, at, value, published, job_id, segment, row)


@inner
def _push(best: Array, count: int, value: int, published: int, job_id: int, segment: int, row: int) -> int:
    """Keep the best ``len(best)`` in a heap whose root is the worst of them; the new number of entries."""
    k = len(best)
    if count < k:
        at = count
        while at > 0:
            parent = (at - 1) >> 1
            if _behind(best, parent, value, published, job_id):
                break
            _copy(best, at, parent)
            at = parent
        _put(best, at, value, published, job_id, segment, row)
        return count + 1
    if not _behind(best, 0, value, published, job_id):
        return count
    _sink(best, k, value, published, job_id, segment, row)
    return count


@kernel
def sort_best(best: Array, count: int) -> None:
    """The heap as a list, best first (heapsort: the root, always the worst, goes to the end)."""
    for end in range(count - 1, 0, -1):
        value, published, job_id, segment, row = best[end, 0], best[end, 1], best[end, 2], best[end, 3], best[end, 4]
        _copy(best, end, 0)
        _sink(best, end, value, published, job_id, segment, row)


@inner
def offer(rows: Rows, dead: Array, row: int, asked: Asked, total: int, best: Array, count: int) -> bool:
    """Whether a row that passes all filters (but barred words) would enter the best k; what costs least is asked first."""
    value = value_of(rows, row, asked, total)
    published = published_of(rows, row)
    full = count == len(best)
    if full and value < best[0, 0]:
        return False
    job_id = whole(rows.job_id[row])
    if full and not _behind(best, 0, value, published, job_id):
        return False
    if asked.after != 0:
        if value != asked.after_value:
            if value > asked.after_value:
                return False
        elif published != asked.after_time:
            if published > asked.after_time:
                return False
        elif job_id <= asked.after_id:
            return False
    return passes(rows, dead, row, asked)


@inner
def enter(rows: Rows, row: int, asked: Asked, total: int, segment: int, best: Array, count: int) -> int:
    """Put an offered row among the best; the new number of entries."""
    return _push(best, count, value_of(rows, row, asked, total), published_of(rows, row), whole(rows.job_id[row]), segment, row)


@inner
def parts_of(rows: Rows, row: int, asked: Asked, total: int, met: int, parts: Array, i: int) -> None:
    """Write the parts of one job whose text sum and met terms are known."""
    chord = chord_to(rows, row, asked)
    parts[i, 0] = text_points(total)
    parts[i, 1] = place_points(chord) if chord >= 0 else 0
    parts[i, 2] = wage_points(asked.wish, whole(rows.record[row, 5]), whole(rows.record[row, 6]))
    low_age, high_age = limits_of(rows, row, asked.sex)
    parts[i, 3] = age_points(asked.ranked_age, low_age, high_age)
    parts[i, 4] = fresh_points(asked.now, published_of(rows, row))
    parts[i, 5] = preference_points(met_tags(rows, row, asked), asked.wanted_tags)
    parts[i, 6] = fair_of(rows, row, asked)
    parts[i, 7] = chord
    parts[i, 8] = met
