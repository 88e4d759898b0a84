"""``flask jobs check``: adverts on standard input, one a line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import flask
import pytest

from tests.service.conftest import draft


def _judged(app: flask.Flask, *lines: str) -> list[dict[str, Any]]:
    done = app.test_cli_runner().invoke(args=["jobs", "check"], input="\n".join(lines) + "\n")
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.output.splitlines()]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("急招！章贡区某电子厂普工10名，18-48岁，长白班，包吃住，6000-7500，明天面试，电话13800000001", "publish"),
        ("章贡区幼儿园招保育员2名，带3到6岁小朋友，月薪2800元", "publish"),
        ("女生宿舍管理员一名，章贡区，月薪3000元，因值夜需女性", "publish"),
        ("章贡区普工20名，6000元/月，入职交押金500元", "refuse"),
        ("章贡区搬运工5名，5000元/月，只要男的", "refuse"),
        ("章贡区KTV招女公关3名，日结1000元，陪唱", "hold"),
        ("招人，待遇好，速来", "hold"),
    ],
)
def test_a_line_of_text(app: flask.Flask, line: str, said: str) -> None:
    (found,) = _judged(app, line)
    assert found["verdict"] == said, found


def test_json_with_text_and_kind(app: flask.Flask) -> None:
    line = json.dumps({"text": "章贡区卸货小工3名，200元/天，做完先交服装费", "kind": "gig"}, ensure_ascii=False)
    (found,) = _judged(app, line)
    assert found["verdict"] == "refuse"
    fees = [finding for finding in found["findings"] if finding["rule"] == "D-09.deposit"]
    assert fees[0]["words"] == "服装费"
    assert {"rule", "article", "words", "advice", "verified"} <= set(fees[0])


def test_json_field_by_field_is_judged_whole(app: flask.Flask) -> None:
    good, without_pay = draft(employer_name="演示厂"), draft(employer_name="演示厂", wage=None)
    first, second = _judged(app, json.dumps(good, ensure_ascii=False), json.dumps(without_pay, ensure_ascii=False))
    assert first["verdict"] == "publish"
    assert second["verdict"] == "refuse"
    assert "D-07.pay" in {finding["rule"] for finding in second["findings"]}


def test_what_is_no_advert_is_said_and_the_next_line_is_judged(app: flask.Flask) -> None:
    wrong, strange, empty, good = _judged(
        app,
        json.dumps({"title": "x", "nonsense": 1}),
        json.dumps({"text": "普工", "kind": "war"}),
        "",
        "章贡区焊工2名，8000元/月",
    )
    for one in (wrong, strange):
        assert (one["verdict"], one["findings"]) == (None, [])
        assert one["reason"].endswith("。")
        assert one["fields"]
    assert (empty["text"], empty["verdict"], empty["reason"]) == ("", None, "这一行是空的。")
    assert (good["verdict"], good["reason"]) == ("publish", None)


def test_lines_of_another_encoding_empty_ones_and_no_text_at_all(app: flask.Flask) -> None:
    trap = "章贡区普工20名，6000元/月，入职交押金500元"
    sent = b"\xef\xbb\xbf" + trap.encode() + b"\n\n   \r\n" + trap.encode("gb18030") + b"\r\n\xff\xff\xff\n" + trap.encode()
    done = app.test_cli_runner().invoke(args=["jobs", "check"], input=sent)
    assert done.exit_code == 0, done.output
    found = [json.loads(line) for line in done.output.splitlines()]
    assert [one["verdict"] for one in found] == ["refuse", None, None, "refuse", None, "refuse"]
    assert found[0] == found[3] == found[5]
    assert "GB18030" in found[4]["reason"]
    assert [one["text"] for one in found] == [trap, "", "   ", trap, "\ufffd" * 3, trap]


def test_every_answer_says_its_line_in_order(app: flask.Flask) -> None:
    whole = json.dumps(draft(employer_name="演示厂"), ensure_ascii=False)
    lines = ["章贡区焊工2名，8000元/月", "", "{不是 JSON", whole, '{"text": "章贡区保洁1名，3000元/月"}']
    assert [one["text"] for one in _judged(app, *lines)] == lines


def test_a_line_break_comes_as_two_characters(app: flask.Flask) -> None:
    # Written as it comes, the sentence of the guests' deposits would lend its excuse to the next one.
    broken = r"章贡区前台2名，3000元/月\n登记客户押金\n入职交押金500元"
    (text, told) = _judged(app, broken, json.dumps({"text": broken.replace(r"\n", "\n")}, ensure_ascii=False))
    assert text["text"] == broken
    assert text["verdict"] == told["verdict"] == "refuse"
    assert text["findings"] == told["findings"]
    assert not any("\\" in finding["words"] for finding in text["findings"])


def test_what_no_program_should_send_is_answered(app: flask.Flask) -> None:
    deep = '{"text": ' + "[" * 100_000
    found = _judged(app, deep, '{"text": "\\ud800押金500"}', '{"text": "普工", "kind": [1]}', '{"text": 5}')
    assert found[0]["text"] == deep
    assert [one["verdict"] for one in found][2:] == [None, None]


@pytest.mark.costly
def test_without_a_database_the_rules_alone_judge(app: flask.Flask, tmp_path: Path) -> None:
    environment = _environment(app) | {"DATABASE_URL": f"sqlite:///{tmp_path}/none.db"}
    lines = "章贡区普工20名，6000元/月，入职交押金500元\n章贡区焊工2名，8000元/月\n"
    done = subprocess.run(
        [sys.executable, "-m", "flask", "jobs", "check"],
        input=lines.encode(),
        env=environment,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert [json.loads(line)["verdict"] for line in done.stdout.splitlines()] == ["refuse", "publish"]
    assert "只按规则检查" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_nothing_at_all_is_no_mistake(app: flask.Flask) -> None:
    done = app.test_cli_runner().invoke(args=["jobs", "check"], input=b"")
    assert (done.exit_code, done.output) == (0, "")


def test_a_kind_nobody_knows_ends_with_two(app: flask.Flask) -> None:
    assert app.test_cli_runner().invoke(args=["jobs", "check", "--kind", "war"], input=b"x").exit_code == 2


def _environment(app: flask.Flask) -> dict[str, str]:
    return os.environ | {"DATABASE_URL": app.extensions["settings"].database_url, "FLASK_APP": "wsgi"}


@pytest.mark.long
def test_twenty_thousand_lines(app: flask.Flask) -> None:
    lines = [f"章贡区普工{number % 90 + 1}名，{5000 + number % 3000}元/月，包吃住" for number in range(19_999)]
    found = _judged(app, *lines, "章贡区普工2名，6000元/月，扣身份证")
    assert len(found) == 20_000
    assert {one["verdict"] for one in found[:-1]} == {"publish"}
    assert found[-1]["verdict"] == "refuse"


@pytest.mark.costly
def test_who_stops_reading_ends_it_quietly(app: flask.Flask) -> None:
    command = [sys.executable, "-m", "flask", "jobs", "check"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment(app)
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stderr is not None
        try:
            running.stdin.write("章贡区焊工2名，8000元/月\n".encode())
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["verdict"] == "publish"
            running.stdout.close()
            running.stdin.write("章贡区焊工2名，8000元/月\n".encode() * 50)
            running.stdin.close()
        except BrokenPipeError:
            pass
        said = running.stderr.read().decode()
        assert running.wait(60) in {0, 1}
    assert "Traceback" not in said
