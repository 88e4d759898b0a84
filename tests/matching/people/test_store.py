"""A file of profiles is exactly what was written, or it is refused with a reason; it never crashes and never answers wrongly."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from matching import IndexDamaged, Job, Query, Worker, build_people, candidates, files, open_people
from tests.matching.conftest import Pools
from tests.matching.test_engine import NOW

JOB = Job(1, "gig", "焊工", NOW, lat=25.0, lng=115.0, employer_id=3, tags=frozenset({"包住"}))


@pytest.fixture
def written(pools: Pools, tmp_path: Path) -> Path:
    pool = pools([JOB, Job(2, "gig", "保洁", NOW)])
    wishes = [
        Query(
            now=0,
            text=("焊工", "保洁", "")[n % 3],
            lat=25.0 + n / 999,
            lng=115.0,
            regions=("36",) if n % 7 == 0 else (),
            tags_wanted=frozenset({"包住"}),
            employers_blocked=frozenset({9} if n % 9 == 0 else ()),
        )
        for n in range(1500)
    ]
    path = tmp_path / "people"
    build_people(path, (Worker(n, True, n, wish) for n, wish in enumerate(wishes)), pool.index)
    return path


def refused(path: Path) -> str:
    with pytest.raises(IndexDamaged) as refusal:
        open_people(path)
    return refusal.value.reason


def test_two_processes_share_one_file_and_nobody_writes_in_it(written: Path) -> None:
    people = open_people(written)
    assert people.workers == 1500
    assert not people.pool.record.flags.writeable
    assert candidates(people, JOB, NOW) == candidates(open_people(written), JOB, NOW)


@pytest.mark.parametrize("keep", [0, 7, 31, 32, 200, 5000, -1])
def test_a_truncated_file_is_refused(written: Path, keep: int) -> None:
    written.write_bytes(written.read_bytes()[:keep])
    assert "不完整" in (reason := refused(written)) or "截断" in reason


def test_any_flipped_bit_is_noticed(written: Path) -> None:
    sound = written.read_bytes()
    chance = random.Random(4)
    for at in [*range(40), *(chance.randrange(len(sound)) for _ in range(100))]:
        data = bytearray(sound)
        data[at] ^= 1 << chance.randrange(8)
        written.write_bytes(data)
        refused(written)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("record", 9999),
        ("by_id", 1500),
        ("refused_starts", 1),
        ("region_starts", 9),
        ("wish_starts", 0),
        ("wish_words", 1 << 40),
        ("wish_of", 9999),
        ("term_starts", 0),
        ("group_block", 2),
        ("group_starts", 0xFFFFFFFF),
        ("post_row", 1023),
    ],
)
def test_numbers_that_point_outside_are_refused_even_with_a_right_checksum(written: Path, name: str, value: int) -> None:
    facts, arrays = files.read_arrays(written)
    changed = {key: np.array(array) for key, array in arrays.items()}
    changed[name].flat[-1] = value
    files.write_arrays(written, facts, changed)
    assert "越界" in refused(written)


@pytest.mark.parametrize("name", ["post_weight", "bounds", "tags", "low", "strip_reach", "blocked_row", "term_names"])
def test_missing_and_short_arrays_are_refused(written: Path, name: str) -> None:
    facts, arrays = files.read_arrays(written)
    files.write_arrays(written, facts, {key: array for key, array in arrays.items() if key != name})
    refused(written)
    files.write_arrays(written, facts, {**arrays, name: np.append(np.array(arrays[name]), arrays[name][:1], axis=0)})
    refused(written)


def test_old_words_and_other_files_are_refused(written: Path, pools: Pools) -> None:
    facts, arrays = files.read_arrays(written)
    files.write_arrays(written, {**facts, "words": "older"}, arrays)
    assert "旧的词表" in refused(written)
    shutil.copy(next(pools([JOB]).folder.glob("seg-*.cns")), written)
    assert "不是求职者名单" in refused(written)
