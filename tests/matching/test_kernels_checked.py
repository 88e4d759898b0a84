"""The kernels once more with every array access checked, in a process and a cache folder of their own (a warm cache skips it)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = tuple(
    f"tests/matching/{name}" for name in ("test_engine.py", "test_fresh.py", "test_narrower.py", "test_segment.py", "people")
)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_no_kernel_reads_outside_its_arrays(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:xdist", *TESTS]
    command += ["tests/matching/test_superblocks.py", "-k", "not ten_thousand"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout[-4000:]
    assert any(path.name.endswith("-checked") for path in tmp_path.iterdir())


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_kernels_are_the_same_without_the_compiler() -> None:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:xdist", *TESTS]
    command += ["-k", "not made_up and not deep"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout[-4000:]
