"""A file of the index is exactly what was written, or it is refused with a reason; it never crashes and never answers wrongly."""

from __future__ import annotations

import random
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from matching import IndexDamaged, IndexMissing, IndexWriter, Job, open_index, segment, text
from matching.columns import collect
from matching.postings import pack, unpack


def some_jobs(count: int) -> list[Job]:
    return [
        Job(n, "gig", ("焊工", "普工", "保洁")[n % 3], 1_700_000_000 + n, lat=25.0 + n / 999, lng=115.0)
        for n in range(1, count + 1)
    ]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "seg-00000001-base.cns"
    segment.assemble(path, collect(some_jobs(1500)), "words")
    return path


def refused(path: Path) -> str:
    with pytest.raises(IndexDamaged) as refusal:
        segment.open_segment(path, "words")
    return refusal.value.reason


def test_a_segment_comes_back_as_it_was(written: Path) -> None:
    opened = segment.open_segment(written, "words")
    assert opened.rows == 1500
    assert sorted(opened.hot.job_id.tolist()) == list(range(1, 1501))
    assert not opened.hot.record.flags.writeable
    ids = np.array([1, 1500, 1501, -3], dtype=np.int64)
    rows = opened.find(ids)
    assert opened.hot.job_id[rows[:2]].tolist() == [1, 1500]
    assert rows[2:].tolist() == [-1, -1]


def test_taking_apart_and_putting_together_is_the_same_file(written: Path, tmp_path: Path) -> None:
    opened = segment.open_segment(written, "words")
    again = tmp_path / "again.cns"
    segment.assemble(again, segment.flatten(opened, np.ones(1500, dtype=bool)), "words")
    assert again.read_bytes() == written.read_bytes()


@pytest.mark.parametrize("keep", [0, 7, 31, 32, 200, 5000, -1])
def test_a_truncated_file_is_refused(written: Path, keep: int) -> None:
    data = written.read_bytes()
    written.write_bytes(data[:keep])
    assert "不完整" in (reason := refused(written)) or "截断" in reason


def test_garbage_an_old_format_and_old_words_are_refused(written: Path) -> None:
    data = written.read_bytes()
    with pytest.raises(IndexDamaged, match="旧的词表"):
        segment.open_segment(written, "other words")
    written.write_bytes(random.Random(3).randbytes(len(data)))
    assert "不是索引文件" in refused(written)
    written.write_bytes(data[:8] + struct.pack("<I", 999) + data[12:])
    assert "格式号是 999" in refused(written)
    written.write_bytes(data + b"more")
    assert "截断" in refused(written)


def test_any_flipped_bit_is_noticed(written: Path) -> None:
    sound = written.read_bytes()
    chance = random.Random(4)
    for at in [*range(40), *(chance.randrange(len(sound)) for _ in range(200))]:
        data = bytearray(sound)
        data[at] ^= 1 << chance.randrange(8)
        written.write_bytes(data)
        refused(written)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("group_block", 9),
        ("post_row", 1023),
        ("by_id", 1500),
        ("county", 77),
        ("key_terms", 9999),
        ("post_impact", 0),
        ("group_starts", 0xFFFFFFFF),
    ],
)
def test_numbers_that_point_outside_are_refused_even_with_a_right_checksum(written: Path, name: str, value: int) -> None:
    facts, arrays = segment.read_arrays(written)
    changed = {key: np.array(array) for key, array in arrays.items()}
    changed[name][-1] = value
    segment.write_arrays(written, facts, changed)
    assert "越界" in refused(written)


def test_a_wrong_table_is_refused_even_with_a_right_checksum(written: Path) -> None:
    data = bytearray(written.read_bytes())
    at = data.index(b"[1500,8]")
    data[at : at + 8] = b"[9999,8]"
    struct.pack_into("<I", data, 12, zlib.crc32(memoryview(data)[16:]))
    written.write_bytes(data)
    assert refused(written)


def test_postings_come_back() -> None:
    chance = random.Random(5)
    pairs = sorted({(chance.randrange(5), chance.randrange(3000)) for _ in range(4000)})
    chance.shuffle(pairs)
    term = np.array([pair[0] for pair in pairs], dtype=np.int32)
    row = np.array([pair[1] for pair in pairs], dtype=np.int32)
    impact = np.array([chance.randrange(1, 256) for _ in pairs], dtype=np.uint8)
    packed = pack(term, row, impact, 6, 3000)
    back = zip(*(part.tolist() for part in unpack(packed)), strict=True)
    assert sorted(back) == sorted(zip(term.tolist(), row.tolist(), impact.tolist(), strict=True))


def test_a_damaged_or_missing_index_says_so_and_can_be_rebuilt(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        open_index(tmp_path)
    with IndexWriter(tmp_path) as writer:
        with pytest.raises(IndexMissing):
            writer.check()
        writer.rebuild(some_jobs(20), "7")
        base = next(tmp_path.glob("seg-*.cns"))
        shutil.copy(base, tmp_path / "kept")
        base.write_bytes(base.read_bytes()[:-64])
        with pytest.raises(IndexDamaged, match="截断"):
            open_index(tmp_path)
        with pytest.raises(IndexDamaged, match="截断"):
            writer.check()
        with pytest.raises(IndexDamaged, match="截断"):
            writer.apply([], [1], "8")
        writer.rebuild(some_jobs(20), "9")
        assert open_index(tmp_path).jobs == 20


@pytest.mark.parametrize("harm", ["flip", "cut", "empty", "gone", "words"])
def test_a_damaged_manifest_is_refused(tmp_path: Path, harm: str) -> None:
    with IndexWriter(tmp_path) as writer:
        writer.rebuild(some_jobs(5), "1")
    path = tmp_path / "MANIFEST"
    data = path.read_bytes()
    if harm == "gone":
        next(tmp_path.glob("seg-*.cns")).unlink()
    elif harm == "words":
        body = data.split(b" ", 1)[1].rstrip(b"\n").replace(text.fingerprint().encode(), b"0" * 16)
        path.write_bytes(f"{zlib.crc32(body):08x} ".encode() + body + b"\n")
    else:
        path.write_bytes({"flip": data.replace(b'"position": "1"', b'"position": "2"'), "cut": data[:50], "empty": b""}[harm])
    with pytest.raises(IndexDamaged):
        open_index(tmp_path)
