"""``flask jobs check``: adverts on standard input, one a line."""

from __future__ import annotations

import json
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
    wrong, strange, good = _judged(
        app,
        json.dumps({"title": "x", "nonsense": 1}),
        json.dumps({"text": "普工", "kind": "war"}),
        "",
        "章贡区焊工2名，8000元/月",
    )
    assert "error" in wrong
    assert "error" in strange
    assert good["verdict"] == "publish"
