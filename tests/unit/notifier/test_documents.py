"""Deliveries and silences are stored under the names of before, without what is absent, and read as they were."""

from datetime import timedelta

import pytest

from services.notifier.documents import silence as silences
from services.notifier.documents.delivery import (
    AlertDelivery,
    Delivery,
    DeliveryChange,
    WebhookDelivery,
    from_doc,
    progress,
    to_doc,
)
from services.notifier.documents.silence import Silence
from tests.kit.made_reports import NOW

SCHEDULED = {"state": "pending", "attempts": 0, "next_at": NOW, "made_at": NOW}
OF_AN_ALERT = {
    "_id": "d1",
    "city": "harbour",
    "receiver": "sms.desk",
    "channel": "sms",
    "to": "person",
    "alert": "a1",
    "because": "e1",
    "case": "c1",
    "lane": 1,
    "pack_version": "v1",
    **SCHEDULED,
}
TO_AN_APP = {
    "_id": "d2",
    "city": "harbour",
    "webhook": "w1",
    "event": "e1",
    "type": "case.closed.v1",
    "case": "c1",
    "body": "{}",
    **SCHEDULED,
}
"""As version 0.1.0 stored them."""


@pytest.mark.parametrize(("document", "kind"), [(OF_AN_ALERT, AlertDelivery), (TO_AN_APP, WebhookDelivery)])
def test_a_delivery_is_stored_as_it_was_and_what_we_do_not_know_is_passed_over(
    document: dict[str, object], kind: type[Delivery]
) -> None:
    read = from_doc({**document, "lease": "x", "of_tomorrow": {"deep": [1]}}, kind)
    assert to_doc(read) == document
    assert progress(read) == SCHEDULED


def test_a_held_delivery_shows_until_when_and_that_it_is_for_a_digest() -> None:
    held = {"state": "held", "release_at": NOW + timedelta(minutes=5), "digest": True}
    read = from_doc({**OF_AN_ALERT, **held}, AlertDelivery)
    assert progress(read) == {**SCHEDULED, **held}


def test_a_change_sets_what_it_names_and_takes_an_older_status_away() -> None:
    change = DeliveryChange(last_outcome="unreachable", last_status=None, last_at=NOW)
    assert to_doc(change) == {"last_outcome": "unreachable", "last_status": None, "last_at": NOW}


def test_a_silence_is_stored_as_it_was() -> None:
    document = {
        "_id": "q1",
        "city": "harbour",
        "unit": "quayside",
        "categories": [],
        "until": NOW + timedelta(hours=1),
        "reason": "planned works",
        "asked_from": None,
        "from": NOW,
        "by": "qs-desk",
        "made_at": NOW,
    }
    read = silences.from_doc({**document, "stored_at": NOW, "of_tomorrow": 1})
    assert isinstance(read, Silence)
    assert silences.to_doc(read) == document
    without = {name: value for name, value in document.items() if name != "asked_from"}
    assert silences.from_doc(without) == read, "older versions did not store it"


def test_a_muted_place_is_read_as_it_was_stored() -> None:
    there = silences.Around(lon=4.3, lat=52.1, metres=200, place="the building site")
    muted = Silence(
        id="q2", city="harbour", unit="quayside", categories=[], until=NOW, from_=NOW, made_at=NOW, around=there
    )
    assert silences.from_doc(silences.to_doc(muted)) == muted
