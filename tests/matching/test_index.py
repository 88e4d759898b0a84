"""Generations: one step from one to the next, whoever dies in between; one writer; readers hold what they have."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from matching import Index, IndexDamaged, IndexWriter, Job, Query, WriterBusy, count, manifest, open_index, search, text
from matching.kernels import best_of_segment
from matching.tally import tally_segment
from matching.writer import SEGMENTS_MOST

NOW = 1_795_305_600
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


def job(job_id: int, title: str = "焊工") -> Job:
    return Job(job_id, "gig", title, NOW - job_id)


def ids(index: Index) -> set[int]:
    return {hit.job_id for hit in search(index, Query(now=NOW, limit=10_000))}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with IndexWriter(tmp_path) as writer:
        assert writer.rebuild([job(n) for n in range(1, 11)], "first") == 10
    return tmp_path


def test_position_and_data_move_together(folder: Path) -> None:
    index = open_index(folder)
    with IndexWriter(folder) as writer:
        assert (writer.position, writer.jobs, writer.generation) == ("first", 10, index.generation)
        generation = writer.apply([job(11), job(3, "保洁")], [5, 999], "second")
        assert generation == writer.generation == index.generation + 1
        assert writer.jobs == 10
    assert (index.position, index.jobs, index.contains(5), index.contains(11)) == ("first", 10, True, False)
    assert index.refresh()
    assert not index.refresh()
    assert (index.position, index.jobs, index.contains(5), index.contains(11)) == ("second", 10, False, True)
    assert ids(index) == {1, 2, 3, 4, 6, 7, 8, 9, 10, 11}
    assert [hit.job_id for hit in search(index, Query(now=NOW, text="保洁"))] == [3]
    assert index.updated_at >= index.built_at > 0


def test_an_id_that_comes_twice_counts_once(folder: Path) -> None:
    with IndexWriter(folder) as writer:
        assert writer.rebuild([job(1), job(2), job(1, "保洁")], "") == 2
        writer.apply([job(2), job(2, "保安"), job(9)], [9], "")
        assert writer.jobs == 2
    index = open_index(folder)
    assert {hit.job_id for hit in search(index, Query(now=NOW, text="保洁 保安"))} == {1, 2}
    assert search(index, Query(now=NOW, text="焊工")) == ()


def test_a_query_holds_its_generation_while_the_next_one_comes(folder: Path) -> None:
    index = open_index(folder)
    held = index.snapshot
    with IndexWriter(folder) as writer:
        writer.apply([], [1, 2, 3], "x")
    index.refresh()
    assert held.jobs == 10
    assert index.jobs == 7


def test_segments_stay_few_and_answers_right_through_many_small_changes(folder: Path) -> None:
    chance = random.Random(1)
    alive = set(range(1, 11))
    index = open_index(folder)
    with IndexWriter(folder) as writer:
        for step in range(60):
            new = {chance.randrange(1, 200) for _ in range(chance.randrange(8))}
            gone = {chance.randrange(1, 200) for _ in range(chance.randrange(4))} - new
            writer.apply([job(n) for n in new], gone, str(step))
            alive = (alive | new) - gone
            index.refresh()
            assert ids(index) == alive
            assert len(index.snapshot.lives) <= SEGMENTS_MOST
    assert index.position == "59"


def test_a_second_writer_is_refused_until_the_first_is_gone(folder: Path) -> None:
    with IndexWriter(folder), pytest.raises(WriterBusy, match="另一个进程"):
        IndexWriter(folder)
    IndexWriter(folder).close()


def test_only_files_of_the_last_minute_stay(folder: Path) -> None:
    with IndexWriter(folder) as writer:
        for step in range(5):
            writer.rebuild([job(1)], str(step))
        before = manifest.load(folder, text.fingerprint())
        assert len(before.retired) == 2 * 5
        for path in folder.glob("*.cns"):
            os.utime(path, (1, 1))
        assert len(list(folder.glob("*.cns"))) == 12  # a reader may still be opening those that just left
        (folder / "seg-00000099-part.cns").write_bytes(b"left by a killed writer")
        os.utime(folder / "seg-00000099-part.cns", (1, 1))
        (folder / "follower.json").write_text("{}")
        manifest.sweep(folder, replace(before, retired=()))
        assert {path.name for path in folder.glob("*.cns")} == before.files
        assert (folder / "follower.json").exists()


WRITE = """
import sys
from pathlib import Path
from matching import IndexWriter, Job
writer = IndexWriter(Path(sys.argv[1]))
print("ready", flush=True)
step = 0
while True:
    step += 1
    writer.apply([Job(1000 + n, "gig", "普工", 1_700_000_000 + step) for n in range(3)], [], str(step))
