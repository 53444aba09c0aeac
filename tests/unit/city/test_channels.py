"""Channels in a pack: who is reached by what, what is written once for the city, and no secret but by reference."""

from typing import Any, get_args

import pytest

from services.notifier.channels.channel import References, UnsetError
from shared.city.model.channels import TextTemplate
from shared.city.pack import Pack
from shared.city.people.receivers import Receiver
from shared.city.problems import PackProblems
from shared.city.reading import read_pack
from tests.packs import harbour_with_channels

ROBOT = "${CHANNEL_HARBOUR_QUAY_ROBOT}"


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
    bearer = {"authorization": "Bearer ${CHANNEL_HARBOUR_SMS_TOKEN}"}
    gateway = {"sms": {"url": "https://sms.example.com/send", "headers": bearer}}
    pack = harbour(city=gateway, unit={"wecom": ROBOT}, person={"sms": "${CHANNEL_HARBOUR_QS_PHONE}"})
    (group,), (phone,) = pack.receivers.of_unit("quayside"), pack.receivers.of_person("qs-desk")
    assert (group.kind, group.url) == ("wecom", ROBOT)
    assert (phone.kind, phone.to, phone.url) == ("sms", "${CHANNEL_HARBOUR_QS_PHONE}", "https://sms.example.com/send")
    assert phone.headers == {"authorization": "Bearer ${CHANNEL_HARBOUR_SMS_TOKEN}"}
    assert pack.receivers.get(group.id) == group


def test_what_an_entry_says_holds_over_what_the_city_says() -> None:
    city = {"feishu": {"per_minute": 50, "priorities": ["danger"]}}
    own = {"url": ROBOT, "secret": "${CHANNEL_HARBOUR_S}", "priorities": ["urgent"]}
    pack = harbour(city=city, person={"feishu": own})
    (robot,) = pack.receivers.of_person("qs-desk")
    assert (robot.per_minute, robot.priorities, robot.secret) == (50, ("urgent",), "${CHANNEL_HARBOUR_S}")


