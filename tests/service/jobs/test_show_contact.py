"""Whom to call: masked on the page, whole for who is signed in, noted before it is shown, and nowhere else in any text."""

from __future__ import annotations

import flask
import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from service import clock
from service.audit.models import AuditEvent
from service.jobs import contacts
from service.jobs.contacts import LEFT_OUT, first_name, first_phone, without_contacts, without_numbers
from service.jobs.models import Job
from service.jobs.schemas import PHONE_HINT
from tests.service.conftest import People, Publish, gig_draft

PHONE = "13800000001"


def _looks(app: flask.Flask) -> list[AuditEvent]:
    with app.extensions["database"].read_session() as session:
        return list(session.scalars(select(AuditEvent).where(AuditEvent.action == "job.contact").order_by(AuditEvent.seq)))


def test_a_page_shows_head_and_tail_to_everybody(client: FlaskClient, publish: Publish, people: People) -> None:
    made = publish()
    assert made["contact"]["phone"] == "138****0001"
    for headers in ({}, people.worker, people.employer, people.operator):
        for view in ("standard", "elder"):
            answer = client.get(f"/v1/jobs/{made['job_id']}?view={view}", headers=headers)
            assert answer.get_json()["contact"] == {"name": "演示联系人", "phone": "138****0001", "hint": PHONE_HINT}
            assert PHONE not in answer.get_data(as_text=True)


def test_the_whole_number_for_who_is_signed_in_and_it_is_noted(
    app: flask.Flask, client: FlaskClient, publish: Publish, people: People
) -> None:
    url = f"/v1/jobs/{publish()['job_id']}/contact"
    assert client.get(url).status_code == 401
    assert _looks(app) == []
    answer = client.get(url, headers=people.worker)
    assert answer.get_json()["phone"] == PHONE
    assert answer.headers["Cache-Control"] == "no-store"
    look = _looks(app)[0]
    assert (look.account_id, look.role, look.details) == (
        people.account_ids["worker"],
        "worker",
        {"fields": ["contact_phone"]},
    )
    assert look.region_code.startswith("360702")
    assert client.get(url, headers=people.employer).get_json()["phone"] == PHONE
    assert len(_looks(app)) == 1, "one's own number is no news"


def test_other_employers_do_not_collect_numbers(client: FlaskClient, publish: Publish, people: People) -> None:
    answer = client.get(f"/v1/jobs/{publish()['job_id']}/contact", headers=people.other_employer)
    assert answer.status_code == 403
    assert answer.get_json()["error"] == "contact_not_yours"


