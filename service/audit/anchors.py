"""Ends of the chain that earlier checks have seen: a file beside the database, so that a rolled back database is noticed."""

from __future__ import annotations

import os
from pathlib import Path

from service.audit.verify import Anchor

ANCHORS_MOST = 1000
"""How many of the newest are compared."""


def read_anchor(line: str) -> Anchor | None:
    """An anchor as ``str`` writes it; None for anything else."""
    seq, _, hash_ = line.strip().partition(" ")
    return Anchor(int(seq), hash_) if seq.isdigit() and hash_ else None


def kept(data_dir: Path) -> list[Anchor]:
    """What is kept, oldest first. A line that a full disk cut short is none."""
    file = _file(data_dir)
    lines = file.read_text(encoding="ascii").splitlines()[-ANCHORS_MOST:] if file.exists() else []
    return [anchor for anchor in map(read_anchor, lines) if anchor is not None]


def keep(data_dir: Path, end: Anchor) -> None:
    """Keep one more, once."""
    if not end.seq or end in kept(data_dir):
        return
    file = _file(data_dir)
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as opened:
        opened.write(f"{end}\n".encode("ascii"))


def _file(data_dir: Path) -> Path:
    return data_dir / "audit-anchors"
