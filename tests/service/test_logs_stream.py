"""Logs go to the stderr of the moment, not to the one that was there when logging was set up."""

from __future__ import annotations

import io
import sys

import pytest

from service.logs import log, set_up_logs


def test_a_stream_closed_since_is_not_written_to(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    gone = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", gone)
        set_up_logs("info")
    gone.close()
    log.error("still_said")
    assert "still_said" in capsys.readouterr().err