def test_no_look_without_a_note(
    app: flask.Flask, client: FlaskClient, publish: Publish, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"/v1/jobs/{publish()['job_id']}/contact"
    with app.extensions["database"].write_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_event RENAME TO audit_event_away")
    try:
        answer = client.get(url, headers=people.worker)
    finally:
        with app.extensions["database"].write_engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE audit_event_away RENAME TO audit_event")
    assert answer.status_code == 503
    assert PHONE not in answer.get_data(as_text=True)


def test_over_or_without_a_number(app: flask.Flask, client: FlaskClient, publish: Publish, people: People) -> None:
    url = f"/v1/jobs/{publish()['job_id']}/contact"
    with app.extensions["database"].write_session() as session:
        session.execute(update(Job).values(contact_phone_open="", contact_phone_sealed=None))
    assert client.get(url, headers=people.worker).get_json()["error"] == "no_contact"
    assert client.get(url[:-8]).get_json()["contact"]["hint"] == ""
    with app.extensions["database"].write_session() as session:
        session.execute(update(Job).values(status="closed", contact_phone_open=PHONE))
    assert client.get(url, headers=people.worker).get_json()["error"] == "job_over"
    assert client.get(url, headers=people.employer).get_json()["phone"] == PHONE


def test_numbers_in_texts_go_where_numbers_belong(
    app: flask.Flask, client: FlaskClient, publish: Publish, people: People
) -> None:
    planted = ("13900000009", "139-0000-0009", "999999199001010015", "weixin_0001", "someone@example.org")
    body = gig_draft(
        clock.now(),
        contact_phone=None,
        contact_name="演示联系人13900000009",
        description="电话 13900000009，微信：weixin_0001，证件 999999199001010015，someone@example.org，包吃住。",
        skills=["叉车 13900000009"],
        address="沙河工业园 139-0000-0009",
    )
    body |= {"title": "装卸工 13900000009", "employer_name": "演示仓库 13900000009", "tags": ["日结", "电话13900000009"]}
    body["gig"]["insurance"] = "意外险，问 13900000009"
    made = publish(body, people.staff)
    assert [finding["rule"] for finding in made["findings"] if finding["rule"] == "contact_in_text"] == ["contact_in_text"]
    url = f"/v1/jobs/{made['job_id']}"
    for path, accept in ((url, "application/json"), (url, "application/ld+json"), ("/v1/jobs", "application/json")):
        told = client.get(path, headers={"Accept": accept}).get_data(as_text=True)
        assert not [secret for secret in planted if secret in told], path
    assert "包吃" in made["tags"]
    assert made["contact"]["phone"] == "139****0009"
    assert client.get(f"{url}/contact", headers=people.worker).get_json()["phone"] == "13900000009"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("联系 1 3 8 0 0 0 0 0 0 0 1 谢谢", f"联系 {LEFT_OUT} 谢谢"),
        ("wechat operator 招聘", "wechat operator 招聘"),
        ("微信小程序开发", "微信小程序开发"),
        ("微信 demo_0001", LEFT_OUT),
        ("月薪6000-8000元，12薪", "月薪6000-8000元，12薪"),
        ("打电话１３８００００００１３问", f"打电话{LEFT_OUT}问"),
        ("一三八零零零零零零零一", LEFT_OUT),
        ("壹叁捌〇〇〇〇〇〇〇壹", LEFT_OUT),
        ("①③⑧⓪⓪⓪⓪⓪⓪⓪①", LEFT_OUT),
        ("包住138.0000.0001", f"包住{LEFT_OUT}"),
        ("1380000\u200b0001", LEFT_OUT),
        ("加V：abc12345", LEFT_OUT),
        ("加Ｖ：abc12345", LEFT_OUT),
        ("微信zhangsan，包住", f"{LEFT_OUT}，包住"),
        ("座机8123456", f"座机{LEFT_OUT}"),
        ("QQ群123456789", LEFT_OUT),
        ("someone＠example.org", LEFT_OUT),
        ("联系人：张三", f"联系人：{LEFT_OUT}"),
        ("聯繫人：張三 13800000001", f"聯繫人：{LEFT_OUT} {LEFT_OUT}"),
        ("联系人王女士，包住", f"联系人{LEFT_OUT}，包住"),
        ("联系人：欧阳 电话13800000001", f"联系人：{LEFT_OUT} 电话{LEFT_OUT}"),
        # What must stay
        ("联系人：人力资源部", "联系人：人力资源部"),
        ("联系人力资源部", "联系人力资源部"),
        ("微信android端开发", "微信android端开发"),
        ("VxWorks、QNX 驱动", "VxWorks、QNX 驱动"),
        ("微信公众号运营、QQ音乐", "微信公众号运营、QQ音乐"),
        ("2026-11-27 08:00-20:00", "2026-11-27 08:00-20:00"),
        ("4500-5000-6000元/月", "4500-5000-6000元/月"),
        ("底薪3800+提成，8000-15000 6天", "底薪3800+提成，8000-15000 6天"),
        ("香江大道188号3栋1502室", "香江大道188号3栋1502室"),
        ("职业代码 6-31-01-03，区划 360702001000、130102001000", "职业代码 6-31-01-03，区划 360702001000、130102001000"),
        ("138000000011", LEFT_OUT),
        ("统一社会信用代码 91360700MA00000000", "统一社会信用代码 91360700MA00000000"),
        ("五险一金，一三五上班，二四六休", "五险一金，一三五上班，二四六休"),
        ("报名见 https://example.org/jobs?id=2026112701", "报名见 https://example.org/jobs?id=2026112701"),
    ],
)
def test_what_is_a_number_of_a_person(text: str, left: str) -> None:
    assert without_contacts(text) == left


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("电话+86 138-0000-0001", "13800000001"),
        ("证件 999999199001010015 电话13800000001", "13800000001"),
        ("0797-1234567", "07971234567"),
        ("没有", ""),
        ("身份证 999999199001010015 打一三八零零零零零零零一", "13800000001"),
        ("８１３８００００００１ 座机：8123456", "8123456"),
    ],
)
def test_the_first_number(text: str, phone: str) -> None:
    assert first_phone(text) == phone


