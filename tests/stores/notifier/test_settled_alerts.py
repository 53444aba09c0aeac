"""What an event of a case does to its earlier alerts: which of them it answers, and which go on waiting."""

from collections.abc import AsyncIterator
from secrets import token_hex

import msgspec
import pytest

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.alerts.case_alerts import CaseAlerts
from services.notifier.alerts.rota_projection import RotaProjection
from services.notifier.alerts.silences import Silences
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.router.domain import events as e
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode, encode
from shared.contracts.envelope import Envelope
from shared.kernel.clock import StoppedClock
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import NOW
from tests.kit.made_services import Listener, Routing, library, routed, routing


@pytest.fixture
async def router(database: Database) -> Routing:
    return await routing(database)


@pytest.fixture
async def alerts(database: Database) -> AsyncIterator[CaseAlerts]:
    deliveries, clock = AlertDeliveries(database, token_hex), StoppedClock(NOW)
    store = AlertStore(database, deliveries, Listener(), clock)
    yield CaseAlerts(store, deliveries, await library(database), RotaProjection(database), Silences(database), clock)


def told_above(event: Envelope, type_: str) -> Envelope:
    """An event of the same case that the town is told of."""
    told = msgspec.structs.replace(decode(event, CaseEvent), tell=["oosterhaven"])
    return msgspec.structs.replace(event, id=f"e.{type_}", type=type_, data=encode(told))


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("case.return_requested.v1", "asked"),
        ("clock.extension_requested.v1", "asked"),
        ("case.consulted.v1", "consulted"),
        ("case.offered.v1", "offered"),
        ("case.marked_sensitive.v1", "sensitive"),
        ("case.return_refused.v1", "refused"),
        ("case.refused.v1", "declined"),
    ],
)
async def test_who_signs_for_a_case_answers_nothing_that_others_were_asked(
    alerts: CaseAlerts, router: Routing, type_: str, kind: str
) -> None:
    """Their message may wait for the morning: it must still be sent then, and with its link."""
    case, event, _ = routed()
    await alerts.handle([event, told_above(event, type_)])
    signed = router.changes.of(case, [e.Acknowledged(at=NOW, by="qs-desk", by_unit="quayside")])
    await alerts.handle(signed.envelopes)
    stored = await alerts.store.page({"case": case.id}, 100)
    assert {alert.state for alert in stored if alert.kind == kind} == {"sent"}
    assert {alert.state for alert in stored if alert.kind == "new"} == {"acked"}


async def test_an_offer_that_was_accepted_waits_for_nobody(alerts: CaseAlerts, router: Routing) -> None:
    case, event, _ = routed()
    await alerts.handle([told_above(event, "case.offered.v1")])
    moved = router.changes.of(case, [e.Moved(at=NOW, by="oh-desk", by_unit="oosterhaven", path=case.path[:1])])
    await alerts.handle(moved.envelopes)
    offered = [a for a in await alerts.store.page({"case": case.id}, 100) if a.kind == "offered"]
    assert {alert.state for alert in offered} == {"acked"}
