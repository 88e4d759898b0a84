"""The envelope of pushes against the documentation's own example and against a second implementation."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException
from wechatpy.utils import WeChatSigner

from service.wechat.push_crypto import Envelope, NotGenuine, key_of, signature, signed

# The example of 微信开放文档, 消息推送.
TOKEN, APPID, AES_KEY = "AAAAA", "wxba5fad812f8e6fb9", "A" * 43
ENCRYPTED = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJV"
    "nAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfB"
    "gRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)
aes_keys = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", min_size=42, max_size=42).map(
    lambda text: text + "A"  # the bits that every implementation drops
)
appids = st.text("wxabcdef0123456789", min_size=6, max_size=20)


def test_the_documentation_s_own_example() -> None:
    assert signature(TOKEN, "1714036504", "1514711492") == "f464b24fc39322e44b38aa78f5edd27bd1441696"
    assert signed("046e02f8204d34f8ba5fa3b1db94908f3df2e9b3", TOKEN, "1714112445", "415670741", ENCRYPTED)
    message = Envelope(AES_KEY, APPID).open(ENCRYPTED)
    assert message.decode() == (
        '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,'
        '"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}'
    )
    answer = Envelope(AES_KEY, APPID).close(b'{"demo_resp":"good luck"}', chance=b"707722b803182950")
    assert answer == "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    assert signed("1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1", TOKEN, "1713424427", "415670741", answer)


@given(message=st.text(min_size=1, max_size=500), aes_key=aes_keys, appid=appids, token=appids)
def test_what_we_close_another_program_opens(message: str, aes_key: str, appid: str, token: str) -> None:
    encrypted = Envelope(aes_key, appid).close(message.encode())
    stamp, nonce = "1714112445", "415670741"
    outer = f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    theirs = WeChatCrypto(token, aes_key, appid)
    opened = theirs.decrypt_message(outer, signature(token, stamp, nonce, encrypted), stamp, nonce)
    assert opened == message


@given(message=st.text(min_size=1, max_size=500), aes_key=aes_keys, appid=appids)
def test_what_another_program_closes_we_open(message: str, aes_key: str, appid: str) -> None:
    encrypted = PrpCrypto(key_of(aes_key)).encrypt(message, appid).decode()
    assert Envelope(aes_key, appid).open(encrypted) == message.encode()


@given(parts=st.lists(st.text("abc0123456789+/=", min_size=1), min_size=3, max_size=4))
def test_signatures_agree(parts: list[str]) -> None:
    signer = WeChatSigner()
    signer.add_data(*parts)
    assert signer.signature == signature(*parts)


def test_an_envelope_for_another_mini_program_is_refused() -> None:
    encrypted = Envelope(AES_KEY, "wxanother").close(b"{}")
    with pytest.raises(NotGenuine, match="appid"):
        Envelope(AES_KEY, APPID).open(encrypted)
    with pytest.raises(InvalidAppIdException):
        PrpCrypto(key_of(AES_KEY)).decrypt(encrypted, APPID)


@given(position=st.integers(0, 200), bit=st.integers(0, 7))
def test_a_changed_envelope_never_gives_the_message(position: int, bit: int) -> None:
    raw = bytearray(base64.b64decode(ENCRYPTED))
    raw[position % len(raw)] ^= 1 << bit
    changed = base64.b64encode(raw).decode()
    assert not signed("046e02f8204d34f8ba5fa3b1db94908f3df2e9b3", TOKEN, "1714112445", "415670741", changed)
    try:
        opened = Envelope(AES_KEY, APPID).open(changed)
    except NotGenuine:
        return
    assert opened != Envelope(AES_KEY, APPID).open(ENCRYPTED) or position % len(raw) < 32


@given(junk=st.one_of(st.text(max_size=300), st.binary(max_size=300).map(lambda raw: base64.b64encode(raw).decode())))
def test_junk_is_refused(junk: str) -> None:
    with pytest.raises(NotGenuine):
        Envelope(AES_KEY, APPID).open(junk)


def test_keys_that_are_none() -> None:
    for text in ("", "A" * 42, "A" * 44, "密" * 43, "A" * 42 + "="):
        with pytest.raises(ValueError, match="EncodingAESKey"):
            key_of(text)


def test_odd_signatures_are_simply_wrong() -> None:
    for given_ in ("", "签名", "\ud800", "0" * 40):
        assert not signed(given_, TOKEN, "1", "2")
