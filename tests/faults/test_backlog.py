"""Promise: a backlog of any length is worked off; what is live, and danger above all, does not wait for it."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.read_concern import ReadConcern

from deploy.local.state import holder
from shared.kernel.ids import case_id
from tests.kit.imports import Import
from tests.kit.places import QUAY
from tests.kit.stack import HARBOUR, RunningStack, running_stack, until

WAITING = int(os.environ.get("WHISTLE_BACKLOG", "300000"))
IMPORTED = WAITING * 5 // 6
STILL_SECONDS = 60.0
"""So long no case came: the backlog is not worked off."""
EVERY_SECONDS = 5.0
"""So often a danger is sent while an import goes on."""
CASE_WITHIN, TOLD_WITHIN = 2.0, 3.0
Document = dict[str, Any]
pytestmark = [pytest.mark.faults, pytest.mark.timeout(5400)]


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with running_stack(tmp_path_factory.mktemp("backlog"), [HARBOUR]) as running:
        yield running


class Books:
    """What the services have on record."""

    def __init__(self, stack: RunningStack) -> None:
        self.client = MongoClient[Document](stack.dev["mongo"], tz_aware=True)

    def has(self, service: str, collection: str, **where: Any) -> bool:
        database = self.client.get_database(f"whistle_{service}", read_concern=ReadConcern("majority"))
        return database[collection].find_one(where) is not None

    def count(self, service: str, collection: str) -> int:
        return int(self.client[f"whistle_{service}"][collection].estimated_document_count())

    def places(self) -> dict[tuple[str, str], int]:
        """How far each consumer has marked each partition."""
        return {
            (group["_id"], number): mark["offset"]
            for service in ("intake", "router", "notifier")
            for group in self.client[f"whistle_{service}"]["consumer_marks"].find({})
            for number, mark in group["parts"].items()
        }


@pytest.fixture
def books(stack: RunningStack) -> Iterator[Books]:
    made = Books(stack)
    yield made
    made.client.close()


def worked_off(books: Books, count: int) -> None:
    """Until there are ``count`` cases and their reporters see them; the work grows all the time and never shrinks."""
    done, since, places = -1, time.monotonic(), books.places()
    while done < 2 * count:
        now = books.count("router", "cases") + books.count("intake", "progress")
        assert now >= done, "work that was done is gone"
        if now > done:
            done, since = now, time.monotonic()
        assert time.monotonic() - since < STILL_SECONDS, f"{done} of {2 * count} for {STILL_SECONDS} s"
        further = books.places()
        back = {
            place: (offset, further.get(place)) for place, offset in places.items() if further.get(place, -1) < offset
        }
        assert not back, f"went back: {back}"
        places = further
        time.sleep(1.0)


def absent(stack: RunningStack, service: str, meanwhile: Callable[[], None]) -> None:
    """``kill -9`` of a service that nobody starts again before ``meanwhile`` is over."""
    supervisor = holder(stack.data)
    assert supervisor is not None
    os.kill(supervisor, signal.SIGSTOP)
    try:
        os.kill(stack.pid(service), signal.SIGKILL)
        meanwhile()
    finally:
        os.kill(supervisor, signal.SIGCONT)


@pytest.mark.parametrize("historic", [False, True], ids=["live", "historic"])
def test_what_waited_for_the_router_all_gets_cases(stack: RunningStack, books: Books, historic: bool) -> None:
    waiting = Import(stack, WAITING, historic=historic)
    absent(stack, "router", waiting.send)
    began = time.monotonic()
    worked_off(books, WAITING)
    took = time.monotonic() - began
    print(f"{WAITING} reports were worked off in {took:.0f} s, {WAITING / took:.0f}/s")  # noqa: T201 - the figure
    database = books.client["whistle_router"]["cases"]
    assert {document["_id"] for document in database.find({}, {"_id": 1})} == {case_id(id_) for id_ in waiting.ids}


def test_a_live_danger_is_a_case_and_told_within_seconds_while_an_import_comes_in(
    stack: RunningStack, books: Books
) -> None:
    rider, history = stack.rider(), Import(stack, IMPORTED, historic=True)
    idle = [_answered(stack, books, rider) for _ in range(5)]
    importing = threading.Thread(target=history.send)
    importing.start()
    meanwhile = []
    while importing.is_alive() or books.count("router", "cases") < IMPORTED:
        meanwhile.append(_answered(stack, books, rider))
        time.sleep(EVERY_SECONDS)
    importing.join()
    for name, took in (("idle", idle), ("importing", meanwhile)):
        case, told = (sorted(column) for column in zip(*took, strict=True))
        print(f"{name}: case p50 {case[len(case) // 2]:.2f} max {case[-1]:.2f} s, ", end="")  # noqa: T201 - figures
        print(f"told p50 {told[len(told) // 2]:.2f} max {told[-1]:.2f} s")  # noqa: T201 - figures
    assert len(meanwhile) > 5, "the import was over at once: it showed nothing"
    assert max(case for case, _ in meanwhile) < CASE_WITHIN
    assert max(told for _, told in meanwhile) < TOLD_WITHIN


def _answered(stack: RunningStack, books: Books, rider: Any) -> tuple[float, float]:
    """Seconds from sending a danger until its case, and until an alert of it, are on record."""
    began = time.monotonic()
    answer = rider.report("the street is under flood", QUAY)
    assert answer.status_code == 202, answer.text
    case = case_id(answer.json()["id"])
    until(lambda: books.has("router", "cases", _id=case), within=60, what="the danger's case")
    opened = time.monotonic() - began
    until(lambda: books.has("notifier", "alerts", case=case), within=60, what="the danger's alert")
    return opened, time.monotonic() - began
