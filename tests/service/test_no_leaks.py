"""Known secrets are planted through every route that takes one; then everything that the service wrote is searched for them.

A real process with the stand-ins of WeChat and the SMS gateway; searched are the database (the file with its WAL, or every table
of PostgreSQL), the log, the metrics, the error answers, and every file of the data folder. Not only as they are: also escaped,
encoded, and as the plain hash that anybody could compute of a phone number.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest
from sqlalchemy import text

from service import clock
from service.accounts.models import Account
from service.accounts.tokens import issue_token
from service.consents.texts import text_of
from service.crypto.rotate import usage
from service.db import Database
from service.migrations.run import upgrade
from service.signin.loopback_sms import LoopbackSms
from service.wechat.loopback.push import Pusher
from tests.service.conftest import People, draft, make_people
from tests.service.employers import made_up
from tests.service.test_running import READY_SECONDS, ROOT, raw_to, start, tail, until
from tests.service.wechat.conftest import AES_KEY, APPID, PUSH_TOKEN, SECRET, make_loopback

PLANTED = {
    "contact_phone": "13811117001",
    "contact_name": "演示植甲",
    "sms_phone": "13822227002",
    "wechat_phone": "13833337003",
    "pushed_phone": "13844447004",
    "asked_phone": "13855557005",
    "wrong_phone": "13866667006",
    "landline": "0797-8007007",
    "handler_name": "演示植乙",
    "handler_id": made_up.id_number(701),
    "real_name": "演示植丙",
    "worker_id_number": made_up.id_number(702, "19850505"),
    "wrong_id_number": made_up.id_number(703),
    "password": "demo-planted-password-7008",
    "wechat_secret": SECRET,
    "push_key": AES_KEY,
}


def forms(secret: str) -> list[bytes]:
    """How a secret may look where it has been written: as it is, escaped, encoded, and as an unkeyed hash (not of what is long
    and random: nobody can try all tokens)."""
    plain = secret.encode()
    seen = {plain, json.dumps(secret)[1:-1].encode(), quote(secret).encode(), plain.hex().encode(), repr(plain)[2:-1].encode()}
    for before in range(3):  # inside other bytes: three ways, by where it begins; without the letters that it shares with others
        coded = base64.b64encode(b"x" * before + plain)
        seen.add(coded[(0, 2, 3)[before] : (before + len(plain)) * 8 // 6])
    for name in () if len(secret) > 40 else ("md5", "sha1", "sha256", "sm3"):
        seen.add(hashlib.new(name, plain).hexdigest().encode())
    return sorted(form for form in seen if len(form) >= 8)


@dataclass
class Planting:
    """A running service, and what was planted in it."""

    address: str
    log: Path
    data: Path
    url: str
    people: People
    database: Database
    process: subprocess.Popen[bytes]
    environment: dict[str, str]
    secrets: dict[str, str] = field(default_factory=lambda: dict(PLANTED))
    errors: list[bytes] = field(default_factory=list)
    since: str = ""
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 1000)))

    def send(
        self, method: str, path: str, who: dict[str, str] | None = None, expect: int | None = None, **more: Any
    ) -> httpx.Response:
        """One request; ``expect`` is its status. Answers that are errors are kept to be searched."""
        headers = {"Idempotency-Key": f"planting-{next(self.numbers):04d}"} | (who or {}) | more.pop("headers", {})
        answer = httpx.request(method, self.address + path, headers=headers, timeout=30, **more)
        if expect is not None:
            assert answer.status_code == expect, (method, path, answer.text)
        if answer.status_code >= 400:
            self.errors.append(answer.content + str(answer.headers).encode())
        return answer

    def keep(self, name: str, secret: str) -> str:
        """A secret that the service made itself."""
        self.secrets[name] = secret
        return secret

    def flask(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """A command beside the running service."""
        command = [sys.executable, "-m", "flask", "--app", "wsgi.py", *words]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, timeout=120, check=False)

    def ways_out(self) -> dict[str, bytes]:
        """What anybody may fetch of all jobs, and the sheets of an office without the contacts, unpacked."""
        found = {"snapshot": self.send("GET", "/v1/snapshot/jobs", expect=200).content}
        found["stream"] = self.send("GET", f"/v1/stream/jobs?since={self.since}", expect=200).content
        jobs = [json.loads(line)["job_id"] for line in found["snapshot"].splitlines() if line.startswith(b'{"type":"job"')]
        found["postings"] = b"\n".join(self.send("GET", f"/v1/jobs/{number}/posting", expect=200).content for number in jobs)
        found["sheet csv"] = self.send("GET", "/v1/exports/jobs.csv", self.people.bureau, expect=200).content
        book = self.send("GET", "/v1/exports/jobs.xlsx", self.people.operator, expect=200).content
        with zipfile.ZipFile(io.BytesIO(book)) as archive:
            found["sheet xlsx"] = b"\n".join(archive.read(name) for name in archive.namelist())
        return found

    def everything(self, folder: Path) -> dict[str, bytes]:
        """All that was written, by the name of where."""
        found = {"log": self.log.read_bytes(), "errors": b"\n".join(self.errors)}
        found["metrics"] = httpx.get(f"{self.address}/metrics", timeout=30).content
        found |= self.ways_out()
        found["status"] = httpx.get(f"{self.address}/status", timeout=30).content
        if self.database.is_sqlite:
            for file in Path(self.url.removeprefix("sqlite:///")).parent.glob("own.db*"):
                found[f"database {file.name}"] = file.read_bytes()
        else:
            found |= {f"table {name}": content for name, content in tables(self.url).items()}
        for root in (self.data, folder):
            for file in sorted(root.rglob("*")):
                if file.is_file() and not file.is_symlink():
                    found[f"file {root.name}/{file.relative_to(root)}"] = file.read_bytes()
        return found


def tables(url: str) -> dict[str, bytes]:
    """Every table of a PostgreSQL database as text."""
    with psycopg.connect("postgresql://" + url.split("://", 1)[1], autocommit=True) as connection:
        names = [name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        found = {}
        for name in names:
            with connection.cursor().copy(f'COPY "{name}" TO STDOUT'.encode()) as copy:
                found[name] = b"".join(bytes(block) for block in copy)
        return found


def leaks(everything: dict[str, bytes], secrets: dict[str, str]) -> list[str]:
    """(what, where) of each secret that was found."""
    return [
        f"{name} in {where}"
        for name, secret in secrets.items()
        for where, content in everything.items()
        if any(form in content for form in forms(secret))
    ]


@pytest.fixture(params=["sqlite", "postgresql"])
def planting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Planting]:
    """The service with its stand-ins."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'own.db'}"
        upgrade(url)
    else:
        url = request.getfixturevalue("new_postgres_url")()
    database = Database(url)
    with database.write_session() as session:
        people = make_people(session, clock.now())
    wechat, sms = make_loopback(), LoopbackSms(key="demo-planted-sms-key").start()
    more = {
        "WECHAT_URL": wechat.url, "WECHAT_APPID": APPID, "WECHAT_SECRET": SECRET, "WECHAT_PUSH_TOKEN": PUSH_TOKEN,
        "WECHAT_PUSH_AES_KEY": AES_KEY, "SMS_URL": sms.url, "SMS_KEY": sms.key, "LOG_LEVEL": "debug", "WEB_WORKERS": "1",
    }  # fmt: skip
    log = tmp_path / "log"
    process, port = start(tmp_path, url, log, **more)
    environment = {**os.environ, **more, "DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": url, "DEMO": "0", "REDIS_URL": ""}
    made = Planting(f"http://127.0.0.1:{port}", log, tmp_path / "data", url, people, database, process, environment)
    made.wechat, made.sms = wechat, sms  # type: ignore[attr-defined]
    try:
        until(lambda: "按 Ctrl-C 结束" in log.read_text(encoding="utf-8"), READY_SECONDS, f"not ready:\n{tail(log)}")
        yield made
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        database.close()
        wechat.stop()
        sms.stop()


