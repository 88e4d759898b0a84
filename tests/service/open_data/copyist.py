"""A follower as a stranger would write it: a copy in a file of its own, from the snapshot and then the stream.

``python -m tests.service.open_data.copyist ADDRESS FILE [QUERY]`` runs until it is killed. Every answer is taken up in one
transaction with the position behind it, so that it may be killed at any moment and goes on where it was.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

BATCH = 20
"""Lines of a snapshot that are kept together; small, so that a kill falls into the middle of one."""


class Copy:
    """The copy in a file: ``job`` by id, and in ``place`` how far it has got."""

    def __init__(self, address: str, file: Path, query: str = "") -> None:
        self.address, self.query = address, query
        self.kept = sqlite3.connect(file, isolation_level=None)
        self.kept.execute("CREATE TABLE IF NOT EXISTS job (job_id INTEGER PRIMARY KEY, record TEXT NOT NULL)")
        self.kept.execute(
            "CREATE TABLE IF NOT EXISTS place (position TEXT NOT NULL, after INTEGER NOT NULL, whole INTEGER NOT NULL)"
        )
        self.began_anew = 0

    def step(self, wait: int = 0, limit: int = 50) -> bool:
        """One request and what follows from it. Whether anything came."""
        place = self.kept.execute("SELECT position, after, whole FROM place").fetchone()
        try:
            if place is None:
                return self._fetch("")
            position, after, whole = place
            if not whole:
                return self._fetch(f"after={after}&position={position}" if after else "")
            return self._follow(position, wait, limit)
        except httpx.HTTPStatusError as refused:
            if refused.response.status_code != 410:
                raise
            self.began_anew += 1
            self._write([("DELETE FROM job", ()), ("DELETE FROM place", ())])
            return True

    def jobs(self) -> dict[int, dict[str, Any]]:
        """What the copy holds."""
        return {job_id: json.loads(record) for job_id, record in self.kept.execute("SELECT job_id, record FROM job")}

    def close(self) -> None:
        """Give the file back."""
        self.kept.close()

    def _fetch(self, rest: str) -> bool:
        """The snapshot, or the rest of one."""
        position, waiting = "", []
        for line in snapshot_lines(self.address, "&".join(part for part in (rest, self.query) if part)):
            if line["type"] == "header":
                position = line["position"]
                if not rest:
                    self._write([("DELETE FROM job", ()), *self._at(position, 0, whole=False)])
            elif line["type"] == "job":
                waiting.append(line)
                if len(waiting) == BATCH:
                    self._write([*map(_put, waiting), *self._at(position, line["job_id"], whole=False)])
                    waiting = []
            else:
                after = line.get("after", 0)
                self._write([*map(_put, waiting), *self._at(position, after, whole=line["type"] == "end")])
        return True

    def _follow(self, position: str, wait: int, limit: int) -> bool:
        query = f"since={position}&wait={wait}&limit={limit}&{self.query}".rstrip("&")
        answer = httpx.get(f"{self.address}/v1/stream/jobs?{query}", timeout=60, trust_env=False).raise_for_status()
        body = answer.json()
        changes = [_put(one) if one["type"] == "job" else _drop(one) for one in body["changes"]]
        self._write([*changes, *self._at(body["position"], 0, whole=True)])
        return bool(body["changes"] or body["more"])

    def _at(self, position: str, after: int, *, whole: bool) -> list[tuple[str, tuple[Any, ...]]]:
        return [("DELETE FROM place", ()), ("INSERT INTO place VALUES (?, ?, ?)", (position, after, int(whole)))]

    def _write(self, statements: list[tuple[str, tuple[Any, ...]]]) -> None:
        self.kept.execute("BEGIN IMMEDIATE")
        for statement, values in statements:
            self.kept.execute(statement, values)
        self.kept.execute("COMMIT")


def snapshot_lines(address: str, query: str = "") -> Iterator[dict[str, Any]]:
    """The lines of a snapshot, unpacked as they come. Raises EOFError when it was cut."""
    last = ""
    with httpx.stream("GET", f"{address}/v1/snapshot/jobs?{query}".rstrip("?"), timeout=60, trust_env=False) as answer:
        answer.raise_for_status()
        for text in answer.iter_lines():
            try:
                line: dict[str, Any] = json.loads(text)
            except ValueError:
                break
            last = line["type"]
            yield line
    if last not in {"end", "next"}:
        raise EOFError("the snapshot was cut")


def _put(line: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    return "INSERT OR REPLACE INTO job VALUES (?, ?)", (line["job_id"], json.dumps(line, sort_keys=True))


def _drop(line: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    return "DELETE FROM job WHERE job_id = ?", (line["job_id"],)


def main(arguments: list[str]) -> None:
    """Follow until killed. A server that is full or away is asked again."""
    copy = Copy(arguments[0], Path(arguments[1]), *arguments[2:])
    while True:
        try:
            if not copy.step(limit=7):
                time.sleep(0.02)
        except (httpx.HTTPError, EOFError):
            time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1:])
