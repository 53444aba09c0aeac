"""Promise: live reports never wait behind an import, and danger waits behind nothing."""

import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from shared.kernel.ids import case_id
from tests.kit.imports import Import
from tests.kit.places import QUAY
from tests.kit.stack import HARBOUR, RunningStack, running_stack, until

MANY = 4000
pytestmark = pytest.mark.timeout(300)


class Books:
    """What the services have on record, read from outside."""

    def __init__(self, client: "MongoClient[dict[str, Any]]") -> None:
        self._client = client

    def cases(self, imported: Import) -> int:
        """How many of its reports have a case."""
        ids = [case_id(report) for report in imported.ids]
        return int(self._client["whistle_router"]["cases"].count_documents({"_id": {"$in": ids}}))

    def has_case(self, report: str) -> bool:
        return self._client["whistle_router"]["cases"].find_one({"_id": case_id(report)}) is not None

    def told(self, report: str) -> bool:
        """Whether somebody was told of the report's case."""
        return self._client["whistle_notifier"]["alerts"].find_one({"case": case_id(report)}) is not None

    def shown(self, report: str) -> bool:
        """Whether its reporter sees the case."""
        return self._client["whistle_intake"]["progress"].find_one({"_id": report}) is not None


@pytest.fixture
def books(stack: RunningStack) -> Iterator[Books]:
    with MongoClient[dict[str, Any]](stack.dev["mongo"], tz_aware=True) as client:
        yield Books(client)


@pytest.fixture
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with running_stack(tmp_path_factory.mktemp("lanes"), [HARBOUR]) as running:
        yield running


@pytest.fixture
def books_of_own(own_stack: RunningStack) -> Iterator[Books]:
    with MongoClient[dict[str, Any]](own_stack.dev["mongo"], tz_aware=True) as client:
        yield Books(client)


def test_what_is_live_is_told_while_an_import_is_still_being_worked_off(stack: RunningStack, books: Books) -> None:
    history = Import(stack, MANY, historic=True)
    importing = threading.Thread(target=history.send)
    importing.start()
    until(lambda: len(history.ids) > MANY // 10, within=60, what="an import that is under way")
    rider, bridge = stack.rider(), stack.rider(which="importer_key")
    danger = rider.report("the street is under flood", QUAY).json()["id"]
    lamp = rider.report("the lamp is dark", QUAY).json()["id"]
    by_hotline = bridge.report("the lamp is dark too", QUAY, channel="hotline").json()["id"]
    live = (danger, lamp, by_hotline)
    until(lambda: all(books.told(report) for report in live), within=60, what="alerts for what is live")
    until(lambda: all(books.shown(report) for report in live), within=60, what="its reporters' view")
    done = books.cases(history)
    importing.join()
    assert done < MANY, "the import was over: it showed nothing"
    until(lambda: books.cases(history) == MANY, within=200, what="a case for everything imported")


def test_danger_has_its_case_before_the_lamps_that_waited_longer_for_the_router(
    own_stack: RunningStack, books_of_own: Books
) -> None:
    """The router was away while lamps were accepted, all of them live, and one danger after them."""
    stack, books = own_stack, books_of_own
    pid = stack.pid("router")
    os.kill(pid, signal.SIGSTOP)
    try:
        lamps = Import(stack, MANY // 2, historic=False)
        lamps.send()
        danger = stack.rider().report("the street is under flood", QUAY).json()["id"]
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: books.has_case(danger), within=60, what="a case for what is dangerous")
    done = books.cases(lamps)
    assert done < len(lamps.ids), "the lamps were done before it"
    until(lambda: books.cases(lamps) == len(lamps.ids), within=200, what="a case for every lamp")
