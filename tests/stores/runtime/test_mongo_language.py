"""The query language as the stores speak it, word by word: a mongod and the simulated one answer alike."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.runtime.storage.mongo import Collection, Database, MongoError, UpdateOne
from tests.simulation.documents import Unspoken, matches, ordered, projected, seeded, updated

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)
THINGS: list[dict[str, Any]] = [
    {"_id": "a", "n": 1, "at": AT, "tags": ["x", "y"], "outbox": {"lane": 0}, "seen": [{"id": "k1"}, {"id": "k2"}]},
    {"_id": "b", "n": 2, "at": LATER, "tags": [], "outbox": {"lane": 1}, "seen": []},
    {"_id": "c", "n": 2.5, "tags": ["y"], "empty": None, "name": "Lamp (old)"},
    {"_id": "d", "n": "2", "flag": True, "at": None},
]

FILTERS: list[tuple[dict[str, Any], str]] = [
    ({}, "abcd"),
    ({"_id": "b"}, "b"),
    ({"_id": {"$in": ["d", "a", "z", "a"]}}, "ad"),
    ({"n": 2}, "b"),
    ({"n": {"$gt": 1}}, "bc"),
    ({"n": {"$gte": 1, "$lt": 2.5}}, "ab"),
    ({"n": {"$lte": 2}}, "ab"),
    ({"n": {"$ne": 2}}, "acd"),
    ({"n": {"$gt": "1"}}, "d"),
    ({"at": {"$lte": AT}}, "a"),
    ({"at": {"$gt": AT}}, "b"),
    ({"at": None}, "cd"),
    ({"at": {"$ne": None}}, "ab"),
    ({"at": {"$exists": True}}, "abd"),
    ({"at": {"$exists": False}}, "c"),
    ({"empty": None}, "abcd"),
    ({"tags": "y"}, "ac"),
    ({"tags": ["y"]}, "c"),
    ({"tags": {"$ne": "y"}}, "bd"),
    ({"tags": {"$in": ["x", "z"]}}, "a"),
    ({"tags": {"$size": 0}}, "b"),
    ({"tags": {"$size": 2}}, "a"),
    ({"outbox.lane": 0}, "a"),
    ({"outbox.lane": {"$lte": 1}}, "ab"),
    ({"outbox": {"lane": 1}}, "b"),
    ({"outbox": {"$exists": True}}, "ab"),
    ({"seen.id": "k2"}, "a"),
    ({"seen.id": {"$ne": "k2"}}, "bcd"),
    ({"seen.id": {"$in": ["k1", "k9"]}}, "a"),
    ({"flag": True}, "d"),
    ({"flag": 1}, ""),
    ({"name": {"$regex": r"lamp\ \(OLD", "$options": "i"}}, "c"),
    ({"name": {"$regex": "lamp"}}, ""),
    ({"n": {"$not": {"$gte": 2}}}, "ad"),
    ({"at": {"$not": {"$gte": LATER}}}, "acd"),
    ({"outbox.lane": {"$not": {"$gte": 1}}}, "acd"),
    ({"$or": [{"n": 1}, {"flag": True}]}, "ad"),
    ({"$and": [{"n": {"$gt": 0}}, {"$or": [{"tags": "x"}, {"empty": {"$exists": True}}]}]}, "ac"),
    ({"n": {"$in": [1, 2]}, "tags": {"$exists": True}}, "ab"),
]

UPDATES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"n": 1}, {"$set": {"n": 2, "m": None}}, {"n": 2, "m": None}),
    ({"a": {"x": 1}}, {"$set": {"a.y": 2, "b.c.d": 3}}, {"a": {"x": 1, "y": 2}, "b": {"c": {"d": 3}}}),
    ({"a": {"x": 1}}, {"$set": {"a": {"y": 2}}}, {"a": {"y": 2}}),
    ({"a": 1, "b": {"c": 1, "d": 1}}, {"$unset": {"a": 1, "b.c": 1, "z": 1, "y.z": 1}}, {"b": {"d": 1}}),
    ({"n": 1}, {"$inc": {"n": 2, "m": 1, "o.p": 1}}, {"n": 3, "m": 1, "o": {"p": 1}}),
    ({"n": 5, "at": LATER}, {"$min": {"n": 3, "at": AT, "m": 7}}, {"n": 3, "at": AT, "m": 7}),
    ({"n": 2}, {"$min": {"n": 3}}, {"n": 2}),
    ({}, {"$min": {"outbox.lane": 1, "outbox.since": AT}}, {"outbox": {"lane": 1, "since": AT}}),
    ({"l": [1]}, {"$push": {"l": 2, "m": {"id": 1}}}, {"l": [1, 2], "m": [{"id": 1}]}),
    ({"l": [1]}, {"$push": {"l": [2, 3]}}, {"l": [1, [2, 3]]}),
    ({"l": [1]}, {"$push": {"l": {"$each": [2, 3]}}}, {"l": [1, 2, 3]}),
    ({"l": [1, 2]}, {"$push": {"l": {"$each": [3, 4], "$slice": -3}}}, {"l": [2, 3, 4]}),
    ({}, {"$push": {"l": {"$each": [1], "$slice": -3}}}, {"l": [1]}),
    (
        {"p": [{"id": "a"}, {"id": "b"}, {"id": "c", "n": 1}]},
        {"$pull": {"p": {"id": {"$in": ["a", "c"]}}}},
        {"p": [{"id": "b"}]},
    ),
    ({"p": [1, 2, 1]}, {"$pull": {"p": 1, "q": 1}}, {"p": [2]}),
    ({"n": 1}, {"$setOnInsert": {"n": 9}}, {"n": 1}),
    ({"n": 1}, {"$set": {"n": 1}}, {"n": 1}),
]

REFUSED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"n": "words"}, {"$inc": {"n": 1}}),
    ({"l": 1}, {"$push": {"l": 1}}),
    ({"a": 1}, {"$set": {"a.b": 1}}),
    ({}, {"$set": {"a": 1}, "$inc": {"a": 1}}),
    ({}, {"$set": {"a": {}}, "$min": {"a.b": 1}}),
]


@pytest.fixture
def things(database: Database) -> Collection:
    return database.collection("things")


@pytest.mark.parametrize(("where", "found"), FILTERS)
async def test_a_filter_finds_the_same_everywhere(things: Collection, where: dict[str, Any], found: str) -> None:
    await things.insert_all(THINGS)
    assert "".join(sorted(d["_id"] for d in await things.find(where, {"_id": 1}, limit=9))) == found


@pytest.mark.parametrize(("before", "change", "after"), UPDATES)
async def test_an_update_leaves_the_same_everywhere(
    things: Collection, before: dict[str, Any], change: dict[str, Any], after: dict[str, Any]
) -> None:
    await things.insert({"_id": 1, **before})
    assert await things.update({"_id": 1}, change) == 1
    assert await things.find_one({"_id": 1}) == {"_id": 1, **after}


@pytest.mark.parametrize(("before", "change"), REFUSED)
async def test_what_does_not_fit_is_refused_and_changes_nothing(
    things: Collection, before: dict[str, Any], change: dict[str, Any]
) -> None:
    await things.insert({"_id": 1, **before})
    with pytest.raises(MongoError):
        await things.update({"_id": 1}, change)
    with pytest.raises(MongoError):
        await things.write([UpdateOne({"_id": 1}, change)])
    assert await things.find_one({"_id": 1}) == {"_id": 1, **before}


async def test_an_order_puts_what_lacks_the_field_first_and_types_in_theirs(things: Collection) -> None:
    await things.insert_all(THINGS)
    assert [d["_id"] for d in await things.find({}, sort=[("n", -1)], limit=9)] == ["d", "c", "b", "a"]
    assert [d["_id"] for d in await things.find({}, sort=[("outbox.lane", 1), ("_id", -1)], limit=9)] == list("dcab")


async def test_only_what_is_asked_for_is_answered(things: Collection) -> None:
    await things.insert({"_id": "a", "place": {"lon": 1.5, "lat": 2.5, "words": {"far": 1}}, "n": 1})
    (found,) = await things.find({}, {"place.lon": 1, "place.words.far": 1, "n.deeper": 1}, limit=1)
    assert found == {"_id": "a", "place": {"lon": 1.5, "words": {"far": 1}}}


async def test_an_upsert_starts_from_the_filters_equalities(things: Collection) -> None:
    change = {"$set": {"n": 1}, "$setOnInsert": {"at": AT}}
    assert await things.update({"_id": "a", "city": "x", "v": {"$lt": 3}}, change, upsert=True) == 1
    assert await things.find_one({"_id": "a"}) == {"_id": "a", "city": "x", "n": 1, "at": AT}


async def test_an_upsert_whose_guard_holds_it_back_changes_nothing(things: Collection) -> None:
    await things.insert({"_id": "a", "v": 5})
    older = UpdateOne({"_id": "a", "v": {"$lt": 3}}, {"$set": {"v": 3}}, upsert=True)
    assert await things.write([older]) == 0
    assert await things.find_one({"_id": "a"}) == {"_id": "a", "v": 5}


async def test_times_are_cut_to_milliseconds_and_what_is_read_is_the_readers_own(things: Collection) -> None:
    await things.insert({"_id": 1, "at": AT + timedelta(microseconds=1999), "l": (1, 2), "d": {"x": 1}})
    found = await things.find_one({"_id": 1})
    assert found == {"_id": 1, "at": AT + timedelta(milliseconds=1), "l": [1, 2], "d": {"x": 1}}
    found["d"]["x"] = 2
    assert await things.count({"d.x": 1}, limit=2) == 1


@pytest.mark.parametrize(
    "speaks",
    [
        lambda: matches({"a": 1}, {"a": {"$mod": [2, 1]}}),
        lambda: matches({"a": 1}, {"$nor": [{"a": 1}]}),
        lambda: matches({"a": [1]}, {"a.0": 1}),
        lambda: updated({}, {"$rename": {"a": "b"}}),
        lambda: updated({}, [{"$set": {"a": 1}}]),
        lambda: updated({}, {"a": 1}),
        lambda: updated({}, {"$push": {"a": {"$each": [1], "$sort": 1}}}),
        lambda: projected({"a": 1}, {"a": 0}),
        lambda: ordered([{"a": [1]}], [("a", 1)]),
        lambda: seeded({"$or": [{"a": 1}]}),
    ],
)
def test_what_the_simulation_does_not_speak_it_refuses(speaks: Any) -> None:
    with pytest.raises(Unspoken):
        speaks()
