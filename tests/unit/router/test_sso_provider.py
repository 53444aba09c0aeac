"""The organisation's provider as the router asks it: what is believed of it, and what it is told."""

from dataclasses import replace
from typing import Any

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from services.router.sign_in.sso import provider as provider_module
from services.router.sign_in.sso.id_token import TokenRefusedError
from services.router.sign_in.sso.provider import Provider, ProviderAwayError
from tests.kit.made_provider import CLIENT, DISCOVERY, ISSUER, OTHER_KEY, REDIRECT, MadeProvider

VERIFIER = "v" * 64


@pytest.fixture
def made() -> MadeProvider:
    return MadeProvider()


def begun(made: MadeProvider, verifier: str = VERIFIER) -> str:
    """A code that the verifier opens."""
    return made.gives({"sub": "x"}, create_s256_code_challenge(verifier))


async def exchanged(made: MadeProvider, provider: Provider | None = None) -> str:
    return await (provider or made.provider()).id_token(begun(made), VERIFIER, REDIRECT)


async def test_what_was_read_is_kept_for_a_while(made: MadeProvider) -> None:
    provider = made.provider()
    for _ in range(3):
        assert (await provider.discovery()).token_endpoint == f"{ISSUER}/token"
        assert [key.kid for key in await provider.keys()] == ["one"]
    assert made.asked == ["/.well-known/openid-configuration", "/keys"]


async def test_changed_keys_are_read_again_and_not_at_every_forged_token(
    made: MadeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = made.provider()
    await provider.keys()
    made.keys = [OTHER_KEY]
    assert [key.kid for key in await provider.keys(again=True)] == ["one"], "they were read just now"
    monkeypatch.setattr(provider_module, "KEYS_AGAIN_SECONDS", 0.0)
    assert [key.kid for key in await provider.keys(again=True)] == ["two"]


async def test_a_provider_that_is_away_is_not_asked_again_at_once(made: MadeProvider) -> None:
    provider = made.provider()
    made.away.add("/.well-known/openid-configuration")
    for _ in range(3):
        with pytest.raises(ProviderAwayError):
            await provider.discovery()
    assert len(made.asked) == 1


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"issuer": "https://evil.example"},
    "an issuer with a slash more": {"issuer": f"{ISSUER}/"},
    "a script for browsers": {"authorization_endpoint": "javascript:alert(1)"},
    "a page without TLS": {"authorization_endpoint": "http://idp.example/auth"},
    "a page nowhere": {"authorization_endpoint": "https:///auth"},
    "a way out that is a script": {"end_session_endpoint": "data:text/html,x"},
    "an address that is none": {"authorization_endpoint": "https://[idp.example/auth"},
    "a way out that is none": {"end_session_endpoint": "https://idp.example:[/out"},
    "no address for keys": {"jwks_uri": None},
    "a number": {"token_endpoint": 1},
}


@pytest.mark.parametrize("what", LIES)
async def test_a_discovery_document_is_not_believed_that_says(made: MadeProvider, what: str) -> None:
    made.discovery = {**DISCOVERY, **LIES[what]}
    with pytest.raises(ProviderAwayError):
        await made.provider().discovery()


@pytest.mark.parametrize("where", ["token_endpoint", "jwks_uri"])
async def test_no_address_inside_is_asked_though_the_provider_names_it(made: MadeProvider, where: str) -> None:
    """The guard of all outgoing requests holds here too: one network alone is public in these tests."""
    made.discovery = {**DISCOVERY, where: "https://10.0.0.1/inside"}
    provider = made.provider()
    with pytest.raises(ProviderAwayError, match="internal"):
        await (provider.keys() if where == "jwks_uri" else exchanged(made, provider))


@pytest.mark.parametrize("ways", [None, ["client_secret_basic", "client_secret_post"], ["client_secret_post"]])
async def test_the_client_proves_itself_as_the_provider_takes_it(made: MadeProvider, ways: list[str] | None) -> None:
    if ways is not None:
        made.discovery["token_endpoint_auth_methods_supported"] = ways
    assert (await exchanged(made)).count(".") == 2


async def test_a_public_client_sends_no_secret(made: MadeProvider) -> None:
    made.client = replace(CLIENT, secret="")
    made.discovery["token_endpoint_auth_methods_supported"] = ["none"]
    assert await exchanged(made)


async def test_a_code_of_another_browser_opens_nothing(made: MadeProvider) -> None:
    provider = made.provider()
    with pytest.raises(TokenRefusedError):
        await provider.id_token(begun(made, "another" * 10), VERIFIER, REDIRECT)


@pytest.mark.parametrize("path", ["/token", "/keys", "/.well-known/openid-configuration"])
async def test_whatever_does_not_answer_is_said_to_be_away(made: MadeProvider, path: str) -> None:
    made.away.add(path)
    provider = made.provider()
    with pytest.raises(ProviderAwayError):
        await exchanged(made, provider)
        await provider.keys()


async def test_no_secret_stands_in_what_is_shown_of_a_client() -> None:
    assert CLIENT.secret not in repr(CLIENT)
