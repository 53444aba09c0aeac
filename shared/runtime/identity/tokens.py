"""Keys and tokens: 256 random bits or an HMAC of the installation's secret; only their SHA-256 is stored.

A token carries full entropy, so a plain hash is as good as a slow one and costs two microseconds a call.
"""

import hashlib
import hmac
import secrets


def new_token(kind: str) -> str:
    """A fresh key; shown once, then only its hash is known."""
    return f"whk_{kind}_{secrets.token_hex(32)}"


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def derived_token(secret: str, *what: str) -> str:
    """A token that survives a restart because it follows from the installation's secret."""
    return hmac.new(secret.encode(), ":".join(what).encode(), "sha256").hexdigest()


def ops_token(secret: str, generation: int = 0) -> str:
    """The installation's own ops token: opens every city. ``generation``: see ``installation``."""
    return f"whk_ops_{derived_token(secret, 'ops', *_of(generation))}"


def service_token(secret: str, generation: int = 0) -> str:
    """What services show each other."""
    return f"whk_service_{derived_token(secret, 'service', *_of(generation))}"


def _of(generation: int) -> tuple[str, ...]:
    """The first ones are those of 0.1.0, which knew no generations."""
    return () if generation == 0 else (str(generation),)
