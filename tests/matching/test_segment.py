"""A file of the index is exactly what was written, or it is refused with a reason; it never crashes and never answers wrongly."""

from __future__ import annotations

import random
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from matching import IndexDamaged, IndexMissing, IndexWriter, Job, files, open_index, segment, text
from matching.collect import collect
from matching.columns import Flat, join
from seed_jobs import synthesize


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
    assert sorted(opened.hot.rows.job_id.tolist()) == list(range(1, 1501))
    assert not opened.hot.rows.record.flags.writeable
    ids = np.array([1, 1500, 1501, -3], dtype=np.int64)
    rows = opened.find(ids)
    assert opened.hot.rows.job_id[rows[:2]].tolist() == [1, 1500]
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
        ("posts.super_no", 9),
        ("posts.super_max", 1),
        ("posts.super_post", 0xFFFFFFFF),
        ("posts.super_group", 7),
        ("posts.group", 0xFFFFFFFF),
        ("posts.post", 1023 | 1 << 10),
        ("posts.post", 0),
        ("posts.term_starts", 1),
        ("by_id", 1500),
        ("rows.region", 77),
        ("rows.tag_set", 9),
        ("rows.employer", 9),
        ("trade_set", 9999),
        ("set_starts", 9),
    ],
)
def test_numbers_that_point_outside_are_refused_even_with_a_right_checksum(written: Path, name: str, value: int) -> None:
    facts, arrays = files.read_arrays(written)
    changed = {key: np.array(array) for key, array in arrays.items()}
    changed[name][-1] = value
    files.write_arrays(written, facts, changed)
    assert "越界" in refused(written)


def test_a_wrong_table_is_refused_even_with_a_right_checksum(written: Path) -> None:
    data = bytearray(written.read_bytes())
    at = data.index(b"[1500,8]")
    data[at : at + 8] = b"[9999,8]"
    struct.pack_into("<I", data, 12, zlib.crc32(memoryview(data)[16:]))
    written.write_bytes(data)
    assert refused(written)


def test_everything_of_the_jobs_comes_back_from_several_blocks(tmp_path: Path) -> None:
    """Words with their impacts, occupations, tags, employers and regions: job by job what was collected."""
    flat = collect(synthesize.jobs(2500, 4))
    path = tmp_path / "seg.cns"
    segment.assemble(path, flat, "words")
    opened = segment.open_segment(path, "words")
    back = segment.flatten(opened, np.ones(2500, dtype=bool))
    assert _by_job(back) == _by_job(flat)
    some = np.arange(2500) % 3 == 0
    picked = segment.flatten(opened, some)
    assert _by_job(join([picked, segment.flatten(opened, ~some)])) == _by_job(flat)


def _by_job(flat: Flat) -> dict[int, object]:
    def told(row: int) -> object:
        words = range(int(flat.token_starts[row]), int(flat.token_starts[row + 1]))
        bits = sum(int(part) << 64 * number for number, part in enumerate(flat.tag_sets[flat.tag_set[row]].tolist()))
        chosen = flat.trade_set[row]
        return (
            sorted((flat.terms[flat.token_term[at]], int(flat.token_impact[at])) for at in words),
            sorted(tag for number, tag in enumerate(flat.tag_names) if bits >> number & 1),
            [flat.trade_names[at] for at in flat.set_trades[flat.set_starts[chosen] : flat.set_starts[chosen + 1]]],
            int(flat.employers[flat.employer[row]]),
            int(flat.regions[flat.region[row]]),
            flat.record[row].tolist(),
            int(flat.applications[row]),
        )

    return {int(job_id): told(row) for row, job_id in enumerate(flat.job_id.tolist())}


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