def plant_by_worker(here: Planting, wechat: Any, sms: LoopbackSms) -> None:
    """Somebody comes with WeChat, binds a phone, says who she is; another comes by SMS."""
    signed_in = here.send("POST", "/v1/auth/wechat", json={"code": wechat.memory.log_in("演示工友09")}, expect=200).json()
    here.keep("access_token", signed_in["access_token"])
    here.keep("refresh_token", signed_in["refresh_token"])
    here.keep("openid", wechat.memory.openid_of("演示工友09"))
    worker = {"Authorization": f"Bearer {signed_in['access_token']}"}
    code = wechat.memory.tap_phone("演示工友09", here.secrets["wechat_phone"])
    here.send("POST", "/v1/me/phone", worker, json={"code": here.keep("phone_code", code)})
    for purpose in ("basic", "id_number"):
        agreed = {"purpose": purpose, "version": text_of(purpose, clock.now()).version}
        here.send("POST", "/v1/me/consents", worker, json=agreed, expect=201)
    profile = {"wish": "想做保洁", "real_name": here.secrets["real_name"], "id_number": here.secrets["worker_id_number"]}
    here.send("PUT", "/v1/me/profile", worker, json=profile, expect=200)
    assert here.send("GET", "/v1/me/profile", worker, expect=200).json()["id_number"].startswith("999*")
    here.send("GET", "/v1/me/export", worker, expect=200)
    here.send("POST", "/v1/auth/sms/code", json={"phone": here.secrets["sms_phone"]}, expect=202)
    sent = sms.code_for(here.secrets["sms_phone"])
    by_sms = here.send("POST", "/v1/auth/sms", json={"phone": here.secrets["sms_phone"], "code": sent}, expect=200).json()
    here.keep("sms_token", by_sms["access_token"])
    event = {
        "ToUserName": "gh_demo", "FromUserName": here.secrets["openid"], "CreateTime": 1764200000, "MsgType": "text",
        "Content": f"我的电话 {here.secrets['pushed_phone']}", "MsgId": 70001,
    }  # fmt: skip
    pusher = Pusher(f"{here.address}/v1/wechat/push", PUSH_TOKEN, APPID, AES_KEY)
    assert pusher.post(*pusher.request(event)).status_code == 200
    pusher.http.close()


