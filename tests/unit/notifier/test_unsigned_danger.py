"""Calls about a danger that nobody has signed for: which alerts, when, and when not any more."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.notifier.channels.sender import SIGNED, Group, calls_without_need
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.delivery.unsigned_danger import call_at, is_unsigned
from services.notifier.documents.alert import Alert
from shared.city.pack import Pack
from shared.city.people.receivers import Receiver
from shared.city.reading import read_pack
from tests.kit.made_alerts import DANGER
from tests.kit.made_reports import NOW
from tests.packs import harbour_with_channels

PHONE = Receiver(id="v1", kind="voice", gateway="aliyun", to="13800000000")
VOICE = {
    "gateway": "aliyun",
    "key": "${CHANNEL_HARBOUR_KEY}",
    "secret": "${CHANNEL_HARBOUR_SECRET}",
    "templates": {"call": "TTS_1"},
    "callback": "${CHANNEL_HARBOUR_CALLBACK}",
}


def changed(**fields: Any) -> Alert:
    return msgspec.structs.replace(DANGER, **fields)


def with_phones(**more: Any) -> Pack:
    people = {"qs-desk": {"voice": "${CHANNEL_HARBOUR_PHONE}", "sms": "${CHANNEL_HARBOUR_PHONE}"}}
    city = {"voice": {**VOICE, **more}, "sms": {"url": "https://sms.example.com/"}}
    return read_pack(harbour_with_channels(city=city, people=people))


def test_a_danger_is_called_about_after_two_minutes_or_as_the_pack_says() -> None:
    assert call_at(DANGER, PHONE) == NOW + timedelta(minutes=2)
    assert call_at(DANGER, msgspec.structs.replace(PHONE, after="PT45S")) == NOW + timedelta(seconds=45)


@pytest.mark.parametrize(
    ("fields", "called"),
    [
        ({}, True),
        ({"kind": "reopened"}, True),
        ({"kind": "called", "part": "p1"}, True),
        ({"kind": "raised"}, True),
        ({"kind": "need"}, True),
        ({"kind": "moved", "event_type": "case.escalated.v1"}, True),
        ({"kind": "moved", "event_type": "case.moved.v1"}, False),
        ({"kind": "breach"}, False),
        ({"kind": "reminder"}, False),
        ({"kind": "supervise"}, False),
        ({"kind": "over"}, False),
        ({"kind": "test", "state": "test"}, False),
        ({"priority": "urgent"}, False),
        ({"state": "acked"}, False),
    ],
)
def test_only_a_danger_that_asks_for_a_signature_is_called_about(fields: dict[str, Any], called: bool) -> None:
    assert (call_at(changed(**fields), PHONE) is not None) == called


@pytest.mark.parametrize(
    ("alert", "signed", "unsigned"),
    [
        (DANGER, frozenset(), True),
        (DANGER, frozenset({"c1"}), True),
        (changed(state="acked"), frozenset(), False),
        (changed(state="over"), frozenset(), False),
        (changed(acted=True), frozenset(), False),
        (changed(kind="raised"), frozenset({"c1"}), False),
        (changed(kind="raised"), frozenset(), True),
        (None, frozenset(), False),
    ],
)
def test_who_signed_or_acted_is_not_called(alert: Alert | None, signed: frozenset[str], unsigned: bool) -> None:
    assert is_unsigned(alert, signed) == unsigned


def planned(pack: Pack, alert: Alert) -> dict[str, tuple[str, Any]]:
    deliveries = AlertDeliveries.__new__(AlertDeliveries)
    deliveries._now = lambda: NOW
    deliveries._preferences = lambda _, __: (_ for _ in ()).throw(AssertionError("danger asks for no preferences"))
    return {d.channel: (d.state, d.release_at) for d in deliveries.plan(pack, [alert]).values()}


def test_the_call_is_on_record_with_its_alert_and_its_time_and_the_text_message_goes_at_once() -> None:
    assert planned(with_phones(), DANGER) == {
        "voice": ("held", NOW + timedelta(minutes=2)),
        "sms": ("pending", None),
    }
    assert planned(with_phones(after="PT5M"), DANGER)["voice"] == ("held", NOW + timedelta(minutes=5))


def test_of_the_text_message_alone_of_a_danger_that_asks_for_nothing() -> None:
    assert planned(with_phones(), changed(kind="breach")) == {"sms": ("pending", None)}


def test_a_call_that_is_due_is_not_made_once_somebody_has_signed() -> None:
    """Also when the line was busy: the gateway takes one call a minute."""
    deliveries = AlertDeliveries.__new__(AlertDeliveries)
    deliveries._now = lambda: NOW
    (call,) = (d for d in deliveries.plan(with_phones(), [DANGER]).values() if d.channel == "voice")
    waits, signed = Group([(call, DANGER)]), Group([(call, changed(state="acked"))])
    assert calls_without_need([waits]) == []
    assert calls_without_need([waits, signed]) == [call]
    assert (SIGNED.ended, SIGNED.counts) == (True, False), "not a failure of the line"