def test_a_receiver_is_the_same_whoever_names_it_and_whatever_else_changes() -> None:
    unit = harbour(unit={"wecom": ROBOT}).receivers.of_unit("quayside")[0]
    person = harbour(person={"wecom": {"url": ROBOT, "per_minute": 10}}).receivers.of_person("qs-desk")[0]
    other = harbour(unit={"wecom": "${CHANNEL_HARBOUR_OTHER}"}).receivers.of_unit("quayside")[0]
    assert unit.id == person.id != other.id


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ({"wecom": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"}, "opens the channel to whoever has it"),
        ({"wecom": {"url": ROBOT, "secret": "${CHANNEL_HARBOUR_S}"}}, "/secret: is not a field of wecom"),
        ({"wecom": {"url": ROBOT, "corp": "ww1"}}, "/corp: is not a field of wecom"),
        ({"dingtalk": {"url": ROBOT, "secret": "SECabc"}}, "looks like a secret"),
        ({"wecom": {}}, "the address is missing"),
        ({"sms": "${CHANNEL_HARBOUR_PHONE}"}, "the address is missing"),
        ({"sms": {"url": "https://sms.example.com/"}}, "the number is missing"),
        ({"dingtalk": {"url": ROBOT, "to": "x"}}, "/to: is not a field of dingtalk"),
        ({"feishu": {"url": ROBOT, "body": {"a": "b"}}}, "/body: is not a field of feishu"),
        ({"wecom": "${WHISTLE_SECRET}"}, "call it CHANNEL_HARBOUR_WHISTLE_SECRET"),
        ({"wecom": "https://a.example/${PATH}"}, "call it CHANNEL_HARBOUR_PATH"),
        ({"wecom": "${CHANNEL_HARBOURS_KEY}"}, "call it CHANNEL_HARBOUR_CHANNEL_HARBOURS_KEY"),
        ({"wecom": "https://a.example/?key=${key}"}, "capital letters"),
        ({"wecom": "${OPEN"}, "capital letters"),
        (
            {"sms": {"url": "https://a.example/", "to": "1", "body": {"a": [{"b": "${WHISTLE_MONGO}"}]}}},
            "call it CHANNEL_HARBOUR_",
        ),
        ({"apprise": "mailto://me:password@example.com"}, "looks like a secret"),
        ({"fax": ROBOT}, "Invalid enum value 'fax'"),
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
    assert wrong(city={"wecom": {"url": "${WHISTLE_KEY}"}}) == [
        "/channels/wecom/url: WHISTLE_KEY is not for this city's pack to read: call it CHANNEL_HARBOUR_WHISTLE_KEY"
    ]
    assert wrong(city={"sms": {"url": "https://sms.example.com/"}}) == [], "numbers stand with those who have them"


def test_references_are_filled_from_the_citys_own_variables_and_nowhere_else() -> None:
    """B75: what an older pack calls A is answered from the city's variable of that name, never from A."""
    a, b = "${CHANNEL_HARBOUR_A}", "${B}"
    url = f"https://a.example/?k={a}"
    receiver = Receiver(id="v", kind="sms", url=url, to=b, headers={"x": a}, body={"l": [b, 1]})
    environment = {"CHANNEL_HARBOUR_A": "1", "CHANNEL_HARBOUR_B": "${A}", "A": "not this", "B": "nor this"}
    whole = References(environment).resolved(receiver, "harbour")
    assert (whole.url, whole.to, whole.headers, whole.body) == (
        "https://a.example/?k=1",
        "${A}",
        {"x": "1"},
        {"l": ["${A}", 1]},
    )
    for lacking in ({}, {"A": "1", "B": "2"}, {**environment, "CHANNEL_HARBOUR_B": ""}):
        with pytest.raises(UnsetError):
            References(lacking).resolved(receiver, "harbour")


@pytest.mark.parametrize("name", ["WHISTLE_SECRET", "PATH", "CHANNEL_ABC_KEY", "CHANNEL_A_KEY", "QUAY_ROBOT"])
def test_no_city_reads_anothers_variables_nor_what_is_not_for_packs(name: str) -> None:
    """B75."""
    smuggled = Receiver(id="v", kind="wecom", url=f"https://a.example/${{{name}}}")
    with pytest.raises(UnsetError):
        References({name: "x"}).resolved(smuggled, "ab")


def test_a_pack_that_was_loaded_before_names_had_a_prefix_is_still_read() -> None:
    files = harbour_with_channels(units={"quayside": {"wecom": "${QUAY_ROBOT}"}})
    with pytest.raises(PackProblems):
        read_pack(files)
    (receiver,) = read_pack(files, checked=True).receivers.of_unit("quayside")
    assert References({"CHANNEL_HARBOUR_QUAY_ROBOT": "x"}).resolved(receiver, "harbour").url == "x"


KEY = {"key": "${CHANNEL_HARBOUR_KEY}", "secret": "${CHANNEL_HARBOUR_SECRET}"}
TEXTS = {name: f"SMS_{number}" for number, name in enumerate(get_args(TextTemplate))}
ALIYUN = {"gateway": "aliyun", **KEY, "signature": "Harbour", "templates": TEXTS}
CALLS = {
    "gateway": "tencent",
    **KEY,
    "app": "1400",
    "templates": {"call": "1"},
    "callback": "${CHANNEL_HARBOUR_CALLBACK}",
}
PHONE = "${CHANNEL_HARBOUR_QS_PHONE}"


def test_what_is_written_once_for_the_city_is_enough_for_a_person_with_a_number() -> None:
    app = {"corp": "ww1", "agent": 7, "secret": "${CHANNEL_HARBOUR_APP}", "url": "https://wecom.gov.example"}
    city = {"sms": ALIYUN, "voice": CALLS, "wecom": app}
    pack = harbour(city=city, unit={"wecom": ROBOT}, person={"sms": PHONE, "voice": PHONE, "wecom": {"to": "qs"}})
    text, call, member = pack.receivers.of_person("qs-desk")
    assert (text.gateway, text.to, text.templates) == ("aliyun", PHONE, TEXTS)
    assert (call.gateway, call.to, call.after) == ("tencent", PHONE, None)
    assert (member.agent, member.to, member.url) == (7, "qs", "https://wecom.gov.example")
    (group,) = pack.receivers.of_unit("quayside")
    assert (group.url, group.to) == (ROBOT, ""), "the group's robot stays a robot"


@pytest.mark.parametrize(
    ("city", "person", "said"),
    [
        ({"sms": {**ALIYUN, "templates": {"danger": "SMS_1"}}}, {"sms": PHONE}, "without a number: task, deadline"),
        ({"sms": {**ALIYUN, "templates": {**TEXTS, "more": "SMS_9"}}}, {"sms": PHONE}, "Invalid enum value 'more'"),
        ({"sms": {**ALIYUN, "key": "LTAI1"}}, {"sms": PHONE}, "opens the channel to whoever has it"),
        ({"sms": {**ALIYUN, "signature": ""}}, {"sms": PHONE}, "the registered signature is missing"),
        ({"sms": {**ALIYUN, "gateway": "tencent"}}, {"sms": PHONE}, "SdkAppId is missing"),
        ({"sms": {**ALIYUN, "gateway": "other"}}, {"sms": PHONE}, "Invalid enum value 'other'"),
        ({"sms": ALIYUN}, {"sms": {"to": PHONE, "body": {"a": "b"}}}, "is not a field of sms"),
        ({"voice": {**CALLS, "callback": "hello"}}, {"voice": PHONE}, "opens the channel to whoever has it"),
        ({"voice": {**CALLS, "after": "PT2"}}, {"voice": PHONE}, "is not a duration"),
        ({"voice": {**CALLS, "templates": {"danger": "1"}}}, {"voice": PHONE}, "without a number: call"),
        (
            {"voice": CALLS},
            {"voice": {"to": PHONE, "callback": "${CHANNEL_HARBOUR_C}"}},
            "one address for the whole city",
        ),
        ({}, {"wecom": {"to": "qs", "corp": "ww1", "agent": 7}}, "the app's secret is missing"),
    ],
)
def test_a_gateway_that_cannot_be_used_is_said_where_it_stands(city: Any, person: Any, said: str) -> None:
    found = wrong(city=city, person=person)
    assert any(said in line for line in found), found


@pytest.mark.parametrize(
    ("city", "unit"),
    [({"sms": ALIYUN}, {"sms": PHONE}), ({"voice": CALLS}, {"voice": PHONE}), ({}, {"wecom": {"to": "qs"}})],
)
def test_what_lets_one_person_sign_is_not_for_units(city: Any, unit: Any) -> None:
    assert any("reaches one person" in line for line in wrong(city=city, unit=unit))


def test_keys_and_words_of_gateways_are_filled_from_the_environment() -> None:
    names = {f"CHANNEL_HARBOUR_{name}": name.lower() for name in ("KEY", "SECRET", "CALLBACK", "QS_PHONE")}
    receiver = harbour(city={"voice": CALLS}, person={"voice": PHONE}).receivers.of_person("qs-desk")[0]
    whole = References(names).resolved(receiver, "harbour")
    assert (whole.key, whole.secret, whole.callback, whole.to) == ("key", "secret", "callback", "qs_phone")