def plant_by_employer(here: Planting) -> int:
    """An employer names its handler and publishes jobs."""
    people, secrets = here.people, here.secrets
    employer = f"/v1/employers/{people.other_employer_id}"
    tag = here.send("GET", employer, people.other_employer, expect=200).headers.get("ETag", "*")
    handler = {
        "handler_name": secrets["handler_name"],
        "handler_id": secrets["handler_id"],
        "credit_code": made_up.credit_code(7),
    }
    here.send("PATCH", employer, people.other_employer, json=handler, headers={"If-Match": tag}, expect=200)
    body = draft(contact_phone=secrets["contact_phone"], contact_name=secrets["contact_name"])
    job = here.send("POST", "/v1/jobs", people.employer, json=body, expect=201).json()
    path = f"/v1/jobs/{job['job_id']}"
    tag = here.send("GET", path, people.employer, expect=200).headers["ETag"]
    here.send("PATCH", path, people.employer, json={"contact_phone": secrets["landline"]}, headers={"If-Match": tag}, expect=200)
    here.send("GET", f"{path}/contact", people.worker, expect=200)
    return int(job["job_id"])


def provoke(here: Planting) -> None:
    """Every kind of error with a secret in the request."""
    people, secrets = here.people, here.secrets
    phone, citizen, name = secrets["wrong_phone"], secrets["wrong_id_number"], secrets["real_name"]
    for asked in (secrets["asked_phone"], citizen, f"我叫{name} {phone}"):
        tries: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("GET", "/v1/jobs", {"params": {"q": asked}}),
            ("GET", "/v1/suggest", {"params": {"q": asked[:60]}}),
            ("POST", "/v1/match", {"json": {"text": asked}}),
            ("GET", "/v1/jobs", {"params": {"region": asked.removeprefix(f"我叫{name}")}}),
            ("GET", "/v1/jobs", {"params": {asked.removeprefix(f"我叫{name}"): "1"}}),
            ("GET", f"/v1/{quote(asked)}", {}),
            ("GET", "/v1/jobs", {"params": {"cursor": asked}}),
            ("GET", "/v1/jobs", {"headers": {"Authorization": f"Bearer {phone}", "X-Request-Id": f"{phone}-{phone}"}}),
        )
        for method, path, more in tries:
            here.send(method, path, **more)
    for body in (draft(contact_phone=f"x{phone}"), draft(kind=phone), draft(wage=["x"], contact_phone=phone), {phone: name}):
        assert here.send("POST", "/v1/jobs", people.employer, json=body).status_code == 422
    for content in (b'{"contact_phone": "' + phone.encode(), name.encode(), b"\xff" + phone.encode()):
        here.send("POST", "/v1/jobs", people.employer, content=content, headers={"Content-Type": "application/json"})
    here.send("POST", "/v1/auth/password", json={"login": "演示" + phone, "password": secrets["password"]})
    here.send("POST", "/v1/auth/sms", json={"phone": phone, "code": "000000"})
    here.send("PUT", "/v1/me/profile", people.worker, json={"wish": "保洁", "id_number": citizen, "real_name": name})
    port = int(here.address.rsplit(":", 1)[1])
    for line in (f"GET /v1/jobs?q={phone} HTTP/1.1 {citizen}".encode(), f"G{phone} / HTTP/1.1".encode(), phone.encode()):
        here.errors.append(raw_to(port, line))
    # The database fails in the middle of a statement that carries the secrets as parameters.
    with here.database.write_session() as session:
        session.execute(text("ALTER TABLE job_history RENAME TO job_history_away"))
    try:
        body = draft(contact_phone=phone, contact_name=name)
        assert here.send("POST", "/v1/jobs", people.employer, json=body).status_code >= 500
    finally:
        with here.database.write_session() as session:
            session.execute(text("ALTER TABLE job_history_away RENAME TO job_history"))


