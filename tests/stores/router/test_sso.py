"""Sign-in at the organisation on a real database, through the HTTP edge: who gets a session, once, and who none."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from services.router.sign_in import sign_in as sign_in_module
from services.router.sign_in.sso import organisation as organisation_module
from services.router.sign_in.sso import provider as provider_module
from shared.kernel.clock import StoppedClock
from shared.runtime.identity.directory import EVERY_CITY
from shared.runtime.identity.tokens import token_hash
from shared.runtime.storage.mongo import Database
from shared.runtime.timekeeping.wall_clock import real_now
from tests.kit.made_provider import CLIENT, OTHER_KEY, MadeProvider, signed
from tests.kit.made_reports import NOW
from tests.kit.sign_in_door import IDLE, Door, Swaps, code, people, sign_in_door


class Later:
    """Real time, which may be moved."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def __call__(self) -> datetime:
        return real_now() + self.by


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def made(later: Later) -> MadeProvider:
    return MadeProvider(now=later)


@pytest.fixture
async def door(database: Database, swaps: Swaps, made: MadeProvider) -> AsyncIterator[Door]:
    async with sign_in_door(database, swaps, organisation=made) as door:
        yield door


async def begun(door: Door, *, shared: bool = False) -> dict[str, Any]:
    answer = await door.call("POST", "/v1/sign-in/sso", body={"shared": shared})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    return told


async def came_back(door: Door, asked: dict[str, Any], back: dict[str, str]) -> httpx.Response:
    return await door.call("POST", "/v1/sessions:sso", body={"asked": asked["asked"], **back})


async def tried(door: Door, made: MadeProvider, name: str = "qs-desk", **more: Any) -> httpx.Response:
    asked = await begun(door)
    return await came_back(door, asked, made.signs_in(asked["url"], name, **more))


async def entries(door: Door) -> list[tuple[str, str, str, str]]:
    found = await door.log.find({"what": "session.sso"}, 50)
    return [(one.city, one.who, one.outcome, one.session) for one in reversed(found)]


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:whistle:problem:")


async def test_who_signs_in_at_the_organisation_gets_a_session_as_by_password(door: Door, made: MadeProvider) -> None:
    asked = await begun(door)
    query = parse_qs(urlsplit(asked["url"]).query)
    assert query["tenant"] == ["grid"], "the address's own parameters stay"
    assert query["state"] == [asked["state"]]
    assert len({query["state"][0], query["nonce"][0], query["code_challenge"][0], asked["asked"]}) == 4
    assert asked["asked"] not in asked["url"]
    answer = await came_back(door, asked, made.signs_in(asked["url"], "qs-desk"))
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    told = answer.json()
    assert (told["city"], told["person"], told["computer"]) == ("harbour", "qs-desk", "")
    assert (await door.call("GET", "/v1/me", told["token"])).json()["person"] == "qs-desk"
    (mine,) = (await door.call("GET", "/v1/sessions", told["token"])).json()["items"]
    assert (mine["by"], mine["current"]) == ("sso", True)
    assert await entries(door) == [("harbour", "qs-desk", "201", mine["id"])]
    assert (await door.call("DELETE", f"/v1/sessions/{mine['id']}", told["token"])).status_code == 204
    assert not await door.is_in(told["token"])


