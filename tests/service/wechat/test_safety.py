"""Texts: our own list, WeChat where it can be asked, and no publishing that hangs on WeChat."""

from __future__ import annotations

import pytest

from service.wechat.client import Wechat
from service.wechat.loopback.server import Fault, Loopback
from service.wechat.safety import PROFILE, by_words, check_text
from tests.service.wechat.conftest import Clients

TEXT = "/wxa/msg_sec_check"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("流水线普工，包吃住，五险，做六休一", "pass"),
        ("包养老保险、工伤保险，反映问题打12333", "pass"),
        ("提供裸 聊 服务", "risky"),
        ("裸\u200b聊", "risky"),
        ("裸.聊", "risky"),
        ("网贝 网 赌", "risky"),
        ("高薪代孕", "risky"),
        ("严禁赌博，违者开除", "review"),
        ("非传销，正规公司", "review"),
        ("", "pass"),
    ],
)
def test_our_own_list(text: str, said: str) -> None:
    assert by_words(text) == said
    assert check_text(None, None, text, PROFILE) == said


def test_wechat_is_asked_where_somebody_was_here_lately(wechat: Wechat, loopback: Loopback) -> None:
    loopback.memory.log_in("演示工友01")
    openid = loopback.memory.openid_of("演示工友01")
    assert check_text(wechat, openid, "想找电子厂普工", PROFILE) == "pass"
    assert check_text(wechat, openid, "演示违规", PROFILE) == "risky"
    assert check_text(wechat, openid, "演示待审", PROFILE) == "review"
    assert check_text(wechat, openid, "严禁赌博", PROFILE) == "review"
    asked = loopback.memory.calls[TEXT]
    assert check_text(wechat, openid, "裸聊", PROFILE) == "risky"  # no need to ask
    assert check_text(wechat, openid, "  ", PROFILE) == "pass"
    assert check_text(wechat, None, "演示违规", PROFILE) == "pass"  # typed on the web: people look
    assert loopback.memory.calls[TEXT] == asked


def test_who_was_not_here_lately_is_judged_by_our_list(wechat: Wechat, loopback: Loopback) -> None:
    assert check_text(wechat, "o-nobody", "想找电子厂普工", PROFILE) == "pass"
    loopback.memory.log_in("演示工友01")
    loopback.fail(TEXT, Fault(errcode=61010))
    assert check_text(wechat, loopback.memory.openid_of("演示工友01"), "想找电子厂普工", PROFILE) == "pass"


@pytest.mark.parametrize(
    "fault", [Fault(errcode=-1), Fault(status=500), Fault(cut=True), Fault(errcode=48001), Fault(body=b"{}")]
)
def test_while_wechat_does_not_answer_a_text_waits(clients: Clients, loopback: Loopback, fault: Fault) -> None:
    loopback.memory.log_in("演示工友01")
    loopback.fail(TEXT, fault, times=50)
    wechat = clients(seconds=0.4)
    assert check_text(wechat, loopback.memory.openid_of("演示工友01"), "想找电子厂普工", PROFILE) == "unknown"
