"""The one writer of an index: full builds, small changes, merges; each the next generation, in one step."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching import manifest as manifests
from matching import text
from matching.collect import collect
from matching.columns import Flat, join
from matching.files import IndexDamaged, pack_strings, write_arrays
from matching.index import Live, Snapshot, bury, no_dead, open_snapshot, stamp
from matching.manifest import Entry, IndexMissing, Manifest
from matching.model import Job
from matching.segment import Segment, assemble, flatten, open_segment
from matching.spelling import pinyin_of
from matching.wanted import CODE_MARK

SEGMENTS_MOST: Final = 10
_SAME_SIZE: Final = 4  # so many segments of one size class (steps of 4) become one
_AT_ONCE: Final = 4096  # segments of so many jobs are merged within a change (some ms), larger ones by `merge`
_LARGE_MOST: Final = 5


class WriterBusy(Exception):  # noqa: N818 - a name of the front door
    """Another process or thread is writing this index; there is one writer at a time."""


class IndexWriter:
    """The one writer of a folder: full builds and small changes, each one generation.

    Threads may share it: while one is in ``merge``, changes of another become visible without waiting for it.
    Raises ``WriterBusy`` when another one holds the folder; the system frees the lock when a writer's process ends.
    """

    def __init__(self, path: Path) -> None:
        self._folder = Path(path)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self._folder / "LOCK", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            self._lock = -1
            raise WriterBusy("另一个进程正在写这个索引，请先停掉它") from None
        self._turn = threading.RLock()  # held for whatever replaces the living generation
        self._merging: frozenset[str] = frozenset()  # segments that `merge` is at
        self._snapshot: Snapshot | None = None
        self._verified: dict[str, tuple[int, int, int]] = {}
        try:
            self.check()
        except (IndexMissing, IndexDamaged):
            self._snapshot = None  # `check` says it again to whoever asks; the way out is `rebuild`

    def __enter__(self) -> IndexWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the folder free for another writer. A merge under way comes to nothing."""
        with self._turn:
            if self._lock >= 0:
                os.close(self._lock)
                self._lock = -1
            self._snapshot = None

    def check(self) -> None:
        """Raise ``IndexMissing`` or ``IndexDamaged`` when the index on disk cannot be used; cheap while nothing changed.

        Every file's whole checksum is verified once, and again when its size, time or inode is not what it was then.
        """
        with self._turn:
            try:
                names = [manifests.NAME, *(self._snapshot.manifest.files if self._snapshot else ())]
                stamps = {name: stamp(self._folder / name) for name in names}
                if self._snapshot is None or stamps != self._verified:
                    self._adopt()
            except FileNotFoundError as gone:
                self._snapshot = None
                if not (self._folder / manifests.NAME).exists():
                    raise IndexMissing("还没有建立索引") from None
                raise IndexDamaged(f"索引文件 {Path(str(gone.filename)).name} 不见了") from gone
            except (IndexMissing, IndexDamaged):
                self._snapshot = None
                raise

    def _adopt(self, before: Snapshot | None = None) -> None:
        self._snapshot = open_snapshot(self._folder, before)
        names = (manifests.NAME, *self._snapshot.manifest.files)
        self._verified = {name: stamp(self._folder / name) for name in names}

    @property
    def generation(self) -> int:
        """Number of the living generation, 0 when there is none that can be used."""
        held = self._snapshot
        return held.manifest.generation if held else 0

    @property
    def built_at(self) -> int:
        """Seconds of the last full build, 0 when there is none."""
        held = self._snapshot
        return held.manifest.built_at if held else 0

    @property
    def position(self) -> str:
        """The position stored with the living data, empty when there is none."""
        held = self._snapshot
        return held.manifest.position if held else ""

    @property
    def jobs(self) -> int:
        """Jobs in the living generation."""
        held = self._snapshot
        return held.jobs if held else 0

    def _next_generation(self) -> int:
        numbers = [self.generation]
        for path in self._folder.glob("*.cns"):
            digits = path.stem.split("-")[1] if "-" in path.stem else ""
            numbers.append(int(digits) if digits.isdigit() else 0)
        return max(numbers) + 1

    def _publish(
        self, generation: int, built_at: int, position: str, stats: str, entries: list[Entry], before: Snapshot | None
    ) -> None:
        draft = Manifest(generation, built_at, int(time.time()), position, text.fingerprint(), stats, tuple(entries), ())
        old = before.manifest if before else None
        fields = {name: getattr(draft, name) for name in Manifest.__slots__}
        fields["retired"] = manifests.retire(old, draft.files)
        manifests.save(self._folder, Manifest(**fields))
        self._adopt(before)
        if self._snapshot:
            manifests.sweep(self._folder, self._snapshot.manifest)

    def rebuild(self, jobs: Iterable[Job], position: str, progress: Callable[[int], None] | None = None) -> int:
        """Replace the whole index by ``jobs``, as of ``position``; the number of jobs. ``progress`` hears every few thousand."""
        with self._turn:
            before = self._snapshot
            self._folder.mkdir(parents=True, exist_ok=True)  # somebody may have thrown the whole folder away
            generation, own = self._next_generation(), _own()
            name, stats = f"seg-{generation:08d}-{own}-base.cns", f"stats-{generation:08d}-{own}.cns"
            assemble(self._folder / name, collect(jobs, progress), text.fingerprint())
            segment = open_segment(self._folder / name, text.fingerprint())
            self._write_stats(stats, segment)
            entries = [Entry(name, segment.rows, segment.rows, None)]
            self._publish(generation, int(time.time()), position, stats, entries, before)
            return segment.rows

    def _write_stats(self, name: str, segment: Segment) -> None:
        posts = segment.hot.posts
        known = dict(zip(segment.terms, np.diff(posts.super_post[posts.term_starts].astype(np.int64)).tolist(), strict=True))
        words = sorted({*known, *text.vocabulary()})
        sounds = ["" if word.isascii() or word.startswith(CODE_MARK) else pinyin_of(word) for word in words]
        arrays: dict[str, npt.NDArray[Any]] = {
            "words": pack_strings(words),
            "sounds": pack_strings(sounds),
            "counts": np.array([known.get(word, 0) for word in words], dtype=np.uint32),
        }
        write_arrays(self._folder / name, {"jobs": segment.rows}, arrays)

    def apply(self, upserts: Iterable[Job], deletes: Iterable[int], position: str) -> int:
        """Add or replace jobs, delete others (an id in both is deleted), move to ``position``: one step; the new generation.

        Raises ``IndexMissing`` or ``IndexDamaged`` when there is nothing sound to change.
        """
        gone = set(deletes)
        fresh = {job.job_id: job for job in upserts if job.job_id not in gone}
        flat = collect(fresh.values())
        ids = np.array(sorted(gone | fresh.keys()), dtype=np.int64)
        with self._turn:
            before = self._sound()
            generation, own = self._next_generation(), _own()
            lives = [bury(live, ids) for live in before.lives]
            free = {at: live.live for at, live in enumerate(lives) if live.live and live.segment.name not in self._merging}
            merged = _to_merge(free, sum(live.live > 0 for live in lives), len(fresh))
            parts = [flatten(lives[at].segment, _alive(lives[at])) for at in sorted(merged)]
            if fresh:
                parts.append(flat)
            changed = {live.segment.name: live for live, old in zip(lives, before.lives, strict=True) if live is not old}
            entries = self._entries([live for at, live in enumerate(lives) if at not in merged], changed, generation, own)
            if parts:
                name = f"seg-{generation:08d}-{own}-part.cns"
                count = self._seal(name, parts)
                entries.append(Entry(name, count, count, None))
            kept = before.manifest
            self._publish(generation, kept.built_at, position, kept.stats, entries, before)
            return generation

    def merge(self) -> bool:
        """Make one segment of two where large ones have become many; whether there was anything to do.

        Meant for a thread of its own, again and again: only the last step, some milliseconds, keeps changes waiting. What was
        deleted or replaced while it ran is deleted in the merged segment too. Raises as ``apply``.
        """
        with self._turn:
            before = self._sound()
            chosen = _alike([live for live in before.lives if live.live > _AT_ONCE])
            if self._merging or not chosen:
                return False
            name = f"seg-{self._next_generation():08d}-{_own()}-part.cns"
            self._merging = frozenset(live.segment.name for live in chosen)
        try:
            self._seal(name, [flatten(live.segment, _alive(live)) for live in chosen])
            merged = open_segment(self._folder / name, text.fingerprint())
            with self._turn:
                self._swap_in(merged, chosen)
        finally:
            self._merging = frozenset()
        return True

    def _swap_in(self, merged: Segment, chosen: list[Live]) -> None:
        """Publish a merged segment in the place of those it was made of."""
        before = self._sound()
        now = {live.segment.name: live for live in before.lives}
        if any(live.segment.name not in now for live in chosen):
            return  # a full build came between; the file that nobody needs is swept later
        late = [live.segment.hot.rows.job_id[_alive(live) & ~_alive(now[live.segment.name])] for live in chosen]
        whole = Live(merged, no_dead(merged.rows), merged.rows, None)
        left = bury(whole, np.concatenate([ids.astype(np.int64) for ids in late]))
        kept, generation = before.manifest, self._next_generation()
        lives = [live for live in before.lives if live.segment.name not in self._merging]
        entries = self._entries([*lives, left], {merged.name: left} if left is not whole else {}, generation, _own())
        opened = replace(before, lives=(*before.lives, whole))
        self._publish(generation, kept.built_at, kept.position, kept.stats, entries, opened)

    def _sound(self) -> Snapshot:
        self.check()
        if self._snapshot is None or self._lock < 0:
            raise IndexMissing("还没有建立索引")
        return self._snapshot

    def _seal(self, name: str, parts: list[Flat]) -> int:
        whole = parts[0] if len(parts) == 1 else join(parts)
        lives = self._snapshot.lives if self._snapshot else ()
        wide = frozenset(column for live in lives for column in live.segment.wide)
        assemble(self._folder / name, whole, text.fingerprint(), wide)
        return len(whole.job_id)

    def _entries(self, lives: list[Live], changed: dict[str, Live], generation: int, own: str) -> list[Entry]:
        """Entries of the manifest for all that live, with new tombstones for those that are ``changed``."""
        entries = []
        for number, live in enumerate(lives):
            name = live.dead_name
            if live.live and live.segment.name in changed:
                name = f"dead-{generation:08d}-{own}-{number:03d}.cns"
                write_arrays(self._folder / name, {}, {"dead": live.dead})
            if live.live:
                entries.append(Entry(live.segment.name, live.segment.rows, live.live, name))
        return entries


