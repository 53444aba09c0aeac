"""Login links on a real database, through the HTTP edge: whom they sign in, once, and whom never."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.router.sign_in.own_links import login_links as login_links_module
from shared.kernel.clock import StoppedClock
from shared.runtime.http_server.invitation_links import LOGIN_LINKS, InvitationLinks
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import NOW, SECRET
from tests.kit.sign_in_door import IDLE, Door, Swaps, sign_in_door
from tests.packs import harbour_with_channels

PHONE = {"sms": "${CHANNEL_HARBOUR_PHONE}"}


@pytest.fixture
async def door(database: Database, swaps: Swaps) -> AsyncIterator[Door]:
    """A door to a city in which the quayside's desk has a telephone of its own."""
    files = harbour_with_channels(city={"sms": {"url": "https://sms.example.com/"}}, people={"qs-desk": PHONE})
    async with sign_in_door(database, swaps, files) as door:
        yield door


async def ask(door: Door, person: str = "qs-desk", **more: Any) -> dict[str, Any]:
    answer = await door.call("POST", "/v1/login-links", body={"person": person, **more})
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def sent(door: Door) -> list[str]:
    """The tokens of the addresses that the notifier is told to send, the newest last."""
    rows = await door.links.find({"pending": {"$exists": True}}, sort=[("asked_at", 1)], limit=20)
    links = InvitationLinks(SECRET, LOGIN_LINKS)
    return [links.token(row["city"], row["person"], row["_id"], row["ends"]) for row in rows]


async def press(door: Door, token: str, number: int) -> httpx.Response:
    return await door.call("POST", f"/v1/login-links/{token}:press", body={"number": number})


async def opened(door: Door, asked: dict[str, Any]) -> httpx.Response:
    return await door.call("POST", "/v1/sessions:link", body={"asked": asked["asked"]})


async def test_looking_at_a_link_three_times_spends_nothing_and_pressing_it_signs_in_once(door: Door) -> None:
    await door.account("qs-desk")
    asked = await ask(door)
    (token,) = await sent(door)
    for _ in range(3):
        shown = await door.call("GET", f"/v1/login-links/{token}")
        assert shown.status_code == 200
        assert asked["number"] in shown.json()["numbers"]
        assert len(shown.json()["numbers"]) == 3
        assert shown.headers["cache-control"] == "no-store"
    assert (await opened(door, asked)).json()["type"] == "urn:whistle:problem:link-waiting"
    presses = await asyncio.gather(*(press(door, token, asked["number"]) for _ in range(3)))
    assert sorted(answer.status_code for answer in presses) == [204, 409, 409]
    answers = await asyncio.gather(*(opened(door, asked) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 410, 410]
    session = next(answer.json()["token"] for answer in answers if answer.status_code == 201)
    assert (await door.call("GET", "/v1/me", session)).json()["person"] == "qs-desk"
    assert (await door.call("GET", f"/v1/login-links/{token}")).status_code == 409


async def test_a_link_signs_in_the_browser_that_asked_and_no_other(door: Door) -> None:
    await door.account("qs-desk")
    mine, others = await ask(door), await ask(door)
    first, second = await sent(door)
    assert (await press(door, second, others["number"])).status_code == 204
    assert (await opened(door, mine)).status_code == 409, "his own was not pressed"
    assert (await opened(door, {"asked": "whk_link_" + "0" * 64})).status_code == 410
    assert (await door.call("GET", f"/v1/invitations/{first}")).status_code == 404, "it sets no password"
    assert (await door.call("GET", f"/v1/login-links/{await door.invited('qs-desk')}")).status_code == 404


async def test_a_wrong_number_ends_the_link(door: Door) -> None:
    await door.account("qs-desk")
    asked = await ask(door)
    (token,) = await sent(door)
    wrong = await press(door, token, 10 if asked["number"] != 10 else 11)
    assert (wrong.status_code, wrong.json()["type"]) == (409, "urn:whistle:problem:wrong-number")
    assert (await press(door, token, asked["number"])).status_code == 409
    assert (await opened(door, asked)).status_code == 410


async def test_a_link_ends_after_ten_minutes_also_when_it_was_pressed(door: Door) -> None:
    await door.account("qs-desk")
    asked, late = await ask(door), await ask(door)
    first, second = await sent(door)
    assert (await press(door, first, asked["number"])).status_code == 204
    assert isinstance(door.clock, StoppedClock)
    door.clock.move_to(NOW + timedelta(minutes=10))
    assert (await opened(door, asked)).status_code == 410
    assert (await press(door, second, late["number"])).status_code == 410


async def test_whoever_asks_cannot_tell_whether_a_person_exists_has_an_account_or_a_channel(door: Door) -> None:
    await door.account("qs-desk")
    await door.account("mf-desk")  # has an account, and no channel
    told = [await ask(door, person) for person in ("qs-desk", "mf-desk", "qs-walk", "nobody")]
    assert {tuple(sorted(one)) for one in told} == {("asked", "expires_at", "number")}
    assert len({one["expires_at"] for one in told}) == 1
    assert len(await sent(door)) == 1
    for one in told:
        assert (await opened(door, one)).json()["type"] == "urn:whistle:problem:link-waiting"


async def test_asking_again_and_again_is_slowed_for_known_and_unknown_people_alike(door: Door) -> None:
    await door.account("qs-desk")
    for person in ("qs-desk", "nobody"):
        body = {"person": person}
        answers = [(await door.call("POST", "/v1/login-links", body=body)).status_code for _ in range(6)]
        assert answers == [202] * 5 + [429], person


async def test_links_that_signed_somebody_in_hold_up_nobody_at_the_same_address(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B136: a hundred people of one office had theirs, and the next one waited for minutes."""
    monkeypatch.setattr(login_links_module, "OF_ADDRESS", 2)
    await door.account("qs-desk")
    assert isinstance(door.clock, StoppedClock)
    for number in range(4):
        door.clock.move_to(NOW + timedelta(milliseconds=number))
        asked = await ask(door)
        assert (await press(door, (await sent(door))[-1], asked["number"])).status_code == 204
        assert (await opened(door, asked)).status_code == 201
    await ask(door)
    await ask(door, "nobody")
    assert (await door.call("POST", "/v1/login-links", body={"person": "qs-walk"})).status_code == 429


async def test_a_new_invitation_that_was_accepted_voids_what_was_asked_for_before(door: Door) -> None:
    await door.account("qs-desk")
    asked = await ask(door)
    (token,) = await sent(door)
    assert (await press(door, token, asked["number"])).status_code == 204
    await door.account("qs-desk")
    assert (await opened(door, asked)).status_code == 410


async def test_a_session_by_link_asks_for_a_code_where_others_do_and_is_locked_at_a_shared_computer(door: Door) -> None:
    await door.account("qs-desk")
    asked = await ask(door, shared=True)
    (token,) = await sent(door)
    await press(door, token, asked["number"])
    session = (await opened(door, asked)).json()["token"]
    (mine,) = [one for one in (await door.call("GET", "/v1/sessions", session)).json()["items"] if one["current"]]
    assert mine["by"] == "link"
    assert not await door.directory.sessions.is_confirmed(session, NOW)
    assert isinstance(door.clock, StoppedClock)
    door.clock.move_to(NOW + IDLE)
    assert not await door.is_in(session)
