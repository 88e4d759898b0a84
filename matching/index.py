"""The living set: what is open now, swapped as one reference when the next generation comes or a job beside it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from matching import manifest as manifests
from matching import text
from matching.collect import frequencies
from matching.files import IndexDamaged, count_of, read_arrays, unpack_strings, well_formed
from matching.formula import idf
from matching.fresh import Delta, Fresh, HeldBy
from matching.manifest import Entry, Manifest
from matching.model import Job
from matching.segment import Segment, open_segment
from matching.spelling import Spelling
from matching.wanted import CODE_MARK, Weigher

_MISSING_RETRIES: Final = 5
Bits = npt.NDArray[np.uint64]


class Stats:
    """What the last full build counted: how rare a word is, and the words known for correction. Small updates leave it."""

    def __init__(self, name: str, jobs: int, words: list[str], sounds: list[str], counts: list[int]) -> None:
        self.name: Final = name
        self.jobs: Final = jobs
        self.rarity: Final = {word: idf(count, jobs) for word, count in zip(words, counts, strict=True) if count}
        self._columns = (words, sounds, counts)

    @cached_property
    def spelling(self) -> Spelling:
        """Made at first use (0.1 s for 10,000 words), which readers do on opening and the writer never."""
        listed = [row for row in zip(*self._columns, strict=True) if len(row[0]) > 1 and not row[0].startswith(CODE_MARK)]
        words, sounds, counts = zip(*listed, strict=True) if listed else ((), (), ())
        return Spelling(words, sounds, counts, frozenset(text.vocabulary()))


@dataclass(frozen=True, slots=True)
class Live:
    """An open segment with its tombstones (uint64, bit set: gone)."""

    segment: Segment
    dead: Bits
    live: int
    dead_name: str | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One generation and what came since, immutable: a query holds it from beginning to end.

    In ``lives`` the jobs that ``fresh`` knows better are dead already.
    """

    manifest: Manifest
    lives: tuple[Live, ...]
    stats: Stats
    fresh: Fresh | None = None
    weigher: Weigher = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        indexes = [live.segment.term_index for live in self.lives]
        if self.fresh is not None:
            indexes.append(self.fresh.heads)

        def exists(term: str) -> bool:  # like `knows`, but holds no reference back to the snapshot
            for index in indexes:  # noqa: SIM110 - asked hundreds of times for a word, and `any` costs twice as much
                if term in index:
                    return True
            return False

        object.__setattr__(self, "weigher", Weigher(self.stats.rarity.get, exists))

    @property
    def jobs(self) -> int:
        """Jobs that are not deleted."""
        return sum(live.live for live in self.lives) + (self.fresh.live if self.fresh is not None else 0)

    def knows(self, term: str) -> bool:
        """Whether any job carries the term."""
        for live in self.lives:  # asked fifty times a query, and `any` costs twice as much
            if term in live.segment.term_index:
                return True
        return self.fresh is not None and term in self.fresh.heads

    def locate(self, job_id: int) -> tuple[int, int] | None:
        """(number of the segment, row) of a living job; behind the segments counts ``fresh``."""
        for number, live in enumerate(self.lives):
            row = int(live.segment.find(np.array([job_id], dtype=np.int64))[0])
            if row >= 0 and not int(live.dead[row >> 6]) >> (row & 63) & 1:
                return number, row
        row = self.fresh.find(job_id) if self.fresh is not None else -1
        return (len(self.lives), row) if row >= 0 else None


def bury(live: Live, ids: npt.NDArray[np.int64]) -> Live:
    """The segment without the jobs ``ids``; itself when it holds none of them."""
    rows = live.segment.find(ids)
    rows = rows[rows >= 0]
    if len(rows):
        bits = np.left_shift(np.uint64(1), (rows & 63).astype(np.uint64))
        alive = (live.dead[rows >> 6] & bits) == 0
        rows, bits = rows[alive], bits[alive]
    if not len(rows):
        return live
    dead = np.array(live.dead)  # 125 KB for a million jobs
    np.bitwise_or.at(dead, rows >> 6, bits)
    dead.setflags(write=False)  # like all others: a kernel is compiled anew for an array that may be written to
    return Live(live.segment, dead, live.live - len(rows), None)