def test_cutting_twice_is_cutting_once() -> None:
    text = "联系人：张三，加V：abc12345，电话一三八零零零零零零零一，座机8123456，包住"
    once = without_contacts(text)
    assert once == f"联系人：{LEFT_OUT}，{LEFT_OUT}，电话{LEFT_OUT}，座机{LEFT_OUT}，包住"
    assert without_contacts(once) == once


def test_a_name_stays_where_names_belong_and_is_found_where_not() -> None:
    assert first_name("包住，联系人：王女士 13800000001") == "王女士"
    assert first_name("联系人：人力资源部") == ""
    assert without_numbers("联系人：王女士") == "联系人：王女士"
    assert without_numbers("王女士１３８００００００１３") == f"王女士{LEFT_OUT}"


def test_hidden_numbers_and_names_go_into_the_contact(client: FlaskClient, publish: Publish, people: People) -> None:
    said = "包住，联系人：王女士，打一三八零零零零零零零一，加V：abc12345"
    body = gig_draft(clock.now(), contact_phone=None, contact_name=None, description=said)
    made = publish({name: value for name, value in body.items() if value is not None}, people.staff)
    url = f"/v1/jobs/{made['job_id']}"
    for path, accept in ((url, "application/json"), (url, "application/ld+json"), (f"{url}/group-text", "application/json")):
        told = client.get(path, headers={"Accept": accept} | people.staff).get_data(as_text=True)
        assert not [secret for secret in ("王女士，", "一三八", "abc12345") if secret in told], path
    kept = client.get(f"{url}/contact", headers=people.worker).get_json()
    assert (kept["name"], kept["phone"]) == ("王女士", "13800000001")


def test_rows_of_older_versions_are_shown_without_numbers_too(app: flask.Flask, client: FlaskClient, publish: Publish) -> None:
    job_id = publish()["job_id"]
    with app.extensions["database"].write_session() as session:
        session.execute(
            update(Job).values(
                title="普工一三八零零零零零零零一",
                description="加V：abc12345",
                address="１３８００００００１３",
                employer_name="座机8123456",
            )
        )
    for path in (f"/v1/jobs/{job_id}", f"/v1/jobs/{job_id}?view=elder"):
        told = client.get(path).get_data(as_text=True)
        assert not [secret for secret in ("一三八", "abc12345", "１３８", "8123456") if secret in told]


@settings(max_examples=300, deadline=None)
@given(
    number=st.from_regex(r"1[38][0-9]0000[0-9]{4}|0797[2-9][0-9]{6}|400[0-9]{7}", fullmatch=True),
    alphabet=st.sampled_from(
        ["0123456789", "０１２３４５６７８９", "零一二三四五六七八九", "⓪①②③④⑤⑥⑦⑧⑨", "零壹贰叁肆伍陆柒捌玖", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"]
    ),
    gap=st.sampled_from(("", " ", "-", ".", "·", "—", "\u200b", "　")),
    frame=st.sampled_from(("包住，{}，日结", "电话{}", "加我 {} 详谈", "工资5000-6000，联系：{}。")),
)
def test_the_quick_look_lets_no_number_through(number: str, alphabet: str, gap: str, frame: str) -> None:
    """What the slow look would find, the quick one must send there."""
    pieces = (number[:4], number[4:]) if number[0] == "0" else (number[:3], number[3:6], number[6:])
    written = frame.format(gap.join(pieces).translate({ord(str(digit)): alphabet[digit] for digit in range(10)}))
    if contacts._found(written, names=True):
        assert LEFT_OUT in without_contacts(written)
    if number[0] == "1" or (gap in {"", " ", "-"} and alphabet[1] != "1"):
        assert LEFT_OUT in without_contacts(written), written
