"""The one small file that names the living index: which segments, which tombstones, which statistics, up to which change.

It is replaced in one step, so that a reader sees either the generation before or the one after, and so that the position in the
change log moves exactly with the data: a writer killed anywhere loses nothing and doubles nothing.
"""

from __future__ import annotations

import json
import time
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from matching.files import FORMAT, IndexDamaged, well_formed, write_durably

NAME: Final = "MANIFEST"
KEEP_SECONDS: Final = 60
_END: Final = "\n"


class IndexMissing(Exception):  # noqa: N818 - a name of the front door
    """There is no index in the folder; it must be built from the database."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A segment in use: its file, its number of rows, how many of them live, and the file of its tombstones if any."""

    file: str
    rows: int
    live: int
    dead: str | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """One generation. Times are seconds since 1970; ``retired`` are files that no generation uses, with the time they left."""

    generation: int
    built_at: int
    updated_at: int
    position: str
    words: str
    stats: str
    segments: tuple[Entry, ...]
    retired: tuple[tuple[str, int], ...]

    @property
    def files(self) -> frozenset[str]:
        """Every file this generation is made of."""
        named = {self.stats} | {entry.file for entry in self.segments}
        return frozenset(named | {entry.dead for entry in self.segments if entry.dead})


def save(folder: Path, manifest: Manifest) -> None:
    """Make ``manifest`` the living one, in one step."""
    body = json.dumps({"format": FORMAT, **asdict(manifest)}, ensure_ascii=True, sort_keys=True)
    write_durably(folder / NAME, f"{zlib.crc32(body.encode()):08x} {body}{_END}".encode())


def load(folder: Path, words: str) -> Manifest:
    """The living manifest. Raises ``IndexMissing`` when there is none, ``IndexDamaged`` when it is not as written."""
    try:
        data = (folder / NAME).read_bytes()
    except FileNotFoundError:
        raise IndexMissing("还没有建立索引") from None
    checksum, _, body = data.decode("ascii", "replace").partition(" ")
    if checksum != f"{zlib.crc32(body.removesuffix(_END).encode()):08x}" or not body.endswith(_END):
        raise IndexDamaged("索引清单 MANIFEST 校验和不符，内容已损坏")
    with well_formed(folder / NAME):
        fields: dict[str, Any] = {**json.loads(body)}
        if fields.pop("format") != FORMAT:
            raise IndexDamaged("索引清单 MANIFEST 是旧格式，需要重建")
        if fields["words"] != words:
            raise IndexDamaged("索引是用旧的词表切分的，需要重建")
        fields["segments"] = tuple(Entry(**entry) for entry in fields["segments"])
        fields["retired"] = tuple((name, at) for name, at in fields["retired"])
        return _checked(Manifest(**fields))


def _checked(manifest: Manifest) -> Manifest:
    """The manifest, when all in it is what it should be; else ``ValueError``."""
    numbers = [manifest.generation, manifest.built_at, manifest.updated_at, *(at for _, at in manifest.retired)]
    numbers += [number for entry in manifest.segments for number in (entry.rows, entry.live)]
    names = [manifest.stats, *(name for name, _ in manifest.retired), *(entry.file for entry in manifest.segments)]
    names += [entry.dead for entry in manifest.segments if entry.dead is not None]
    if any(type(number) is not int or number < 0 for number in numbers) or not isinstance(manifest.position, str):
        raise ValueError(numbers, manifest.position)
    if any(not isinstance(name, str) or Path(name).name != name for name in names):
        raise ValueError(names)
    return manifest


def retire(old: Manifest | None, keep: frozenset[str]) -> tuple[tuple[str, int], ...]:
    """Files that the next generation (made of ``keep``) leaves behind, with the moment; what left long ago is forgotten."""
    if old is None:
        return ()
    now = int(time.time())
    left = {name: at for name, at in old.retired if at > now - KEEP_SECONDS}
    left.update({name: now for name in old.files if name not in keep})
    return tuple(sorted((name, at) for name, at in left.items() if name not in keep))


def sweep(folder: Path, manifest: Manifest) -> None:
    """Remove files that no manifest of the last minute names: left generations, and what a killed writer left unnamed."""
    kept = manifest.files | {name for name, _ in manifest.retired}
    before = time.time() - KEEP_SECONDS
    for path in folder.iterdir():
        ours = path.suffix == ".cns" or (path.name.startswith(".") and path.suffix == ".tmp")
        if ours and path.name not in kept:
            try:
                if path.stat().st_mtime < before:
                    path.unlink()
            except FileNotFoundError:
                continue
