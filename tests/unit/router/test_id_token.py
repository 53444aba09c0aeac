"""An ID token counts only as the provider signed it, for us, now, and for this attempt."""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from services.router.sign_in.sso.id_token import (
    Expected,
    TokenRefusedError,
    UnknownKeyError,
    checked,
    public_keys,
)
from tests.kit.made_provider import ISSUER, KEY, OTHER_KEY, signed

NOW = datetime(2026, 3, 4, 2, 30, tzinfo=UTC)
AT = int(NOW.timestamp())
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": "whistle",
    "sub": "0815",
    "nonce": "n",
    "iat": AT,
    "exp": AT + 300,
    "preferred_username": "qs-desk",
}


def expected(**more: Any) -> Expected:
    return Expected(**{"issuer": ISSUER, "client_id": "whistle", "nonce": "n", "now": NOW, **more})


def keys(*of: RSAKey | ECKey | OKPKey | OctKey) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=isinstance(key, OctKey)) for key in of]}).encode()


def claims(**more: Any) -> dict[str, Any]:
    """The claims with these; None: without it."""
    return {name: value for name, value in {**CLAIMS, **more}.items() if value is not None}


def test_a_token_that_is_right_says_its_claims() -> None:
    found = checked(signed(CLAIMS), public_keys(keys(KEY)), expected())
    assert found["preferred_username"] == "qs-desk"


@pytest.mark.parametrize(
    ("key", "alg"),
    [
        (KEY, "PS256"),
        (ECKey.generate_key("P-256", {"kid": "e"}), "ES256"),
        (OKPKey.generate_key("Ed25519", {"kid": "o"}), "EdDSA"),
    ],
)
def test_every_usual_signature_is_read(key: RSAKey | ECKey | OKPKey, alg: str) -> None:
    token = jwt.encode({"alg": alg, "kid": str(key.kid), "x-more": "y"}, CLAIMS, key, [alg], _lenient())
    assert checked(token, public_keys(keys(key)), expected())["sub"] == "0815"


def _lenient() -> jws.JWSRegistry:
    return jws.JWSRegistry(algorithms=["PS256", "ES256", "EdDSA"], strict_check_header=False)


WRONG: dict[str, dict[str, Any]] = {
    "of another issuer": {"iss": "https://evil.example"},
    "without an issuer": {"iss": None},
    "for somebody else": {"aud": "another"},
    "for nobody": {"aud": []},
    "for others too, and not said for whom": {"aud": ["whistle", "another"]},
    "for us, and made for somebody else": {"azp": "another"},
    "expired": {"exp": AT - 61},
    "never expiring": {"exp": None},
    "expiring at no time": {"exp": "tomorrow"},
    "expiring at no number": {"exp": float("nan")},
    "of the future": {"iat": AT + 3600, "exp": AT + 7200},
    "not valid yet": {"nbf": AT + 3600},
    "older than the attempt can be": {"iat": AT - 700, "exp": AT + 3600},
    "without a time": {"iat": None},
    "of another attempt": {"nonce": "m"},
    "of no attempt": {"nonce": None},
    "about nobody": {"sub": None},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_token_is_refused_that_is(what: str) -> None:
    with pytest.raises(TokenRefusedError):
        checked(signed(claims(**WRONG[what])), public_keys(keys(KEY)), expected())


def test_a_token_for_several_says_for_whom_it_was_made() -> None:
    token = signed(claims(aud=["whistle", "another"], azp="whistle"))
    assert checked(token, public_keys(keys(KEY)), expected())


def _unsigned() -> str:
    _, body, _ = signed(CLAIMS).split(".")
    return f"eyJhbGciOiJub25lIn0.{body}."


def _by_public_key() -> str:
    """HS256 with the public key as the secret, which everybody has."""
    _, body, _ = signed(CLAIMS).split(".")
    begun = f"{_text(json.dumps({'alg': 'HS256', 'kid': 'one'}).encode())}.{body}"
    return f"{begun}.{_text(hmac.digest(KEY.as_pem(private=False), begun.encode(), 'sha256'))}"


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _changed() -> str:
    head, _, signature = signed(CLAIMS).split(".")
    _, body, _ = signed(claims(preferred_username="oh-chief")).split(".")
    return f"{head}.{body}.{signature}"


FORGED: dict[str, Callable[[], str]] = {
    "unsigned": _unsigned,
    "signed by what everybody knows": _by_public_key,
    "changed afterwards": _changed,
    "signed by another key of the same name": lambda: signed(CLAIMS, OTHER_KEY, kid="one"),
    "signed by a key that is not there": lambda: signed(CLAIMS, OTHER_KEY),
    "no token": lambda: "abc",
    "empty": lambda: "",
    "encrypted": lambda: "a.b.c.d.e",
    "no object": lambda: jws.serialize_compact({"alg": "RS256", "kid": "one"}, b"[1]", KEY),
    "more than is read": lambda: signed(claims(more="x" * 200_000)),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_token_is_refused_that_is_forged(what: str) -> None:
    with pytest.raises(TokenRefusedError):
        checked(FORGED[what](), public_keys(keys(KEY)), expected())


def test_an_unknown_key_is_told_apart_since_keys_are_changed() -> None:
    with pytest.raises(UnknownKeyError):
        checked(signed(CLAIMS, OTHER_KEY), public_keys(keys(KEY)), expected())


@pytest.mark.parametrize("auth_time", [None, AT - 3600, AT - 11, "now", True])
def test_who_signed_in_before_the_attempt_does_not_count_at_a_shared_computer(auth_time: object) -> None:
    with pytest.raises(TokenRefusedError):
        checked(signed(claims(auth_time=auth_time)), public_keys(keys(KEY)), expected(since=NOW))


def test_who_signed_in_during_the_attempt_counts_at_a_shared_computer() -> None:
    assert checked(signed(claims(auth_time=AT + 3)), public_keys(keys(KEY)), expected(since=NOW))


def test_keys_are_public_ones_for_signatures() -> None:
    secret, private = OctKey.generate_key(256, {"kid": "s"}), RSAKey.generate_key(2048, {"kid": "e", "use": "enc"})
    unknown = {"kty": "PQ", "kid": "future"}
    broken = {"kty": "RSA", "kid": "broken", "n": "?"}
    listed = json.loads(keys(secret, private, KEY))["keys"]
    found = public_keys(json.dumps({"keys": [unknown, broken, *listed]}).encode())
    assert [key.kid for key in found] == ["one"]


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"keys": []}', b'{"keys": [1]}', b"[" * 100_000])
def test_what_is_no_set_of_keys_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"key|JWK"):
        public_keys(content)