@pytest.mark.long
@pytest.mark.timeout(300)
def test_nothing_that_was_planted_is_found_anywhere(planting: Planting, tmp_path: Path) -> None:
    here = planting
    with here.database.write_session() as session:
        account = session.get_one(Account, here.people.account_ids["worker"])
        here.keep("issued_token", issue_token(session, account.account_id, clock.now()))
    here.keep("employer_token", here.people.employer["Authorization"].removeprefix("Bearer "))
    here.since = json.loads(here.send("GET", "/v1/snapshot/jobs", expect=200).content.splitlines()[0])["position"]
    plant_by_worker(here, here.wechat, here.sms)  # type: ignore[attr-defined]
    job_id = plant_by_employer(here)
    provoke(here)

    until(lambda: job_id in indexed(here), 20, "not in the index")
    commands = [here.flask(*words) for words in (("keys", "rotate"), ("keys", "reseal"), ("audit", "verify"))]
    assert [done.returncode for done in commands] == [0, 0, 0], b"\n".join(
        done.stdout + done.stderr for done in commands
    ).decode()
    here.errors += [done.stdout + done.stderr for done in commands]
    folder = tmp_path / "backup"
    folder.mkdir()
    done = here.flask("backup", "--to", str(folder))
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    unpack(folder)

    with here.database.read_session() as session:
        counts = usage(session)
    assert sum(counts.values()) >= 10, "the secrets were really written, sealed"
    assert len([key for key in counts if key.startswith("f") and counts[key]]) == 1, "all of them by the new key"
    everything = here.everything(folder)
    assert len(here.errors) >= 25
    assert any(where.startswith("file data/index/") for where in everything)
    found = leaks(everything, here.secrets)
    assert not found, "\n".join(found)

    # And it would be found: the same search, with one value left open in each kind of place.
    with here.database.write_session() as session:
        session.execute(
            text("UPDATE job SET address = :phone WHERE job_id = :job"), {"phone": PLANTED["wrong_phone"], "job": job_id}
        )
        word = {"word": PLANTED["password"], "job": job_id}
        session.execute(text("UPDATE job SET title = :word WHERE job_id = :job"), word)
    (here.data / "control").write_bytes(base64.b64encode(b"xy" + PLANTED["real_name"].encode() + b"z"))
    (folder / "control").write_text(hashlib.sha256(PLANTED["sms_phone"].encode()).hexdigest())
    with here.log.open("ab") as log:
        log.write(json.dumps({"name": PLANTED["handler_name"]}).encode())
    found = leaks(here.everything(folder), here.secrets)
    ways_out = {f"password in {where}" for where in ("snapshot", "stream", "postings", "sheet csv", "sheet xlsx")}
    kept = "database " if here.database.is_sqlite else "table "
    # A number in a text is taken out on the way out, whatever stands in the row.
    assert {re.sub(r"own\.db.*|job$", "", line) for line in found} == ways_out | {
        f"wrong_phone in {kept}", f"password in {kept}",
        "real_name in file data/control", "sms_phone in file backup/control", "handler_name in log",
    }  # fmt: skip


def indexed(here: Planting) -> list[int]:
    """The first page of the list."""
    return [item["job_id"] for item in here.send("GET", "/v1/jobs", expect=200).json()["items"]]


def unpack(folder: Path) -> None:
    """Beside every packed file of a backup what is in it."""
    for file in [file for file in folder.rglob("*") if file.is_file()]:
        for pattern in ("*.tar*", "*.tgz"):
            if file.match(pattern):
                shutil.unpack_archive(file, folder / f"{file.name}.unpacked", filter="data")
        if file.suffix == ".gz" and not file.match("*.tar.gz"):
            content = subprocess.run(["gzip", "-dc", str(file)], capture_output=True, check=True).stdout
            (folder / f"{file.name}.plain").write_bytes(content)


def test_the_search_knows_every_form() -> None:
    """Each way of writing a secret that it looks for is one that it finds."""
    ways: list[Callable[[str], bytes]] = [
        lambda said: said.encode(),
        lambda said: json.dumps(said).encode(),
        lambda said: quote(said).encode(),
        lambda said: f"... {said} ...".encode().hex().encode(),
        lambda said: base64.b64encode(f"电话{said}，谢谢".encode()),
        lambda said: base64.b64encode(f"a{said}".encode()),
        lambda said: base64.b64encode(f"ab{said}c".encode()),
        lambda said: hashlib.sha256(said.encode()).hexdigest().encode(),
        lambda said: hashlib.new("sm3", said.encode()).hexdigest().encode(),
    ]
    for name in ("wrong_phone", "real_name", "handler_id", "landline"):
        for way in ways:
            assert leaks({"here": way(PLANTED[name])}, PLANTED) == [f"{name} in here"], (name, way(PLANTED[name]))
    assert leaks({"here": b"nothing"}, PLANTED) == []
