"""An ID token, checked: who signed it, for whom, when, and for which attempt. Its claims are all that is believed.

By ``authlib``, whose claims follow OpenID Connect Core 3.1.3.7, and its ``joserfc``. Signatures are those of a public
key: a token without one (``none``), or with one that any reader of the public key could make (HS256), is refused.
"""

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet
from joserfc.jws import JWSRegistry

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
PUBLIC_KINDS = frozenset({"RSA", "EC", "OKP"})
KEYS_MAX = 50
SKEW = timedelta(minutes=1)
"""How far the clocks of two machines may be apart."""
LOGIN_SKEW = timedelta(seconds=10)
"""The same where somebody must have signed in just now: within it the person before would count."""
AGE_MAX = timedelta(minutes=10)
"""Older than an attempt no token is."""


class TokenRefusedError(Exception):
    """The message is why, in a word or two, and nothing of the token."""


class UnknownKeyError(TokenRefusedError):
    """None of the keys signed it: perhaps they were changed since they were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a token must say. ``now``: real time. ``since``: whoever signed in must have done so after it; None: he may
    have been signed in before."""

    issuer: str
    client_id: str
    nonce: str
    now: datetime
    since: datetime | None = None


class _Keys(msgspec.Struct):
    keys: list[dict[str, object]]


class _Times(msgspec.Struct):
    iat: float
    auth_time: float = 0


def public_keys(content: bytes) -> KeySet:
    """The keys of a JWK set (RFC 7517) that can check a signature; others are left out. Raises ``ValueError``."""
    try:
        found = msgspec.json.decode(content, type=_Keys).keys
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError("not a JWK set") from error
    keys = []
    for one in found[:KEYS_MAX]:
        if one.get("kty") in PUBLIC_KINDS and one.get("use", "sig") == "sig":
            with contextlib.suppress(JoseError, ValueError, KeyError, TypeError):
                keys.append(JWKRegistry.import_key({name: text for name, text in one.items() if isinstance(text, str)}))
    if not keys:
        raise ValueError("no key for signatures")
    return KeySet(keys)


def checked(token: str, keys: KeySet, expected: Expected) -> dict[str, object]:
    """The token's claims. Raises ``TokenRefusedError``."""
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        signed = jwt.decode(token, keys, algorithms=ALGORITHMS, registry=registry)
    except JoseError as error:
        unknown = type(error).__name__ in ("InvalidKeyIdError", "BadSignatureError")
        raise (UnknownKeyError if unknown else TokenRefusedError)(type(error).__name__) from None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise TokenRefusedError(type(error).__name__) from None
    claims = dict(signed.claims)
    options = {
        "iss": {"essential": True, "value": expected.issuer},
        "aud": {"essential": True, "value": expected.client_id},
    }
    params = {"nonce": expected.nonce, "client_id": expected.client_id, "max_age": expected.since is not None}
    try:
        CodeIDToken(claims, signed.header, options, params).validate(
            int(expected.now.timestamp()), int(SKEW.total_seconds())
        )
    except (JoseError, ValueError, TypeError) as error:
        raise TokenRefusedError(_reason(error)) from None
    _check_times(claims, expected)
    return claims


def _check_times(claims: dict[str, object], expected: Expected) -> None:
    """The token is fresh, and so is the sign-in where it must be. Raises ``TokenRefusedError``."""
    try:
        times = msgspec.convert(claims, _Times)
    except msgspec.ValidationError:
        raise TokenRefusedError("times") from None
    if times.iat < (expected.now - AGE_MAX - SKEW).timestamp():
        raise TokenRefusedError("iat")
    if expected.since is not None and times.auth_time < (expected.since - LOGIN_SKEW).timestamp():
        raise TokenRefusedError("auth_time")


def _reason(error: Exception) -> str:
    """Which claim, where the library says it."""
    claim = getattr(error, "claim", None)
    return str(claim) if isinstance(claim, str) else type(error).__name__
