"""A delivery that waited goes to the telephone, mailbox or robot that the pack in force names, and to nobody else's."""

from typing import Any, get_args

import msgspec
import pytest

from services.notifier.alerts.alert_plan import plan_alerts
from services.notifier.delivery.current_address import current_address
from services.notifier.documents.alert import Alert
from services.notifier.documents.delivery import AlertDelivery
from shared.city.model.channels import ChannelKind
from shared.city.pack import Pack
from shared.city.people.on_duty import NO_CHANGES
from shared.city.reading import read_pack
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from tests.kit.made_channels import opened
from tests.kit.made_reports import NOW
from tests.packs import harbour_with_channels

KINDS: tuple[ChannelKind, ...] = get_args(ChannelKind)
OF_CITY = {
    "sms": {"url": "https://sms.example.com/"},
    "voice": {
        "gateway": "aliyun",
        "key": "${CHANNEL_HARBOUR_KEY}",
        "secret": "${CHANNEL_HARBOUR_SECRET}",
        "templates": {"call": "TTS_1"},
    },
}


def address(kind: ChannelKind, name: str) -> Any:
    return {kind: f"${{CHANNEL_HARBOUR_{name}}}"}


def pack_with(kind: ChannelKind, **named: Any) -> Pack:
    return read_pack(harbour_with_channels({kind: OF_CITY[kind]} if kind in OF_CITY else {}, **named), checked=True)


def desk_alert(pack: Pack) -> Alert:
    event = opened(1, pack)
    planned = plan_alerts(event, decode(event, CaseEvent), pack, NO_CHANGES, (), NOW)
    return next(alert for alert in planned if alert.recipient == "qs-desk")


def delivery(pack: Pack, alert: Alert, to: Any) -> AlertDelivery:
    """On its third attempt to the channel that the desk's person, or the unit, has in ``pack``."""
    (receiver,) = pack.receivers.of_person("qs-desk") if to == "person" else pack.receivers.of_unit("quayside")
    return AlertDelivery(
        id="d1",
        city="harbour",
        receiver=receiver.id,
        channel=receiver.kind,
        to=to,
        alert=alert.id,
        because=alert.because,
        case=alert.case,
        lane=1,
        pack_version=pack.version,
        state="pending",
        attempts=3,
        next_at=NOW,
        made_at=NOW,
        form="bare",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_it_goes_to_the_persons_address_of_today_from_the_first_attempt(kind: ChannelKind) -> None:
    before = pack_with(kind, people={"qs-desk": address(kind, "OLD")})
    today = pack_with(kind, people={"qs-desk": address(kind, "NEW"), "oh-desk": address(kind, "OLD")})
    alert = desk_alert(before)
    waits = delivery(before, alert, "person")
    (own,) = today.receivers.of_person("qs-desk")
    assert own.id != waits.receiver
    assert current_address(waits, alert, today) == msgspec.structs.replace(
        waits, receiver=own.id, pack_version=today.version, attempts=0, form=""
    )
    assert current_address(waits, alert, before) is waits


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "voice"])
def test_it_goes_to_the_units_robot_of_today(kind: ChannelKind) -> None:
    before = pack_with(kind, units={"quayside": address(kind, "OLD")})
    today = pack_with(kind, units={"quayside": address(kind, "NEW")}, people={"qs-desk": address(kind, "OLD")})
    alert = desk_alert(before)
    waits = delivery(before, alert, "unit")
    found = current_address(waits, alert, today)
    assert found is not None
    assert (found.receiver, found.to) == (today.receivers.of_unit("quayside")[0].id, "unit")


@pytest.mark.parametrize("kind", KINDS)
def test_where_the_person_has_no_such_channel_any_more_it_goes_nowhere(kind: ChannelKind) -> None:
    before = pack_with(kind, people={"qs-desk": address(kind, "OLD")})
    today = pack_with(kind, people={"oh-desk": address(kind, "OLD")})
    alert = desk_alert(before)
    assert current_address(delivery(before, alert, "person"), alert, today) is None


def test_a_robot_that_became_a_groups_gets_no_link_that_acts_for_one_person() -> None:
    before = pack_with("wecom", people={"qs-desk": address("wecom", "ROBOT")})
    everybodys = {"quayside": address("wecom", "ROBOT")}
    today = pack_with("wecom", units=everybodys, people={"qs-desk": address("wecom", "ROBOT")})
    alert = desk_alert(before)
    waits = delivery(before, alert, "person")
    found = current_address(waits, alert, today)
    assert found is not None
    assert (found.receiver, found.to, found.attempts) == (waits.receiver, "unit", 3)
