"""Who reported, on a real database: kept once and sealed, erased for good, back only by a new report."""

from datetime import timedelta
from typing import Any

import pytest

from services.intake.privacy import identities as module
from services.intake.privacy.identities import INDEXES, Identities, Person
from services.intake.privacy.sealing import Vault
from services.intake.reports.group_commit import Receipt
from services.intake.reports.validation import ReportValidator
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import APP, SECRET, TRACE, body, submission
from tests.kit.made_services import Intake, intake
from tests.kit.waiting import running

JAN = {"ref": "rider-9", "name": "Jan", "phone": "13812345678"}


@pytest.fixture
def door(database: Database) -> Intake:
    return intake(database)


def person(**data: str) -> Person:
    found = ReportValidator(SECRET).person(body(reporter={**JAN, **data}), APP)
    assert found is not None
    return found


async def send(door: Intake, key: str) -> Receipt:
    """Jan reports; the commit must be running."""
    return await door.commit.commit(submission(key, reporter=JAN), TRACE, person())


async def known(door: Intake) -> Any:
    return (await door.identities.known([person().id])).get(person().id)


async def test_what_is_stored_of_a_person_is_readable_by_nobody_without_the_secret(door: Intake) -> None:
    await door.identities.keep([person()])
    stored = await door.identities.reporters.find_one({})
    assert stored is not None
    assert not any(word.encode() in str(stored).encode() for word in JAN.values())
    assert await known(door) == JAN
    other = Identities.__new__(Identities)
    other.reporters, other._vault = door.identities.reporters, Vault("of another installation, thirty-two")
    assert await other.known([person().id]) == {person().id: {}}


async def test_the_same_again_writes_nothing_and_a_new_number_is_added(
    door: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    await door.identities.keep([person()])
    first = await door.identities.reporters.find_one({})
    only_ref = Person(person().id, "harbour", "rider-app-1", {"ref": "rider-9"})
    await door.identities.keep([person(), person(), only_ref])
    assert await door.identities.reporters.find_one({}) == first
    await door.identities.keep([person(phone="13900000000")])
    assert await known(door) == {**JAN, "phone": "13900000000"}
    monkeypatch.setattr(module, "SEEN_EVERY", timedelta(0))
    await door.identities.keep([person(phone="13900000000")])
    after = await door.identities.reporters.find_one({})
    assert after is not None
    assert first is not None
    assert after["seen_at"] >= first["seen_at"]


async def test_erased_twice_is_erased_once_and_the_old_key_brings_nobody_back(door: Intake) -> None:
    """B42."""
    async with running(door.commit.run()):
        await send(door, "k1")
        assert await door.identities.erase(person().id, "asked for")
        assert not await door.identities.erase(person().id, "asked for")
        assert (await send(door, "k1")).replayed
        assert await known(door) is None
        stored = await door.identities.reporters.find_one({})
        assert stored is not None
        assert set(stored) == {"_id", "city", "app", "erased_at"}
        assert not (await send(door, "k2")).replayed
    assert await known(door) == JAN


async def test_a_person_of_whom_nothing_is_known_is_erased_as_well(door: Intake) -> None:
    assert not await door.identities.erase(person().id, "asked for")
    assert await door.identities.reporters.count({}, limit=1) == 0


async def test_a_row_that_no_longer_opens_holds_up_no_report(door: Intake) -> None:
    await door.identities.keep([person()])
    await door.identities.reporters.update({"_id": person().id}, {"$set": {"key": b"x" * 60}})
    await door.identities.keep([person(phone="13900000000")])
    assert await known(door) == {**JAN, "phone": "13900000000"}


async def test_what_an_older_version_kept_in_plain_is_sealed_and_gone(door: Intake, database: Database) -> None:
    plain = database.collection("persons")
    await plain.insert({"_id": person().id, "city": "harbour", "app": "rider-app-1", **JAN})
    await door.identities.open()
    assert await plain.count({}, limit=1) == 0
    assert await known(door) == JAN


async def test_a_reporter_is_found_by_the_end_of_the_telephone_number_and_by_no_other(door: Intake) -> None:
    await door.identities.keep([person()])
    found, searched = await door.identities.with_telephone("5678", None, 10)
    assert ([one.id for one in found], searched) == ([person().id], 1)
    assert [one.id for one in (await door.identities.with_telephone("5678", person().city, 10))[0]] == [person().id]
    for ending, city in (("1234", None), ("5678", "elsewhere")):
        assert (await door.identities.with_telephone(ending, city, 10))[0] == []
    await door.identities.erase(person().id, "asked for")
    assert (await door.identities.with_telephone("5678", None, 10))[0] == []


async def test_the_router_finds_a_reporter_by_a_keyed_hash_that_ends_with_the_person(door: Intake) -> None:
    await door.identities.reporters.ensure_indexes(*INDEXES)
    await door.identities.keep([person()])
    row = await door.identities.reporters.find_one({"_id": person().id})
    assert row is not None
    assert "5678" not in str(row["ending"])
    assert [one.id for one in await door.identities.ending_so("harbour", "5678", 10)] == [person().id]
    assert await door.identities.ending_so("elsewhere", "5678", 10) == []
    await door.identities.erase(person().id, "asked for")
    assert await door.identities.ending_so("harbour", "5678", 10) == []
    gone = await door.identities.reporters.find_one({"_id": person().id})
    assert gone is not None
    assert "ending" not in gone


async def test_a_row_of_an_older_version_is_found_once_the_person_reports_again(door: Intake) -> None:
    await door.identities.reporters.ensure_indexes(*INDEXES)
    await door.identities.keep([person()])
    await door.identities.reporters.update({"_id": person().id}, {"$unset": {"ending": 1}})
    assert await door.identities.ending_so("harbour", "5678", 10) == []
    await door.identities.keep([person()])
    assert [one.id for one in await door.identities.ending_so("harbour", "5678", 10)] == [person().id]
