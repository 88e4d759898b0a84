"""Every call against a server that behaves like WeChat's, on good days and bad ones."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from importlib.resources import files

import httpx
import pytest
from prometheus_client import REGISTRY

from service.wechat import client as client_module
from service.wechat.client import Wechat
from service.wechat.errcodes import WechatError, known, table
from service.wechat.loopback.memory import Memory
from service.wechat.loopback.server import Fault, Loopback
from service.wechat.template import fit, kinds, read_templates
from tests.service.wechat.conftest import APPID, SECRET, Clients

LOGIN, TOKEN = "/sns/jscode2session", "/cgi-bin/stable_token"
SEND, TEXT, CODE = "/cgi-bin/message/subscribe/send", "/wxa/msg_sec_check", "/wxa/getwxacodeunlimit"
VALUES = {"job": "演示电子厂普工", "status": "已录用", "at": "2026-12-01 08:00", "note": "请带身份证"}
TEMPLATE = read_templates(None)["application_update"]


def refused(call: Callable[[], object]) -> WechatError:
    """The error that a call must raise."""
    with pytest.raises(WechatError) as raised:
        call()
    return raised.value


def send(wechat: Wechat, openid: str) -> None:
    """One application update."""
    wechat.send(openid=openid, template_id=TEMPLATE.template_id, data=TEMPLATE.data(VALUES), page=TEMPLATE.page)


def test_a_login_code_is_good_once(wechat: Wechat, loopback: Loopback) -> None:
    code = loopback.memory.log_in("演示工友01")
    identity = wechat.identity_of(code)
    assert identity.openid == loopback.memory.openid_of("演示工友01")
    assert identity.unionid is None
    assert refused(lambda: wechat.identity_of(code)).errcode == 40163
    assert refused(lambda: wechat.identity_of("nonsense")).errcode == 40029
    assert "session_key" not in repr(identity)
    assert identity.openid not in repr(identity)


def test_a_login_code_runs_out(wechat: Wechat, loopback: Loopback) -> None:
    code = loopback.memory.log_in("演示工友01")
    loopback.memory.skew = 301
    assert refused(lambda: wechat.identity_of(code)).errcode == 40029


def test_a_phone_code_gives_the_number_once(wechat: Wechat, loopback: Loopback) -> None:
    code = loopback.memory.tap_phone("演示工友01", "13800000001")
    assert wechat.phone_of(code) == "13800000001"
    assert refused(lambda: wechat.phone_of(code)).errcode == 40029


def test_a_phone_number_of_another_mini_program_is_not_taken(wechat: Wechat, loopback: Loopback) -> None:
    body = b'{"errcode":0,"phone_info":{"purePhoneNumber":"13800000001","watermark":{"appid":"wxother","timestamp":1}}}'
    loopback.fail("/wxa/business/getuserphonenumber", Fault(body=body))
    trouble = refused(lambda: wechat.phone_of("x"))
    assert (trouble.action, trouble.reason) == ("alert", "watermark")


def test_one_message_for_one_acceptance(wechat: Wechat, loopback: Loopback) -> None:
    loopback.memory.log_in("演示工友01")
    openid = loopback.memory.accept("演示工友01", [TEMPLATE.template_id])
    send(wechat, openid)
    assert loopback.memory.sent[0]["data"]["thing1"]["value"] == "演示电子厂普工"
    assert loopback.memory.sent[0]["miniprogram_state"] == "formal"
    trouble = refused(lambda: send(wechat, openid))
    assert (trouble.errcode, trouble.action, trouble.uncertain) == (43101, "give_up", False)
    assert refused(lambda: send(wechat, "o-nobody")).errcode == 40003


def test_a_send_that_may_have_arrived_is_not_repeated(wechat: Wechat, loopback: Loopback) -> None:
    loopback.memory.log_in("演示工友01")
    openid = loopback.memory.accept("演示工友01", [TEMPLATE.template_id] * 2)
    loopback.fail(SEND, Fault(cut=True, after=True))
    assert refused(lambda: send(wechat, openid)).uncertain
    assert len(loopback.memory.sent) == 1


def test_texts_pass_wait_or_are_refused(wechat: Wechat, loopback: Loopback) -> None:
    loopback.memory.log_in("演示工友01")
    openid = loopback.memory.openid_of("演示工友01")
    assert wechat.check_text(openid, "想找电子厂普工", 1).suggest == "pass"
    assert wechat.check_text(openid, "演示待审", 1).suggest == "review"
    assert wechat.check_text(openid, "演示违规", 2).suggest == "risky"
    assert wechat.check_text(openid, "长" * 9000, 2).suggest == "pass"
    loopback.memory.skew = 7201
    assert refused(lambda: wechat.check_text(openid, "想找电子厂普工", 1)).errcode in {61010, 42001}


def test_a_picture_is_handed_over_for_checking(wechat: Wechat, loopback: Loopback) -> None:
    loopback.memory.log_in("演示工友01")
    openid = loopback.memory.openid_of("演示工友01")
    trace = wechat.check_media(openid, "https://example.invalid/a.png")
    assert loopback.memory.traces[trace] == openid


def test_a_code_is_a_picture(wechat: Wechat) -> None:
    assert wechat.mini_code("j=1234567", "pages/jobs/show").startswith(b"\x89PNG")


def test_a_scene_that_wechat_does_not_take_is_never_sent(wechat: Wechat, loopback: Loopback) -> None:
    for scene in ("", "x" * 33, "岗位", "a%b", "a b"):
        with pytest.raises(ValueError, match="scene"):
            wechat.mini_code(scene, "pages/jobs/show")
    assert not loopback.memory.calls


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "image/jpeg"])
def test_an_error_where_a_picture_was_expected_is_an_error(wechat: Wechat, loopback: Loopback, kind: str) -> None:
    loopback.fail(CODE, Fault(errcode=41030, content_type=kind), times=20)
    trouble = refused(lambda: wechat.mini_code("j=1", "pages/jobs/show"))
    assert trouble.reason == ("broken" if kind.startswith("image/") else "41030")


def test_a_picture_where_json_was_expected_is_an_error(clients: Clients, loopback: Loopback) -> None:
    loopback.fail(LOGIN, Fault(body=b"\x89PNG\r\n\x1a\n", content_type="image/png"), times=20)
    assert refused(lambda: clients(seconds=0.5).identity_of("x")).reason == "broken"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(errcode=-1),
        Fault(errcode=45009),
        Fault(errcode=45011),
        Fault(status=502, body=b"<html>"),
        Fault(status=429),
        Fault(cut=True),
        Fault(drop=True),
        Fault(body=b"{"),
        Fault(body=b"[]"),
        Fault(body=b'{"errcode":"no number"}'),
    ],
)
def test_what_passes_is_tried_again(wechat: Wechat, loopback: Loopback, fault: Fault) -> None:
    loopback.fail(LOGIN, fault, times=2)
    assert wechat.identity_of(loopback.memory.log_in("演示工友01")).openid
    assert loopback.memory.calls[LOGIN] == 3


def test_tries_end_in_time(clients: Clients, loopback: Loopback) -> None:
    loopback.fail(LOGIN, Fault(errcode=-1), times=100)
    began = time.monotonic()
    trouble = refused(lambda: clients(seconds=1.0).identity_of("x"))
    assert (trouble.errcode, trouble.action) == (-1, "retry")
    assert time.monotonic() - began < 2
    assert 2 <= loopback.memory.calls[LOGIN] <= 12


def test_a_slow_answer_is_not_waited_for(clients: Clients, loopback: Loopback) -> None:
    loopback.fail(LOGIN, Fault(slow_seconds=3))
    began = time.monotonic()
    assert refused(lambda: clients(seconds=0.6).identity_of("x")).reason == "timeout"
    assert time.monotonic() - began < 1.5


def test_an_endless_answer_is_not_swallowed(clients: Clients, loopback: Loopback) -> None:
    loopback.fail(LOGIN, Fault(body=b" " * (3 * 2**20)), times=20)
    assert refused(lambda: clients(seconds=0.5).identity_of("x")).reason == "large"


def test_no_redirect_carries_the_secret_away(clients: Clients, loopback: Loopback) -> None:
    loopback.fail(LOGIN, Fault(status=302, body=b""), times=20)
    assert refused(lambda: clients(seconds=0.3).identity_of("x")).reason == "broken"


def test_a_server_that_is_killed_in_the_middle(clients: Clients, loopback: Loopback) -> None:
    wechat = clients(seconds=3.0)
    code = loopback.memory.log_in("演示工友01")
    loopback.stop()
    again = threading.Timer(0.4, loopback.start)
    again.start()
    assert wechat.identity_of(code).openid == loopback.memory.openid_of("演示工友01")
    again.join()


def test_while_wechat_is_away_nobody_waits(clients: Clients, loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    wechat = clients(seconds=0.2)
    loopback.stop()
    for _ in range(client_module.REST_AFTER_FAILURES):
        refused(lambda: wechat.identity_of("x"))
    loopback.start()
    began = time.monotonic()
    assert refused(lambda: wechat.identity_of("x")).reason == "resting"
    assert time.monotonic() - began < 0.1
    assert loopback.memory.calls[LOGIN] == 0
    later = time.monotonic() + client_module.REST_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert refused(lambda: wechat.identity_of("x")).errcode == 40029


def test_unknown_codes_ask_for_a_person(wechat: Wechat, loopback: Loopback) -> None:
    loopback.fail(LOGIN, Fault(errcode=99999))
    trouble = refused(lambda: wechat.identity_of("x"))
    assert (trouble.action, trouble.reason, trouble.errcode) == ("alert", "other", 99999)
    assert known(99999).action == "alert"


def test_labels_of_metrics_are_bounded(wechat: Wechat, loopback: Loopback) -> None:
    def count() -> float:
        return REGISTRY.get_sample_value("chengnuan_wechat_calls_total", {"api": "code2session", "errcode": "other"}) or 0

    before = count()
    for code in (99990, 99991, 99992):
        loopback.fail(LOGIN, Fault(errcode=code))
        refused(lambda: wechat.identity_of("x"))
    assert count() == before + 3


def test_nothing_personal_in_errors_or_logs(clients: Clients, loopback: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    wechat = clients(seconds=0.5)
    code = "0planted-code-0123456789"
    troubles = [refused(lambda: wechat.identity_of(code))]
    for fault in (Fault(errcode=40125), Fault(errcode=99999), Fault(cut=True), Fault(status=500), Fault(slow_seconds=1)):
        loopback.fail(LOGIN, fault, times=30)
        troubles.append(refused(lambda: wechat.identity_of(code)))
        loopback.faults.clear()
    loopback.stop()
    troubles.append(refused(lambda: wechat.identity_of(code)))
    said = capsys.readouterr().err + "".join(
        repr(each) + str(each) + repr(each.__cause__) + repr(each.__context__ and each.__suppress_context__) for each in troubles
    )
    assert SECRET not in said
    assert code not in said
    assert SECRET not in repr(wechat.access)


def test_the_table_of_codes_is_whole() -> None:
    text = files("service.wechat").joinpath("data/errcodes.csv").read_text(encoding="utf-8")
    assert len(table()) == len(text.splitlines()) - 1
    assert {"retry", "renew_token", "give_up", "alert"} == {row.action for row in table().values()}
    for row in table().values():
        assert row.source, row
        assert re.search(r"[\u4e00-\u9fff]", row.meaning), row


@pytest.mark.parametrize(
    ("keyword", "said", "sent"),
    [
        ("thing1", "演示电子厂流水线普工包吃住", "演示电子厂流水线普工包吃住"),
        ("thing12", "一二三四五六七八九十" * 3, "一二三四五六七八九十一二三四五六七八九…"),
        ("thing1", " 换\n行\x00 ", "换 行"),
        ("thing1", "\n", "--"),
        ("number2", "约 6000 元", "6000"),
        ("number2", "9" * 40, "9" * 32),
        ("number2", "面议", "0"),
        ("character_string3", "JOB-0001号", "JOB-0001"),
        ("phrase4", "已经录用了，恭喜", "已经录用了"),
        ("phrase4", "OK", "无"),
        ("name5", "欧阳演示演示演示演示演示", "欧阳演示演示演示演示"),
        ("name5", "Demo Demo Demo Demo Demo", "Demo Demo Demo Demo "),
        ("phone_number6", "138 0000 0001", "13800000001"),
        ("amount7", "￥1234567890.12元整", "￥1234567890.1"),
        ("letter8", "abc123", "abc"),
        ("symbol9", "a#$%^&*b", "#$%^&"),
    ],
)
def test_values_are_cut_to_their_kind(keyword: str, said: str, sent: str) -> None:
    assert fit(keyword, said) == sent


def test_every_kind_keeps_its_length() -> None:
    for name, kind in kinds().items():
        for said in ("一二三四五" * 20, "1234567890" * 20, "a b" * 50, ""):
            assert 1 <= len(fit(f"{name}1", said)) <= max(kind.longest, 20), name


def test_the_token_is_asked_for_once_by_many_threads(wechat: Wechat, loopback: Loopback) -> None:
    loopback.fail(TOKEN, Fault(slow_seconds=0.3, after=True))
    tokens: list[str] = []
    threads = [threading.Thread(target=lambda: tokens.append(wechat.tokens.get().text)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 8
    assert len(set(tokens)) == 1
    assert loopback.memory.calls[TOKEN] == 1


def test_a_stand_in_that_keeps_the_rules(loopback: Loopback) -> None:
    """stable_token: the same until five minutes before its end, then both are good until the old one's."""
    memory: Memory = loopback.memory
    asked = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
    first = memory.token(asked)
    memory.skew = 6890
    assert memory.token(asked)["access_token"] == first["access_token"]
    memory.skew = 6910
    second = memory.token(asked)
    assert second["access_token"] != first["access_token"]
    for text in (first["access_token"], second["access_token"]):
        memory.check_token(text)
    memory.skew = 7201
    answer = httpx.post(f"{loopback.url}{TEXT}", params={"access_token": first["access_token"]}, json={}, trust_env=False)
    assert answer.json()["errcode"] == 42001
