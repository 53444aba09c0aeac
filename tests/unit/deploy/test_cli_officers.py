"""`whistle officer invite`, `sessions` and `out`: what they say, and what they say is to be done."""

import json
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from deploy.cli.api import Api
from deploy.local.ops_token import OpsToken
from deploy.main import build

CLI = CliRunner()
CITY = {"city": "harbour", "version": "1", "timezone": "Asia/Shanghai"}
URL = "https://grid.example/i/" + "Ab-_" * 60
INVITED: dict[str, Any] = {
    "city": "harbour",
    "person": "qs-desk",
    "url": URL,
    "expires_at": "2026-03-05T01:00:00Z",
    "sent_by": [],
}
NO_PERSON = (
    "The pack of harbour has no person with the id qs-dsk, or none that you may see. Ids stand in posts.yaml; "
    "who was added to it since is here once the pack is loaded (whistle city load)."
)


class Router:
    """What the router answers; ``asked``: what came."""

    def __init__(self, cities: list[dict[str, str]] | None = None) -> None:
        self.cities = [CITY] if cities is None else cities
        self.invited = httpx.Response(201, json=INVITED)
        self.asked: list[tuple[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/cities":
            return httpx.Response(200, json={"items": self.cities})
        self.asked.append((f"{request.method} {request.url.path}", json.loads(request.content or b"null")))
        if request.url.path == "/v1/sessions":
            return httpx.Response(200, json={"items": []})
        return self.invited if request.method == "POST" else httpx.Response(204)


@pytest.fixture
def router(monkeypatch: pytest.MonkeyPatch) -> Router:
    made = Router()
    http = httpx.Client(transport=httpx.MockTransport(made))
    urls = dict.fromkeys(("intake", "router", "notifier"), "http://router.example")
    monkeypatch.setattr("deploy.cli.api.connect", lambda _: Api(http, urls, OpsToken("t")))
    return made


def officer(*command: str, fails: bool = False) -> tuple[str, str]:
    """What stands on standard output, and on standard error."""
    told = CLI.invoke(build(), ["officer", *command])
    assert told.exit_code == (1 if fails else 0), told.output
    return told.stdout, told.stderr


def test_an_invitation_that_was_sent_says_by_what_and_until_when_and_not_the_address(router: Router) -> None:
    router.invited = httpx.Response(201, json={**INVITED, "sent_by": ["sms", "mail"]})
    out, err = officer("invite", "qs-desk")
    assert out == "sent to qs-desk by sms, mail, until 2026-03-05 09:00:00 (Asia/Shanghai); with --print it is shown\n"
    assert err == ""
    assert router.asked == [("POST /v1/invitations", {"person": "qs-desk", "city": "harbour", "printed": False})]


def test_where_the_person_has_no_channel_the_address_is_handed_over(router: Router) -> None:
    out, err = officer("invite", "qs-desk", "--city", "harbour")
    assert out == f"{URL}\n", "the address alone, whole, to be copied or piped"
    assert err.splitlines() == [
        "qs-desk has no channel of his own in the pack: hand it over",
        "for qs-desk alone, until 2026-03-05 09:00:00 (Asia/Shanghai):",
    ]


def test_to_be_printed_it_is_shown_with_its_code_and_not_sent(router: Router) -> None:
    out, err = officer("invite", "qs-desk", "--print")
    assert out.splitlines()[0] == URL
    assert err == "for qs-desk alone, until 2026-03-05 09:00:00 (Asia/Shanghai):\n"
    assert router.asked[-1][1]["printed"] is True


def test_as_json_it_is_the_routers_answer(router: Router) -> None:
    assert json.loads(officer("invite", "qs-desk", "--json")[0]) == INVITED


def test_a_wrong_id_says_where_ids_stand_and_a_wrong_city_which_there_are(router: Router) -> None:
    router.invited = httpx.Response(
        404, json={"type": "urn:whistle:problem:not-found", "detail": NO_PERSON, "errors": []}
    )
    assert officer("invite", "qs-dsk", fails=True)[1] == f"✗ {NO_PERSON}\n"
    wrong = officer("invite", "qs-desk", "--city", "habour", fails=True)[1]
    assert wrong == "✗ there is no city habour here; cities: harbour\n"
    router.cities = []
    none = officer("invite", "qs-desk", "--city", "harbour", fails=True)[1]
    assert none == "✗ there is no city harbour here; cities: none is loaded: whistle city load DIR\n"


def test_where_several_cities_are_loaded_one_must_be_said(router: Router) -> None:
    router.cities = [CITY, {**CITY, "city": "sheyang"}]
    assert officer("invite", "qs-desk", fails=True)[1] == "✗ which city? loaded: harbour, sheyang; say it with --city\n"
    assert router.asked == []


def test_signing_out_says_that_the_password_still_holds(router: Router) -> None:
    assert officer("sessions", "qs-desk")[1] == "qs-desk is signed in nowhere\n"
    assert "the password still holds: invite anew" in officer("out", "qs-desk")[0]
    assert router.asked[-1][0] == "DELETE /v1/sessions/all"
