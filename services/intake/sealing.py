"""Sealing: what is personal or confidential lies encrypted, each owner's under a key of its own.

AES-256-GCM. The key is drawn at random and kept beside what it opens, wrapped under one that follows from the
installation's secret; whoever deletes it has shredded every copy of what was sealed with it. The owner's id is bound
in, so that nothing sealed can be put in another's place.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
KEY = 32


class BrokenSeal(Exception):
    """What is stored does not open: another installation's secret, or somebody changed it."""


@dataclass(frozen=True, slots=True)
class Key:
    """An owner's key. ``wrapped`` is how it is stored."""

    owner: str
    wrapped: bytes
    _cipher: AESGCM
    _random: Callable[[int], bytes]

    def seal(self, content: object) -> bytes:
        """``content`` as JSON, sealed."""
        nonce = self._random(NONCE)
        return nonce + self._cipher.encrypt(nonce, msgspec.json.encode(content), self.owner.encode())

    def open(self, sealed: bytes) -> object:
        """What was sealed, as plain values. Raises ``BrokenSeal``."""
        return msgspec.json.decode(_opened(self._cipher, sealed, self.owner))


class Vault:
    """Makes and opens keys for one installation. ``random``: so many random bytes."""

    def __init__(self, secret: str, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._master = AESGCM(hmac.digest(secret.encode(), b"whistle sealing keys", "sha256"))
        self._digests = hmac.digest(secret.encode(), b"whistle sealing digests", "sha256")
        self._random = random

    def new_key(self, owner: str) -> Key:
        key, nonce = self._random(KEY), self._random(NONCE)
        wrapped = nonce + self._master.encrypt(nonce, key, owner.encode())
        return Key(owner, wrapped, AESGCM(key), self._random)

    def key(self, owner: str, wrapped: bytes) -> Key:
        """The key as it was stored. Raises ``BrokenSeal``."""
        return Key(owner, wrapped, AESGCM(_opened(self._master, wrapped, owner)), self._random)

    def digest(self, owner: str, content: object) -> str:
        """Equal for equal content; nobody without the secret can try what it might be."""
        message = owner.encode() + b"\n" + msgspec.json.encode(content, order="sorted")
        return hmac.digest(self._digests, message, "sha256").hex()[:32]


def _opened(cipher: AESGCM, sealed: bytes, owner: str) -> bytes:
    try:
        return cipher.decrypt(bytes(sealed[:NONCE]), bytes(sealed[NONCE:]), owner.encode())
    except (InvalidTag, ValueError) as wrong:
        raise BrokenSeal(owner) from wrong
