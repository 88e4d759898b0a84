"""Everything held about a person, as data and as a page that people can read."""

from __future__ import annotations

import ast
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from service import audit, clock
from service.accounts.create import create_account
from service.accounts.tokens import issue_token
from service.audit.models import AuditEvent
from service.db import Database
from service.employers.models import Employer
from service.idempotency import IdempotentAnswer
from service.privacy import export
from service.privacy.registry import personal_tables
from service.privacy.words import column_title
from service.wechat.client import Identity
from service.wechat.identities import bind_identity
from service.wechat.models import OutgoingMessage
from service.workers.choices import act_title
from service.workers.models import Worker
from tests.service.conftest import People
from tests.service.employers import made_up
from tests.service.privacy.conftest import Somebody


def test_export_as_a_page(client: FlaskClient, people: People, somebody: Somebody, database: Database) -> None:
    with database.write_session() as session:
        session.get_one(Worker, somebody.worker_id).wish = "<script>alert(1)</script>"
    page = client.get("/v1/me/export", headers=people.worker | {"Accept": "text/html"})
    text = page.get_data(as_text=True)
    assert page.mimetype == "text/html"
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    for said in ("求职档案", "13800000007", "谁看过我的信息", "同意记录", "注销时清空"):
        assert said in text, said
    assert page.headers["Cache-Control"] == "no-store"


def test_the_export_has_the_acts_about_the_person(client: FlaskClient, people: People, somebody: Somebody) -> None:
    assert client.get(f"/v1/workers/{somebody.worker_id}/hardships", headers=people.bureau).status_code == 200
    for who, seen in (("worker", True), ("bureau", False)):
        tables = client.get("/v1/me/export", headers=getattr(people, who)).get_json()["tables"]
        acts = [act for table in tables if table["table"] == "audit_event" for act in table["rows"]]
        assert ("personal.read" in {act["action"] for act in acts}) is seen, who  # what an office read is not about the officer
        assert "me.export" in {act["action"] for act in acts} or who == "bureau"
    page = client.get("/v1/me/export", headers=people.worker | {"Accept": "text/html"}).get_data(as_text=True)
    assert "看了个人信息" in page


def test_every_column_of_the_export_has_a_chinese_name() -> None:
    nameless = {
        f"{one.name}.{name}"
        for one in personal_tables()
        for name in (*one.shown(), *one.opened())
        if name not in one.says.hidden and not named(name)
    }
    assert not nameless


def named(name: str) -> bool:
    """Whether a name has one of its own in Chinese."""
    return "（" + name + "）" not in column_title(name) and re.search(r"[\u4e00-\u9fff]", column_title(name)) is not None


def test_every_act_and_every_detail_of_it_has_a_chinese_name() -> None:
    """Read from the sources: what the trail can hold is what an export can show."""
    acts: set[str] = set()
    details: set[str] = set()
    for path in Path(export.__file__).parents[1].rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or getattr(call.func, "attr", "") not in {"record", "note", "read_personal"}:
                continue
            said = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "action")]
            here = {one.value for one in said if isinstance(one, ast.Constant) and isinstance(one.value, str)}
            mine = {one for one in here if re.fullmatch(r"[a-z_]+\.[a-z_]+", one)}
            acts |= mine
            for keyword in call.keywords:
                if isinstance(keyword.value, ast.Dict) and keyword.arg == "details":
                    details |= {str(key.value) for key in keyword.value.keys if isinstance(key, ast.Constant)}
                elif mine and getattr(call.func, "attr", "") == "note":
                    details.add(str(keyword.arg))
    assert {"profile.edit", "session.open", "employer.handler", "me.export"} <= acts
    assert {"fields", "drops_second_factor", "waits", "into"} <= details
    assert not {act for act in acts if act_title(act) == act}
    assert not {name for name in details if not named(name)}


