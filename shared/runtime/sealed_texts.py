"""Texts of one owner, encrypted ("sealed") with a key that every service of the installation derives from its secret.

AES-256-GCM. The sealed text names its owner, so that it can be opened wherever it was copied, and by no other owner's
key: ``sealed:OWNER:BASE64;``.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
_SEALED = re.compile(r"sealed:([A-Za-z0-9_.-]{1,120}):([A-Za-z0-9_-]+=*);")
_UNREADABLE = "(sealed; it does not open)"


class SealedTexts:
    """Seals and opens texts for one installation. ``random``: returns that many random bytes."""

    def __init__(self, secret: str, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._master = hmac.digest(secret.encode(), b"whistle words of confidential cases", "sha256")
        self._random = random

    def seal(self, owner: str, text: str) -> str:
        """``text`` as it is stored."""
        nonce = self._random(NONCE)
        sealed = nonce + self._cipher(owner).encrypt(nonce, text.encode(), owner.encode())
        return f"sealed:{owner}:{base64.urlsafe_b64encode(sealed).decode()};"

    def opened(self, text: str) -> str:
        """``text`` with its sealed parts decrypted; a part that cannot be decrypted is replaced by a note."""
        return _SEALED.sub(self._open, text)

    def _open(self, found: re.Match[str]) -> str:
        owner, sealed = found[1], base64.urlsafe_b64decode(found[2])
        try:
            return self._cipher(owner).decrypt(sealed[:NONCE], sealed[NONCE:], owner.encode()).decode()
        except (InvalidTag, ValueError):
            return _UNREADABLE

    def _cipher(self, owner: str) -> AESGCM:
        return AESGCM(hmac.digest(self._master, owner.encode(), "sha256"))


def is_sealed(text: str) -> bool:
    """Whether nothing of ``text`` can be read without the key."""
    return _SEALED.fullmatch(text) is not None
