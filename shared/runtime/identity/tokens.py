"""Keys and tokens: 256 random bits, or an HMAC of the installation's secret; only their SHA-256 is stored.

A token has full entropy, so a plain hash is as safe as a slow password hash and takes two microseconds.
"""

import hashlib
import hmac
import secrets


def new_token(kind: str) -> str:
    """A new random token. It is shown once; afterwards only its hash is known."""
    return f"whk_{kind}_{secrets.token_hex(32)}"


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def derived_token(secret: str, *what: str) -> str:
    """A token derived from the installation's secret, so that it is the same after a restart."""
    return hmac.new(secret.encode(), ":".join(what).encode(), "sha256").hexdigest()


def ops_token(secret: str, generation: int = 0) -> str:
    """The installation's own ops token, valid for every city. ``generation``: see ``installation``."""
    return f"whk_ops_{derived_token(secret, 'ops', *_of(generation))}"


def service_token(secret: str, generation: int = 0) -> str:
    """The token with which services authenticate to each other."""
    return f"whk_service_{derived_token(secret, 'service', *_of(generation))}"


def _of(generation: int) -> tuple[str, ...]:
    """Generation 0 adds nothing, so that its tokens equal those of version 0.1.0, which had no generations."""
    return () if generation == 0 else (str(generation),)
