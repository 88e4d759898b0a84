"""Whatever happens to a file of the index, it is refused in Chinese or does no harm: never a crash, never a wrong answer."""

from __future__ import annotations

import json
import random
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from matching import (
    IndexDamaged,
    IndexWriter,
    Job,
    Query,
    Worker,
    build_people,
    candidates,
    count,
    files,
    open_index,
    open_people,
    search,
    similar,
)
from matching.index import open_snapshot
from seed_jobs import synthesize
from tests.matching.test_index import ENVIRONMENT

NOW = 1_795_305_600
JOBS = list(synthesize.jobs(70, 5))
SHOWN = Job(5, "gig", "焊工", NOW, lat=25.0, lng=115.0)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small index with every kind of file: base, part, tombstones, statistics, manifest; and a file of profiles."""
    folder = tmp_path_factory.mktemp("whole")
    with IndexWriter(folder) as writer:
        writer.rebuild(JOBS[:40], "1")
        writer.apply(JOBS[40:], [JOBS[3].job_id], "2")
    index = open_index(folder)
    wishes = [Query(now=0, text=("焊工", "保洁", "")[n % 3], lat=25.0 + n / 999, lng=115.0) for n in range(70)]
    build_people(folder / "people", (Worker(n, True, n, wish) for n, wish in enumerate(wishes)), index)
    index.close()
    kinds = {path.name.split("-")[0] + path.name[-8:-4] for path in folder.glob("*.cns")}
    assert {"segbase", "segpart"} <= {kind.replace("-", "") for kind in kinds}
    assert any(folder.glob("dead-*.cns"))
    for path in folder.glob("*.cns"):
        if path.name not in (folder / "MANIFEST").read_text():
            path.unlink()
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "index"))


def paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name != "LOCK")


def use(folder: Path, path: Path) -> None:
    """Open what the file belongs to; the whole index opens in the same functions as in a web process."""
    if path.name == "people":
        open_people(path)
    else:
        open_snapshot(folder)


def refused(folder: Path, path: Path) -> str:
    with pytest.raises(IndexDamaged) as refusal:
        use(folder, path)
    assert any("\u4e00" <= character <= "\u9fff" for character in refusal.value.reason)
    return refusal.value.reason


def places(size: int, chance: random.Random, most: int) -> list[int]:
    """Every byte of a small file; of a large one its beginning, its end and many between."""
    if size <= most:
        return list(range(size))
    return sorted({*range(400), *range(size - 64, size), *(chance.randrange(size) for _ in range(most))})


@pytest.mark.long
@pytest.mark.timeout(600)
def test_any_flipped_byte_of_any_file_is_refused(folder: Path) -> None:
    chance = random.Random(11)
    for path in paths(folder):
        sound = path.read_bytes()
        for at in places(len(sound), chance, 3000):
            data = bytearray(sound)
            data[at] ^= chance.randrange(1, 256)
            path.write_bytes(data)
            refused(folder, path)
        path.write_bytes(sound)
        use(folder, path)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_file_cut_anywhere_or_grown_is_refused(folder: Path) -> None:
    chance = random.Random(12)
    for path in paths(folder):
        sound = path.read_bytes()
        for at in places(len(sound), chance, 400):
            path.write_bytes(sound[:at])
            refused(folder, path)
        for more in (b"\0", b"\n", bytes(64)):
            path.write_bytes(sound + more)
            refused(folder, path)
        path.unlink()
        if path.suffix == ".cns":
            assert "不见了" in refused(folder, path)
        path.write_bytes(sound)


def test_a_file_of_one_kind_in_the_place_of_another_is_refused(folder: Path) -> None:
    for path in paths(folder):
        sound = path.read_bytes()
        for other in paths(folder):
            if other.name.split("-")[0] != path.name.split("-")[0]:
                path.write_bytes(other.read_bytes())
                refused(folder, path)
        path.write_bytes(sound)


@pytest.mark.parametrize("number", [0, 1, files.FORMAT + 1])
def test_another_format_is_refused_with_its_number(folder: Path, number: int) -> None:
    for path in folder.glob("*.cns"):
        sound = path.read_bytes()
        path.write_bytes(sound[:8] + struct.pack("<I", number) + sound[12:])
        assert f"格式号是 {number}" in refused(folder, path)
        path.write_bytes(sound)
    rewrite(folder, lambda fields: fields | {"format": number})
    assert "旧格式" in refused(folder, folder / "MANIFEST")


def rewrite(folder: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Another manifest, with the right checksum."""
    body = json.dumps(change(json.loads((folder / "MANIFEST").read_text().partition(" ")[2])))
    (folder / "MANIFEST").write_text(f"{zlib.crc32(body.encode()):08x} {body}\n")