def _own() -> str:
    """Makes a file's name its own for ever: a reader takes over open files by name, also when the folder was emptied under it."""
    return f"{time.time_ns():x}"


def _alive(live: Live) -> npt.NDArray[np.bool_]:
    bits = np.unpackbits(live.dead.view(np.uint8), bitorder="little")[: live.segment.rows]
    alive: npt.NDArray[np.bool_] = bits == 0
    return alive


def _to_merge(free: dict[int, int], living: int, adding: int) -> frozenset[int]:
    """Which segments become one with the ``adding`` new jobs: whole size classes of four, the smallest when there are too many.

    ``free``: living jobs of those that may be merged, by number; ``living``: how many segments there are in all. Every job is
    rewritten once a class, so the work stays logarithmic; the number of segments stays bounded.
    """
    chosen: set[int] = set()
    size = adding
    candidates = sorted((rows, at) for at, rows in free.items())
    while True:
        most = max(size, 64).bit_length() // 2
        same = [at for rows, at in candidates if at not in chosen and rows <= _AT_ONCE and rows.bit_length() // 2 <= most]
        if len(same) + (1 if size else 0) < _SAME_SIZE:
            break
        chosen.update(same)
        size = adding + sum(free[at] for at in chosen)
    for _, at in candidates:
        if living - len(chosen) + 1 <= SEGMENTS_MOST:
            break
        chosen.add(at)
    return frozenset(chosen)


def _alike(large: list[Live]) -> list[Live]:
    """Of too many large segments the two most alike in size, so that sizes stay far apart and a job is seldom rewritten."""
    if len(large) <= _LARGE_MOST:
        return []
    ordered = sorted(large, key=lambda live: live.live)
    at = min(range(len(ordered) - 1), key=lambda at: ordered[at + 1].live / ordered[at].live)
    return ordered[at : at + 2]
