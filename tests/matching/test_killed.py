"""A writer killed at any step, in the middle of any write: the generation before serves on, or the one after; nothing between.

A child process counts every step at which something reaches the file system (writes, half of them done; forcing to disk;
renaming; removing) and kills itself at the k-th, for every k until it gets through.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from matching import IndexWriter, Query, files, open_index, search, writer
from matching.segment import assemble
from tests.matching.test_index import ENVIRONMENT, NOW, ids, job

WELDERS = set(range(1, 41))


class Steps:
    """Counts steps and dies at one of them."""

    def __init__(self, dies_at: int) -> None:
        self.left = dies_at

    def __call__(self) -> None:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    def around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """``real`` with a step before it and one after."""

        def counted(*arguments: Any, **named: Any) -> Any:
            self()
            result = real(*arguments, **named)
            self()
            return result

        return counted


class HalfWritten:
    """A file of which every write has a step in its middle, when one half has reached the system."""

    def __init__(self, file: Any, step: Steps) -> None:
        self._file, self._step = file, step

    def write(self, data: Any) -> None:
        half = len(data) // 2
        self._file.write(data[:half])
        self._file.flush()
        self._step()
        self._file.write(data[half:])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def harm(step: Steps) -> None:
    """From here on this process counts, and dies."""
    durably: Any = files._durably

    @contextmanager
    def half_written(path: Path) -> Iterator[HalfWritten]:
        with durably(path) as file:
            yield HalfWritten(file, step)

    files._durably = half_written  # type: ignore[assignment]
    for name in ("fsync", "replace", "unlink"):
        setattr(os, name, step.around(getattr(os, name)))


def change(writing: IndexWriter) -> None:
    """Add, replace, delete; and small segments become one."""
    writing.apply([job(500), job(2, "保洁")], [1, 100], "after")


def build(writing: IndexWriter) -> None:
    writing.rebuild([*(job(n) for n in range(3, 41)), job(500), job(2, "保洁")], "after")


def merge(writing: IndexWriter) -> None:
    """Two large segments become one, and a change comes in the middle."""
    setattr(writer, "_AT_ONCE", 4)  # noqa: B010 - a Final, for everybody else

    def midway(*arguments: Any) -> int:
        setattr(writer, "assemble", assemble)  # noqa: B010
        change(writing)
        return assemble(*arguments)

    setattr(writer, "assemble", midway)  # noqa: B010
    writing.merge()


ACTS = {"change": change, "build": build, "merge": merge}


def killed_everywhere(act: str, template: Path, work: Path) -> None:
    """Die at every step in turn, and tell after each what is left, as a line of JSON."""
    with IndexWriter(work / "warm") as warming:  # so that no child has to look up sounds and load kernels again
        build(warming)
    for number in range(10_000):
        folder = Path(shutil.copytree(template, work / str(number)))
        for path in folder.iterdir():
            os.utime(path, (1, 1))  # so long left that sweeping removes what no generation names
        child = os.fork()
        if child == 0:
            writing = IndexWriter(folder)
            harm(Steps(number))
            ACTS[act](writing)
            os._exit(0)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(json.dumps([ended, *_left(folder)]) + "\n")
        shutil.rmtree(folder)
        if ended == 0:
            return


def _left(folder: Path) -> tuple[object, ...]:
    """Position, ids, ids of cleaners; whether the next writer can go on; whether what was left lying is swept."""
    index = open_index(folder)
    found = [hit.job_id for hit in search(index, Query(now=NOW, limit=1000))]
    cleaners = [hit.job_id for hit in search(index, Query(now=NOW, text="保洁", limit=1000))]
    position = index.position
    with IndexWriter(folder) as following:
        assert following.jobs == len(found)
        following.apply([job(900)], [], "later")
        for path in folder.iterdir():
            os.utime(path, (time.time() - 3600,) * 2)
        following.apply([], [900], "last")
    assert index.refresh()
    assert ids(index) == set(found)
    live = {"LOCK", "MANIFEST", *index.snapshot.manifest.files, *(name for name, _ in index.snapshot.manifest.retired)}
    stray = sorted({path.name for path in folder.iterdir()} - live)
    index.close()
    return position, sorted(found), cleaners, stray


RUN = """
import sys
from pathlib import Path
from tests.matching.test_killed import killed_everywhere
killed_everywhere(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
"""


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("act", ACTS)
def test_killed_at_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    template = tmp_path / "template"
    monkeypatch.setattr(writer, "_AT_ONCE", 4)
    with IndexWriter(template) as writing:
        writing.rebuild((job(n) for n in WELDERS), "first")
        for step in range(6):
            writing.apply([job(100 + 10 * step + n) for n in range(5)], [40] if step == 0 else [], "first")
    before = ids(open_index(template))
    for name in ("seg-00000001-0-part.cns", ".seg-00000001-0-part.cns.1.tmp"):
        (template / name).write_bytes(b"left by a writer that was killed")
    command = [sys.executable, "-W", "error", "-c", RUN, act, str(template), str(tmp_path)]
    ended = subprocess.run(command, env=ENVIRONMENT, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-4000:]
    outcomes = [json.loads(line) for line in ended.stdout.splitlines()]
    after = (set(range(2, 41)) | {500}) if act == "build" else (before - {1, 100}) | {500}
    for _, position, found, cleaners, stray in outcomes:
        assert len(found) == len(set(found))
        assert (set(found), cleaners) == ((before, []) if position == "first" else (after, [2]))
        assert stray == []
    assert {one[0] for one in outcomes[:-1]} == {-signal.SIGKILL}
    assert [outcomes[0][1], outcomes[-1][:2]] == ["first", [0, "after"]]
    positions = [one[1] for one in outcomes]
    assert positions == sorted(positions, reverse=True)  # first, then after: one step divides them
    assert len(outcomes) > 40
