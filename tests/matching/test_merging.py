"""Large segments become one beside everything else: nothing is lost, nothing comes back, and no change waits for it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from matching import Index, IndexMissing, IndexWriter, Query, open_index, search, writer
from matching.segment import assemble
from matching.writer import SEGMENTS_MOST
from tests.matching.test_index import NOW, ids, job

LARGE = 4


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index of a base and six parts that all count as large."""
    monkeypatch.setattr(writer, "_AT_ONCE", LARGE)
    with IndexWriter(tmp_path) as writing:
        writing.rebuild([job(n) for n in range(1, 41)], "0")
        for step in range(6):
            writing.apply([job(100 + 10 * step + n) for n in range(5 + step)], [], str(step + 1))
    return tmp_path


def all_of(made: Path) -> set[int]:
    return ids(open_index(made))


def segments(index: Index) -> int:
    return len(index.snapshot.lives)


def midway(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something happen when a merge has read its segments and has not yet written its own."""
    done: list[bool] = []

    def acting(*arguments: Any) -> int:
        if not done:
            done.append(True)
            act()
        return assemble(*arguments)

    monkeypatch.setattr(writer, "assemble", acting)


def test_merging_goes_on_until_few_are_left_and_changes_nothing_else(made: Path) -> None:
    before = all_of(made)
    index = open_index(made)
    assert segments(index) == 7
    with IndexWriter(made) as writing:
        assert writing.merge()
        assert index.refresh()
        assert segments(index) == 6
        assert writing.merge()
        assert not writing.merge()
        assert writing.position == "6"
    assert index.refresh()
    assert segments(index) == 5
    assert max(live.live for live in index.snapshot.lives) == 40  # the two most alike, never the base with a small one
    assert ids(index) == before


def test_what_is_deleted_or_replaced_during_a_merge_stays_so(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = all_of(made)
    with IndexWriter(made) as writing:
        gone = [100, 101, 110, 111, 120, 130, 140, 150, 5]
        midway(monkeypatch, lambda: writing.apply([job(102, "保洁"), job(900)], gone, "during"))
        assert writing.merge()
        assert writing.position == "during"
        assert writing.jobs == len(before) - len(gone) + 1
    index = open_index(made)
    assert ids(index) == before - set(gone) | {900}
    assert [hit.job_id for hit in search(index, Query(now=NOW, text="保洁"))] == [102]


def test_a_full_build_during_a_merge_wins(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with IndexWriter(made) as writing:
        midway(monkeypatch, lambda: writing.rebuild([job(1), job(2)], "anew"))
        assert writing.merge()
        assert (writing.position, writing.jobs) == ("anew", 2)
    assert all_of(made) == {1, 2}


def test_a_writer_closed_during_a_merge_publishes_nothing(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = all_of(made)
    writing = IndexWriter(made)
    midway(monkeypatch, writing.close)
    with pytest.raises(IndexMissing):
        writing.merge()
    with IndexWriter(made) as following:
        assert following.position == "6"
        assert following.merge()
    assert all_of(made) == before


def test_a_change_does_not_wait_for_a_merge_under_way(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def waiting() -> None:
        reached.set()
        assert go_on.wait(60)

    with IndexWriter(made) as writing:
        midway(monkeypatch, waiting)
        merging = threading.Thread(target=writing.merge)
        merging.start()
        assert reached.wait(60)
        index = open_index(made)
        for n in range(30):
            writing.apply([job(1000 + n)], [], "x")
            assert index.refresh()
            assert index.contains(1000 + n)
            assert segments(index) <= SEGMENTS_MOST
        assert not writing.merge()  # one at a time
        go_on.set()
        merging.join()
        assert index.refresh()
        assert index.contains(1029)


@pytest.mark.long
def test_many_changes_beside_merging_leave_exactly_what_lives(made: Path) -> None:
    chance = random.Random(3)
    alive = all_of(made)
    index = open_index(made)
    stop = threading.Event()
    merges: list[bool] = []
    failures: list[Exception] = []
    with IndexWriter(made) as writing:

        def merging() -> None:
            try:
                while not stop.is_set():
                    if writing.merge():
                        merges.append(True)
            except Exception as failure:  # noqa: BLE001 - a thread's failure is told to the test, whatever it is
                failures.append(failure)

        thread = threading.Thread(target=merging)
        thread.start()
        for step in range(150):
            new = {chance.randrange(1, 400) for _ in range(chance.randrange(9))}
            gone = {chance.randrange(1, 400) for _ in range(chance.randrange(6))} - new
            writing.apply([job(n, chance.choice(("焊工", "保洁"))) for n in new], gone, str(step))
            alive = (alive | new) - gone
            index.refresh()
            assert index.position == str(step)
            assert ids(index) == alive
            assert index.jobs == len(alive)
            assert segments(index) <= SEGMENTS_MOST
        stop.set()
        thread.join()
    assert not failures
    assert len(merges) > 5
