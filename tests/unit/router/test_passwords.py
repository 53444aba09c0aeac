"""Passwords and the waits of failed sign-ins, without a store."""

import time
from datetime import timedelta

import pytest

from services.router.sign_in.failures import LONGEST, network_of, wait_after
from services.router.sign_in.passwords import Passwords
from shared.kernel.errors import Refusal


async def test_the_same_text_from_another_keyboard_is_the_same_password() -> None:
    passwords = Passwords()
    stored = await passwords.hashed("四盏灯 ｆｏｕｒ　lanterns １２３")
    assert (await passwords.matches("四盏灯 four lanterns 123", stored))[0]
    assert not (await passwords.matches("四盏灯 Four lanterns 123", stored))[0]


async def test_a_password_that_takes_long_to_judge_does_not_take_long() -> None:
    began = time.process_time()
    await Passwords().check_strength("4@8({[</369&#!1|0$5+7%2" * 5, ["qs-desk"])
    assert time.process_time() - began < 3


async def test_what_follows_the_judged_beginning_may_be_anything() -> None:
    await Passwords().check_strength("four lanterns over the old quay" + "a" * 90, [])


@pytest.mark.parametrize(
    "password", ["", "short", "1234567890", "ｐａｓｓｗｏｒｄ１２３", "x" * 129, "qs-desk-qs-desk"]
)
async def test_an_easy_one_is_refused_at_its_field(password: str) -> None:
    with pytest.raises(Refusal) as refused:
        await Passwords().check_strength(password, ["qs-desk"])
    assert (refused.value.status, refused.value.errors[0].pointer) == (422, "/password")


async def test_no_account_takes_as_long_as_a_wrong_password() -> None:
    passwords = Passwords()
    stored = await passwords.hashed("four lanterns over the old quay")
    took = []
    for known in (stored, None):
        began = time.process_time()
        for _ in range(3):
            assert await passwords.matches("wrong", known) == (False, None)
        took.append(time.process_time() - began)
    assert 0.3 < took[0] / took[1] < 3


def test_waits_double_and_end() -> None:
    waits = [wait_after(failures, 5) for failures in range(40)]
    assert waits[:5] == [timedelta(0)] * 5
    assert waits[5:8] == [timedelta(seconds=s) for s in (1, 2, 4)]
    assert max(waits) == LONGEST


def test_an_address_is_a_network_where_one_client_has_many() -> None:
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert network_of("2001:db8:1:3::4") != network_of("2001:db8:1:2::4")
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert network_of("192.0.2.7") == network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("no address") == "no address"
