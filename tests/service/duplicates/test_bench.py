"""The benchmark at a small size: it must find what it planted."""

from __future__ import annotations

import pytest

from service.duplicates import bench


def test_it_finds_what_it_planted(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["--jobs", "3000"]) == 0
    said = {line[:18].strip(): line[18:].strip() for line in capsys.readouterr().out.splitlines()}
    joined, planted = (int(part.replace(",", "")) for part in said["planted and joined"].split(" (")[0].split(" of "))
    assert planted == 272
    assert joined >= 0.97 * planted
    assert int(said["duplicates"].replace(",", "")) <= 1.3 * planted
