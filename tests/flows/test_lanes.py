"""Promise: live reports never wait behind an import, and danger waits behind nothing."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from shared.kernel.ids import case_id
from tests.imports import Import
from tests.stack import RunningStack, until

MANY = 4000
QUAY: dict[str, Any] = {"lon": 4.32, "lat": 52.12, "crs": "wgs84"}
pytestmark = pytest.mark.timeout(300)


class Books:
    """What the services have on record, read from outside."""

    def __init__(self, client: "MongoClient[dict[str, Any]]") -> None:
        self._client = client

    def cases(self, imported: Import) -> int:
        """How many of its reports have a case."""
        ids = [case_id(report) for report in imported.ids]
        return int(self._client["whistle_router"]["cases"].count_documents({"_id": {"$in": ids}}))

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
