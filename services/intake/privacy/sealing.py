"""Encryption of personal and confidential data, each owner's (a person's, a report's) under a key of its own.

AES-256-GCM. An owner's key is random and stored beside the sealed data, wrapped by the newest master key
(``master_keys``), which is not in the database. Once the wrapped key is deleted and that master key destroyed, no copy
of the data can be opened. The owner's id is authenticated too, so sealed data cannot be moved to another owner.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.intake.privacy.master_keys import MasterKeys

NONCE = 12
KEY = 32
TAG = 16
NUMBER = 4
"""Bytes of the generation's number in front of a wrapped key. Keys of version 0.1.0 have none: generation 0."""


class BrokenSeal(Exception):
    """Stored data cannot be opened: its master key is destroyed or another installation's, or the data was changed."""


@dataclass(frozen=True, slots=True)
class Key:
    """An owner's key. ``wrapped`` is how it is stored."""

    owner: str
    wrapped: bytes
    _bytes: bytes
    _cipher: AESGCM
    _random: Callable[[int], bytes]

    def seal(self, content: object) -> bytes:
        """``content`` as JSON, sealed."""
        nonce = self._random(NONCE)
        return nonce + self._cipher.encrypt(nonce, msgspec.json.encode(content), self.owner.encode())

    def open(self, sealed: bytes) -> object:
        """What was sealed, as plain values. Raises ``BrokenSeal``."""
        return msgspec.json.decode(_opened(self._cipher, sealed, self.owner))

    def digest(self, content: object) -> str:
        """Equal for equal content; nobody without this key can try what it might be."""
        message = b"digest\n" + self.owner.encode() + b"\n" + msgspec.json.encode(content, order="sorted")
        return hmac.digest(self._bytes, message, "sha256").hex()[:32]


class Vault:
    """Makes and opens keys for one installation. ``random(n)``: n random bytes.

    Without ``generations`` keys are wrapped as version 0.1.0 did, by a key derived from ``secret``.
    """

    def __init__(
        self,
        secret: str,
        generations: MasterKeys | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._secret = secret.encode()
        self._generations = generations
        self._random = random
        self._digests = hmac.digest(self._secret, b"whistle sealing digests", "sha256")

    @property
    def newest(self) -> int:
        """The generation that wraps new keys."""
        return self._generations.newest() if self._generations is not None else 0

    def new_key(self, owner: str) -> Key:
        return self._wrapped(owner, self._random(KEY))

    def key(self, owner: str, wrapped: bytes) -> Key:
        """The key as it was stored. Raises ``BrokenSeal``."""
        number = generation_of(wrapped)
        body = bytes(wrapped) if number == 0 else bytes(wrapped[NUMBER:])
        key = _opened(self._master(number), body, owner)
        return Key(owner, bytes(wrapped), key, AESGCM(key), self._random)

    def opens(self, owner: str, wrapped: bytes) -> bool:
        """Whether a stored key can still be opened."""
        try:
            self.key(owner, wrapped)
        except BrokenSeal:
            return False
        return True

    def rewrapped(self, owner: str, wrapped: bytes) -> bytes:
        """The same key, wrapped by the newest generation. Raises ``BrokenSeal``."""
        return self._wrapped(owner, self.key(owner, wrapped)._bytes).wrapped

    def digest(self, owner: str, content: object) -> str:
        """Equal for equal content; nobody without the secret can try what it might be."""
        message = owner.encode() + b"\n" + msgspec.json.encode(content, order="sorted")
        return hmac.digest(self._digests, message, "sha256").hex()[:32]

    def _wrapped(self, owner: str, key: bytes) -> Key:
        number, nonce = self.newest, self._random(NONCE)
        body = nonce + self._master(number).encrypt(nonce, key, owner.encode())
        head = number.to_bytes(NUMBER) if number else b""
        return Key(owner, head + body, key, AESGCM(key), self._random)

    def _master(self, number: int) -> AESGCM:
        """The cipher of that master key. Raises ``BrokenSeal`` where it does not exist any more."""
        if number == 0:
            return AESGCM(hmac.digest(self._secret, b"whistle sealing keys", "sha256"))
        kept = self._generations.key(number) if self._generations is not None else None
        if kept is None:
            raise BrokenSeal(f"generation {number}")
        return AESGCM(hmac.digest(self._secret, b"whistle sealing keys\n" + kept, "sha256"))


def generation_of(wrapped: bytes) -> int:
    """Which generation wrapped a stored key."""
    return 0 if len(wrapped) <= NONCE + KEY + TAG else int.from_bytes(wrapped[:NUMBER])


def _opened(cipher: AESGCM, sealed: bytes, owner: str) -> bytes:
    try:
        return cipher.decrypt(bytes(sealed[:NONCE]), bytes(sealed[NONCE:]), owner.encode())
    except (InvalidTag, ValueError) as wrong:
        raise BrokenSeal(owner) from wrong