ODD: tuple[object, ...] = (None, -1, 1.5, True, "x", "../x", [], ["x"], [[1]], {}, {"file": 1}, 1 << 70)


def test_a_manifest_of_another_shape_is_refused_even_with_a_right_checksum(folder: Path) -> None:
    sound = (folder / "MANIFEST").read_bytes()
    fields = json.loads(sound.partition(b" ")[2])
    entry = fields["segments"][0]
    wrong: list[object] = [*ODD, *([{**fields, name: value}] for name in ("segments", "retired") for value in ODD[:1])]
    wrong += [{key: value for key, value in fields.items() if key != name} for name in fields]
    wrong += [{**fields, "more": 1}]
    for name in set(fields) - {"position"}:
        kept: tuple[object, ...] = ([], {}, 1 << 70) if name in {"retired", "segments"} else (1 << 70,)
        wrong += [{**fields, name: value} for value in ODD if value not in kept]
    wrong += [{**fields, "position": value} for value in ODD if not isinstance(value, str)]
    for name in entry:
        kept = (None,) if name == "dead" else ()
        wrong += [{**fields, "segments": [{**entry, name: value}]} for value in ODD if value not in kept or value is True]
    for one in wrong:
        rewrite(folder, lambda _, one=one: one)  # type: ignore[misc]
        refused(folder, folder / "MANIFEST")
    body = b"[" * 100_000
    (folder / "MANIFEST").write_bytes(f"{zlib.crc32(body):08x} ".encode() + body + b"\n")
    refused(folder, folder / "MANIFEST")


def test_a_wrong_number_of_living_jobs_is_refused(folder: Path) -> None:
    def one_more(fields: dict[str, object]) -> object:
        entries = fields["segments"]
        assert isinstance(entries, list)
        entries[0]["live"] += 1
        return fields

    rewrite(folder, one_more)
    assert "与它的数据段不符" in refused(folder, folder / "MANIFEST")


def test_facts_and_tables_of_another_shape_are_refused_even_with_a_right_checksum(folder: Path) -> None:
    for path in paths(folder):
        if path.name == "MANIFEST":
            continue
        sound = path.read_bytes()
        facts, arrays = files.read_arrays(path)
        arrays = {name: np.array(array) for name, array in arrays.items()}
        for name in facts:
            for value in ODD:
                if value != facts[name] and not (name in {"tags", "trades"} and isinstance(value, list) and value != [[1]]):
                    files.write_arrays(path, {**facts, name: value}, arrays)
                    refused(folder, path)
        for name in arrays:
            files.write_arrays(path, facts, {key: array for key, array in arrays.items() if key != name})
            refused(folder, path)
            for kind in (np.float64, np.int16, np.complex128, np.bool_):
                files.write_arrays(path, facts, {**arrays, name: arrays[name].astype(kind)})
                refused(folder, path)
            if arrays[name].size:
                files.write_arrays(path, facts, {**arrays, name: arrays[name][..., None]})
                refused(folder, path)
        for body in (b"[]", b"{}", b"null", b'{"facts":1,"arrays":[]}', b'{"facts":{},"arrays":[["a"]]}', b"[" * 9999, b"\xff"):
            path.write_bytes(described(body))
            refused(folder, path)
        for array in (
            ["dead", "|O8", [2], 0], ["dead", "<u8", [-1], 0], ["dead", "<u8", [1 << 62], 0], ["dead", "<u8", [1], 1 << 62],
            ["dead", "<u8", [1], -64], ["dead", "<u8", [1.0], 0], ["dead", "<u8", "12", 0], ["dead", "u8,u8", [1], 0],
            ["dead", "<u8", [1], 1], [["dead"], "<u8", [1], 0], ["dead", ["<u8"], [1], 0],
        ):  # fmt: skip
            path.write_bytes(described(json.dumps({"facts": facts, "arrays": [array]}).encode()))
            refused(folder, path)
        path.write_bytes(sound)