async def test_a_sign_in_that_came_back_opens_one_session_however_often_it_comes(
    door: Door, made: MadeProvider
) -> None:
    asked = await begun(door)
    back = made.signs_in(asked["url"], "qs-desk")
    answers = await asyncio.gather(*(came_back(door, asked, back) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [201, 410, 410]
    assert kind(await came_back(door, asked, back)) == (410, "sso-over")
    assert made.asked.count("/token") == 1


async def test_what_began_in_another_browser_opens_nothing_here_and_is_not_spent_by_it(
    door: Door, made: MadeProvider
) -> None:
    mine, others = await begun(door), await begun(door)
    back = made.signs_in(others["url"], "qs-desk")
    assert kind(await came_back(door, mine, back)) == (410, "sso-over"), "his state, my browser"
    swapped = {**back, "state": mine["state"]}
    assert kind(await came_back(door, mine, swapped)) == (401, "not-proved"), "his code: PKCE"
    back = made.signs_in(others["url"], "qs-desk")
    assert (await came_back(door, others, back)).status_code == 201
    never = {"asked": "whk_sso_" + "0" * 64}
    assert kind(await came_back(door, never, back)) == (410, "sso-over")


async def test_an_attempt_ends_after_ten_minutes(door: Door, made: MadeProvider, later: Later) -> None:
    asked = await begun(door)
    later.by = timedelta(minutes=10)
    assert kind(await came_back(door, asked, made.signs_in(asked["url"], "qs-desk"))) == (410, "sso-over")
    assert "/token" not in made.asked


async def test_a_token_that_proves_nothing_opens_nothing_and_is_on_record(door: Door, made: MadeProvider) -> None:
    assert kind(await tried(door, made, nonce="another")) == (401, "not-proved")
    made.sign = lambda claims: signed(claims, OTHER_KEY)
    assert kind(await tried(door, made)) == (401, "not-proved")
    made.sign = lambda _: "abc"
    assert kind(await tried(door, made)) == (401, "not-proved")
    assert await entries(door) == [(EVERY_CITY, "unknown", "401", "")] * 3


async def test_keys_that_were_changed_are_read_again(
    door: Door, made: MadeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await tried(door, made)).status_code == 201
    made.keys, made.sign = [OTHER_KEY], lambda claims: signed(claims, OTHER_KEY)
    monkeypatch.setattr(provider_module, "KEYS_AGAIN_SECONDS", 0.0)
    assert (await tried(door, made)).status_code == 201


async def test_an_answer_that_another_provider_sent_is_refused(door: Door, made: MadeProvider) -> None:
    """RFC 9207: who says that it is another is refused, and who says nothing where the provider always says it."""
    asked = await begun(door)
    back = {**made.signs_in(asked["url"], "qs-desk"), "issuer": "https://evil.example"}
    assert kind(await came_back(door, asked, back)) == (401, "not-proved")
    assert "/token" not in made.asked, "its code goes to nobody"
    asked = await begun(door)
    back = {**made.signs_in(asked["url"], "qs-desk"), "issuer": CLIENT.issuer}
    assert (await came_back(door, asked, back)).status_code == 201


async def test_a_provider_that_says_who_it_is_must_say_it(database: Database, swaps: Swaps, made: MadeProvider) -> None:
    made.discovery["authorization_response_iss_parameter_supported"] = True
    async with sign_in_door(database, swaps, organisation=made) as door:
        assert kind(await tried(door, made)) == (401, "not-proved")


async def test_nobody_of_the_pack_gets_no_session_and_is_told_what_to_do(door: Door, made: MadeProvider) -> None:
    for name in ("nobody", "qs-desk@example.org", "elsewhere/qs-desk"):
        answer = await tried(door, made, name)
        assert kind(answer) == (403, "unknown-person")
        assert answer.json()["name"] == name
        assert "ask who keeps the list" in answer.json()["detail"]
    answer = await tried(door, made, preferred_username=None)
    assert (kind(answer), answer.json()["name"]) == ((403, "unknown-person"), "")
    unknown = (EVERY_CITY, "unknown", "403", "")
    assert await entries(door) == [("harbour", "unknown", "403", ""), unknown, unknown, unknown]


async def test_of_whom_nobody_knows_the_log_has_the_issuer_and_a_keyed_hash_of_the_subject(
    door: Door, made: MadeProvider
) -> None:
    """B142: the provider's names are those of people who never had to do with this city: 320101199001011234."""
    for name, subject in (("320101199001011234", "abc"), ("harbour/13812345678", "abc"), ("nobody", "xyz")):
        assert (await tried(door, made, name, sub=subject)).status_code == 403
    rows = await door.log.find({"what": "session.sso"}, 50)
    assert {row.who for row in rows} == {"unknown"}
    first, again, other = (row.on for row in reversed(rows))
    assert first == again != other, "the same person is known by it"
    issuer, _, hashed = first.rpartition(" ")
    assert (issuer, len(hashed)) == (CLIENT.issuer, 32)
    kept = str([*rows])
    assert not [one for one in ("320101", "138123", "abc", "xyz", "nobody") if one in kept.replace(first, "")]
    over = [msgspec.structs.replace(one, until=NOW) if one.id == "qs-walk" else one for one in people()]
    await door.directory.put_people("harbour", over, "2")
    assert (await tried(door, made, "qs-walk")).status_code == 403
    assert (await entries(door))[-1][1] == "qs-walk", "who stands in the pack is named"


async def test_who_left_the_pack_or_is_outside_of_his_appointment_gets_no_session(
    door: Door, made: MadeProvider
) -> None:
    assert (await tried(door, made)).status_code == 201
    await door.directory.put_people("harbour", [one for one in people() if one.id != "qs-desk"], "2")
    assert kind(await tried(door, made)) == (403, "unknown-person")
    over = [msgspec.structs.replace(one, until=NOW) if one.id == "qs-walk" else one for one in people()]
    await door.directory.put_people("harbour", over, "3")
    assert kind(await tried(door, made, "qs-walk")) == (403, "unknown-person")


async def test_who_leaves_while_he_signs_in_is_out(
    door: Door, made: MadeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pack is loaded between the look and the session: it ends the sessions that there are, and not yet this one."""
    opens = door.directory.sessions.open

    async def slowly(*given: Any, **named: Any) -> Any:
        await door.directory.put_people("harbour", [one for one in people() if one.id != "qs-desk"], "2")
        return await opens(*given, **named)

    monkeypatch.setattr(door.directory.sessions, "open", slowly)
    assert kind(await tried(door, made)) == (403, "unknown-person")
    assert await door.directory.sessions.of("harbour", "qs-desk", NOW) == []


async def test_a_session_of_before_does_not_live_again_with_who_comes_back(door: Door, made: MadeProvider) -> None:
    """B140: also where nobody ended it, since the process died between the pack's people and their sessions."""
    await door.account("qs-desk")
    before = [(await tried(door, made)).json()["token"], await door.signed_in("qs-desk")]
    hashed = [token_hash(one) for one in before]
    assert isinstance(door.clock, StoppedClock)
    for minutes, version, present in ((1, "2", False), (2, "3", True)):
        door.clock.move_to(NOW + timedelta(minutes=minutes))
        await door.directory.put_people("harbour", [p for p in people() if present or p.id != "qs-desk"], version)
        assert [await door.is_in(one) for one in before] == [False, False]
        assert await door.directory.holders(hashed) == {}
    assert await door.is_in((await tried(door, made)).json()["token"])


async def test_at_a_shared_computer_whoever_it_is_signs_in_anew_and_is_locked_later(
    door: Door, made: MadeProvider
) -> None:
    assert "prompt" not in parse_qs(urlsplit((await begun(door))["url"]).query)
    asked = await begun(door, shared=True)
    query = parse_qs(urlsplit(asked["url"]).query)
    assert (query["prompt"], query["max_age"]) == (["login"], ["0"])
    assert kind(await came_back(door, asked, made.signs_in(asked["url"], "qs-desk"))) == (401, "not-proved")
    asked = await begun(door, shared=True)
    before = made.signs_in(asked["url"], "qs-desk", auth_time=int(real_now().timestamp()) - 60)
    assert kind(await came_back(door, asked, before)) == (401, "not-proved"), "the person before is still signed in"
    asked = await begun(door, shared=True)
    anew = made.signs_in(asked["url"], "qs-desk", auth_time=int(real_now().timestamp()))
    session = (await came_back(door, asked, anew)).json()["token"]
    assert await door.is_in(session)
    assert isinstance(door.clock, StoppedClock)
    door.clock.move_to(NOW + IDLE)
    assert not await door.is_in(session)


async def test_acts_that_ask_for_a_code_ask_for_it_after_the_organisations_sign_in_too(
    door: Door, made: MadeProvider
) -> None:
    codes = await door.account("oh-chief", second_factor=True)
    session = (await tried(door, made, "oh-chief", amr=["otp"], acr="high")).json()["token"]
    assert (await door.call("GET", "/v1/operated", session)).status_code == 403
    assert (await door.confirm(session, code(codes, 1))).status_code == 200
    assert (await door.call("GET", "/v1/operated", session)).status_code == 200


async def test_without_an_authenticator_no_code_is_taken(door: Door, made: MadeProvider) -> None:
    session = (await tried(door, made)).json()["token"]
    assert kind(await door.confirm(session, "123456")) == (409, "no-second-factor")


async def test_a_provider_that_is_away_is_said_to_be_and_passwords_go_on(door: Door, made: MadeProvider) -> None:
    await door.account("qs-desk")
    asked = await begun(door)
    made.away.add("/token")
    assert (await came_back(door, asked, made.signs_in(asked["url"], "qs-desk"))).status_code == 503
    assert (await door.try_sign_in("qs-desk")).status_code == 201


async def test_without_discovery_no_attempt_begins(database: Database, swaps: Swaps, made: MadeProvider) -> None:
    made.away.add("/.well-known/openid-configuration")
    async with sign_in_door(database, swaps, organisation=made) as door:
        assert (await door.call("POST", "/v1/sign-in/sso", body={})).status_code == 503
        assert (await door.call("GET", "/v1/sign-in/sso")).status_code == 503
        assert (await door.call("GET", "/v1/sign-in")).json()["sso"] is True


async def test_a_provider_that_answers_slowly_is_away(
    door: Door, made: MadeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organisation_module, "SECONDS_MAX", 0.05)
    made.hanging.add("/.well-known/openid-configuration")
    assert (await door.call("POST", "/v1/sign-in/sso", body={})).status_code == 503


async def test_many_attempts_that_come_to_nothing_have_to_wait_and_those_that_succeed_cost_nothing(
    door: Door, made: MadeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organisation_module, "OF_BEGINNINGS", 3)
    for _ in range(5):
        assert (await tried(door, made)).status_code == 201
    answers = [(await door.call("POST", "/v1/sign-in/sso", body={})).status_code for _ in range(4)]
    assert answers == [201, 201, 201, 429]
    elsewhere = await door.elsewhere("192.0.2.9").call("POST", "/v1/sign-in/sso", body={})
    assert elsewhere.status_code == 201


async def test_passwords_that_fail_at_an_address_hold_up_no_sign_in_at_the_organisation(
    door: Door, made: MadeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B143: nor the other way round: behind one address sits a whole county."""
    monkeypatch.setattr(sign_in_module, "OF_ADDRESS", 2)
    for name in ("nobody", "nobody-2", "nobody-3"):
        assert (await tried(door, made, name)).status_code == 403
    for person in ("mf-desk", "hw-desk"):
        assert (await door.try_sign_in(person)).status_code == 401, "not yet 429"
    assert (await door.try_sign_in("mf-desk")).status_code == 429
    assert (await tried(door, made)).status_code == 201


async def test_sign_ins_that_the_organisation_did_not_prove_have_to_wait_too(
    door: Door, made: MadeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organisation_module, "OF_BEGINNINGS", 2)
    for _ in range(2):
        assert kind(await tried(door, made, nonce="another")) == (401, "not-proved")
    assert (await door.call("POST", "/v1/sign-in/sso", body={})).status_code == 429


async def test_no_code_token_or_secret_is_in_a_log_or_in_the_database(
    door: Door, made: MadeProvider, database: Database
) -> None:
    with capture_logs() as logs:
        asked = await begun(door)
        back = made.signs_in(asked["url"], "qs-desk")
        answer = await came_back(door, asked, back)
        made.sign = lambda claims: signed(claims, OTHER_KEY)
        await tried(door, made, "nobody")
    said = json.dumps(logs, default=str)
    query = parse_qs(urlsplit(asked["url"]).query)
    kept = await database.collection("sso_attempts").find({}, limit=10)
    session = answer.json()["token"]
    for secret in (*made.tokens, back["code"], asked["asked"], CLIENT.secret, session, query["nonce"][0], "nobody"):
        assert secret not in said
        assert secret not in str(kept)
    assert query["state"][0] not in said + str(kept)


async def test_who_signs_out_is_told_where_to_sign_out_there(
    door: Door, database: Database, swaps: Swaps, made: MadeProvider
) -> None:
    url = (await door.call("GET", "/v1/sign-in/sso")).json()["url"]
    parts = urlsplit(url)
    assert parts.path == "/end"
    assert parse_qs(parts.query) == {
        "client_id": ["whistle"],
        "post_logout_redirect_uri": ["https://grid.example/signin"],
    }


async def test_a_provider_without_a_way_out_has_none(database: Database, swaps: Swaps, made: MadeProvider) -> None:
    del made.discovery["end_session_endpoint"]
    async with sign_in_door(database, swaps, organisation=made) as door:
        assert (await door.call("GET", "/v1/sign-in/sso")).json() == {"url": ""}


async def test_the_claim_is_asked_for_in_the_token_where_the_provider_takes_that(
    database: Database, swaps: Swaps, made: MadeProvider
) -> None:
    made.discovery["claims_parameter_supported"] = True
    async with sign_in_door(database, swaps, organisation=made) as door:
        (claims,) = parse_qs(urlsplit((await begun(door))["url"]).query)["claims"]
        assert json.loads(claims) == {"id_token": {"preferred_username": {"essential": True}}}


async def test_where_no_provider_is_configured_there_is_no_such_sign_in(database: Database, swaps: Swaps) -> None:
    async with sign_in_door(database, swaps) as door:
        assert (await door.call("GET", "/v1/sign-in")).json()["sso"] is False
        asked = {"asked": "whk_sso_" + "0" * 64, "state": "0" * 32, "code": "x"}
        assert (await door.call("POST", "/v1/sign-in/sso", body={})).status_code == 404
        assert (await door.call("GET", "/v1/sign-in/sso")).status_code == 404
        assert (await door.call("POST", "/v1/sessions:sso", body=asked)).status_code == 404
