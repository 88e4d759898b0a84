"""The pipes: `python -m matching wage` (age, region, classify, understand, parse) reads lines, prints one JSON object a line.

A line break inside a text comes as the two characters backslash and n. The line itself comes back as `text`; what could not be
read is null with a `reason`. Every line is answered, empty ones too, and at once, so that the other end may be a program.
Keys: the table "Pipes" of the API document.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import BinaryIO

Answer = Callable[[str], Mapping[str, object]]

USAGE = """用法：python -m matching 命令 < 文本文件

从标准输入一行一行读，每行输出一个 JSON。文字里的换行写成 \\n。
命令：
  wage      读工资，例如 6000-8000元/月
  age       读年龄要求，例如 18-45周岁
  region    读地点，例如 赣州章贡
  classify  把岗位名称归到职业分类，例如 电焊工
  understand  听懂一句找活的话，例如 五十多岁，想找看大门的，包住，不要夜班
  parse     把群里的招工消息读成岗位草稿，例如 急招普工10名，18-48岁，包吃住，6000-7500

例子：echo '8千-1.1万·13薪' | python -m matching wage
"""


def _wage() -> Answer:
    from matching.rules.wage import parse_wage  # noqa: PLC0415  each command loads only what it needs

    def answer(text: str) -> Mapping[str, object]:
        wage = parse_wage(text)
        return {
            "min": wage.min,
            "max": wage.max,
            "unit": wage.unit,
            "min_yuan_month": wage.min_yuan_month,
            "max_yuan_month": wage.max_yuan_month,
            "negotiable": wage.negotiable,
            "reason": wage.reason,
        }

    return answer


def _age() -> Answer:
    from matching.rules.age import parse_age  # noqa: PLC0415  each command loads only what it needs

    def answer(text: str) -> Mapping[str, object]:
        limits = parse_age(text)
        return {
            "min": limits.min,
            "max": limits.max,
            "men": limits.men,
            "women": limits.women,
            "reason": limits.reason,
        }

    return answer


def _region() -> Answer:
    from matching.rules.region import find  # noqa: PLC0415  each command loads only what it needs

    def answer(text: str) -> Mapping[str, object]:
        place = find(text)
        return {
            "code": place.code,
            "name": place.name,
            "ambiguous": place.ambiguous,
            "rest": place.rest,
            "reason": place.reason,
        }

    return answer


def _classify() -> Answer:
    from matching.classify import classify  # noqa: PLC0415  each command loads only what it needs

    def answer(text: str) -> Mapping[str, object]:
        found = classify(text)
        return {"code": found.code, "name": found.name, "score": found.score, "reason": found.reason}

    return answer


def _understand() -> Answer:
    from datetime import date  # noqa: PLC0415  each command loads only what it needs

    from matching.understanding import understand  # noqa: PLC0415

    def answer(text: str) -> Mapping[str, object]:
        return {"pieces": [piece._asdict() for piece in understand(text, date.today())]}  # noqa: DTZ011  the day where it runs

    return answer


def _parse() -> Answer:
    from datetime import date  # noqa: PLC0415  each command loads only what it needs

    from matching.pasted import read_message  # noqa: PLC0415

    def answer(text: str) -> Mapping[str, object]:
        reading = read_message(text, date.today())  # noqa: DTZ011  the day where it runs
        return {"jobs": [draft.shown() for draft in reading.drafts], "unread": reading.note()}

    return answer


COMMANDS: dict[str, Callable[[], Answer]] = {
    "wage": _wage,
    "age": _age,
    "region": _region,
    "classify": _classify,
    "understand": _understand,
    "parse": _parse,
}


def pipe(answer: Answer, lines: BinaryIO, out: BinaryIO) -> None:
    """Answers every line of `lines` on `out`: one JSON object a line, flushed at once. Bytes that are no UTF-8 become �."""
    for raw in lines:
        line = raw.decode("utf-8", errors="replace").rstrip("\r\n").removeprefix("\ufeff")
        result = {"text": line, **answer(line.replace("\\n", "\n"))}
        out.write(json.dumps(result, ensure_ascii=False).encode("utf-8", errors="replace") + b"\n")
        out.flush()


def main(arguments: list[str]) -> int:
    """The exit code: 0 done (also when the reader of the pipe leaves early), 2 unknown command, 130 interrupted."""
    if arguments in (["-h"], ["--help"]):
        print(USAGE, end="")
        return 0
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        if arguments:
            print(f"没有这个命令：{' '.join(arguments)}\n", file=sys.stderr)
        print(USAGE, end="", file=sys.stderr)
        return 2
    try:
        pipe(COMMANDS[arguments[0]](), sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        # `| head -1` is no fault; without this Python would complain once more when it closes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
