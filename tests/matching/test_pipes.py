"""The pipes through a real process, as other programs use them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEYS = {
    "understand": {"text", "pieces"},
    "parse": {"text", "jobs", "unread"},
    "wage": {"text", "min", "max", "unit", "min_yuan_month", "max_yuan_month", "negotiable", "reason"},
    "age": {"text", "min", "max", "men", "women", "reason"},
    "region": {"text", "code", "name", "ambiguous", "rest", "reason"},
    "classify": {"text", "code", "name", "score", "reason"},
}


def run(*arguments: str, lines: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "matching", *arguments], input=lines, cwd=ROOT, capture_output=True, timeout=100, check=False
    )


def answers(command: str, *lines: str) -> list[dict[str, Any]]:
    done = run(command, lines="".join(line + "\n" for line in lines).encode())
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def test_wage() -> None:
    lines = ["6000-8000元/月", "", "底薪3000+提成\\n包吃住", "面议", "18.5/小时", "3000~500"]
    found = answers("wage", *lines)
    assert [a["text"] for a in found] == lines
    assert found[0] == {
        "text": "6000-8000元/月",
        "min": 6000,
        "max": 8000,
        "unit": "month",
        "min_yuan_month": 6000,
        "max_yuan_month": 8000,
        "negotiable": False,
        "reason": None,
    }
    assert found[1]["min"] is None
    assert found[1]["reason"]
    assert (found[2]["min"], found[2]["max"]) == (3000, None)
    assert found[3]["negotiable"] is True
    assert (found[4]["min"], found[4]["min_yuan_month"]) == (18.5, 3219)
    assert found[5]["min"] is None
    assert found[5]["reason"]


def test_parse() -> None:
    lines = ["招普工3名，5000-6000元/月，电话13800000001\\n保安1名，3000", "", "大家早上好"]
    found = answers("parse", *lines)
    assert [answer["text"] for answer in found] == lines
    assert [job["title"] for job in found[0]["jobs"]] == ["普工", "保安"]
    assert set(found[0]["jobs"][0]) == {
        "title", "trade", "headcount", "age_min", "age_max", "wage", "region", "address", "benefits", "shift", "settlement",
        "start", "contact_name", "contact_phone", "employer_name", "spans",
    }  # fmt: skip
    assert found[0]["jobs"][0]["wage"]["max"] == 6000
    assert found[1]["jobs"] == found[2]["jobs"] == []


def test_age() -> None:
    found = answers("age", "男18-50岁，女18-45岁", "45岁以下", "60后", "")
    assert found[0] == {
        "text": "男18-50岁，女18-45岁",
        "min": 18,
        "max": 50,
        "men": [18, 50],
        "women": [18, 45],
        "reason": None,
    }
    assert (found[1]["min"], found[1]["max"], found[1]["men"]) == (None, 45, None)
    assert found[2]["reason"]
    assert found[3]["reason"]


def test_region() -> None:
    found = answers("region", "赣州章贡", "朝阳区", "")
    assert found[0]["code"] == "360702000000"
    assert found[1]["code"] is None
    assert len(found[1]["ambiguous"]) > 1
    assert found[2]["code"] is None


def test_classify() -> None:
    found = answers("classify", "电焊工", "")
    assert found[0]["code"] is not None
    assert found[0]["name"]
    assert 0 < found[0]["score"] <= 1
    assert found[1]["code"] is None
    assert found[1]["reason"]


def test_understand() -> None:
    found = answers("understand", "焊工，包住，不要夜班", "")
    assert found[0]["pieces"] == [
        {"field": "trade", "value": "6-18-02-04", "text": "焊工", "confidence": 0.9, "applied": True},
        {"field": "benefit", "value": "包住", "text": "包住", "confidence": 0.9, "applied": True},
        {"field": "not", "value": "shift:夜班", "text": "不要夜班", "confidence": 0.8, "applied": True},
    ]
    assert found[1] == {"text": "", "pieces": []}


@pytest.mark.parametrize("command", KEYS)
def test_keys_and_chinese_as_written(command: str) -> None:
    done = run(command, lines="南昌\n".encode())
    assert "南昌" in done.stdout.decode()
    assert set(json.loads(done.stdout)) == KEYS[command]


def test_bytes_that_are_no_text_and_a_last_line_without_an_end() -> None:
    done = run("wage", lines=b"\xff\xfe\x00 5000\r\n\xef\xbb\xbf" + "月薪4000".encode())
    assert done.returncode == 0
    found = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert len(found) == 2
    assert found[1]["text"] == "月薪4000"
    assert found[1]["min"] == 4000


@pytest.mark.parametrize("command", KEYS)
def test_hostile_lines_get_one_answer_each_in_order(command: str) -> None:
    lines = [
        b"\xff\xfe\x00\xed\xa0\x80 5000",
        b"\x00\x00",
        "🔥😀👨‍👩‍👧".encode(),
        "\u202e6000\u202c\u200f".encode(),
        b"   \t  ",
        "\u3000\u3000".encode(),
        b"",
        "\u2028\u2029\x85\x0b\x0c\x1c".encode(),
        b"(" * 1_000_000,
        "5000-赣州普工18岁".encode() * 40_000,
        b"last",
    ]
    done = run(command, lines=b"\n".join(lines) + b"\n")
    assert done.returncode == 0
    assert done.stderr == b""
    found = [json.loads(line) for line in done.stdout.split(b"\n")[:-1]]
    assert [answer["text"] for answer in found] == [line.decode(errors="replace") for line in lines]


def test_a_line_is_answered_before_the_next_one_comes() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "matching", "wage"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for text, low in (("月薪5000", 5000), ("22元/小时", 22)):
            process.stdin.write(text.encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["min"] == low
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_a_reader_that_leaves_early_is_no_fault(tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("月薪5000\n" * 20_000, encoding="utf-8")
    with (
        lines.open("rb") as source,
        subprocess.Popen(
            [sys.executable, "-m", "matching", "wage"], stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["min"] == 5000
        process.stdout.close()
        assert process.wait(timeout=60) == 0
        assert process.stderr.read() == b""


@pytest.mark.parametrize("arguments", [(), ("wages",), ("wage", "age")])
def test_an_unknown_command_gets_the_usage_in_chinese(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == b""
    assert "用法" in done.stderr.decode()


def test_help() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "wage" in done.stdout.decode()


@pytest.mark.parametrize("command", ["wage", "age", "region"])
def test_the_plain_rules_start_without_the_engine(command: str) -> None:
    code = (
        "import io, runpy, sys; sys.argv = ['matching', sys.argv[1]]\n"
        "try:\n    runpy.run_module('matching', run_name='__main__', alter_sys=True)\n"
        "except SystemExit:\n    pass\n"
        "print([m for m in ('numba', 'numpy', 'jieba', 'rjieba', 'flask', 'sqlalchemy') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, command], input=b"", cwd=ROOT, capture_output=True, timeout=60, check=True)
    assert done.stderr.decode().strip() == "[]"
