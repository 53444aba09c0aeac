"""Shared computers, and one's own password: on a real database, through the HTTP edge."""

from datetime import timedelta

from shared.runtime.identity.tokens import token_hash
from tests.kit.made_reports import NOW
from tests.kit.sign_in_door import IDLE, OPS, PASSWORD, Door, code

NEW = "seven ropes under the new pier"
PIN = "274913"


async def holds(door: Door, token: str) -> bool:
    """Whether a stream of the session would go on."""
    return token_hash(token) in await door.directory.holders([token_hash(token)])


async def test_who_does_nothing_at_a_shared_computer_is_locked_out_whatever_the_page_asks_for(door: Door) -> None:
    await door.account("qs-desk")
    shared, own = await door.signed_in("qs-desk", shared=True), await door.signed_in("qs-desk")
    for minute in range(0, 30, 5):
        door.clock.move_to(NOW + timedelta(minutes=minute))
        assert await door.is_in(shared), "the page reads on by itself"
    door.clock.move_to(NOW + IDLE)
    assert not await door.is_in(shared)
    assert not await holds(door, shared), "streams end as well"
    assert await door.is_in(own)
    here = await door.call("POST", "/v1/sessions:here", shared)
    assert here.status_code == 401, "and nothing brings it back"


async def test_who_does_something_in_time_stays_signed_in(door: Door) -> None:
    await door.account("qs-desk")
    shared = await door.signed_in("qs-desk", shared=True)
    for minute in (29, 58, 87):
        door.clock.move_to(NOW + timedelta(minutes=minute))
        answer = await door.call("POST", "/v1/sessions:here", shared)
        assert answer.json() == {"person": "qs-desk", "by": "password", "locks_after": 1800}
    door.clock.move_to(NOW + timedelta(minutes=87) + IDLE)
    assert not await door.is_in(shared)


async def test_a_session_by_pin_is_locked_too_and_the_pin_opens_another(door: Door) -> None:
    await door.account("qs-desk")
    first = (await door.try_sign_in("qs-desk", shared=True)).json()
    set_ = await door.call("POST", "/v1/sessions:set-pin", first["token"], {"password": PASSWORD, "pin": PIN})
    assert set_.status_code == 204
    body = {"person": "qs-desk", "pin": PIN, "computer": first["computer"]}
    opened = (await door.call("POST", "/v1/sessions:pin", body=body)).json()["token"]
    door.clock.move_to(NOW + IDLE)
    assert not await door.is_in(opened)
    again = (await door.call("POST", "/v1/sessions:pin", body=body)).json()["token"]
    assert await door.is_in(again)


async def test_a_computer_tells_whose_pins_it_takes_and_nobody_elses(door: Door) -> None:
    for person in ("qs-desk", "qs-walk"):
        await door.account(person)
    first = (await door.try_sign_in("qs-desk")).json()
    await door.try_sign_in("qs-walk", computer=first["computer"])

    async def people(computer: str) -> list[str]:
        answer = await door.call("POST", "/v1/sessions:people-here", body={"computer": computer})
        return [one["person"] for one in answer.json()["items"]]

    assert await people(first["computer"]) == [], "nobody has a PIN"
    await door.call("POST", "/v1/sessions:set-pin", first["token"], {"password": PASSWORD, "pin": PIN})
    assert await people(first["computer"]) == ["qs-desk"]
    assert await people("whk_computer_" + "0" * 64) == []
    door.clock.move_to(NOW + timedelta(hours=12))
    assert await people(first["computer"]) == []


async def test_a_new_password_of_ones_own_ends_all_other_sessions_and_voids_the_pin(door: Door) -> None:
    codes = await door.account("oh-chief", second_factor=True)
    opened = (await door.try_sign_in("oh-chief")).json()
    here, elsewhere = opened["token"], await door.signed_in("oh-chief")
    await door.call("POST", "/v1/sessions:set-pin", here, {"password": PASSWORD, "pin": PIN})
    change = {"password": PASSWORD, "new": NEW}
    assert (await door.call("POST", "/v1/sessions:set-password", here, change)).status_code == 204
    assert (await door.is_in(here), await door.is_in(elsewhere)) == (True, False)
    assert (await door.try_sign_in("oh-chief")).status_code == 401, "the old one"
    assert (await door.try_sign_in("oh-chief", NEW)).status_code == 201
    body = {"person": "oh-chief", "pin": PIN, "computer": opened["computer"]}
    assert (await door.call("POST", "/v1/sessions:pin", body=body)).status_code == 401
    assert (await door.confirm(here, code(codes, 1))).status_code == 200, "the authenticator stays"


async def test_a_password_is_changed_only_by_who_knows_it_and_to_a_good_one(door: Door) -> None:
    await door.account("qs-desk")
    token = await door.signed_in("qs-desk")

    async def change(password: str, new: str) -> tuple[int, str]:
        answer = await door.call("POST", "/v1/sessions:set-password", token, {"password": password, "new": new})
        return answer.status_code, answer.json()["errors"][0]["pointer"] if answer.status_code == 422 else ""

    assert await change(PASSWORD, "short") == (422, "/new")
    assert await change(PASSWORD, "password123") == (422, "/new")
    statuses = [(await change("wrong", NEW))[0] for _ in range(6)]
    assert statuses == [401, 401, 401, 401, 401, 429]
    assert (await door.try_sign_in("qs-desk")).status_code == 201


async def test_who_came_by_pin_sets_no_password(door: Door) -> None:
    await door.account("qs-desk")
    first = (await door.try_sign_in("qs-desk")).json()
    await door.call("POST", "/v1/sessions:set-pin", first["token"], {"password": PASSWORD, "pin": PIN})
    body = {"person": "qs-desk", "pin": PIN, "computer": first["computer"]}
    by_pin = (await door.call("POST", "/v1/sessions:pin", body=body)).json()["token"]
    answer = await door.call("POST", "/v1/sessions:set-password", by_pin, {"password": PASSWORD, "new": NEW})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:whistle:problem:pin-session")


async def test_who_asks_for_a_stranger_is_told_what_to_do(door: Door) -> None:
    answer = await door.call("POST", "/v1/invitations", OPS, {"person": "nobody"})
    assert answer.status_code == 404
    assert "no person with the id nobody" in answer.json()["detail"]
    assert "whistle city load" in answer.json()["detail"]
