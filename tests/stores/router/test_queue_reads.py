"""Promise: a page of a queue is read in a few milliseconds among a million open cases (``bench.million_cases``).

What holds it is that little more is looked at than is shown, whatever the page is filtered by.
"""

from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.router.cases.case_store import INDEXES, OLD_INDEXES, CaseStore
from services.router.domain.case import OPEN
from services.router.http.queue_pages import QueueQuery, Queues, filtered
from shared.kernel.errors import Refusal
from shared.kernel.vocabulary import PRIORITIES
from shared.runtime.http_server.pagination import cursor_after
from shared.runtime.storage.mongo import Database, IndexModel
from tests.kit.made_reports import NOW
from tests.kit.made_services import Routing, routed, routing

CASES, SHOWN = 3000, 50
SCANS_MAX = 200
"""MongoDB merges as many pieces of an index, and looks at one entry more in each."""
on_mongod = pytest.mark.parametrize("mongo", ["pymongo"], indirect=True)
"""The only one that says how it finds what it finds."""
AFTER = cursor_after(NOW + timedelta(minutes=CASES // 2), "c")


@pytest_asyncio.fixture
async def store(database: Database) -> CaseStore:
    """Many cases of a quay and its city; what was claimed is due last, and one category in two hundred is rare."""
    store = CaseStore(database)
    await store.cases.ensure_indexes(*INDEXES)
    await store.cases.insert_all([document(number) for number in range(CASES)])
    return store


def document(number: int) -> dict[str, Any]:
    """What queries need of a case."""
    claimed = number % 25 == 0
    return {
        "_id": f"c{number:04}",
        "city": "harbour",
        "queues": ["quayside"],
        "seen_by": ["harbour", "quayside"],
        "state": "claimed" if claimed else "queued",
        "priority": PRIORITIES[number % 4],
        "category": "rare" if number % 200 == 199 else f"k{number % 10}",
        "due_at": NOW + timedelta(minutes=number + (CASES if claimed else 0)),
    }


@on_mongod
@pytest.mark.parametrize("subtree", [True, False])
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"state": "claimed"},
        {"state": "queued,claimed"},
        {"priority": "low"},
        {"state": "claimed", "priority": "danger"},
        {"cursor": AFTER},
        {"state": "queued", "cursor": AFTER},
        {"state": "resolved"},
    ],
    ids=str,
)
async def test_a_page_looks_at_little_more_than_it_shows(
    store: CaseStore, asked: dict[str, str], subtree: bool
) -> None:
    looked_at = await keys_examined(store, QueueQuery(subtree=subtree, **asked))  # type: ignore[arg-type]
    assert looked_at <= SHOWN + SCANS_MAX


@on_mongod
@pytest.mark.parametrize("category", ["k7", "rare", "nothing", "k1,rare"])
async def test_a_rare_category_of_a_whole_city_is_not_looked_for_among_all(store: CaseStore, category: str) -> None:
    looked_at = await keys_examined(store, QueueQuery(subtree=True, category=category))
    assert looked_at <= SHOWN + SCANS_MAX


async def keys_examined(store: CaseStore, query: QueueQuery) -> int:
    where, index = filtered("harbour", "harbour" if query.subtree else "quayside", query)
    raw: Any = store.cases._raw
    plan = await raw.find(where).sort([("due_at", 1), ("_id", 1)]).limit(SHOWN).hint(index).explain()
    assert "SORT" not in stages(plan["queryPlanner"]["winningPlan"]), "all that fits would be read and sorted"
    examined: int = plan["executionStats"]["totalKeysExamined"]
    return examined


def stages(plan: dict[str, Any]) -> set[str]:
    inner = [*plan.get("inputStages", ()), *([plan["inputStage"]] if "inputStage" in plan else ())]
    return {plan["stage"]}.union(*map(stages, inner))


async def test_more_categories_than_can_be_merged_are_refused(store: CaseStore) -> None:
    with pytest.raises(Refusal) as refused:
        await Queues(store).page("harbour", "harbour", QueueQuery(category=",".join(map(str, range(17)))))
    assert refused.value.status == 422


async def test_cases_of_an_older_version_are_in_their_queues_and_its_indexes_are_dropped(database: Database) -> None:
    router: Routing = await routing(database)
    case, event, seen = routed()
    await router.store.insert_opened([(case, event, seen)])
    await router.store.cases.update({"_id": case.id}, {"$unset": {"queues": 1}, "$set": {"unit": case.unit}})
    await router.store.cases.ensure_indexes(*(IndexModel([(name, 1)], name=name) for name in OLD_INDEXES))
    await router.store.take_over([case.city])
    rows, following = await Queues(router.store).page(case.city, case.unit, QueueQuery())
    assert [row.id for row in rows] == [case.id]
    assert following is None
    left = await router.store.cases._raw.index_information()
    assert not set(OLD_INDEXES) & set(left)
    assert {state.value for state in OPEN} >= {row.state for row in rows}
