"""Promise: a page of a queue is read in a few milliseconds among a million open cases (``bench.million_cases``).

What holds it is that little more is looked at than is shown, whatever the page is filtered by.
"""

from datetime import timedelta
from typing import Any, cast

import msgspec
import pytest
import pytest_asyncio

from services.router.cases.case_store import CaseStore
from services.router.cases.stored.case_document import NO_DUE
from services.router.cases.stored.case_indexes import INDEXES, OLD_INDEXES
from services.router.domain.case import OPEN
from services.router.queues.case_points import PointReader, PointsQuery
from services.router.queues.queue_counts import counted, tally
from services.router.queues.queue_pages import QueueQuery, Queues, filtered
from services.router.queues.wall import WallAnswer, WallQuery, WallRoutes
from shared.kernel.clock import StoppedClock
from shared.kernel.errors import Refusal
from shared.kernel.vocabulary import PRIORITIES
from shared.runtime.http_server.pagination import cursor_after
from shared.runtime.http_server.route import Call
from shared.runtime.identity.directory import Directory, Principal
from shared.runtime.storage.mongo import Database, IndexModel
from tests.kit.made_reports import NOW, SECRET
from tests.kit.made_services import Routing, routed, routing
from tests.kit.places import QUAY

CONFIDENTIAL = {"ref": "x", "confidential": True}
SENSITIVE = {"kind": "media", "told": "oosterhaven"}
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
        "opened_at": NOW + timedelta(minutes=number),
        "open": True,
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


@on_mongod
@pytest.mark.parametrize("subtree", [True, False])
@pytest.mark.parametrize("asked", [{}, {"cursor": AFTER}, {"state": "queued,closed"}], ids=str)
async def test_the_newest_page_looks_at_little_more_than_it_shows(
    store: CaseStore, asked: dict[str, str], subtree: bool
) -> None:
    query = QueueQuery(subtree=subtree, sort="newest", **asked)  # type: ignore[arg-type]
    where, index = filtered("harbour", "harbour" if subtree else "quayside", query)
    raw: Any = store.cases._raw
    plan = await raw.find(where).sort([("opened_at", -1), ("_id", 1)]).limit(SHOWN).hint(index).explain()
    assert "SORT" not in stages(plan["queryPlanner"]["winningPlan"])
    assert plan["executionStats"]["totalKeysExamined"] <= SHOWN + SCANS_MAX
    rows = await store.cases.find(where, {"opened_at": 1}, sort=[("opened_at", -1), ("_id", 1)], limit=3, hint=index)
    assert [row["_id"] for row in rows] == ["c2999", "c2998", "c2997"] or "cursor" in asked


