"""Signed links: tokens that hold a subject and an expiry time, with an HMAC. Nothing is stored for them."""

import hmac
import struct
from datetime import UTC, datetime

from shared.runtime.identity import canonical_base64


class SignedLinks:
    """Makes and reads tokens. A token made for one ``purpose`` is not valid for another."""

    def __init__(self, secret: str, purpose: str) -> None:
        self._key = hmac.digest(secret.encode(), purpose.encode(), "sha256")

    def token(self, what: str, ends: datetime) -> str:
        """A token for a URL. ``what`` is signed but not encrypted: whoever has the token can read it."""
        body = struct.pack(">I", int(ends.timestamp())) + what.encode()
        return canonical_base64.encoded(self._signed(body) + body)

    def read(self, token: str) -> tuple[str, datetime] | None:
        """``what`` and when it expires (whole seconds); None for a wrong signature. The caller checks the time."""
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
