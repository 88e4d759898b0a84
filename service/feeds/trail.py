"""What each step made of a record, kept with it: [result, code, sentence]. The steps are ``models.STEPS``."""

from __future__ import annotations

from collections.abc import Mapping

Trail = dict[str, list[str]]
"""Step to [result, code, sentence]. Results: ``done``; ``noted``: done, and something is to be said; ``stopped``: it ended here;
``skipped``: this step did not look, the sentence says why."""


def done(code: str = "", sentence: str = "") -> list[str]:
    """Went through; ``code`` is what came out (a division, an occupation, the form of the file)."""
    return ["done", code, sentence[:300]] if sentence else ["done", code] if code else ["done"]


def place_of(trail: Mapping[str, list[str]] | None) -> str:
    """Where a record stood: file, sheet and line; empty where it came in no file."""
    said = (trail or {}).get("fetched", [])
    return said[2] if len(said) > 2 else ""


def noted(code: str, sentence: str = "") -> list[str]:
    """Went through with something to be said."""
    return ["noted", code, sentence[:300]]


def stopped(code: str, sentence: str) -> list[str]:
    """Ended here."""
    return ["stopped", code, sentence[:300]]


def skipped(code: str, sentence: str) -> list[str]:
    """Was not done, and why."""
    return ["skipped", code, sentence[:300]]


DUE, BUSY = "across_due", "busy"
"""Codes of a search for duplicates that is still to be made: not yet looked at, or somebody held the job just then."""


def to_be_compared() -> list[str]:
    """The search for duplicates as it stands when the job is written, before anything is compared."""
    return skipped(DUE, "本来源里没有重复；和其他岗位的比较在写入之后做。")


def stopped_at(trail: Mapping[str, list[str]]) -> str:
    """The step that ended the record, empty when it went through."""
    return next((step for step, said in trail.items() if said[0] == "stopped"), "")
