"""The two sets of algorithms behind one face: ``intl`` (AES-256-GCM, HMAC-SHA-256) and ``gm`` (SM4-GCM, HMAC-SM3).

GB/T 39786-2021 level 3 asks the storage of personal data to be kept secret with approved algorithms (SM4, SM3: GB/T 32907,
GB/T 32905); a county that is not examined for it may take the other. All of it is OpenSSL's, through ``cryptography``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
TAG_BYTES = 16
MAC_KEY_BYTES = 32


class NotAuthentic(Exception):  # noqa: N818  what the check of the tag says
    """Wrong key, changed bytes, or bytes that belong to another place. Says nothing of the content."""


@dataclass(frozen=True, slots=True)
class Suite:
    """One set. ``key_bytes`` is the length of a key for fields; a key for HMAC has ``MAC_KEY_BYTES``."""

    name: str
    key_bytes: int
    digest: type[hashes.HashAlgorithm]

    def encrypt(self, secret: bytes, nonce: bytes, text: bytes, aad: bytes) -> bytes:
        """Ciphertext with its 16-byte tag behind it. A nonce of 12 bytes must never come twice with one key."""
        if self.name == "intl":
            return _aes(secret).encrypt(nonce, text, aad)
        encryptor = Cipher(algorithms.SM4(secret), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(aad)
        return encryptor.update(text) + encryptor.finalize() + encryptor.tag

    def decrypt(self, secret: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
        """Back from :meth:`encrypt`. Raises NotAuthentic."""
        if len(nonce) != NONCE_BYTES or len(sealed) < TAG_BYTES:
            raise NotAuthentic
        try:
            if self.name == "intl":
                return _aes(secret).decrypt(nonce, sealed, aad)
            decryptor = Cipher(algorithms.SM4(secret), modes.GCM(nonce, sealed[-TAG_BYTES:])).decryptor()
            decryptor.authenticate_additional_data(aad)
            return decryptor.update(sealed[:-TAG_BYTES]) + decryptor.finalize()
        except InvalidTag:
            raise NotAuthentic from None

    def mac(self, secret: bytes, text: bytes) -> str:
        """HMAC of a text, 64 hexadecimal digits in both suites."""
        made = hmac.HMAC(secret, self.digest())
        made.update(text)
        return made.finalize().hex()


SUITES = {suite.name: suite for suite in (Suite("intl", 32, hashes.SHA256), Suite("gm", 16, hashes.SM3))}


@lru_cache(maxsize=64)
def _aes(secret: bytes) -> AESGCM:
    """The prepared cipher of a key: setting it up costs as much as a phone number."""
    return AESGCM(secret)
