"""The envelope of message push: signature and AES as WeChat's 消息推送 describes them.

``signature = sha1(sort(token, timestamp, nonce[, Encrypt]))``. A message is AES-256-CBC of 16 random bytes, its length (4 bytes,
most significant first), itself and the appid, padded by PKCS#7 to blocks of 32; the key is base64(EncodingAESKey + "="), the IV
its first half.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32
_HEAD = 20


class NotGenuine(Exception):  # noqa: N818  an answer about what came
    """A message that did not come from WeChat for us, or was changed on its way."""


def signature(*parts: str) -> str:
    """40 hexadecimal digits over token, timestamp, nonce and, in safe mode, the encrypted text."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def signed(given: str, *parts: str) -> bool:
    """Whether a signature is right, compared in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), signature(*parts).encode())


class Envelope:
    """Opens and closes envelopes of one mini-program. Raises ValueError for an EncodingAESKey that is none."""

    def __init__(self, aes_key: str, appid: str) -> None:
        self._key = key_of(aes_key)
        self._appid = appid.encode()

    def open(self, encrypted: str) -> bytes:
        """The message inside. Raises NotGenuine for anything else than a whole envelope addressed to us."""
        try:
            content = base64.b64decode(encrypted.encode("ascii"), validate=True)
        except (UnicodeEncodeError, binascii.Error):
            raise NotGenuine("not base64") from None
        if not content or len(content) % _BLOCK:
            raise NotGenuine("length")
        decryptor = self._cipher().decryptor()
        padded = decryptor.update(content) + decryptor.finalize()
        padding = padded[-1]
        if not 1 <= padding <= _BLOCK or padded[-padding:] != bytes([padding]) * padding:
            raise NotGenuine("padding")
        whole = padded[:-padding]
        length = int.from_bytes(whole[16:_HEAD], "big")
        if len(whole) < _HEAD + length:
            raise NotGenuine("length")
        if not hmac.compare_digest(whole[_HEAD + length :], self._appid):
            raise NotGenuine("appid")
        return whole[_HEAD : _HEAD + length]

    def close(self, message: bytes, chance: bytes | None = None) -> str:
        """The envelope of a message. ``chance`` (16 bytes) only for comparing with a printed example."""
        whole = (chance or secrets.token_bytes(16)) + len(message).to_bytes(4, "big") + message + self._appid
        padding = _BLOCK - len(whole) % _BLOCK
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(whole + bytes([padding]) * padding) + encryptor.finalize()).decode()

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))


def key_of(aes_key: str) -> bytes:
    """32 bytes of an EncodingAESKey (43 letters and digits). Raises ValueError."""
    if len(aes_key) != 43 or not aes_key.isascii() or not aes_key.isalnum():
        raise ValueError("EncodingAESKey")
    # The last letter holds two bits too many; every implementation drops them.
    return base64.b64decode(aes_key + "=")
