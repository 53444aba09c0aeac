"""URL-safe base64 with exactly one accepted encoding per value.

Python's decoders ignore foreign characters, padding and unused bits, so that one token could be written in dozens of
ways, and limits that count tokens by their text could be evaded.
"""

import base64


def encoded(raw: bytes, *, padded: bool = False) -> str:
    text = base64.urlsafe_b64encode(raw).decode()
    return text if padded else text.rstrip("=")


def decoded(text: str, *, padded: bool = False) -> bytes:
    """The bytes of ``text``. Raises ``ValueError`` for any text that ``encoded`` does not produce."""
    raw = base64.urlsafe_b64decode(text if padded else text + "=" * (-len(text) % 4))
    if encoded(raw, padded=padded) != text:
        raise ValueError("not spelt as we spell it")
    return raw