async def test_the_pages_of_the_newest_miss_nothing_and_nobody_s_are_found(database: Database) -> None:
    router: Routing = await routing(database)
    made = [routed(f"k{n}", now=NOW + timedelta(minutes=n // 2)) for n in range(7)]
    await router.store.insert_opened(made)
    await router.store.cases.update({"_id": made[0][0].id}, {"$set": {"assignee": "qs-walk"}})
    queues, seen, cursor = Queues(router.store), list[tuple[Any, str]](), None
    while True:
        rows, cursor = await queues.page("harbour", "quayside", QueueQuery(sort="newest", limit=2, cursor=cursor))
        seen += [(-row.opened_at.timestamp(), row.id) for row in rows]
        if cursor is None:
            break
    assert (len(set(seen)), seen) == (7, sorted(seen))
    for asked, count in ((QueueQuery(unassigned=True), 6), (QueueQuery(assignee="qs-walk"), 1)):
        assert len((await queues.page("harbour", "quayside", asked))[0]) == count


@pytest.mark.parametrize("mongo", ["pymongo", "motor"], indirect=True)
@pytest.mark.parametrize("subtree", [True, False])
async def test_counts_are_those_of_the_open_cases_and_history_is_in_none(store: CaseStore, subtree: bool) -> None:
    history = {**document(CASES), "state": "queued", "historic": True, "due_at": NO_DUE}
    done = {**document(CASES + 1), "state": "resolved", "due_at": NO_DUE}
    ended = {**document(CASES + 2), "state": "closed", "due_at": NO_DUE}
    await store.cases.insert_all([history, done, ended])
    officer = Principal(kind="officer", city="harbour", person="p", unit="harbour" if subtree else "quayside", role="x")
    where = counted("harbour", officer.unit or "", subtree=subtree, reader=officer)
    told = await tally(store, where, NOW + timedelta(minutes=100), subtree=subtree)
    assert (told.open, told.at_least) == (CASES + 1, False)
    assert told.by_state == {"queued": CASES * 24 // 25, "claimed": CASES // 25, "resolved": 1}
    assert (told.overdue, told.due_soon) == (96, 57)
    assert sum(told.by_category.values()) == sum(told.by_priority.values()) == told.open


@on_mongod
async def test_counts_are_read_from_the_index_alone(store: CaseStore) -> None:
    officer = Principal(kind="officer", city="harbour", person="p", unit="harbour", role="x")
    where = counted("harbour", "harbour", subtree=True, reader=officer)
    raw: Any = store.cases._raw
    asked = {**where, "state": {"$in": sorted(OPEN)}, "due_at": {"$lt": NO_DUE}}
    fields = {"_id": 0, "state": 1, "priority": 1, "category": 1, "due_at": 1}
    plan = await raw.find(asked, fields).hint("subtree_category").explain()
    assert plan["executionStats"]["totalDocsExamined"] == 0


@pytest.mark.parametrize("mongo", ["pymongo", "motor"], indirect=True)
async def test_the_points_of_a_box_are_those_of_the_list_and_what_has_none_is_counted(database: Database) -> None:
    router: Routing = await routing(database)
    made = [routed("k1"), routed("k2", location={"address": "Fish Quay"}), routed("k3", reporter=CONFIDENTIAL)]
    await router.store.insert_opened(made)
    case, pack = made[0][0], router.packs.current("harbour")
    lon, lat = case.location.lon or 0, case.location.lat or 0
    desk = Principal(kind="officer", city="harbour", person="p", unit=case.unit, role="duty_officer")
    reader = PointReader(Queues(router.store))
    for size, shown in ((0.001, [case.id]), (5.0, [case.id])):
        box = f"{lon - size},{lat - size},{lon + size},{lat + size}"
        told = await reader.read(pack, case.unit, PointsQuery(bbox=box), desk)
        assert ([one.id for one in told.items], told.cut) == (shown, False)
        assert told.without >= 1
    away = await reader.read(pack, case.unit, PointsQuery(bbox="0,0,1,1"), desk)
    assert (away.items, away.without) == ([], told.without)
    for box in ("1,2,3", "a,b,c,d", "5,0,4,1", "0,0,999,1"):
        with pytest.raises(Refusal):
            await reader.read(pack, case.unit, PointsQuery(bbox=box), desk)


@pytest.mark.parametrize("mongo", ["pymongo"], indirect=True)
async def test_the_list_in_a_box_has_the_cases_that_the_map_has_and_the_rest_is_those_without_a_point(
    database: Database,
) -> None:
    router: Routing = await routing(database)
    made = [routed("k1"), routed("k2", location={"address": "nowhere known"}), routed("k3")]
    await router.store.insert_opened(made)
    queues, pack, unit = Queues(router.store), router.packs.current("harbour"), made[0][0].unit
    who = Principal(kind="officer", city="harbour", unit=unit, person="desk")
    await router.store.cases.update({"_id": made[2][0].id}, {"$set": {"sensitive": SENSITIVE}})
    box = f"{QUAY['lon'] - 0.001},{QUAY['lat'] - 0.001},{QUAY['lon'] + 0.001},{QUAY['lat'] + 0.001}"
    for asked in ({"bbox": box}, {"placed": True}, {}):
        points = await PointReader(queues).read(pack, "oosterhaven", PointsQuery(subtree=True, **asked), who)
        query = QueueQuery(subtree=True, **(asked or {"placed": True}))
        rows, _ = await queues.page("harbour", "oosterhaven", query, who)
        assert [row.id for row in rows] == [point.id for point in points.items] == [made[0][0].id]
        rest, _ = await queues.page("harbour", "oosterhaven", QueueQuery(subtree=True, placed=False), who)
        assert points.without == len(rest)
        assert made[2][0].id in {row.id for row in rest}, "of a sensitive case no box tells where it lies"


@pytest.mark.parametrize("mongo", ["pymongo", "motor"], indirect=True)
async def test_a_wall_shows_figures_and_no_word(database: Database) -> None:
    router: Routing = await routing(database)
    made = [routed("k1", description="WORDS", location={**QUAY, "address": "WROTE"}), routed("k2")]
    await router.store.insert_opened(made)
    clock, case = StoppedClock(NOW), made[0][0]
    directory = Directory(database, SECRET, clock)
    wall = WallRoutes(router.store, PointReader(Queues(router.store)), router.packs, clock)
    key = Principal(kind="wall", city="harbour", unit=case.unit, name="hall")
    await directory.add_keys([("whk_wall_x", key)], NOW)
    who = await directory.principal("whk_wall_x")
    assert who == key
    told = (await wall.wall(Call(cast(Any, None), key, {}, "", "", b"", query=WallQuery()))).body
    assert isinstance(told, WallAnswer)
    assert (told.counts.open, told.today.opened, len(told.oldest), len(told.points.items)) == (2, 2, 2, 2)
    assert (told.today.breached, told.below) == (0, []), "its own cases lie under no unit below it"
    await router.store.cases.update({"_id": case.id}, {"$set": {"clocks.0.state": "breached"}})
    above = Principal(kind="wall", city="harbour", unit="oosterhaven", name="town")
    clock.move_to(NOW + timedelta(minutes=1))
    told = (await wall.wall(Call(cast(Any, None), above, {}, "", "", b"", query=WallQuery()))).body
    assert isinstance(told, WallAnswer)
    assert (told.today.breached, [(one.id, one.open) for one in told.below]) == (1, [(case.unit, 2)])
    assert not any(word in str(msgspec.json.encode(told)) for word in ("WORDS", "WROTE"))
    assert await directory.revoke("harbour", "hall", NOW) == 1
    assert await Directory(database, SECRET, clock).principal("whk_wall_x") is None


@pytest.mark.parametrize("mongo", ["pymongo"], indirect=True)
async def test_a_wall_counts_what_was_found_on_patrol_apart_from_what_citizens_reported(database: Database) -> None:
    router: Routing = await routing(database)
    made = [routed("k1"), routed("k2"), routed("k3")]
    await router.store.insert_opened(made)
    found = {"channel": "patrol", "state": "closed", "open": False, "clocks.0.state": "breached"}
    for case, _, _ in made[1:]:
        await router.store.cases.update({"_id": case.id}, {"$set": found})
    wall = WallRoutes(router.store, PointReader(Queues(router.store)), router.packs, StoppedClock(NOW))
    key = Principal(kind="wall", city="harbour", unit=made[0][0].unit, name="hall")
    told = (await wall.wall(Call(cast(Any, None), key, {}, "", "", b"", query=WallQuery()))).body
    assert isinstance(told, WallAnswer)
    assert (told.today.opened, told.today.resolved, told.today.breached, told.today.patrol) == (1, 0, 0, 2)


@pytest.mark.parametrize("mongo", ["pymongo"], indirect=True)
async def test_a_screen_shows_nothing_that_who_made_it_does_not_see(database: Database) -> None:
    """B132: nobody above learns of a confidential case of the quay, nor the town of one that is about it."""
    router: Routing = await routing(database)
    made = [routed("k1"), routed("k2"), routed("k3")]
    await router.store.insert_opened(made)
    case, quiet, about_town = (one for one, _, _ in made)
    for one, more in ((quiet, {"confidential": True}), (about_town, {"recused": ["oosterhaven"]})):
        await router.store.cases.update({"_id": one.id}, {"$set": {"seen_by": ["quayside"], **more}})
    wall = WallRoutes(router.store, PointReader(Queues(router.store)), router.packs, StoppedClock(NOW))

    async def shown(sees_as: str | None) -> tuple[int, ...]:
        key = Principal(kind="wall", city="harbour", unit=case.unit, name="hall", sees_as=sees_as)
        told = (await wall.wall(Call(cast(Any, None), key, {}, "", "", b"", query=WallQuery()))).body
        assert isinstance(told, WallAnswer)
        return told.counts.open, told.today.opened, len(told.oldest), len(told.points.items)

    assert await shown("quayside") == (3, 3, 3, 3), "his own unit's, which sees them all"
    assert await shown("oosterhaven") == (1, 1, 1, 1)
    assert await shown(None) == (1, 1, 1, 1), "an office made it, which is nobody of the unit (B137)"
    assert await shown("millfield") == (0, 0, 0, 0), "the unit is below it no more"


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
