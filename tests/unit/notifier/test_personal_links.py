"""A link that acts in a person's name goes to what the person alone reads, and to no group."""

from secrets import token_hex
from typing import Any, cast

from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.documents.alert import INBOX, Alert
from shared.city.reading import read_pack
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import NOW
from tests.packs import harbour_with_channels

ROBOT, PHONE = "${CHANNEL_HARBOUR_ROBOT}", "${CHANNEL_HARBOUR_PHONE}"
ALERT = Alert(
    id="a1",
    city="harbour",
    recipient="qs-desk",
    unit="quayside",
    channel=INBOX,
    kind="asked",
    case="c1",
    case_version=1,
    because="c1.1.0",
    event_type="clock.pause_requested.v1",
    event_at=NOW,
    priority="normal",
    title="Pause requested",
    text="",
    due_at=None,
    state="sent",
    at=NOW,
    trace="",
)


class Stored:
    """A database that is not asked."""

    def collection(self, name: str) -> str:
        return name


def sent_as(**named: Any) -> dict[str, str]:
    """Kind of channel → whether the alert goes there as to the person, with a link, or as to the unit, without one."""
    deliveries = AlertDeliveries(cast(Database, Stored()), token_hex)
    planned = deliveries.plan(read_pack(harbour_with_channels(**named)), [ALERT])
    return {delivery.channel: delivery.to for delivery in planned.values()}


def test_what_is_the_persons_own_gets_a_link_and_a_group_none() -> None:
    city = {"sms": {"url": "https://sms.example.com/"}}
    sent = sent_as(city=city, units={"quayside": {"wecom": ROBOT}}, people={"qs-desk": {"sms": PHONE}})
    assert sent == {"sms": "person", "wecom": "unit"}


def test_a_group_that_stands_as_a_persons_own_is_a_group() -> None:
    robot = {"wecom": ROBOT}
    assert sent_as(units={"quayside": robot}, people={"qs-desk": robot}) == {"wecom": "unit"}
    assert sent_as(units={"millfield": robot}, people={"qs-desk": robot}) == {"wecom": "unit"}
