"""What visitors do, as locust users. Run by ``python -m load`` in a process of its own: locust patches the whole process.

Reads a plan (JSON on stdin), prints ``{"measuring": true}`` when the warm-up is over and a JSON line with the figures at the end.
Visitors come from many addresses (``X-Forwarded-For``, as behind a proxy), so that limits hold here as they do in real use.
"""

from __future__ import annotations

from locust import FastHttpUser, constant_throughput, task  # isort: skip  # first: it patches sockets before anybody uses them
from locust.env import Environment  # isort: skip

import itertools
import json
import random
import re
import sys
import time
from collections import Counter
from typing import Any, ClassVar

import gevent

CLASSES = ("search", "job", "publish", "profile")
SHARES = (80, 15, 1, 4)
_JOB_ID = re.compile(rb'"job_id": ?(\d+)')
_STATUS = {"search": {200}, "job": {200}, "publish": {201}, "profile": {200}}
PROFILE_WRITES = 0.25
LATEST = 5_000
"""So many ids of answers are remembered: of these a visitor opens one."""


class Visitor(FastHttpUser):  # type: ignore[misc]  # locust has no types that hold under gevent
    """Somebody with a phone: mostly searches, sometimes opens a job; a few publish or look at their own profile."""

    plan: ClassVar[dict[str, Any]] = {}
    seen: ClassVar[list[int]] = []
    taken: ClassVar[dict[str, list[float]]] = {name: [] for name in CLASSES}
    errors: ClassVar[Counter[str]] = Counter()
    bytes_in: ClassVar[list[int]] = [0]
    measuring: ClassVar[bool] = False
    numbers = itertools.count()
    connection_timeout = 10.0
    network_timeout = 10.0

    def on_start(self) -> None:
        """Dice of one's own."""
        self.dice = random.Random(next(self.numbers))

    @task  # type: ignore[untyped-decorator]
    def visit(self) -> None:
        """One request of one of the classes."""
        kind = self.dice.choices(CLASSES, SHARES)[0]
        # One locust user stands for many phones that share a connection of the proxy: each request comes from another address.
        self.place = {"X-Forwarded-For": f"100.64.{self.dice.randrange(20)}.{self.dice.randrange(1, 251)}"}
        if kind == "job" and not self.seen:
            kind = "search"
        getattr(self, f"_{kind}")()

    def _search(self) -> None:
        body = self._ask("search", "GET", self.dice.choice(self.plan["searches"]), self.place)
        found = [int(number) for number in _JOB_ID.findall(body)]
        if found and len(self.seen) < LATEST:
            self.seen.extend(found)
        elif found:
            self.seen[self.dice.randrange(LATEST)] = self.dice.choice(found)

    def _job(self) -> None:
        self._ask("job", "GET", f"/v1/jobs/{self.dice.choice(self.seen)}", self.place)

    def _publish(self) -> None:
        key = {"Idempotency-Key": f"load-{self.plan['mark']}-{self.dice.getrandbits(60)}"}
        self._ask("publish", "POST", "/v1/jobs", self._signed("employer") | key, self.dice.choice(self.plan["drafts"]))

    def _profile(self) -> None:
        if self.dice.random() < PROFILE_WRITES:
            body = {"wage_min": 3_000 + 100 * self.dice.randrange(50)}
            self._ask("profile", "PATCH", "/v1/me/profile", self._signed("worker") | {"If-Match": "*"}, body)
        else:
            self._ask("profile", "GET", "/v1/me/profile", self._signed("worker"))

    def _signed(self, role: str) -> dict[str, str]:
        return self.place | {"Authorization": f"Bearer {self.dice.choice(self.plan['tokens'][role])}"}

    def _ask(self, kind: str, method: str, path: str, headers: dict[str, str], body: Any = None) -> bytes:
        began = time.perf_counter()
        with self.client.request(method, path, headers=headers, json=body, name=kind, catch_response=True) as answer:
            content: bytes = answer.content or b""
            spent = (time.perf_counter() - began) * 1000
            good = answer.status_code in _STATUS[kind]
            if not good:
                error = f"{answer.status_code} {_kind(content)}"
                answer.failure(error)
        if self.measuring:
            self.taken[kind].append(spent)
            self.bytes_in[0] += len(content)
            if not good:
                self.errors[f"{kind}: {error}"] += 1
        return content if good else b""


def _kind(content: bytes) -> str:
    """The machine code of an error answer; the address and the words of a request have no place in a report."""
    try:
        return str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return "no answer"


def main() -> None:
    """Run the plan: warm up, measure until the seconds or the requests are used up, print."""
    plan = json.load(sys.stdin)
    Visitor.plan = plan
    if plan["rate"]:
        Visitor.wait_time = constant_throughput(plan["rate"] / plan["users"])
    environment = Environment(user_classes=[Visitor], host=f"http://127.0.0.1:{plan['port']}")
    runner = environment.create_local_runner()
    runner.start(plan["users"], spawn_rate=max(1.0, plan["users"] / 2))
    gevent.sleep(plan["warm_seconds"])
    Visitor.measuring = True
    _say({"measuring": True})
    began = time.monotonic()
    while time.monotonic() - began < plan["seconds"] and sum(map(len, Visitor.taken.values())) < plan["requests"]:
        gevent.sleep(0.2)
    Visitor.measuring = False
    seconds = time.monotonic() - began
    runner.quit()
    figures = {name: _figures(times, seconds) for name, times in [*Visitor.taken.items(), ("all", _all())]}
    _say({"seconds": round(seconds, 1), "classes": figures, "errors": dict(Visitor.errors), "bytes": Visitor.bytes_in[0]})


def _all() -> list[float]:
    return [spent for times in Visitor.taken.values() for spent in times]


def _figures(times: list[float], seconds: float) -> dict[str, float]:
    times = sorted(times)
    steps = {
        f"p{step}_ms": round(times[min(len(times) - 1, len(times) * step // 100)], 2) if times else 0.0 for step in (50, 95, 99)
    }
    return {
        "requests": len(times),
        "per_second": round(len(times) / seconds, 1),
        **steps,
        "max_ms": round(times[-1], 1) if times else 0.0,
    }


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
