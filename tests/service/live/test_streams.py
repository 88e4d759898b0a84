"""Streams over HTTP: who may open one, the licence rule, listings by API and by sheet, the running order that everybody sees."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from service import clock
from service.accounts.create import create_account
from service.accounts.tokens import issue_token
from service.jobs.models import Job, LiveSession
from service.sheets.write import Page, write_book
from tests.service.conftest import NANCHANG, People, draft

_HEADER = ["链接号", "单位名称", "招聘岗位", "人数", "薪资待遇", "年龄", "工作地区", "工作地址", "联系电话", "岗位要求", "时间"]


@pytest.fixture
def head(app: flask.Flask, people: People) -> dict[str, str]:
    """The head of the first station, signed in."""
    now = clock.now()
    with app.extensions["database"].write_session() as session:
        made = create_account(
            session, role="station_head", login="head", display_name="演示站长", now=now, station_id=people.station_id
        )
        return {"Authorization": f"Bearer {issue_token(session, made.account_id, now)}"}


def stream_body(**changes: Any) -> dict[str, Any]:
    """A stream of tomorrow."""
    begins = clock.now().replace(microsecond=0) + timedelta(days=1)
    body = {
        "title": "演示直播带岗", "host": "演示主播", "platform": "视频号", "room": "演示直播间",
        "starts_at": clock.show(begins), "ends_at": clock.show(begins + timedelta(hours=2)),
    }  # fmt: skip
    return body | changes


def _listing(number: int, **changes: Any) -> dict[str, Any]:
    said = draft(**{"employer_name": "演示电子厂"} | changes)
    del said["kind"]
    return said | {"listing_no": number}


def _made(client: FlaskClient, who: dict[str, str], **changes: Any) -> dict[str, Any]:
    answer = client.post("/v1/live-sessions", json=stream_body(**changes), headers=who | {"Idempotency-Key": "stream-00001"})
    assert answer.status_code == 201, answer.get_json()
    said: dict[str, Any] = answer.get_json()
    return said


def _write(client: FlaskClient, who: dict[str, str], code: str, *listings: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.post(f"/v1/live-sessions/{code}/listings", json={"listings": list(listings)}, headers=who)
    assert answer.status_code == 200, answer.get_json()
    rows: list[dict[str, Any]] = answer.get_json()["items"]
    return rows


def _sheet(*rows: list[str]) -> bytes:
    return write_book([Page("岗位", [["演示直播岗位表"] * len(_HEADER), _HEADER, *rows], header_rows=2)])


def _row(number: str, title: str = "普工", **changes: str) -> list[str]:
    said = {
        "链接号": number, "单位名称": "演示电子厂", "招聘岗位": title, "人数": "20人", "薪资待遇": "6000-8000元/月",
        "年龄": "18-60岁", "工作地区": "赣州市章贡区", "工作地址": "沙河工业园", "联系电话": "13800000001",
        "岗位要求": "流水线组装，坐着上班，包吃住，五险，做六休一。", "时间": "",
    } | changes  # fmt: skip
    return [said[name] for name in _HEADER]


def _import(client: FlaskClient, who: dict[str, str], code: str, content: bytes, query: str = "") -> Any:
    data = {"file": (io.BytesIO(content), "岗位表.xlsx")}
    return client.post(f"/v1/live-sessions/{code}/listings:import{query}", data=data, headers=who)


def test_who_may_open_a_stream(client: FlaskClient, people: People, head: dict[str, str]) -> None:
    for who, status, error in (
        (head, 201, None), (people.bureau, 201, None), (people.employer, 201, None),
        (people.unverified_employer, 403, "employer_not_ready"), (people.staff, 403, "role_not_allowed"),
        (people.worker, 403, "role_not_allowed"), ({}, 401, "not_signed_in"),
    ):  # fmt: skip
        answer = client.post("/v1/live-sessions", json=stream_body(), headers=who | {"Idempotency-Key": "open-000001"})
        assert (answer.status_code, answer.get_json().get("error")) == (status, error)
    outside = stream_body(region=NANCHANG)
    answer = client.post("/v1/live-sessions", json=outside, headers=people.bureau | {"Idempotency-Key": "open-000002"})
    assert (answer.status_code, answer.get_json()["error"]) == (403, "outside_territory")


def test_the_licence_is_asked_for_and_only_warned_about(client: FlaskClient, people: People, head: dict[str, str]) -> None:
    (finding,) = _made(client, head)["findings"]
    assert (finding["rule"], finding["severity"], finding["verified"]) == ("D-07.live_licence", "warn", "secondary")
    assert _made(client, people.bureau, licence="演示就业服务中心")["findings"] == []
    assert _made(client, people.employer)["findings"] == []  # its own jobs, papers in order


def test_times_that_cannot_be(client: FlaskClient, people: People) -> None:
    now = clock.now()
    for number, (begins, ends) in enumerate(((2, 1), (-3, -1), (1, 30))):
        body = stream_body(starts_at=clock.show(now + timedelta(hours=begins)), ends_at=clock.show(now + timedelta(hours=ends)))
        answer = client.post("/v1/live-sessions", json=body, headers=people.bureau | {"Idempotency-Key": f"times-{number:05d}"})
        assert (answer.status_code, answer.get_json()["error"]) == (422, "stream_times")


def test_listings_are_written_changed_and_left_alone(client: FlaskClient, people: People, head: dict[str, str]) -> None:
    made = _made(client, head, listings=[_listing(1, slot="第一场")], licence="演示站")
    assert [row["outcome"] for row in made["items"]] == ["created"]
    code = made["code"]
    rows = _write(client, head, code, _listing(1, slot="第一场"), _listing(2, title="质检员"), _listing(2, title="保安"))
    assert [row["outcome"] for row in rows] == ["unchanged", "created", "refused"]
    assert rows[2]["refusal"]["error"] == "listing_no_twice"
    (changed,) = _write(client, head, code, _listing(1, slot="第一场", wage="7000元/月"))
    assert (changed["outcome"], changed["job_id"]) == ("changed", made["items"][0]["job_id"])
    shown = client.get(f"/v1/live-sessions/{code}").get_json()
    assert [(row["listing_no"], row["slot"], row["title"], row["wage_text"]) for row in shown["items"]] == [
        (1, "第一场", "电子厂普工", "7000元/月"), (2, "", "质检员", "6000-8000元/月"),
    ]  # fmt: skip
    assert [(row["code"], row["listings"]) for row in client.get("/v1/live-sessions").get_json()["items"]] == [(code, 2)]
    # Another employer at the same number is another job.
    (other,) = _write(client, head, code, _listing(1, employer_name="演示餐馆", title="服务员"))
    assert other["outcome"] == "created"
    assert client.get(f"/v1/jobs/{changed['job_id']}").status_code == 404
    live = client.get(f"/v1/jobs/{other['job_id']}").get_json()["live"]
    assert (live["session"], live["listing_no"]) == (code, 1)


def test_a_number_is_taken_out_and_free_again(client: FlaskClient, people: People, head: dict[str, str]) -> None:
    code = _made(client, head, listings=[_listing(3)])["code"]
    assert client.delete(f"/v1/live-sessions/{code}/listings/3", headers=people.employer).status_code == 403
    gone = client.delete(f"/v1/live-sessions/{code}/listings/3", headers=head)
    assert gone.status_code == 200
    assert client.get(f"/v1/jobs/{gone.get_json()['job_id']}").status_code == 404
    assert client.delete(f"/v1/live-sessions/{code}/listings/3", headers=head).status_code == 404
    assert [row["outcome"] for row in _write(client, head, code, _listing(3))] == ["created"]


def test_only_whose_stream_it_is(client: FlaskClient, people: People, head: dict[str, str]) -> None:
    code = _made(client, head)["code"]
    for who, status in ((people.employer, 403), (people.other_bureau, 403), (people.bureau, 200), ({}, 401)):
        answer = client.post(f"/v1/live-sessions/{code}/listings", json={"listings": []}, headers=who)
        assert answer.status_code == status
        assert _import(client, who, code, _sheet(_row("1"))).status_code == status
    for odd in ("ZB-NONE", "%00", "a" * 40, "x'y"):
        assert client.get(f"/v1/live-sessions/{odd}").status_code == 404


def test_an_employer_shows_its_own_jobs_only(client: FlaskClient, people: People) -> None:
    code = _made(client, people.employer)["code"]
    rows = _write(
        client, people.employer, code, _listing(1), _listing(2, employer_name=None), _listing(3, employer_name="演示餐馆")
    )
    assert [row["outcome"] for row in rows] == ["created", "created", "refused"]
    assert rows[2]["refusal"]["error"] == "not_your_employer"
    assert client.get(f"/v1/jobs/{rows[1]['job_id']}").get_json()["employer"]["name"] == "演示电子厂"


def test_what_the_law_forbids_is_refused_and_spoils_no_other(client: FlaskClient, people: People, head: dict[str, str]) -> None:
    code = _made(client, head)["code"]
    rows = _write(client, head, code, _listing(1, description="入职先交押金300元。"), _listing(2))
    assert [(row["outcome"], (row["refusal"] or {}).get("error")) for row in rows] == [
        ("refused", "advert_refused"), ("created", None),
    ]  # fmt: skip


def test_a_sheet_is_previewed_then_written_then_unchanged(
    app: flask.Flask, client: FlaskClient, people: People, head: dict[str, str]
) -> None:
    code = _made(client, head)["code"]
    content = _sheet(
        ["第一场 9:30 电子厂专场"] * len(_HEADER),
        _row("1号"),
        _row("2号", "质检员", 人数="3", 时间="随时"),
        _row("", "保安"),
        _row("3号", "包装工", 岗位要求="先交押金300元才能上岗。"),
        _row("4号", "搬运工", 人数="若干"),
    )

    def jobs() -> int:
        with app.extensions["database"].read_session() as session:
            return session.scalar(select(func.count()).select_from(Job)) or 0

    preview = _import(client, head, code, content, "?preview=true")
    assert preview.status_code == 200, preview.get_json()
    rows = preview.get_json()["items"]
    assert [(row["row"], row["outcome"], row["job_id"]) for row in rows] == [
        (4, "created", None), (5, "created", None), (6, "refused", None), (7, "refused", None),
        (8, "refused", None),
    ]  # fmt: skip
    assert jobs() == 0
    assert [len(row["notes"]) for row in rows] == [0, 1, 0, 0, 1]
    rows = _import(client, head, code, content).get_json()["items"]
    assert [row["outcome"] for row in rows] == ["created", "created", "refused", "refused", "refused"]
    assert [(row["refusal"] or {}).get("error") for row in rows] == [
        None, None, "listing_no_unread", "advert_refused", "advert_refused",
    ]  # fmt: skip
    assert jobs() == 2
    again = _import(client, head, code, content).get_json()["items"]
    assert [row["outcome"] for row in again] == ["unchanged", "unchanged", "refused", "refused", "refused"]
    first = client.get(f"/v1/live-sessions/{code}").get_json()["items"][0]
    assert first["slot"] == "第一场 9:30 电子厂专场"
    assert first["slot_starts_at"][11:16] == "09:30"
    shown = client.get(f"/v1/jobs/{first['job_id']}").get_json()
    assert shown["contact"]["phone"] == "138****0001"
    assert "13800000001" not in client.get(f"/v1/live-sessions/{code}").get_data(as_text=True)


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", "running_order_empty"), (b"PK\x03\x04broken", "running_order_cut"), (b"a,b\n1,2\n", "running_order_no_header")],
)  # fmt: skip
def test_a_sheet_that_cannot_be_used_is_said(
    client: FlaskClient, people: People, head: dict[str, str], content: bytes, error: str
) -> None:
    code = _made(client, head)["code"]
    answer = _import(client, head, code, content)
    assert (answer.status_code, answer.get_json()["error"]) == (422, error)


def test_no_file_and_no_form(client: FlaskClient, people: People, head: dict[str, str]) -> None:
    code = _made(client, head)["code"]
    assert client.post(f"/v1/live-sessions/{code}/listings:import", json={}, headers=head).status_code == 415
    answer = client.post(
        f"/v1/live-sessions/{code}/listings:import", data={"other": "x"}, headers=head, content_type="multipart/form-data"
    )
    assert (answer.status_code, answer.get_json()["error"]) == (422, "sheet_missing")


def test_the_list_by_place_and_by_time(client: FlaskClient, people: People, head: dict[str, str]) -> None:
    code = _made(client, head)["code"]
    assert [row["code"] for row in client.get("/v1/live-sessions?region=赣州市").get_json()["items"]] == [code]
    assert client.get("/v1/live-sessions?region=南昌市").get_json()["items"] == []
    assert client.get("/v1/live-sessions?over=true").get_json()["items"] == []


@pytest.mark.parametrize("way", ["api", "sheet"])
def test_a_changed_running_order(client: FlaskClient, people: People, head: dict[str, str], way: str) -> None:
    """Two change places, one is dropped, one is new: each job keeps its address and its number is the new one."""
    titles = ["普工", "质检员", "保安", "保洁员"]

    def send(code: str, order: dict[int, str], *, whole: bool) -> dict[int | None, Any]:
        if way == "api":
            body = {"listings": [_listing(number, title=title) for number, title in order.items()], "whole": whole}
            answer = client.post(f"/v1/live-sessions/{code}/listings", json=body, headers=head)
        else:
            content = _sheet(*[_row(f"{number}号", title) for number, title in order.items()])
            answer = _import(client, head, code, content, f"?whole={str(whole).lower()}")
        assert answer.status_code == 200, answer.get_json()
        return {row["listing_no"]: row for row in answer.get_json()["items"]}

    def shown(code: str) -> dict[int, tuple[str, int]]:
        items = client.get(f"/v1/live-sessions/{code}").get_json()["items"]
        return {row["listing_no"]: (row["title"], row["job_id"]) for row in items}

    code = _made(client, head)["code"]
    send(code, dict(enumerate(titles, start=1)), whole=True)
    before = dict(shown(code).values())
    rows = send(code, {1: "质检员", 2: "普工", 3: "搬运工", 5: "保安"}, whole=True)
    assert {number: row["outcome"] for number, row in rows.items()} == {
        1: "changed", 2: "changed", 3: "created", 4: "withdrawn", 5: "changed",
    }  # fmt: skip
    after = shown(code)
    assert {number: title for number, (title, _) in after.items()} == {1: "质检员", 2: "普工", 3: "搬运工", 5: "保安"}
    assert {title: job_id for title, job_id in after.values() if title in before} == {
        title: before[title] for title in ("质检员", "普工", "保安")
    }
    assert client.get(f"/v1/jobs/{before['保洁员']}").status_code == 404
    assert client.get(f"/v1/jobs/{before['普工']}").get_json()["live"]["listing_no"] == 2
    again = send(code, {1: "质检员", 2: "普工", 3: "搬运工", 5: "保安"}, whole=True)
    assert {row["outcome"] for row in again.values()} == {"unchanged"}
    # A part of the order leaves the rest alone.
    assert send(code, {7: "电工"}, whole=False)[7]["outcome"] == "created"
    assert set(shown(code)) == {1, 2, 3, 5, 7}


def test_what_stood_where_another_moves_to_is_withdrawn(client: FlaskClient, people: People, head: dict[str, str]) -> None:
    code = _made(client, head, listings=[_listing(1, title="普工"), _listing(2, title="保安")])["code"]
    guard = client.get(f"/v1/live-sessions/{code}").get_json()["items"][1]["job_id"]
    (row,) = _write(client, head, code, _listing(1, title="保安"))
    assert (row["outcome"], row["job_id"]) == ("changed", guard)
    items = client.get(f"/v1/live-sessions/{code}").get_json()["items"]
    assert [(one["listing_no"], one["title"]) for one in items] == [(1, "保安")]


def test_the_preview_says_what_each_column_was_taken_for(client: FlaskClient, people: People, head: dict[str, str]) -> None:
    code = _made(client, head, licence="演示站")["code"]
    header = ["号", "招什么", "招工单位", "几个人", "多少钱", "在哪", "几岁", "打哪个电话", "有什么要求", "盖章"]
    line = [
        "四",
        "电焊工",
        "演示钢构厂",
        "五人",
        "7000-9000元/月",
        "赣州市章贡区沙河工业园",
        "18-60",
        "13800000001",
        "焊接钢构",
        "",
    ]
    seen = _import(client, head, code, write_book([Page("岗位", [header, line])]), "?preview=true").get_json()
    assert [(one["column"], one["meaning"]) for one in seen["columns"]] == [
        (1, "listing_no"), (2, "title"), (3, "employer_name"), (4, "headcount"), (5, "wage"), (6, "address"), (7, "age"),
        (8, "contact_phone"), (9, "description"), (10, ""),
    ]  # fmt: skip
    assert seen["columns"][1]["meaning_name"] == "岗位名称"
    assert [(one["listing_no"], one["outcome"], one["notes"]) for one in seen["items"]] == [(4, "created", [])]


@pytest.mark.parametrize("over", [False, True])
def test_all_streams_page_by_page(app: flask.Flask, client: FlaskClient, people: People, over: bool) -> None:
    begins = clock.now().replace(microsecond=5) + timedelta(days=-9 if over else 9)
    with app.extensions["database"].write_session() as session:
        for number in range(5):  # two and two begin at the same moment
            moment = begins + timedelta(microseconds=number // 2)
            session.add(
                LiveSession(
                    code=f"S-{number}",
                    title="演示",
                    host="演示",
                    platform="视频号",
                    room="演示",
                    starts_at=moment,
                    ends_at=moment + timedelta(hours=1),
                    created_at=begins,
                )
            )
    address, seen = f"/v1/live-sessions?limit=2&over={str(over).lower()}", list[str]()
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(f"{address}&cursor={cursor}").get_json()
        seen += [row["code"] for row in page["items"]]
        cursor = page["next"]
    wanted = [f"S-{number}" for number in range(5)]
    assert seen == (wanted[::-1] if over else wanted)
    assert client.get(f"{address}&cursor=x").get_json()["error"] == "cursor_invalid"
