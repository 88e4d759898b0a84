"""What a station's short sheet says: a trade is enough to be shown, words of pay stay, what does not fit together is told."""

from __future__ import annotations

import flask
import pytest
from flask.testing import FlaskClient

from service.db import Database
from service.imports.layout import Column
from service.imports.said import said_by
from tests.service.conftest import People
from tests.service.imports.sheets import book, jobs, lines, through


@pytest.mark.parametrize(
    ("unit", "wage"),
    [
        ("月", "5000-8000元/月"), ("按月", "5000-8000元/月"), ("月薪", "5000-8000元/月"), ("计件", "5000-8000（计件）"),
        ("底薪+提成", "5000-8000（底薪+提成）"), ("", "5000-8000"),
    ],
)  # fmt: skip
def test_how_pay_is_reckoned_stays(unit: str, wage: str) -> None:
    columns = [Column("最少", "wage_min", "word"), Column("最多", "wage_max", "word"), Column("怎么算", "wage_unit", "word")]
    assert said_by(["5000", "8000", unit], columns).wage == wage


def test_a_short_sheet(app: flask.Flask, client: FlaskClient, people: People, station: str, database: Database) -> None:
    header = ["工种", "用人单位", "人数", "最少", "最多", "怎么算", "在哪", "电话", "上班时间", "备注"]
    phone, place = "13800000001", "赣州市章贡区演示路1号"
    sheet = [
        ["电焊工", "演示甲厂", "5", "7000", "9000", "月", place, phone, "", ""],
        ["缝纫工", "演示乙厂", "5", "5000", "8000", "计件", place, phone, "两班倒", "长白班"],
        ["普工", "演示丙厂", "5", "5000", "6000", "月", place, phone, "", ""],
    ]
    done = through(app, station, book(*sheet, header=header), people.staff)
    found = lines(client, done["import_id"], people.staff)
    assert [(line["outcome"], line["reason_code"]) for line in found] == [
        ("published", "work_unsaid"), ("published", "shift_twice"), ("rejected", "D-07.content"),
    ]  # fmt: skip
    welder, tailor = jobs(database)
    assert (welder.description, welder.wage_text) == ("", "7000-9000元/月")
    assert (tailor.wage_text, tailor.wage_min, tailor.wage_unit) == ("5000-8000（计件）", 5000, "month")
    assert "两班倒" in tailor.description
    assert "长白班" in tailor.description
