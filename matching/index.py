"""The living set: what is open now, swapped as one reference when the next generation comes."""

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
from matching.files import IndexDamaged, count_of, read_arrays, unpack_strings, well_formed
from matching.formula import idf
from matching.manifest import Entry, Manifest
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
    """One generation, immutable: a query holds it from beginning to end."""

    manifest: Manifest
    lives: tuple[Live, ...]
    stats: Stats
    weigher: Weigher = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        indexes = [live.segment.term_index for live in self.lives]

        def exists(term: str) -> bool:  # like `knows`, but holds no reference back to the snapshot
            for index in indexes:  # noqa: SIM110 - asked hundreds of times for a word, and `any` costs twice as much
                if term in index:
                    return True
            return False

        object.__setattr__(self, "weigher", Weigher(self.stats.rarity.get, exists))

    @property
    def jobs(self) -> int:
        """Jobs that are not deleted."""
        return sum(live.live for live in self.lives)

    def knows(self, term: str) -> bool:
        """Whether any segment carries the term."""
        for live in self.lives:  # noqa: SIM110 - asked fifty times a query, and `any` costs twice as much
            if term in live.segment.term_index:
                return True
        return False

    def locate(self, job_id: int) -> tuple[int, int] | None:
        """(number of the segment, row) of a living job."""
        for number, live in enumerate(self.lives):
            row = int(live.segment.find(np.array([job_id], dtype=np.int64))[0])
            if row >= 0 and not int(live.dead[row >> 6]) >> (row & 63) & 1:
                return number, row
        return None


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
    """A folder's index, open for reading. Threads share it: ``snapshot`` is one reference to an immutable generation."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._seen = self._manifest_stamp()
        self.snapshot = open_snapshot(folder)
        _ = self.snapshot.stats.spelling

    def _manifest_stamp(self) -> tuple[int, int, int] | None:
        try:
            return stamp(self._folder / manifests.NAME)
        except FileNotFoundError:
            return None

    def refresh(self) -> bool:
        """Look for a newer generation (one ``stat``) and swap to it; whether there was one.

        Raises ``IndexMissing`` or ``IndexDamaged`` when the newer one cannot be opened: what is open stays open and served.
        """
        if self._manifest_stamp() == self._seen:
            return False
        with self._lock:
            seen = self._manifest_stamp()
            if seen == self._seen:
                return False
            newer = open_snapshot(self._folder, self.snapshot)
            _ = newer.stats.spelling  # made here, not in the first query
            changed = newer.manifest.generation != self.snapshot.manifest.generation
            self.snapshot = newer
            self._seen = seen
            return changed

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
        self.snapshot = Snapshot(empty, (), nothing)
