"""Invitations, accounts and sessions on a real database, through the HTTP edge."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shared.runtime.identity.tokens import token_hash
from tests.kit.made_reports import NOW
from tests.kit.sign_in_door import OPS, PASSWORD, Door, code, people


async def test_an_invited_person_sets_a_password_and_signs_in(door: Door) -> None:
    await door.account("qs-desk")
    token = await door.signed_in("qs-desk")
    assert (await door.call("GET", "/v1/me", token)).json() == {"person": "qs-desk", "kind": "officer"}


async def test_an_invitation_is_used_once_and_a_new_one_voids_it(door: Door) -> None:
    first, second = await door.invited("qs-desk"), await door.invited("qs-desk")
    assert (await door.call("GET", f"/v1/invitations/{first}")).status_code == 409
    bodies = [{"password": PASSWORD}, {"password": PASSWORD + " again"}]
    answers = await asyncio.gather(*(door.call("POST", f"/v1/invitations/{second}:accept", body=b) for b in bodies))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert (await door.call("GET", "/v1/invitations/AAAA")).status_code == 404


async def test_reading_an_invitation_does_not_spend_it_and_it_ends(door: Door) -> None:
    token = await door.invited("qs-desk")
    for _ in range(3):
        answer = await door.call("GET", f"/v1/invitations/{token}")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
    door.clock.move_to(NOW + timedelta(days=3))
    assert (await door.call("GET", f"/v1/invitations/{token}")).status_code == 410


@pytest.mark.parametrize("password", ["short", "password123", "qs-desk-qs-desk", "1111111111", "x" * 129])
async def test_a_password_that_is_easily_guessed_is_refused(door: Door, password: str) -> None:
    token = await door.invited("qs-desk")
    answer = await door.call("POST", f"/v1/invitations/{token}:accept", body={"password": password})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/password"


async def test_who_may_invite_whom(door: Door) -> None:
    for person in ("oh-chief", "qs-desk"):
        await door.account(person)
    chief, desk = await door.signed_in("oh-chief"), await door.signed_in("qs-desk")
    assert (await door.call("POST", "/v1/invitations", desk, {"person": "qs-walk"})).status_code == 403
    assert (await door.call("POST", "/v1/invitations", desk, {"person": "mf-desk"})).status_code == 404
    assert (
        (await door.call("POST", "/v1/invitations", chief, {"person": "qs-walk"}))
        .json()["type"]
        .endswith("second-factor")
    )
    assert (await door.call("POST", "/v1/invitations", OPS, {"person": "nobody"})).status_code == 404


async def test_what_is_wrong_is_not_told_and_guessing_is_slowed(door: Door) -> None:
    await door.account("qs-desk")
    unknown, wrong = await door.try_sign_in("nobody"), await door.try_sign_in("qs-desk", "wrong")
    assert unknown.status_code == wrong.status_code == 401
    assert {**unknown.json(), "trace_id": ""} == {**wrong.json(), "trace_id": ""}
    for _ in range(4):
        assert (await door.try_sign_in("qs-desk", "wrong")).status_code == 401
    slowed = await door.try_sign_in("qs-desk")
    assert slowed.status_code == 429
    door.clock.move_to(door.clock.now() + timedelta(seconds=int(slowed.headers["retry-after"])))
    await door.signed_in("qs-desk")


async def test_an_address_with_many_failures_waits_but_not_who_signed_in_from_it_before(door: Door) -> None:
    office = door.elsewhere("198.51.100.9")
    for person in ("qs-desk", "mf-desk"):
        await door.account(person)
    await office.signed_in("qs-desk")
    for _ in range(101):
        await door.sign_in._failures.count(f"address/{door.sign_in._hashed('198.51.100.9')}", door.clock.now())
    assert (await office.try_sign_in("mf-desk")).status_code == 429
    await office.signed_in("qs-desk")


async def test_many_guesses_at_once_are_as_few_as_one_after_another(door: Door) -> None:
    codes = await door.account("oh-chief", second_factor=True)
    token = await door.signed_in("oh-chief")
    guesses = await asyncio.gather(*(door.try_sign_in("oh-chief", "wrong") for _ in range(30)))
    assert 0 < [answer.status_code for answer in guesses].count(401) <= 5
    tried = await asyncio.gather(
        *(door.call("POST", "/v1/sessions:confirm", token, {"totp": f"{n:06}"}) for n in range(30))
    )
    assert [answer.status_code for answer in tried].count(401) <= 5
    assert (await door.call("POST", "/v1/sessions:confirm", token, {"totp": code(codes, 1)})).status_code == 429


async def test_nobody_elsewhere_locks_an_officer_out_at_his_desk(door: Door) -> None:
    await door.account("qs-desk")
    stranger = door.elsewhere("198.51.100.9")
    for _ in range(12):
        await stranger.try_sign_in("qs-desk", "wrong")
    assert (await stranger.try_sign_in("qs-desk")).status_code == 429
    await door.signed_in("qs-desk")


async def test_who_has_just_set_a_password_signs_in_however_busy_the_address_was(door: Door) -> None:
    for _ in range(101):
        await door.sign_in._failures.count(f"address/{door.sign_in._hashed('127.0.0.1')}", door.clock.now())
    await door.account("qs-desk")
    await door.signed_in("qs-desk")


async def test_a_session_that_is_opened_while_the_password_is_set_anew_opens_nothing(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    await door.account("qs-desk")
    invitation = await door.invited("qs-desk")
    sessions = door.directory.sessions
    opened = sessions.open

    async def accepted_meanwhile(*given: Any, **more: Any) -> Any:
        monkeypatch.undo()
        body = {"password": "seven ropes under the new pier"}
        assert (await door.call("POST", f"/v1/invitations/{invitation}:accept", body=body)).status_code == 200
        return await opened(*given, **more)

    monkeypatch.setattr(sessions, "open", accepted_meanwhile)
    assert (await door.try_sign_in("qs-desk")).status_code == 401
    assert await sessions.of("harbour", "qs-desk", door.clock.now()) == []


async def test_attempts_that_have_to_wait_do_not_fill_the_security_log(door: Door) -> None:
    for _ in range(20):
        await door.try_sign_in("nobody", "wrong")
    rows = await door.log.rows.find({"what": "session.open"}, limit=100)
    assert [row["outcome"] for row in rows] == ["401"] * 5


async def test_a_session_ends_when_unused_when_old_and_when_somebody_ends_it(door: Door) -> None:
    await door.account("qs-desk")
    unused = await door.signed_in("qs-desk")
    door.clock.move_to(NOW + timedelta(hours=12))
    assert not await door.is_in(unused)
    token, other = await door.signed_in("qs-desk"), await door.signed_in("qs-desk")
    items = (await door.call("GET", "/v1/sessions", token)).json()["items"]
    assert [item["current"] for item in items].count(True) == 1
    assert len(items) == 2
    mine = next(item["id"] for item in items if item["current"])
    assert (await door.call("DELETE", f"/v1/sessions/{mine}", other)).status_code == 204
    assert not await door.is_in(token)
    for hours in range(11, 24 * 7, 11):
        door.clock.move_to(NOW + timedelta(hours=12 + hours))
        assert await door.is_in(other)
    door.clock.move_to(NOW + timedelta(hours=12, days=7))
    assert not await door.is_in(other)


async def test_a_new_password_ends_every_session(door: Door) -> None:
    await door.account("qs-desk")
    token = await door.signed_in("qs-desk")
    await door.account("qs-desk")
    assert not await door.is_in(token)


async def test_who_leaves_the_pack_is_out_at_once_and_has_no_account_when_he_comes_back(door: Door) -> None:
    await door.account("qs-desk")
    token = await door.signed_in("qs-desk")
    left = [p for p in people() if p.id != "qs-desk"]
    hashed = token_hash(token)
    assert set(await door.directory.holders([hashed])) == {hashed}
    await door.directory.put_people("harbour", left, "2")
    await door.sign_in.left("harbour", [p.id for p in left])
    assert not await door.is_in(token)
    assert await door.directory.holders([hashed]) == {}, "his streams end too"
    await door.directory.put_people("harbour", people(), "3")
    assert (await door.try_sign_in("qs-desk")).status_code == 401
    assert not await door.is_in(token)
    assert await door.directory.holders([hashed]) == {}


async def test_what_ops_may_do_asks_for_a_code_that_is_ten_minutes_old_at_most(door: Door) -> None:
    codes = await door.account("oh-chief", second_factor=True)
    token = await door.signed_in("oh-chief")
    asked = await door.call("GET", "/v1/operated", token)
    assert (asked.status_code, asked.json()["type"]) == (403, "urn:whistle:problem:second-factor")
    assert (await door.call("POST", "/v1/sessions:confirm", token, {"totp": "000000"})).status_code == 401
    assert (await door.call("POST", "/v1/sessions:confirm", token, {"totp": code(codes, 1)})).status_code == 200
    assert (await door.call("GET", "/v1/operated", token)).json() == {"person": "oh-chief", "kind": "ops"}
    door.clock.move_to(NOW + timedelta(minutes=10))
    assert (await door.call("GET", "/v1/operated", token)).status_code == 403


async def test_a_code_is_taken_once(door: Door) -> None:
    codes = await door.account("oh-chief", second_factor=True)
    token, used = await door.signed_in("oh-chief"), code(codes, 1)
    assert (await door.call("POST", "/v1/sessions:confirm", token, {"totp": used})).status_code == 200
    assert (await door.call("POST", "/v1/sessions:confirm", token, {"totp": used})).status_code == 401
    assert (await door.try_sign_in("oh-chief", totp=used)).status_code == 401


async def test_an_office_without_a_second_factor_opens_nothing(door: Door) -> None:
    await door.account("oh-chief")
    token = await door.signed_in("oh-chief")
    assert (await door.call("GET", "/v1/operated", token)).status_code == 403
    guessed = await door.call("POST", "/v1/sessions:confirm", token, {"totp": "123456"})
    assert guessed.json()["type"] == "urn:whistle:problem:wrong-code", "one is offered"
    before = {"$unset": {"offered": 1}}  # an account of a version that offered none after the password
    await door.sign_in._accounts._rows.update({"_id": "harbour/oh-chief"}, before)
    answer = await door.call("POST", "/v1/sessions:confirm", token, {"totp": "123456"})
    assert answer.json()["type"] == "urn:whistle:problem:no-second-factor"


async def test_sign_ins_and_invitations_are_in_the_security_log_for_the_auditor_alone(door: Door) -> None:
    codes = await door.account("hc-desk", second_factor=True)
    await door.try_sign_in("hc-desk", "wrong")
    token = await door.signed_in("hc-desk", totp=code(codes, 1))
    assert (await door.call("GET", "/v1/security-log", OPS)).status_code == 403
    entries = (await door.call("GET", "/v1/security-log", token)).json()["items"]
    told = [(e["what"], e["who"], e["outcome"]) for e in reversed(entries)]
    assert ("invitation.accept", "hc-desk", "200") in told
    assert ("session.open", "hc-desk", "401") in told
    assert ("session.open", "hc-desk", "201") in told
    exported = await door.call("GET", "/v1/security-log:export", token)
    assert exported.headers["content-type"] == "text/csv; charset=utf-8"
    assert exported.text.count("session.open") == 3, "at the first sign-in, with a wrong and with the right password"


async def test_opening_an_invitation_shows_no_secret_and_accepting_it_shows_it_once(door: Door) -> None:
    token = await door.invited("oh-chief")
    assert "totp" not in (await door.call("GET", f"/v1/invitations/{token}")).text
    accepted = await door.call("POST", f"/v1/invitations/{token}:accept", body={"password": PASSWORD})
    assert accepted.json()["totp_uri"].startswith("otpauth://totp/Whistle:")
    assert accepted.headers["cache-control"] == "no-store"
    again = await door.call("POST", f"/v1/invitations/{token}:accept", body={"password": PASSWORD})
    assert (again.status_code, "otpauth" in again.text) == (409, False)


async def test_the_first_code_sets_the_authenticator_up_and_until_then_none_is_taken(door: Door) -> None:
    codes = await door.account("oh-chief")
    assert (await door.try_sign_in("oh-chief", totp=code(codes))).status_code == 401
    token = await door.signed_in("oh-chief")
    assert (await door.confirm(token, "000000")).status_code == 401
    assert (await door.confirm(token, code(codes))).status_code == 200
    assert (await door.call("GET", "/v1/operated", token)).status_code == 200
    await door.signed_in("oh-chief", totp=code(codes, 1))


async def test_a_new_invitation_voids_the_authenticator_of_before(door: Door) -> None:
    old = await door.account("oh-chief", second_factor=True)
    await door.account("oh-chief")
    assert (await door.confirm(await door.signed_in("oh-chief"), code(old, 1))).status_code == 401
