"""Which command an idempotency key stands for: a key that comes again with another command or body is refused."""

import hashlib
from dataclasses import dataclass

import msgspec

from shared.runtime.storage.mongo import Document

_encoder = msgspec.json.Encoder()


def fingerprint(name: str, body: object) -> str:
    """Hash of a command's name and decoded body: equal for bodies that are equal after parsing and defaults.

    Stored with keys for as long as their cases, so the algorithm must not change.
    """
    return hashlib.sha256(name.encode() + b"\n" + _encoder.encode(body)).hexdigest()


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A key on its case. ``fingerprint``: of command and body, as it is stored.

    ``spent``: another command was refused under the key and that answer was kept, so the key only repeats a command
    that the case itself knows.
    """

    id: str
    fingerprint: str
    spent: bool

    def is_another(self, known: Document | None) -> bool:
        """Whether the key stands for another command. ``known``: what is stored about the key, in version 0.1.0 without
        a fingerprint."""
        if known is None:
            return self.spent
        return bool(known.get("fingerprint", self.fingerprint) != self.fingerprint)
