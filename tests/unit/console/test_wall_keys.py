"""``/walls``: supervisors have the screens of their units there, administrators those of the city, by one-time code."""

import json
import re

import httpx
import pytest

from tests.kit.console_door import ConsoleDoor
from tests.kit.made_router import SESSION, WALL_ENTRY, WALL_KEY, MadeRouter, refused

SIGNED_IN = ((b"cookie", f"whistle={SESSION}".encode()),)


def router(role: str, *offices: str) -> MadeRouter:
    made = MadeRouter(offices=offices)
    made.answers["GET /v1/me"]["role"] = role
    return made


def asked_in(door: ConsoleDoor) -> list[str | None]:
    """In which office the router was asked about screens."""
    return [one.headers.get("whistle-office") for one in door.asked if one.url.path.startswith("/v1/walls")]


async def test_a_supervisor_has_the_page_in_the_frame_and_needs_no_code() -> None:
    door = ConsoleDoor(router("supervisor"))
    page = await door.get("/walls", SIGNED_IN)
    assert page.status == 200
    assert 'href="/walls" aria-current="page"' in page.text
    assert "hall-0" in page.text
    assert 'name="totp"' not in page.text
    made = await door.send_signed("/walls", name="hall-1", unit="quayside")
    assert WALL_KEY in made.text
    assert (await door.send_signed("/walls/revoke", id="00000000000000aa")).status == 303
    assert {*asked_in(door)} == {None}


async def test_unit_and_maker_of_a_key_are_shown_by_their_names() -> None:
    page = await ConsoleDoor(router("supervisor")).get("/walls", SIGNED_IN)
    (row,) = [line for line in re.findall("<li>.*?</li>", page.text, re.DOTALL) if "hall-0" in line]
    assert ("交通路社区" in row, "张三" in row) == (True, True)
    assert ("quayside" in row, "qs-desk" in row) == (False, False)


@pytest.mark.parametrize("office", ["ops", "setup"])
async def test_who_sets_the_city_up_asks_in_his_office_and_is_asked_for_a_code(office: str) -> None:
    made = router("supervisor", office)
    door = ConsoleDoor(made)
    assert 'name="totp"' in (await door.get("/walls", SIGNED_IN)).text
    assert {*asked_in(door)} == {office}
    made.refuses["GET /v1/walls"] = refused(403, kind="second-factor")
    page = await door.get("/walls", SIGNED_IN)
    assert (page.status, "hall-0" in page.text) == (200, False)
    made.refuses["POST /v1/walls"] = refused(403, kind="second-factor")
    wanting = await door.send_signed("/walls", name="hall-1", unit="quayside")
    assert (wanting.status, "验证码" in wanting.text) == (422, True)
    made.refuses["POST /v1/sessions:confirm"] = refused(401, kind="wrong-code")
    assert (await door.send_signed("/walls", name="hall-1", unit="quayside", totp="000000")).status == 422


async def test_for_other_officers_there_is_no_such_page() -> None:
    made = router("duty_officer")
    made.refuses["GET /v1/walls"] = refused(403)
    made.refuses["POST /v1/walls"] = refused(403)
    door = ConsoleDoor(made)
    assert 'href="/walls"' not in (await door.get("/me", SIGNED_IN)).text
    assert (await door.get("/walls", SIGNED_IN)).status == 403
    assert (await door.send_signed("/walls", name="hall-1", unit="quayside")).status == 403


async def test_a_unit_that_is_not_his_is_said_at_its_field() -> None:
    made = router("supervisor")
    made.refuses["POST /v1/walls"] = refused(422, "/unit")
    door = ConsoleDoor(made)
    page = await door.send_signed("/walls", name="hall-1", unit="millfield")
    assert (page.status, "不在您的管辖范围内" in page.text) == (422, True)
    (field,) = [one for one in page.attributes("input") if one.get("name") == "unit"]
    assert (field["value"], field["aria-invalid"]) == ("millfield", "true")
    sent = next(one for one in door.asked if one.method == "POST" and one.url.path == "/v1/walls")
    assert json.loads(sent.content) == {"name": "hall-1", "unit": "millfield"}


async def test_whom_a_pin_signed_in_is_told_to_sign_in_with_his_password() -> None:
    made = router("supervisor")
    made.refuses["POST /v1/walls"] = refused(409, kind="pin-session")
    page = await ConsoleDoor(made).send_signed("/walls", name="hall-1", unit="quayside")
    assert (page.status, "请先用密码登录" in page.text, "验证码" in page.text) == (409, True, False)


async def test_every_living_key_is_listed_however_many_there_are_and_were() -> None:
    made = router("supervisor")
    items = [{**WALL_ENTRY, "id": f"{n:016x}", "name": f"hall-{n}"} for n in range(450)]
    items += [{**one, "name": f"was-{n}", "revoked_at": one["created_at"]} for n, one in enumerate(items)]
    made.answers["GET /v1/walls"]["items"] = items
    page = await ConsoleDoor(made).get("/walls", SIGNED_IN)
    listed = [one["aria-label"].split()[-1] for one in page.attributes("button") if "aria-label" in one]
    assert [one for one in listed if one.startswith("hall-")] == [f"hall-{n}" for n in range(450)]
    assert "was-0" in page.text, "some of those that ended too"
    assert "was-449" not in page.text


async def test_of_a_key_that_stopped_the_list_says_so() -> None:
    made = router("supervisor")
    made.answers["GET /v1/walls"]["items"] = [{**WALL_ENTRY, "stopped": True}]
    page = await ConsoleDoor(made).get("/walls", SIGNED_IN)
    assert "已停用" in page.text
    assert "吊销 hall-0" in [one.get("aria-label") for one in page.attributes("button")]


async def test_a_unit_with_all_its_keys_is_told_which_to_revoke() -> None:
    made = router("supervisor")
    problem = {"type": "urn:whistle:problem:too-many", "name": "hall-of-old"}
    made.refuses["POST /v1/walls"] = httpx.Response(409, json=problem)
    page = await ConsoleDoor(made).send_signed("/walls", name="hall-1", unit="quayside")
    assert (page.status, "请先吊销" in page.text, "hall-of-old" in page.text) == (409, True, True)
