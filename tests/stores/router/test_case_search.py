"""Promises of the search: it looks at few cases among many, newest first, and shows nobody what he may not see."""

from datetime import timedelta
from typing import Any

import pytest

from services.router.cases.case_store import CaseStore
from services.router.cases.stored.case_indexes import INDEXES
from services.router.cases.stored.case_queries import seen_with
from services.router.queues import case_search
from services.router.queues.case_search import INDEX, narrowed
from shared.contracts.sight import Sight, names_of
from shared.kernel.errors import Refusal
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import NOW
from tests.kit.made_services import Routing, routed, routing

CASES = 3000
on_mongod = pytest.mark.parametrize("mongo", ["pymongo"], indirect=True)
"""The only one that says how it finds what it finds."""


async def many(database: Database) -> CaseStore:
    """Cases that all have one word, every tenth a second, one a third."""
    store = CaseStore(database)
    await store.cases.ensure_indexes(*INDEXES)
    await store.cases.insert_all([document(number) for number in range(CASES)])
    return store


def document(number: int) -> dict[str, Any]:
    words = ["lamp", *(["tenth"] if number % 10 == 0 else []), *(["rare"] if number == 17 else [])]
    opened = NOW + timedelta(minutes=number)
    return {"_id": f"c{number:04}", "city": "harbour", "seen_by": ["quayside"], "words": words, "opened_at": opened}


@on_mongod
@pytest.mark.parametrize(
    ("text", "most", "cut"), [("rare lamp", 20, False), ("tenth", 320, False), ("lamp" * 7, 1, False)]
)
async def test_a_search_looks_at_little(database: Database, text: str, most: int, cut: bool) -> None:
    store = await many(database)
    found = await narrowed(store, "harbour", text)
    assert found.cut is cut
    raw: Any = store.cases._raw
    plan = await raw.find(found.where).sort([("opened_at", -1), ("_id", 1)]).limit(51).hint(INDEX).explain()
    assert plan["executionStats"]["totalKeysExamined"] <= most


@on_mongod
async def test_of_a_common_word_the_newest_are_looked_at(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_search, "LOOKED_AT_MAX", 100)
    store = await many(database)
    with pytest.raises(Refusal) as refusal:
        await narrowed(store, "harbour", "lamp")
    assert [error.pointer for error in refusal.value.errors] == ["?text"], "a beginning, which has no order by time"
    monkeypatch.setattr(case_search, "is_exact", lambda _: True)
    found = await narrowed(store, "harbour", "lamp")
    assert (found.cut, found.where["opened_at"]["$gte"]) == (True, NOW + timedelta(minutes=CASES - 100))


async def test_words_come_with_a_case_and_lead_to_those_who_may_see_it(database: Database) -> None:
    router: Routing = await routing(database)
    case, event, seen = routed(description="the old lamp is dark")
    await router.store.insert_opened([(case, event, seen)])
    found = (await narrowed(router.store, "harbour", "old lamp")).where
    for unit, shown in (("quayside", [case.id]), ("millfield", [])):
        where = {"$and": [found, seen_with(Sight(names_of(unit, "somebody")))]}
        assert [one.id for one in await router.store.found(where, 10)] == shown
        assert [one.id for one in await router.store.among([case.id], where)] == shown


async def test_cases_of_an_older_version_get_their_words(database: Database) -> None:
    router: Routing = await routing(database)
    case, event, seen = routed(description="the old lamp is dark")
    await router.store.insert_opened([(case, event, seen)])
    await router.store.cases.update({"_id": case.id}, {"$unset": {"words": 1}})
    await router.store.take_over([case.city])
    assert len(await router.store.found((await narrowed(router.store, "harbour", "lamp")).where, 10)) == 1
