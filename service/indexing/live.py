"""The index that this process holds open: one reference, swapped when a new generation appears, shared by all threads."""

from __future__ import annotations

import threading
from pathlib import Path

import structlog

from matching import Index, IndexDamaged, IndexMissing, open_index, understand
from service.errors import Unavailable
from service.metrics import GENERATION

log = structlog.get_logger()


class LiveIndex:
    """Opens the index when it can and looks for a new generation every ``poll_seconds``.

    A damaged or missing file never takes the process down: what is open stays open, and :attr:`trouble` says what is wrong.
    """

    def __init__(self, index_dir: Path, poll_seconds: float = 0.2) -> None:
        self.index_dir = index_dir
        self.poll_seconds = poll_seconds
        self.trouble: str | None = None
        self._index: Index | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Open and warm now, and keep looking in a thread of its own. To be called after a fork, once a process."""
        self.refresh()
        understand("在章贡区找个包住的活")  # names of places and phrases: a quarter of a second that no first question should pay
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="index-watch", daemon=True)
            self._thread.start()

    def refresh(self) -> bool:
        """Take up a newer generation when there is one."""
        with self._lock:
            try:
                if self._index is None:
                    self._index = open_index(self.index_dir)
                    changed = True
                else:
                    changed = self._index.refresh()
                self.trouble = None
            except (IndexMissing, IndexDamaged) as trouble:
                return self._say(str(trouble) or "还没有索引")
            except OSError as trouble:  # no handles, no memory, no permission: it passes, and the watching must outlive it
                return self._say(f"索引文件打不开（{trouble.strerror}），会自动重试")
            if changed:
                GENERATION.set(self._index.generation)
            return changed

    def _say(self, trouble: str) -> bool:
        if self.trouble != trouble:
            log.warning("index_not_readable", reason=trouble)
        self.trouble = trouble
        return False

    def get(self) -> Index:
        """The open index. Raises 503 with what to do when there is none yet."""
        if self._index is None:
            self.refresh()
        if self._index is None:
            raise Unavailable("index_not_ready", "岗位索引正在准备，请过几秒再试。", headers={"Retry-After": "3"})
        return self._index

    def peek(self) -> Index | None:
        """The open index, if any."""
        return self._index

    def _watch(self) -> None:
        while not self._stopping.wait(self.poll_seconds):
            self.refresh()

    def stop(self) -> None:
        """Stop looking and close."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None
        with self._lock:
            if self._index is not None:
                self._index.close()
                self._index = None
