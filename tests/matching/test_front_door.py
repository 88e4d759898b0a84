"""The front door opens lightly, and the oracle stands on its own feet."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import matching

HERE = Path(__file__).parent


def test_plain_rules_start_without_the_compiled_engine() -> None:
    script = "import sys, matching, matching.rules.wage; sys.exit('numba' in sys.modules or 'rjieba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=HERE.parents[1], check=False).returncode == 0


def test_every_name_of_the_front_door_is_there() -> None:
    assert all(getattr(matching, name) is not None for name in matching.__all__)
    assert callable(matching.understand)
    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        _ = matching.nothing_of_this_name


def test_the_oracle_shares_no_code_with_the_fast_path() -> None:
    tree = ast.parse((HERE / "oracle.py").read_text(encoding="utf-8"))
    imported = [
        f"{node.module}.{name.name}" if isinstance(node, ast.ImportFrom) else name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    ]
    ours = [name for name in imported if name.startswith(("matching", "tests", "seed_jobs", "service"))]
    assert all(name.startswith(("matching.model.", "matching.rules.")) for name in ours)
    assert not any(name.startswith(("numpy", "numba")) for name in imported)
