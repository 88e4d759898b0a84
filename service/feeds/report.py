"""The report of a pull: every row of the file is in exactly one of published, unchanged, held, rejected."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from service.feeds.record import RecordOutcome

OUTCOME_NAMES: dict[RecordOutcome, str] = {"published": "发布", "unchanged": "没有变化", "held": "待核", "rejected": "未采用"}


@dataclass(slots=True)
class Report:
    """Counts while a pull goes on. ``closed`` are adverts shown before that the file no longer has; they are not rows of it.
    ``remarks`` counts, by rule, the rows that were published although it had something to say, where they were looked at anew."""

    source_key: str
    source_name: str
    file_name: str
    form: str = ""
    written: bool = False
    run_id: int | None = None
    read: int = 0
    created: int = 0
    closed: int = 0
    outcomes: Counter[RecordOutcome] = field(default_factory=Counter)
    reasons: Counter[tuple[RecordOutcome, str]] = field(default_factory=Counter)
    remarks: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    stopped: str = ""
    mode: str = "full"
    gap: str = ""
    repeated: int = 0
    duplicates: int = 0
    seconds: float = 0.0

    def count(self, outcome: RecordOutcome, code: str = "", reason: str = "") -> None:
        """One more row that ended like this."""
        self.outcomes[outcome] += 1
        if code:
            self.reasons[outcome, code] += 1
            self.examples.setdefault(code, reason)

    def as_json(self) -> dict[str, Any]:
        """As it is kept with the run."""
        return {
            "read": self.read,
            **{outcome: self.outcomes[outcome] for outcome in OUTCOME_NAMES},
            "mode": self.mode,
            "gap": self.gap,
            "repeated": self.repeated,
            "created": self.created,
            "duplicates": self.duplicates,
            "closed": self.closed,
            "seconds": round(self.seconds, 1),
            "reasons": [
                {"outcome": outcome, "code": code, "count": count, "example": self.examples.get(code, "")}
                for (outcome, code), count in self.reasons.most_common()
            ],
            "remarks": dict(self.remarks.most_common()),
        }

    def lines(self) -> list[str]:
        """As people read it."""
        done = self.outcomes
        head = f"来源 {self.source_key}（{self.source_name}），文件 {self.file_name}（{self.form}）"
        if self.stopped:
            return [head, f"已停止，什么都没有写入：{self.stopped}"]
        if self.mode == "same":
            return [head, f"来源没有变化，不用重新导入（用时 {self.seconds:.1f} 秒）。"]
        shown = f"发布 {done['published']}（其中新增 {self.created}），没有变化 {done['unchanged']}"
        lines = [
            head,
            f"读到 {self.read} 行：{shown}，待核 {done['held']}，未采用 {done['rejected']}",
        ]
        if self.mode != "replay":
            lines.append(f"来源里不再有、已下架 {self.closed} 条" if self.written else f"来源里不再有、将下架 {self.closed} 条")
        if self.mode == "delta":
            lines.append("这次只取了上次以后的变化。")
        if self.gap:
            lines.append(f"没有取全：{self.gap}；取到的照常处理，没有因为“不见了”下架任何一条。")
        if self.repeated:
            lines.append(f"对方重复给了 {self.repeated} 条，只算一次。")
        if self.duplicates:
            lines.append(f"与别的岗位是同一个、并到一起显示的 {self.duplicates} 条。")
        lines += [
            f"  {OUTCOME_NAMES[outcome]} {count:>6}  {code:<26} 例：{self.examples.get(code, '')}"
            for (outcome, code), count in self.reasons.most_common()
        ]
        lines += [f"  提醒 {count:>6}  {code}" for code, count in self.remarks.most_common()]
        lines.append(
            f"已写入（第 {self.run_id} 次导入），用时 {self.seconds:.1f} 秒。"
            if self.written
            else f"这是试运行，什么都没有写入，用时 {self.seconds:.1f} 秒；确认无误后加上 --write。"
        )
        return lines
