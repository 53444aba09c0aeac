"""Promises of the rota in the store: one desk's changes hide and delay nobody else's, and their number is bounded."""

from datetime import timedelta

import pytest

from services.router.rota import rota_changes as module
from services.router.rota.bodies import LeaveBody
from services.router.rota.rota_changes import Rota, RotaRequest
from shared.kernel.clock import StoppedClock
from shared.kernel.errors import Refusal
from shared.runtime.identity.directory import Principal
from shared.runtime.kafka.outbox_relay import Relay
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import NOW, TRACE
from tests.kit.made_services import Listener, library

DESK = Principal(kind="officer", city="harbour", person="oh-chief", unit="oosterhaven", role="supervisor")


@pytest.fixture
async def rota(database: Database) -> Rota:
    rows = database.collection("rota_changes")
    outbox = Relay("router", database.collection("events"), Listener()).source(rows)
    return Rota(rows, await library(database), outbox, StoppedClock(NOW))


def leave(person: str, key: str, days: int = 1) -> RotaRequest[LeaveBody]:
    start = NOW + timedelta(hours=1)
    body = LeaveBody(person=person, from_=start, until=start + timedelta(days=days), reason="away")
    return RotaRequest(body=body, by=DESK, key=key, trace=TRACE)


async def test_changes_are_read_page_by_page_and_none_is_left_out(rota: Rota, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    made = [await rota.leave(leave("qs-desk", f"k{n}", days=n % 3 + 1)) for n in range(7)]
    decided = await rota.decided("harbour", NOW, NOW + timedelta(days=2))
    assert len(decided.all) == len(made)


async def test_a_person_has_so_many_changes_and_no_more(rota: Rota, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PERSON_MAX", 2)
    for n in range(2):
        await rota.leave(leave("qs-desk", f"k{n}"))
    with pytest.raises(Refusal) as refused:
        await rota.leave(leave("qs-desk", "k2"))
    assert [error.pointer for error in refused.value.errors] == ["/person"]
    assert (await rota.leave(leave("qs-desk", "k1"))).replayed
    await rota.leave(leave("mf-desk", "k3"))
