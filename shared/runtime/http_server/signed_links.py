"""Addresses that only we can have made: what they are for and until when, signed. Nothing is stored for them."""

import hmac
import struct
from datetime import UTC, datetime

from shared.runtime.identity import canonical_base64


class SignedLinks:
    """Makes and reads tokens. ``purpose``: tokens of one purpose are not those of another."""

    def __init__(self, secret: str, purpose: str) -> None:
        self._key = hmac.digest(secret.encode(), purpose.encode(), "sha256")

    def token(self, what: str, ends: datetime) -> str:
        """A token for an address; ``what`` is readable by whoever has it."""
        body = struct.pack(">I", int(ends.timestamp())) + what.encode()
        return canonical_base64.encoded(self._signed(body) + body)

    def read(self, token: str) -> tuple[str, datetime] | None:
        """What it is for, and when it ends (to the second); None for a token that is not ours."""
        try:
            raw = canonical_base64.decoded(token)
            signed, body = raw[:16], raw[16:]
            if len(body) < 6 or not hmac.compare_digest(signed, self._signed(body)):
                return None
            return body[4:].decode(), datetime.fromtimestamp(struct.unpack(">I", body[:4])[0], UTC)
        except ValueError:
            return None

    def _signed(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:16]
