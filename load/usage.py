"""How much of the machine each part takes: processor seconds by group of processes, and the web workers' own memory over time."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import psutil

EVERY_SECONDS = 1.0


@dataclass
class Sampler:
    """Looks once a second at the trees of some processes; those of the service are told apart by their command lines."""

    roots: dict[str, int]
    taken: dict[str, dict[int, float]] = field(default_factory=dict)
    begun: dict[str, dict[int, float]] = field(default_factory=dict)
    memory: list[float] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin to look, in a thread."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def mark(self) -> None:
        """From here on it counts."""
        self._look()
        self.begun = {group: dict(spent) for group, spent in self.taken.items()}
        self.memory.clear()

    def stop(self, seconds: float) -> dict[str, float]:
        """Cores taken by each group since the mark."""
        self._look()
        self._stop.set()
        self._thread.join(10)
        cores = {}
        for group, spent in self.taken.items():
            before = self.begun.get(group, {})
            cores[group] = round(sum(now - before.get(pid, 0.0) for pid, now in spent.items()) / seconds, 3)
        return cores

    def flatness(self) -> dict[str, float]:
        """Megabytes that belong to the web workers alone (not the mapped index), at the mark, in the middle, at the end."""
        if not self.memory:
            return {}
        half = len(self.memory) // 2
        return {
            "begin_mb": self.memory[0],
            "middle_mb": self.memory[half],
            "end_mb": self.memory[-1],
            "most_mb": max(self.memory),
        }

    def _run(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            self._look()

    def _look(self) -> None:
        web_bytes = 0
        for name, pid in self.roots.items():
            try:
                processes = [root := psutil.Process(pid), *root.children(recursive=True)]
            except psutil.NoSuchProcess:
                continue
            for process in processes:
                try:
                    group = _group(name, process.cmdline())
                    times = process.cpu_times()
                    self.taken.setdefault(group, {})[process.pid] = times.user + times.system
                    if group == "web" and process.ppid() != pid:
                        web_bytes += process.memory_full_info().uss
                except psutil.NoSuchProcess:
                    continue
        if web_bytes:
            self.memory.append(round(web_bytes / 2**20, 1))


def _group(name: str, command: list[str]) -> str:
    if name != "service":
        return name
    words = " ".join(command)
    return (
        "web"
        if "gunicorn" in words
        else "follower"
        if "index follow" in words
        else "tasks"
        if "service.background" in words
        else "supervisor"
    )