def no_dead(rows: int) -> Bits:
    """Tombstones of a segment from which nothing was taken."""
    bits = np.zeros(rows // 64 + 1, dtype=np.uint64)
    bits.setflags(write=False)
    return bits


def _open_dead(folder: Path, entry: Entry) -> Bits:
    bits = no_dead(entry.rows)
    gone = 0
    if entry.dead is not None:
        bits = read_arrays(folder / entry.dead)[1].get("dead", no_dead(0))
        gone = int(np.bitwise_count(bits).sum()) if bits.dtype == np.uint64 else -1
    # Bits behind the last row are never set, so what is left when all are counted is what the manifest says.
    if bits.shape != (entry.rows // 64 + 1,) or int(bits[-1]) >> (entry.rows & 63) or entry.rows - gone != entry.live:
        raise IndexDamaged(f"索引文件 {entry.dead or entry.file} 与它的数据段不符")
    return bits


def _open_stats(folder: Path, name: str) -> Stats:
    path = folder / name
    facts, arrays = read_arrays(path)
    with well_formed(path):
        words, sounds, counts = unpack_strings(arrays["words"]), unpack_strings(arrays["sounds"]), arrays["counts"]
        if counts.dtype != np.uint32 or counts.shape != (len(words),) or len(sounds) != len(words):
            raise IndexDamaged(f"索引文件 {name} 内部长度不符")
        if any(" ".join(sound.split()) != sound for sound in sounds):
            raise ValueError(sounds)
        return Stats(name, count_of(facts, "jobs"), words, sounds, counts.tolist())


def open_snapshot(folder: Path, before: Snapshot | None = None) -> Snapshot:
    """Open the living generation, taking over from ``before`` every file that is still in use."""
    words = text.fingerprint()
    for attempt in range(_MISSING_RETRIES):
        manifest = manifests.load(folder, words)
        segments = {live.segment.name: live.segment for live in before.lives} if before else {}
        dead = {live.dead_name: live.dead for live in before.lives if live.dead_name} if before else {}
        try:
            lives = []
            for entry in manifest.segments:
                segment = segments.get(entry.file) or open_segment(folder / entry.file, words)
                if segment.rows != entry.rows:
                    raise IndexDamaged(f"索引文件 {entry.file} 的行数与清单不符")
                bits = dead.get(entry.dead or "")
                lives.append(Live(segment, _open_dead(folder, entry) if bits is None else bits, entry.live, entry.dead))
            stats = before.stats if before and before.stats.name == manifest.stats else _open_stats(folder, manifest.stats)
            return Snapshot(manifest, tuple(lives), stats)
        except FileNotFoundError as gone:
            # The writer went on while we were opening: read the newer manifest. Gone for good means damage.
            if attempt == _MISSING_RETRIES - 1 or manifests.load(folder, words).generation == manifest.generation:
                raise IndexDamaged(f"索引文件 {Path(str(gone.filename)).name} 不见了") from gone
    raise IndexDamaged("索引一直在变化，无法打开")


def stamp(path: Path) -> tuple[int, int, int]:
    """What changes when a file is another one: inode, time in nanoseconds, size."""
    state = path.stat()
    return state.st_ino, state.st_mtime_ns, state.st_size


class Index:
    """A folder's index, open for reading. Threads share it: ``snapshot`` is one reference to what is immutable.

    ``add`` and ``remove`` change what this process finds, not the folder: the writer brings the same to all processes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._refreshing, self._changing = threading.Lock(), threading.Lock()
        self._seen = self._manifest_stamp()
        self._base = open_snapshot(folder)
        self._delta: Delta | None = None
        self.snapshot = self._base
        _ = self.snapshot.stats.spelling

    def _manifest_stamp(self) -> tuple[int, int, int] | None:
        try:
            return stamp(self._folder / manifests.NAME)
        except FileNotFoundError:
            return None

    def carries_tag(self, tag: str) -> bool:
        """Whether some advert carries it, or did since the last merge."""
        snapshot = self.snapshot
        return any(tag in live.segment.tag_index for live in snapshot.lives) or (
            snapshot.fresh is not None and tag in snapshot.fresh.tag_index
        )

    def refresh(self) -> bool:
        """Look for a newer generation (one ``stat``) and swap to it; whether there was one.

        Raises ``IndexMissing`` or ``IndexDamaged`` when the newer one cannot be opened: what is open stays open and served.
        """
        if self._manifest_stamp() == self._seen:
            return False
        with self._refreshing:
            seen = self._manifest_stamp()
            if seen == self._seen:
                return False
            newer = open_snapshot(self._folder, self._base)
            _ = newer.stats.spelling  # made here, not in the first query
            with self._changing:
                changed = newer.manifest.generation != self._base.manifest.generation
                self._base = newer
                if changed and self._delta is not None:
                    self._delta = self._delta.beyond(newer.manifest.position)
                self._publish(newer.lives)
            self._seen = seen
            return changed

    def add(self, job: Job, held_by: HeldBy | None = None) -> None:
        """Let every search of this process that begins from here on find ``job``, in the place of an older copy of it.

        It stays until a generation is opened whose position is ``held_by``; without it, until the next one is. When the open
        one holds it already nothing is to be done. Raises ``FreshFull`` when 4,096 jobs wait: the writer will bring this one.
        """
        words = frequencies(job)
        with self._changing:
            if held_by is not None and held_by(self.position):
                return
            delta = self._delta or Delta()
            delta.put(job, words, held_by)
            self._delta = delta
            self._publish(self.snapshot.lives, job.job_id)

    def remove(self, job_id: int, held_by: HeldBy | None = None) -> None:
        """Let no search that begins from here on find the job; ``held_by`` as for ``add``."""
        with self._changing:
            if held_by is not None and held_by(self.position):
                return
            self._delta = self._delta or Delta()
            self._delta.take_out(job_id, held_by)
            self._publish(self.snapshot.lives, job_id)

    def _publish(self, lives: tuple[Live, ...], *job_ids: int) -> None:
        """Swap to these segments without what the delta knows better: of these jobs, or of all when none are named."""
        fresh = None
        if self._delta is not None:
            ids = np.array(job_ids, dtype=np.int64) if job_ids else self._delta.job_ids
            lives, fresh = tuple([bury(live, ids) for live in lives]), self._delta.view()
        self.snapshot = Snapshot(self._base.manifest, lives, self._base.stats, fresh)

    @property
    def generation(self) -> int:
        """Number of the open generation; rises with every change."""
        return self.snapshot.manifest.generation

    @property
    def built_at(self) -> int:
        """Seconds of the last full build."""
        return self.snapshot.manifest.built_at

    @property
    def updated_at(self) -> int:
        """Seconds of the last change."""
        return self.snapshot.manifest.updated_at

    @property
    def position(self) -> str:
        """Up to where the open generation follows the change log; whatever the writer was told."""
        return self.snapshot.manifest.position

    @property
    def jobs(self) -> int:
        """Jobs in the open generation (expired ones count until they are deleted)."""
        return self.snapshot.jobs

    def contains(self, job_id: int) -> bool:
        """Whether the job is in the open generation."""
        return self.snapshot.locate(job_id) is not None

    def close(self) -> None:
        """Let go of the files; a query under way keeps its own generation until it ends."""
        empty = Manifest(self.generation, self.built_at, self.updated_at, self.position, "", "", (), ())
        nothing = Stats("", 0, [], [], [])
        with self._changing:
            self._delta, self._base = None, Snapshot(empty, (), nothing)
            self.snapshot = self._base