def test_the_page_is_written_as_people_speak(client: FlaskClient, people: People, somebody: Somebody, database: Database) -> None:
    moment = datetime(2026, 11, 27, 16, 5, 9, tzinfo=UTC)
    with database.write_session() as session:
        bind_identity(session, somebody.account_id, Identity("o-demo-0001", "u-demo-0001"), moment)
        row = session.get_one(Worker, somebody.worker_id)
        row.birth_month, row.skill_levels = date(1975, 5, 1), {"电焊": "senior"}
        message = OutgoingMessage(
            account_id=somebody.account_id, message="job_match", message_key="m-1", state="sent", queued_at=moment,
            expires_at=moment, done_at=moment,
        )  # fmt: skip
        message.values = json.dumps({"job": "演示保安", "at": "2026-11-27T18:30:00+08:00"})
        answered = IdempotentAnswer(
            account_id=somebody.account_id,
            key="demo-key-1",
            request_hash="x",
            status=201,
            headers={"ETag": "1"},
            created_at=moment,
        )
        answered.answer = '{"job_id": 1, "at": "2026-11-27T18:30:00+08:00"}'
        session.add_all([message, answered])
        audit.record(session, None, "profile.edit", "worker", 1, details={"fields": ["wish"]}, for_worker=somebody.worker_id)
    text = client.get("/v1/me/export", headers=people.worker | {"Accept": "text/html"}).get_data(as_text=True)
    body = client.get("/v1/me/export", headers=people.worker).get_data(as_text=True)
    assert re.search(r"\d{4}-\d\d-\d\d", body)  # programs read the JSON
    assert not re.search(r"\d{4}-\d\d-\d\d", text)
    for said in (
        "2026年11月28日 00:05",
        "1975年5月<",
        "时间：2026年11月27日 18:30",
        "<dt>微信号标识</dt><dd>o-demo-0001",
        "想干什么活",
    ):
        assert said in text, said
    labels = re.findall(r"<(?:dt|h1|h2)>(.*?)</", text)
    assert len(labels) > 50
    inside = [label for line in re.findall(r"<dd>(.*?)</dd>", text) for label in re.findall(r"(?:^|；)([A-Za-z_]\w*)：", line)]
    assert not [label for label in [*labels, *inside] if not re.search(r"[\u4e00-\u9fff]", label) or "其他（" in label]


def test_who_administers_an_employer_gets_its_handler(client: FlaskClient, people: People, database: Database) -> None:
    """His own name and number, as a rule. Recruiters, and administrators of others, do not get them."""
    name, number = "演示经办", made_up.id_number(77)
    with database.write_session() as session:
        employer = session.get_one(Employer, people.employer_id)
        employer.handler_name, employer.handler_id = name, number
        recruiter = create_account(
            session, role="employer_recruiter", login="recruiter", display_name="演示", now=clock.now(),
            employer_id=people.employer_id,
        )  # fmt: skip
        token = issue_token(session, recruiter.account_id, clock.now())
    exported = client.get("/v1/me/export", headers=people.employer).get_json()["tables"]
    row = next(table["rows"] for table in exported if table["table"] == "employer")[0]
    assert (row["employer_id"], row["handler_name"], row["handler_id"]) == (people.employer_id, name, number)
    page = client.get("/v1/me/export", headers=people.employer | {"Accept": "text/html"}).get_data(as_text=True)
    assert f"<dt>经办人身份证号码</dt><dd>{number}" in page
    for headers in ({"Authorization": f"Bearer {token}"}, people.other_employer, people.worker, people.bureau):
        text = client.get("/v1/me/export", headers=headers).get_data(as_text=True)
        assert name not in text
        assert number not in text
    with database.read_session() as session:
        noted = session.scalars(select(AuditEvent).where(AuditEvent.action == "employer.handler")).all()
    assert [(one.account_id, one.object_id) for one in noted] == [(people.account_ids["employer"], str(people.employer_id))] * 2


def test_export_shows_no_secret_of_the_system(client: FlaskClient, people: People, somebody: Somebody) -> None:
    body = client.get("/v1/me/export", headers=people.worker).get_json()
    names = {name for table in body["tables"] for row in table["rows"] for name in row}
    assert not {name for name in names if name.endswith(("_hash", "_index", "_sealed", "row_key")) and name != "text_hash"}
    assert {table["table"] for table in body["tables"]} >= {"account", "worker", "consent_record", "disclosure", "account_phone"}


@pytest.mark.parametrize("who", ["employer", "staff", "bureau", "operator"])
def test_everybody_takes_his_own_along(client: FlaskClient, people: People, somebody: Somebody, who: str) -> None:
    text = client.get("/v1/me/export", headers=getattr(people, who)).get_data(as_text=True)
    assert "演示老张" not in text
    assert "account" in text