def described(table: bytes) -> bytes:
    """A file with this table and nothing but zeros behind it, its checksum right."""
    rest = struct.pack("<QII", 32 + len(table) + 256, len(table), 0) + table + bytes(256)
    return struct.pack("<8sII", b"CNSEGM\r\n", files.FORMAT, zlib.crc32(rest)) + rest


FUZZ = """
import sys
from pathlib import Path
from tests.matching.test_files import harm
harm(Path(sys.argv[1]), int(sys.argv[2]))
"""


def harm(folder: Path, seed: int) -> None:
    """Put a wild number anywhere in any array, with a right checksum, and ask all that can be asked; refusals are welcome."""
    chance = random.Random(seed)
    names = [path for path in paths(folder) if path.name != "MANIFEST"]
    queries = [
        Query(now=NOW, text=text, lat=25.8, lng=114.9, radius_km=radius, age=52, sort=sort, fair_seed=7, wage_min_yuan_month=6000)
        for text in ("焊工 普工", "")
        for radius in (None, 30.0)
        for sort in ("score", "distance", "wage", "newest", "applications")
    ]
    refusals = harmless = 0
    index = open_index(folder)
    sound_one = index.snapshot
    for path in names:
        sound = path.read_bytes()
        facts, arrays = files.read_arrays(path)
        arrays = {name: np.array(array) for name, array in arrays.items()}
        for name, array in arrays.items():
            if not array.size:
                continue
            limits = np.iinfo(array.dtype)
            for value in (limits.min, limits.max, limits.max // 2, 0, 1, chance.randint(limits.min, limits.max)):
                changed = array.copy()
                changed.flat[chance.choice((0, array.size - 1, chance.randrange(array.size)))] = value
                files.write_arrays(path, facts, {**arrays, name: changed})
                try:
                    if path.name == "people":
                        people = open_people(path)
                        for kind in ("gig", "public"):
                            candidates(people, Job(5, kind, "焊工 保洁", NOW, lat=25.0, lng=115.0), NOW)
                    else:
                        # The statistics with their tables for spelling are taken over where they are not what is harmed.
                        kept = replace(sound_one, lives=()) if path.name.startswith("seg-") else None
                        index.snapshot = open_snapshot(folder, kept)
                        for query in queries:
                            search(index, query)
                            count(index, query)
                        similar(index, JOBS[0].job_id, NOW, 5)
                    harmless += 1
                except IndexDamaged:
                    refusals += 1
        path.write_bytes(sound)
    sys.stdout.write(f"{refusals} {harmless}")


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("checked", ["0", "1"])
def test_wild_numbers_under_a_right_checksum_are_refused_or_harmless(folder: Path, tmp_path: Path, checked: str) -> None:
    """In a process of its own, so that a crash would show, and with every access checked, so that none outside goes unseen."""
    environment = {**ENVIRONMENT, "NUMBA_BOUNDSCHECK": checked}
    if checked == "1":
        environment["NUMBA_CACHE_DIR"] = str(tmp_path / "cache")
    command = [sys.executable, "-W", "error", "-c", FUZZ, str(folder), "21"]
    ended = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-4000:]
    refusals, harmless = map(int, ended.stdout.split())
    assert refusals > 100
    assert harmless > 50