"""


def test_reader_and_writer_in_two_processes_at_once(folder: Path) -> None:
    """The reader always sees all three jobs of one step, never a mixture; killing the writer leaves a sound index."""
    writer = subprocess.Popen([sys.executable, "-c", WRITE, str(folder)], env=ENVIRONMENT, stdout=subprocess.PIPE)
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        index = open_index(folder)
        seen: list[int] = []
        failures: list[Exception] = []
        stop = threading.Event()

        def read() -> None:
            try:
                while not stop.is_set():
                    hits = search(index, Query(now=NOW, text="普工"))
                    times = {hit.key.published_at for hit in hits}
                    assert len(times) <= 1
                    assert len(hits) in {0, 3}
                    assert len(search(index, Query(now=NOW, text="焊工"))) == 10
            except Exception as failure:  # noqa: BLE001 - a thread's failure is told to the test, whatever it is
                failures.append(failure)

        threads = [threading.Thread(target=read) for _ in range(2)]
        for thread in threads:
            thread.start()
        until = time.monotonic() + 4
        while time.monotonic() < until and not failures:
            if index.refresh():
                seen.append(index.generation)
        stop.set()
        for thread in threads:
            thread.join()
        assert not failures
        assert len(seen) > 3
        assert seen == sorted(set(seen))
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
    with IndexWriter(folder) as next_writer:
        step = int(next_writer.position)
        index.refresh()
        assert {hit.key.published_at for hit in search(index, Query(now=NOW, text="普工"))} == {1_700_000_000 + step}


def test_what_is_open_stays_served_when_the_next_generation_is_damaged(folder: Path) -> None:
    index = open_index(folder)
    with IndexWriter(folder) as writer:
        writer.apply([job(20)], [], "x")
        newest = max(folder.glob("seg-*-part.cns"))
        newest.write_bytes(newest.read_bytes()[:-1])
        with pytest.raises(IndexDamaged):
            index.refresh()
        assert len(ids(index)) == 10
        writer.rebuild([job(1)], "y")
    assert index.refresh()
    assert ids(index) == {1}
    index.close()
    assert ids(index) == set()


def test_no_change_brings_arrays_of_another_type(folder: Path) -> None:
    """Kernels are compiled anew for another type, for seconds: never in the middle of somebody's search."""
    with IndexWriter(folder) as writer:
        writer.rebuild([Job(n, "gig", "焊工", NOW, employer_id=n) for n in range(1, 66_000)], "1")
        index = open_index(folder)
        search(index, Query(now=NOW, text="焊工"))
        known = (len(best_of_segment.signatures), len(tally_segment.signatures))  # type: ignore[attr-defined]
        writer.apply([Job(70_000, "gig", "焊工", NOW)], [5], "2")
        assert index.refresh()
        index.add(Job(70_001, "gig", "焊工", NOW))
        index.add(Job(7, "gig", "焊工", NOW))
        index.remove(9)
        assert len(search(index, Query(now=NOW, text="焊工", limit=70_000))) == 65_999
        assert count(index, Query(now=NOW, text="焊工")).total == 65_999
        assert (len(best_of_segment.signatures), len(tally_segment.signatures)) == known  # type: ignore[attr-defined]
        assert {live.segment.wide for live in index.snapshot.lives} == {frozenset({"employer"})}
