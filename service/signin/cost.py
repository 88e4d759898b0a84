"""``python -m service.signin.cost``: what one password hash costs on this machine, and which cost the rule would choose.

The rule (docs/adr/0011-sign-in.md): of the candidates at or above OWASP's minimum with at most 64 MiB, the slowest whose fastest
run is at most 100 ms on one core (the fastest, because other work on the machine only ever makes it slower). Slower would let a
handful of sign-ins fill a core; more memory would let them fill the machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import asdict, dataclass

from argon2.low_level import Type, hash_secret

from service.signin.policy import policy

CANDIDATES = ((2, 19), (1, 46), (2, 46), (1, 64), (2, 64), (3, 64), (4, 64), (2, 128))
"""Passes over the memory, and the memory in MiB."""
LONGEST_MS, MOST_MIB = 100.0, 64


@dataclass(frozen=True, slots=True)
class Cost:
    """One candidate, measured."""

    time_cost: int
    memory_mib: int
    fastest_ms: float
    median_ms: float


def measure(time_cost: int, memory_mib: int, rounds: int) -> Cost:
    """Fastest and median of ``rounds`` hashes, milliseconds."""
    taken: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        hash_secret(
            b"a password of twenty", b"salt" * 4, time_cost=time_cost, memory_cost=memory_mib * 1024, parallelism=1, hash_len=32,
            type=Type.ID,
        )  # fmt: skip
        taken.append((time.perf_counter() - began) * 1000)
    return Cost(time_cost, memory_mib, round(min(taken), 1), round(statistics.median(taken), 1))


def choose(costs: list[Cost]) -> Cost | None:
    """What the rule takes of the measured; None when even the cheapest is too slow here."""
    fit = [cost for cost in costs if cost.memory_mib <= MOST_MIB and cost.fastest_ms <= LONGEST_MS]
    return max(fit, key=lambda cost: cost.fastest_ms, default=None)


def main() -> None:
    """Measure, print a table (or JSON) and the choice beside what the table of settings has."""
    asked = argparse.ArgumentParser(description="测量密码哈希（argon2id）在这台机器上的成本")
    asked.add_argument("--rounds", type=int, default=15)
    asked.add_argument("--json", action="store_true")
    said = asked.parse_args()
    costs = [measure(passes, memory, said.rounds) for passes, memory in CANDIDATES]
    chosen, now = choose(costs), policy().password
    if said.json:
        print(json.dumps({"costs": [asdict(c) for c in costs], "chosen": None if chosen is None else asdict(chosen)}))
        return
    for cost in costs:
        print(
            f"t={cost.time_cost} m={cost.memory_mib:>3} MiB p=1  最快 {cost.fastest_ms:>6.1f} ms  中位 {cost.median_ms:>6.1f} ms"
        )
    print("按规则选：" + ("没有合适的" if chosen is None else f"t={chosen.time_cost} m={chosen.memory_mib} MiB"))
    print(f"现在用的：t={now.time_cost} m={now.memory_kib // 1024} MiB p={now.parallelism}，每个进程同时 {now.at_once} 个")


if __name__ == "__main__":
    main()
