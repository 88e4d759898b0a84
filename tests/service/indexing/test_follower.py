"""The index follows the database: every change once, and a rebuild when the files cannot be trusted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from matching import IndexDamaged, Query, WriterBusy, open_index, search
from service import clock
from service.db import Database
from service.indexing.follower import Follower, read_heartbeat
from service.indexing.live import LiveIndex
from service.jobs.models import Job, JobChange
from tests.service.indexing.conftest import Post


def found(follower: Follower, words: str) -> list[int]:
    """Ids that the index on disk gives for some words."""
    index = open_index(follower.index_dir)
    try:
        return sorted(hit.job_id for hit in search(index, Query(now=clock.seconds(clock.now()), text=words, limit=50)))
    finally:
        index.close()


def close(database: Database, job_id: int) -> None:
    """Close a job as the service does: the row and its line in one transaction."""
    with database.write_session() as session:
        job = session.get_one(Job, job_id)
        job.status = "closed"
        session.add(JobChange(job_id=job_id, at=clock.now()))


def test_a_new_job_is_found_a_closed_one_is_not(database: Database, follower: Follower, post: Post) -> None:
    first = post(1)
    assert follower.step() == 1  # the first index
    assert found(follower, "电焊工") == [first]
    second = post(2)
    assert follower.step() == 1
    assert found(follower, "电焊工") == [first, second]
    close(database, first)
    assert follower.step() == 1
    assert found(follower, "电焊工") == [second]
    assert follower.step() == 0


def test_an_edited_job_is_found_once_by_its_new_words(follower: Follower, post: Post) -> None:
    job_id = post(1, "电焊工")
    follower.step()
    assert post(1, "保洁员") == job_id
    follower.step()
    assert found(follower, "保洁员") == [job_id]
    assert found(follower, "电焊工") == []


def test_another_follower_begins_where_the_index_stands(database: Database, follower: Follower, post: Post) -> None:
    post(1)
    follower.step()
    follower.close()
    job_id = post(2)
    successor = Follower(database, follower.index_dir)
    try:
        assert successor.step() == 1
        assert job_id in found(successor, "电焊工")
        assert successor.step() == 0
    finally:
        successor.close()


def test_only_one_follower_writes(database: Database, follower: Follower) -> None:
    with pytest.raises(WriterBusy):
        Follower(database, follower.index_dir)


def test_a_truncated_segment_is_refused_and_rebuilt(follower: Follower, post: Post) -> None:
    job_id = post(1)
    follower.step()
    segment = next(follower.index_dir.glob("seg-*-base.cns"))
    with segment.open("r+b") as file:
        file.truncate(segment.stat().st_size // 2)
    with pytest.raises(IndexDamaged):
        open_index(follower.index_dir)
    assert follower.step() == 1
    assert found(follower, "电焊工") == [job_id]
    beat = read_heartbeat(follower.index_dir)
    assert beat is not None
    assert "损坏" in (beat.last_rebuild_reason or "")


@pytest.mark.parametrize("kind", ["seg-*-part", "dead-*", "stats-*"])
def test_any_other_damaged_file_is_refused_and_rebuilt(follower: Follower, post: Post, database: Database, kind: str) -> None:
    """A part made of four changes, tombstones, statistics."""
    job_ids = [post(number) for number in range(3)]
    follower.step()
    for number in range(3, 7):
        job_ids.append(post(number))
        follower.step()
    close(database, job_ids.pop(0))
    follower.step()
    harmed = max(follower.index_dir.glob(f"{kind}.cns"))
    data = bytearray(harmed.read_bytes())
    data[len(data) // 2] ^= 1
    harmed.write_bytes(data)
    with pytest.raises(IndexDamaged, match="校验和不符"):
        open_index(follower.index_dir)
    assert follower.step() == len(job_ids)
    assert found(follower, "电焊工") == job_ids


def test_large_segments_are_merged_while_the_following_goes_on(
    follower: Follower, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matching.writer._AT_ONCE", 0)
    follower.poll_seconds = 0.01
    running = threading.Thread(target=follower.run)
    running.start()
    try:
        job_ids = []
        for number in range(8):
            job_ids.append(post(number))
            assert eventually(lambda: follower.writer.jobs == len(job_ids))
        assert eventually(lambda: len(list(open_index(follower.index_dir).snapshot.lives)) <= 5)
    finally:
        follower.stop()
        running.join(30)
    assert found(follower, "电焊工") == job_ids


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something comes true within a minute."""
    until = time.monotonic() + 60
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()


def test_a_deleted_index_is_built_again(follower: Follower, post: Post) -> None:
    job_id = post(1)
    follower.step()
    for path in follower.index_dir.glob("*.cns"):
        path.unlink()
    (follower.index_dir / "MANIFEST").unlink()
    follower.step()
    assert found(follower, "电焊工") == [job_id]


def test_a_database_that_was_set_back_makes_a_rebuild(database: Database, follower: Follower, post: Post) -> None:
    post(1)
    follower.step()
    follower.writer.apply([], [], '{"horizon": 1152921504606846976, "seen": []}')
    job_id = post(2)
    follower.step()
    assert job_id in found(follower, "电焊工")
    beat = read_heartbeat(follower.index_dir)
    assert beat is not None
    assert "备份" in (beat.last_rebuild_reason or "")


def test_a_web_process_takes_up_what_the_follower_writes(follower: Follower, post: Post) -> None:
    post(1)
    live = LiveIndex(follower.index_dir)
    assert not live.refresh()
    assert live.trouble == "还没有建立索引"
    follower.step()
    assert live.refresh()
    assert live.get().jobs == 1
    post(2)
    follower.step()
    assert live.refresh()
    assert live.get().jobs == 2
    live.stop()


def test_a_web_process_keeps_what_it_has_when_the_new_files_are_broken(follower: Follower, post: Post) -> None:
    post(1)
    follower.step()
    live = LiveIndex(follower.index_dir)
    live.refresh()
    manifest = follower.index_dir / "MANIFEST"
    manifest.write_bytes(manifest.read_bytes()[:20])
    assert not live.refresh()
    assert live.trouble
    assert live.get().jobs == 1
    live.stop()


def test_a_heartbeat_that_cannot_be_read_is_no_heartbeat(tmp_path: Path) -> None:
    (tmp_path / "follower.json").write_text("{", encoding="utf-8")
    assert read_heartbeat(tmp_path) is None
