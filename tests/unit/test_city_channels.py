"""Channels in a pack: who is reached by what, what is written once for the city, and no secret but by reference."""

from typing import Any

import pytest

from services.notifier.channels.channel import References, UnsetError
from shared.city.pack import Pack
from shared.city.problems import PackProblems
from shared.city.reading import read_pack
from tests.packs import harbour_with_channels

ROBOT = "${QUAY_ROBOT}"


def harbour(city: Any = None, unit: Any = None, person: Any = None) -> Pack:
    """The harbour with channels of the city, of the quayside and of its desk."""
    units = {"quayside": unit} if unit is not None else {}
    people = {"qs-desk": person} if person is not None else {}
    return read_pack(harbour_with_channels(city, units, people))


def wrong(**channels: Any) -> list[str]:
    try:
        harbour(**channels)
    except PackProblems as found:
        return [f"{problem.place.partition(' ')[0]}: {problem.message}" for problem in found.problems]
    return []


def test_a_pack_without_channels_has_no_receivers() -> None:
    assert not harbour().receivers
    assert harbour().receivers.of_person("qs-desk") == harbour().receivers.of_unit("quayside") == ()


def test_a_text_alone_is_the_address_and_for_sms_the_number() -> None:
    gateway = {"sms": {"url": "https://sms.example.com/send", "headers": {"authorization": "Bearer ${SMS_TOKEN}"}}}
    pack = harbour(city=gateway, unit={"wecom": ROBOT}, person={"sms": "${QS_PHONE}"})
    (group,), (phone,) = pack.receivers.of_unit("quayside"), pack.receivers.of_person("qs-desk")
    assert (group.kind, group.url) == ("wecom", ROBOT)
    assert (phone.kind, phone.to, phone.url) == ("sms", "${QS_PHONE}", "https://sms.example.com/send")
    assert phone.headers == {"authorization": "Bearer ${SMS_TOKEN}"}
    assert pack.receivers.get(group.id) == group


def test_what_an_entry_says_holds_over_what_the_city_says() -> None:
    city = {"feishu": {"per_minute": 50, "priorities": ["danger"]}}
    pack = harbour(city=city, person={"feishu": {"url": ROBOT, "secret": "${S}", "priorities": ["urgent"]}})
    (robot,) = pack.receivers.of_person("qs-desk")
    assert (robot.per_minute, robot.priorities, robot.secret) == (50, ("urgent",), "${S}")


def test_a_receiver_is_the_same_whoever_names_it_and_whatever_else_changes() -> None:
    unit = harbour(unit={"wecom": ROBOT}).receivers.of_unit("quayside")[0]
    person = harbour(person={"wecom": {"url": ROBOT, "per_minute": 10}}).receivers.of_person("qs-desk")[0]
    other = harbour(unit={"wecom": "${OTHER}"}).receivers.of_unit("quayside")[0]
    assert unit.id == person.id != other.id


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ({"wecom": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"}, "opens the channel to whoever has it"),
        ({"wecom": {"url": ROBOT, "secret": "${S}"}}, "wecom signs nothing"),
        ({"dingtalk": {"url": ROBOT, "secret": "SECabc"}}, "looks like a secret"),
        ({"wecom": {}}, "the address is missing"),
        ({"sms": "${PHONE}"}, "the address is missing"),
        ({"sms": {"url": "https://sms.example.com/"}}, "the number is missing"),
        ({"wecom": {"url": ROBOT, "to": "x"}}, "is for sms, not for wecom"),
        ({"feishu": {"url": ROBOT, "body": {"a": "b"}}}, "is for sms, not for feishu"),
        ({"wecom": "${WHISTLE_SECRET}"}, "a setting of Whistle"),
        ({"wecom": "https://a.example/?key=${key}"}, "capital letters"),
        ({"wecom": "${OPEN"}, "capital letters"),
        ({"sms": {"url": "https://a.example/", "to": "1", "body": {"a": [{"b": "${WHISTLE_MONGO}"}]}}}, "setting of"),
        ({"apprise": "mailto://me:password@example.com"}, "looks like a secret"),
        ({"telegram": ROBOT}, "Invalid enum value 'telegram'"),
        ({"wecom": {"url": ROBOT, "colour": "red"}}, "unknown field"),
        ({"wecom": {"url": ROBOT, "per_minute": 0}}, "Expected `int` >= 1"),
        ({"wecom": {"url": ROBOT, "priorities": ["fire"]}}, "Invalid enum value 'fire'"),
    ],
)
def test_a_channel_that_cannot_be_used_is_said_where_it_stands(channels: Any, said: str) -> None:
    for owner, place in (("unit", "/units/1"), ("person", "/people/2")):
        found = wrong(**{owner: channels})
        assert any(said in line and line.startswith(place) for line in found), found


def test_what_the_city_says_of_a_kind_is_checked_too() -> None:
    assert wrong(city={"wecom": {"url": "${WHISTLE_SECRET}"}}) == [
        "/channels/wecom/url: WHISTLE_SECRET is a setting of Whistle; a pack does not read it"
    ]
    assert wrong(city={"sms": {"url": "https://sms.example.com/"}}) == [], "numbers stand with those who have them"


def test_references_are_filled_from_the_environment_and_nowhere_else() -> None:
    given = {"url": "https://a.example/?k=${A}", "to": "${B}", "headers": {"x": "${A}"}, "body": {"l": ["${B}", 1]}}
    (receiver,) = harbour(person={"sms": given}).receivers.of_person("qs-desk")
    whole = References({"A": "1", "B": "${A}"}).resolved(receiver)
    assert (whole.url, whole.to, whole.headers, whole.body) == (
        "https://a.example/?k=1",
        "${A}",
        {"x": "1"},
        {"l": ["${A}", 1]},
    )
    for environment in ({}, {"A": "1", "B": ""}):
        with pytest.raises(UnsetError):
            References(environment).resolved(receiver)


def test_whistles_own_settings_are_never_filled_in() -> None:
    (receiver,) = harbour(person={"wecom": ROBOT}).receivers.of_person("qs-desk")
    smuggled = type(receiver)(id="v", kind="wecom", url="https://a.example/${WHISTLE_SECRET}")
    with pytest.raises(UnsetError):
        References({"WHISTLE_SECRET": "x", "QUAY_ROBOT": "y"}).resolved(smuggled)
