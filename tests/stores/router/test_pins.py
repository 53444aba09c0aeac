"""PINs on a real database, through the HTTP edge: where they open a session, what it may do, and when it ends."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.city.people.rota import RotaChange
from tests.kit.made_reports import NOW
from tests.kit.sign_in_door import PASSWORD, Door, Swaps, code

PIN = "274913"


async def with_pin(door: Door, person: str = "qs-desk", pin: str = PIN, *, second_factor: bool = False) -> str:
    """The person has an account and a PIN, and signed in at the computer whose token is answered."""
    await door.account(person, second_factor=second_factor)
    opened = (await door.try_sign_in(person)).json()
    answer = await set_pin(door, opened["token"], pin)
    assert answer.status_code == 204, answer.text
    computer: str = opened["computer"]
    return computer


async def set_pin(door: Door, token: str, pin: str | None, password: str = PASSWORD) -> httpx.Response:
    return await door.call("POST", "/v1/sessions:set-pin", token, {"password": password, "pin": pin})


async def by_pin(door: Door, computer: str, person: str = "qs-desk", pin: str = PIN) -> httpx.Response:
    return await door.call("POST", "/v1/sessions:pin", body={"person": person, "pin": pin, "computer": computer})


async def test_people_take_turns_at_a_shared_computer(door: Door) -> None:
    computer = await with_pin(door)
    await door.account("qs-walk")
    body = {"person": "qs-walk", "password": PASSWORD, "computer": computer}
    other = (await door.call("POST", "/v1/sessions", body=body)).json()
    assert other["computer"] == computer
    await set_pin(door, other["token"], "905172")
    for person, pin in (("qs-desk", PIN), ("qs-walk", "905172"), ("qs-desk", PIN)):
        opened = await by_pin(door, computer, person, pin)
        assert opened.status_code == 201, opened.text
        assert opened.headers["cache-control"] == "no-store"
        assert (await door.call("GET", "/v1/me", opened.json()["token"])).json()["person"] == person
    assert (await by_pin(door, computer, "qs-walk", PIN)).status_code == 401


async def test_a_pin_opens_nothing_elsewhere_nor_twelve_hours_after_the_password(door: Door) -> None:
    computer = await with_pin(door)
    elsewhere = "whk_computer_" + "0" * 64
    assert (await by_pin(door, elsewhere)).status_code == 401
    await door.account("mf-desk")
    assert (await by_pin(door, (await door.try_sign_in("mf-desk")).json()["computer"])).status_code == 401
    door.clock.move_to(NOW + timedelta(hours=12) - timedelta(minutes=1))
    assert (await by_pin(door, computer)).status_code == 201
    door.clock.move_to(NOW + timedelta(hours=12))
    assert (await by_pin(door, computer)).status_code == 401


async def test_what_is_wrong_with_a_pin_is_not_told_and_guessing_is_slowed(door: Door) -> None:
    computer = await with_pin(door)
    stranger = await by_pin(door, computer, "nobody")
    answers = [await by_pin(door, computer, pin="274914") for _ in range(5)]
    assert [answer.status_code for answer in (stranger, *answers)] == [401] * 6
    assert {**stranger.json(), "trace_id": ""} == {**answers[0].json(), "trace_id": ""}
    slowed = await by_pin(door, computer)
    assert slowed.status_code == 429
    await door.signed_in("qs-desk")
    door.clock.move_to(NOW + timedelta(seconds=int(slowed.headers["retry-after"])))
    assert (await by_pin(door, computer)).status_code == 201


async def test_guesses_at_one_computer_hold_nobody_up_at_another(door: Door) -> None:
    computer = await with_pin(door)
    other = (await door.try_sign_in("qs-desk")).json()["computer"]
    for _ in range(6):
        await by_pin(door, other, pin="274914")
    assert (await by_pin(door, other)).status_code == 429
    assert (await by_pin(door, computer)).status_code == 201


async def test_no_one_time_code_is_taken_for_a_session_by_pin(door: Door) -> None:
    await with_pin(door, "oh-chief")
    codes = await door.account("oh-chief", second_factor=True)
    opened = (await door.try_sign_in("oh-chief", totp=code(codes, 1))).json()
    assert (await set_pin(door, opened["token"], PIN)).status_code == 204
    token = (await by_pin(door, opened["computer"], "oh-chief")).json()["token"]
    assert (await door.call("GET", "/v1/operated", token)).json()["type"] == "urn:whistle:problem:second-factor"
    for answer in (await door.confirm(token, code(codes)), await set_pin(door, token, "905172")):
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:whistle:problem:pin-session")


@pytest.mark.parametrize("pin", ["111111", "121212", "123456", "987654", "890123", "12345", "1" * 13, "27491x"])
async def test_a_pin_that_is_seen_or_guessed_easily_is_refused(door: Door, pin: str) -> None:
    await door.account("qs-desk")
    answer = await set_pin(door, await door.signed_in("qs-desk"), pin)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/pin")


async def test_a_pin_is_set_with_the_password_alone_and_taken_away_again(door: Door) -> None:
    computer = await with_pin(door)
    token = await door.signed_in("qs-desk")
    wrong = await set_pin(door, token, "905172", "not the password")
    assert (wrong.status_code, wrong.json()["type"]) == (401, "urn:whistle:problem:wrong-credentials")
    assert (await by_pin(door, computer)).status_code == 201
    assert (await set_pin(door, token, None)).status_code == 204
    assert (await by_pin(door, computer)).status_code == 401


async def test_a_new_password_voids_the_pin_and_forgets_the_computers(door: Door) -> None:
    computer = await with_pin(door)
    await door.account("qs-desk")
    assert (await by_pin(door, computer)).status_code == 401
    assert (await set_pin(door, await door.signed_in("qs-desk"), PIN)).status_code == 204
    assert (await by_pin(door, computer)).status_code == 401, "nobody has given the new password there"


async def test_a_session_by_pin_ends_after_eight_hours_is_listed_and_revoked(door: Door) -> None:
    computer = await with_pin(door, "qs-walk")
    first, second = [(await by_pin(door, computer, "qs-walk")).json() for _ in range(2)]
    assert first["expires_at"] == (NOW + timedelta(hours=8)).isoformat().replace("+00:00", "Z")
    items = (await door.call("GET", "/v1/sessions", first["token"])).json()["items"]
    assert {item["id"]: item["by"] for item in items}[first["id"]] == "pin"
    assert "password" in {item["by"] for item in items}
    assert (await door.call("DELETE", f"/v1/sessions/{first['id']}", second["token"])).status_code == 204
    assert not await door.is_in(first["token"])
    door.clock.move_to(NOW + timedelta(hours=8))
    assert not await door.is_in(second["token"])


@pytest.mark.parametrize(
    ("swapped", "person"), [(False, "qs-desk"), (True, "qs-walk")], ids=["of the pack", "taken over today"]
)
async def test_a_session_by_pin_ends_with_the_shift(door: Door, swaps: Swaps, swapped: bool, person: str) -> None:
    """The desk of the quayside is on duty until 18:00 in Amsterdam, 17:00 UTC."""
    computer = await with_pin(door, person)
    if swapped:
        swaps.made.append(RotaChange(kind="swap", person="qs-desk", by="qs-walk", on=NOW.date()))
    door.clock.move_to(NOW + timedelta(hours=4))
    opened = (await by_pin(door, computer, person)).json()
    assert opened["expires_at"] == "2026-03-02T17:00:00Z"
    door.clock.move_to(NOW + timedelta(hours=8))
    assert not await door.is_in(opened["token"])


async def test_sign_ins_by_pin_are_in_the_security_log(door: Door) -> None:
    computer = await with_pin(door)
    await by_pin(door, computer, pin="274914")
    await by_pin(door, computer)
    rows: list[Any] = await door.log.rows.find({"who": "qs-desk"}, limit=100)
    told = [(row["what"], row["outcome"]) for row in rows]
    assert {("session.pin", "401"), ("session.pin", "201"), ("POST /v1/sessions:set-pin", "204")} <= set(told)
    assert PIN not in repr(rows)


async def test_failures_from_an_office_hold_up_no_pin_at_a_computer_that_is_known(door: Door) -> None:
    """B112: a hundred failures behind the county's one address locked everybody out at the shared computers."""
    computer = await with_pin(door)
    for _ in range(101):
        await door.sign_in.count_address("127.0.0.1", door.clock.now())
    assert (await by_pin(door, computer, "nobody")).status_code == 429
    assert (await by_pin(door, computer)).status_code == 201
