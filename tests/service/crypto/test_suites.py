"""Known answers: what others have computed comes out here, too."""

from __future__ import annotations

import hashlib

import pytest

from service.crypto.suites import SUITES, NotAuthentic

KNOWN = [
    # McGrew and Viega, The Galois/Counter Mode of Operation (as sent to NIST), appendix B, test case 16.
    (
        "intl",
        "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
        "cafebabefacedbaddecaf888",
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
        "76fc6ece0f4e1768cddf8853bb2d551b",
    ),
    # RFC 8998, appendix A.1: SM4-GCM.
    (
        "gm",
        "0123456789abcdeffedcba9876543210",
        "00001234567800000000abcd",
        "".join(digit * 16 for digit in "abcdefea"),
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        (
            "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
            "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        ),
        "83de3541e4c2b58177e065a9bf7b62ec",
    ),
]


@pytest.mark.parametrize(("name", "key", "nonce", "text", "aad", "sealed", "tag"), KNOWN, ids=["AES-256-GCM", "SM4-GCM"])
def test_gcm_of_the_standards(name: str, key: str, nonce: str, text: str, aad: str, sealed: str, tag: str) -> None:
    secret, number, plain, place = (bytes.fromhex(part) for part in (key, nonce, text, aad))
    made = SUITES[name].encrypt(secret, number, plain, place)
    assert made.hex() == sealed + tag
    assert SUITES[name].decrypt(secret, number, made, place) == plain
    for wrong in (made[:-1] + bytes([made[-1] ^ 1]), bytes([made[0] ^ 1]) + made[1:], made[:-1], made[:15], b""):
        with pytest.raises(NotAuthentic):
            SUITES[name].decrypt(secret, number, wrong, place)
    with pytest.raises(NotAuthentic):
        SUITES[name].decrypt(secret, number, made, place + b"x")
    with pytest.raises(NotAuthentic):
        SUITES[name].decrypt(secret, number[:-1], made, place)


def test_hmac_sha256_of_rfc_4231() -> None:
    made = SUITES["intl"].mac(b"Jefe", b"what do ya want for nothing?")
    assert made == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def _hmac_by_hand(secret: bytes, text: bytes) -> str:
    """RFC 2104 in three lines, over the SM3 of another library (OpenSSL through hashlib)."""
    padded = secret.ljust(64, b"\0")
    inner = hashlib.new("sm3", bytes(byte ^ 0x36 for byte in padded) + text).digest()
    return hashlib.new("sm3", bytes(byte ^ 0x5C for byte in padded) + inner).hexdigest()


def test_hmac_sm3_by_its_definition() -> None:
    # GB/T 32905-2016, appendix A: the digest of "abc".
    assert hashlib.new("sm3", b"abc").hexdigest() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    secret = bytes(range(32))
    for text in (b"", b"phone:13800000001", bytes(200)):
        assert SUITES["gm"].mac(secret, text) == _hmac_by_hand(secret, text)
