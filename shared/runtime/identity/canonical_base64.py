"""Bytes as URL-safe base64 in one spelling: what is a token to us is one string and no other.

Python's decoders pass over strange characters, padding and left-over bits, so that one token could be written in dozens
of ways; whoever counts what came by how it was spelt would count one thing as many.
"""

import base64


def encoded(raw: bytes, *, padded: bool = False) -> str:
    text = base64.urlsafe_b64encode(raw).decode()
    return text if padded else text.rstrip("=")


def decoded(text: str, *, padded: bool = False) -> bytes:
    """Raises ``ValueError`` for every spelling that ``encoded`` does not make."""
    raw = base64.urlsafe_b64decode(text if padded else text + "=" * (-len(text) % 4))
    if encoded(raw, padded=padded) != text:
        raise ValueError("not spelt as we spell it")
    return raw
