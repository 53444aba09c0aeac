"""The seam to MongoDB: the same promises through both drivers."""

from datetime import UTC, datetime

import pytest

from shared.runtime.storage.mongo import (
    Collection,
    Database,
    IndexModel,
    InsertOne,
    Mongo,
    MongoError,
    UpdateMany,
    UpdateOne,
)
from tests.kit.waiting import until


@pytest.fixture
def things(database: Database) -> Collection:
    return database.collection("things")


async def test_an_insert_says_whether_it_was_the_first(things: Collection) -> None:
    assert await things.insert({"_id": "a", "n": 1})
    assert not await things.insert({"_id": "a", "n": 2})
    assert await things.find_one({"_id": "a"}) == {"_id": "a", "n": 1}


async def test_a_group_is_stored_around_its_duplicates_and_names_them(things: Collection) -> None:
    await things.insert({"_id": "b", "n": 0})
    inserted = await things.insert_all([{"_id": i, "n": 1} for i in ("a", "b", "c", "a")])
    assert inserted.duplicate == {1, 3}
    assert inserted.failed == frozenset()
    found = await things.find({}, sort=[("_id", 1)], limit=10)
    assert found == [{"_id": "a", "n": 1}, {"_id": "b", "n": 0}, {"_id": "c", "n": 1}]


async def test_a_document_that_breaks_another_rule_failed_and_is_no_duplicate(things: Collection) -> None:
    await things.insert({"_id": "a"})
    inserted = await things.insert_all([{"_id": "a"}, {"_id": ["an", "array"]}, {"_id": "c"}])
    assert inserted.duplicate == {0}
    assert inserted.failed == {1}
    assert await things.count({}, limit=10) == 2


async def test_a_unique_value_taken_is_a_duplicate_too(database: Database) -> None:
    things = database.collection("named_things")
    await things.ensure_indexes(IndexModel([("name", 1)], name="name", unique=True))
    assert await things.insert({"_id": 1, "name": "x"})
    assert not await things.insert({"_id": 2, "name": "x"})


async def test_times_come_back_with_their_zone(things: Collection) -> None:
    at = datetime(2026, 3, 2, 9, 0, 0, 123000, UTC)
    await things.insert({"_id": 1, "at": at})
    found = await things.find_one({"_id": 1})
    assert found is not None
    assert found["at"] == at


async def test_find_answers_at_most_its_limit_in_order_by_the_index_it_is_told(things: Collection) -> None:
    await things.ensure_indexes(IndexModel([("n", 1)], name="n"))
    await things.insert_all([{"_id": i, "n": -i} for i in range(150)])
    found = await things.find({}, {"_id": 1}, sort=[("n", 1)], limit=120, hint="n")
    assert [document["_id"] for document in found] == list(range(149, 29, -1))
    with pytest.raises(MongoError):
        await things.find({}, limit=1, hint="no such index")


async def test_an_update_says_how_many_its_guard_let_through(things: Collection) -> None:
    await things.insert({"_id": 1, "version": 1})
    assert await things.update({"_id": 1, "version": 1}, {"$set": {"version": 2}}) == 1
    assert await things.update({"_id": 1, "version": 1}, {"$set": {"version": 9}}) == 0
    assert await things.update({"_id": 2}, {"$set": {"n": 1}}, upsert=True) == 1
    assert await things.update({"_id": 2}, {"$set": {"n": 1}}, upsert=True) == 1


@pytest.mark.parametrize("fast", [True, False])
async def test_update_all_counts_what_matched(things: Collection, fast: bool) -> None:
    await things.insert_all([{"_id": i, "odd": bool(i % 2)} for i in range(5)])
    assert await things.update_all({"odd": True}, {"$set": {"seen": 1}}, fast=fast) == 2


async def test_an_update_can_answer_what_it_left(things: Collection) -> None:
    await things.insert_all([{"_id": i, "n": i, "state": "waits"} for i in (3, 1, 2)])
    taken = await things.update_and_get({"state": "waits"}, {"$set": {"state": "taken"}}, sort=[("n", 1)])
    assert taken == {"_id": 1, "n": 1, "state": "taken"}
    assert await things.update_and_get({"state": "gone"}, {"$set": {"n": 0}}) is None


async def test_a_bulk_counts_matches_and_upserts(things: Collection) -> None:
    await things.insert_all([{"_id": i, "n": 0} for i in range(3)])
    took = await things.write(
        [
            UpdateOne({"_id": 0, "n": 0}, {"$set": {"n": 1}}),
            UpdateOne({"_id": 1, "n": 7}, {"$set": {"n": 1}}),
            UpdateOne({"_id": 9}, {"$set": {"n": 1}}, upsert=True),
            UpdateMany({"n": 0}, {"$set": {"seen": 1}}),
        ]
    )
    assert took in (3, 4)
    assert await things.count({"n": 1}, limit=10) == 2


@pytest.mark.parametrize("fast", [True, False])
async def test_in_a_bulk_what_is_there_already_is_no_error_and_the_rest_is_done(things: Collection, fast: bool) -> None:
    await things.insert({"_id": "a", "n": 1})
    await things.write(
        [InsertOne({"_id": "a", "n": 2}), InsertOne({"_id": "b"}), UpdateOne({"_id": "a"}, {"$set": {"m": 1}})],
        fast=fast,
    )
    a_fast_write_is_read_once_a_majority_has_it = until(lambda: things.find_one({"_id": "a", "m": 1}))
    assert await a_fast_write_is_read_once_a_majority_has_it == {"_id": "a", "n": 1, "m": 1}
    assert await things.count({}, limit=10) == 2


async def test_a_bulk_of_nothing_is_no_error(things: Collection) -> None:
    assert await things.write([]) == 0


async def test_in_a_bulk_any_other_error_is_raised(things: Collection) -> None:
    await things.insert({"_id": "a", "n": "words"})
    with pytest.raises(MongoError):
        await things.write([UpdateOne({"_id": "a"}, {"$inc": {"n": 1}})])


async def test_delete_and_count_are_bounded_by_their_filter(things: Collection) -> None:
    await things.insert_all([{"_id": i} for i in range(5)])
    assert await things.count({}, limit=3) == 3
    assert await things.delete({"_id": {"$gte": 2}}) == 3
    assert await things.count({}, limit=10) == 2


async def test_a_file_is_stored_replaced_read_and_forgotten(database: Database) -> None:
    bucket = database.bucket("files")
    assert await bucket.get("f1") is None
    await bucket.put("f1", b"one")
    await bucket.put("f1", b"two" * 200_000)
    assert await bucket.get("f1") == b"two" * 200_000
    await bucket.delete("f1")
    await bucket.delete("f1")
    assert await bucket.get("f1") is None


async def test_buckets_keep_apart(database: Database) -> None:
    await database.bucket("originals").put("f1", b"original")
    assert await database.bucket("clean").get("f1") is None


async def test_writes_ask_for_a_majority_and_its_journal_and_reads_for_a_majority(things: Collection) -> None:
    raw = things._raw
    assert raw.write_concern.document == {"w": "majority", "j": True}
    assert raw.read_concern.document == {"level": "majority"}
    assert things._fast.write_concern.document == {"w": 1}


async def test_dropping_a_database_forgets_it(mongo: Mongo) -> None:
    await mongo.database("dropped").collection("things").insert({"_id": 1})
    await mongo.drop("dropped")
    assert await mongo.database("dropped").collection("things").find_one({"_id": 1}) is None
