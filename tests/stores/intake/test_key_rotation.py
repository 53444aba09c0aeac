"""Master keys take turns on a real database: no living key is lost wherever a process ends, no erased one opens."""

from pathlib import Path
from typing import Any

import pytest

from services.intake.privacy.confidential import unsealed
from services.intake.privacy.identities import Identities, Person
from services.intake.privacy.key_rotation import INDEXES, KeyRotation, KeysMissingError
from services.intake.privacy.master_keys import MasterKeys
from services.intake.privacy.sealing import BrokenSeal, Vault, generation_of
from services.intake.reports.group_commit import GroupCommit
from services.intake.reports.report_store import ReportStore
from services.intake.reports.validation import ReportValidator
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import APP, NOW, SECRET, TRACE, body, harbour
from tests.kit.made_services import intake
from tests.kit.waiting import running

JAN = {"ref": "rider-9", "name": "Jan", "phone": "13812345678"}


class Door:
    """An intake process with a folder of keys."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.keys = MasterKeys(folder)
        self.vault = Vault(SECRET, self.keys)
        self.rotation = KeyRotation(database, self.vault, self.keys)
        self.identities = Identities(database, self.vault, self.rotation)
        self.acceptance = ReportValidator(SECRET, vault=self.vault)
        self.store = ReportStore(database)
        self.commit = GroupCommit(self.store, self.identities, intake(database).outbox)

    async def open(self) -> "Door":
        await self.store.reports.ensure_indexes(*INDEXES)
        await self.rotation.open()
        await self.identities.open()
        return self

    def person(self, ref: str) -> Person:
        found = self.acceptance.person(body(reporter={**JAN, "ref": ref}), APP)
        assert found is not None
        return found

    async def known(self, ref: str) -> Any:
        id_ = self.person(ref).id
        return (await self.identities.known([id_])).get(id_)

    async def clue(self, key: str) -> str:
        """A confidential report, committed; the commit must be running."""
        sent = body(description="stolen goods", reporter={**JAN, "confidential": True})
        report = self.acceptance.submission(sent, APP, key, harbour(), NOW)
        await self.commit.commit(report, TRACE, self.acceptance.person(sent, APP))
        return report.id

    async def words(self, report: str) -> str:
        stored = await self.store.load(report)
        assert stored is not None
        assert stored.sealed is not None
        return str(unsealed(report, stored.sealed, self.vault)["description"])


@pytest.fixture
async def door(database: Database, tmp_path: Path) -> Door:
    return await Door(database, tmp_path / "keys").open()


def another(door: Door, database: Database) -> Door:
    """Another process with the same folder."""
    return Door(database, door.keys._folder)


async def test_after_a_turn_the_living_open_and_what_was_erased_does_not(door: Door, database: Database) -> None:
    """B73: what the oplog remembers of the erased row is tried with all keys that are left."""
    await door.identities.keep([door.person("gone"), door.person("stays")])
    async with running(door.commit.run()):
        clue = await door.clue("k1")
    remembered = await door.identities.reporters.find_one({"_id": door.person("gone").id})
    assert remembered is not None
    assert await door.identities.erase(door.person("gone").id, "asked for")
    done = await door.rotation.rotate()
    assert done.destroyed == [1]
    assert door.keys.numbers() == [2]
    later = another(door, database)
    with pytest.raises(BrokenSeal):
        later.vault.key(remembered["_id"], remembered["key"])
    assert await later.known("stays") == {**JAN, "ref": "stays"}
    assert await later.words(clue) == "stolen goods"
    rows = await door.identities.reporters.find({"key": {"$exists": True}}, limit=9)
    assert {generation_of(row["key"]) for row in rows} == {2}
    record = await database.collection("generations").find_one({"_id": 1})
    assert record is not None
    assert record["destroyed_at"] is not None


async def test_what_version_0_1_0_wrapped_is_read_and_gets_a_master_key_at_the_first_turn(
    door: Door, database: Database
) -> None:
    old = Identities(database, Vault(SECRET))
    await old.keep([door.person("old")])
    before = await old.reporters.find_one({})
    assert before is not None
    assert len(before["key"]) == 60
    assert await door.known("old") == {**JAN, "ref": "old"}
    await door.rotation.rotate()
    after = await old.reporters.find_one({})
    assert after is not None
    assert generation_of(after["key"]) == 2
    assert await door.known("old") == {**JAN, "ref": "old"}


@pytest.mark.parametrize("ends", ["make", "_note", "_round", "_last_round", "destroyed_at", "destroy"])
async def test_a_process_that_ends_in_the_middle_of_a_turn_loses_nobody_and_the_next_ends_it(
    door: Door, database: Database, ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B74."""
    persons = [door.person(f"p{n}") for n in range(20)]
    await door.identities.keep(persons)

    class Killed(BaseException):
        pass

    def dies(*_: Any) -> Any:
        raise Killed

    target: tuple[Any, str] = {
        "make": (door.keys, "make"),
        "_note": (door.rotation, "_note"),
        "_round": (door.rotation, "_round"),
        "_last_round": (door.rotation, "_round"),
        "destroyed_at": (door.rotation._record, "write"),
        "destroy": (door.keys, "destroy"),
    }[ends]
    if ends == "_last_round":
        real, calls = door.rotation._round, iter(range(100))

        async def third(*args: Any) -> int:
            return dies() if next(calls) == 2 else await real(*args)

        monkeypatch.setattr(door.rotation, "_round", third)
    else:
        monkeypatch.setattr(*target, dies)
    with pytest.raises(Killed):
        await door.rotation.rotate()
    later = await another(door, database).open()
    for person in persons:
        assert await later.known(person.data["ref"]) == {**JAN, "ref": person.data["ref"]}
    if ends != "make":
        assert await later.rotation._is_time(), "what was begun is owed"
    await later.rotation.rotate()
    assert len(later.keys.numbers()) == 1
    for person in persons:
        assert await later.known(person.data["ref"]) == {**JAN, "ref": person.data["ref"]}


async def test_who_writes_under_the_old_key_while_another_process_takes_it_away_loses_nothing(
    door: Door, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B74: the whole turn happens between a process's sealing and its write, for a person and for a clue."""
    other = another(door, database)
    keep, insert = door.identities.reporters.write, door.store.insert

    async def turn_then_write(writes: Any) -> Any:
        await other.rotation.rotate()
        return await keep(writes)

    async def turn_then_insert(documents: Any) -> Any:
        await other.rotation.rotate()
        return await insert(documents)

    monkeypatch.setattr(door.identities.reporters, "write", turn_then_write)
    await door.identities.keep([door.person("late")])
    monkeypatch.undo()
    monkeypatch.setattr(door.store, "insert", turn_then_insert)
    async with running(door.commit.run()):
        clue = await door.clue("k2")
    fresh = another(door, database)
    assert await fresh.known("late") == {**JAN, "ref": "late"}
    assert await fresh.words(clue) == "stolen goods"


async def test_two_processes_that_take_turns_at_once_lose_nobody(door: Door, database: Database) -> None:
    import asyncio

    persons = [door.person(f"p{n}") for n in range(600)]
    await door.identities.keep(persons)
    other = another(door, database)
    await asyncio.gather(*(one.rotation.rotate() for one in (door, other, door, other)))
    found = await another(door, database).identities.known([person.id for person in persons])
    assert len([who for who in found.values() if who]) == 600
    assert len(door.keys.numbers()) == 1


async def test_another_folder_is_refused_and_nothing_is_sealed_under_its_keys(
    door: Door, database: Database, tmp_path: Path
) -> None:
    await door.identities.keep([door.person("one")])
    for folder in ("empty", "foreign"):
        wrong = Door(database, tmp_path / folder)
        if folder == "foreign":
            wrong.keys.make()
        with pytest.raises(KeysMissingError, match="WHISTLE_KEYS"):
            await wrong.open()
    assert not (tmp_path / "empty").exists()


async def test_a_key_goes_within_a_day_once_somebody_was_erased(door: Door, database: Database) -> None:
    record = database.collection("generations")
    await door.identities.keep([door.person("gone")])
    await record.update({"_id": 1}, {"$set": {"made_at": NOW}})
    assert not await door.rotation._is_time()
    await door.identities.erase(door.person("gone").id, "asked for")
    assert await door.rotation._is_time()
    await door.rotation.rotate()
    assert not await door.rotation._is_time()


async def test_numbers_cannot_be_tried_against_what_is_left_of_an_erased_person(door: Door) -> None:
    """B73: not by the digest that the oplog remembers, nor by the report's fingerprint, with the secret in hand."""
    await door.identities.keep([door.person("rider-9")])
    row = await door.identities.reporters.find_one({})
    assert row is not None
    assert row["digest"] != Vault(SECRET).digest(row["_id"], JAN)
    named = door.acceptance.submission(body(reporter=JAN), APP, "k1", harbour(), NOW)
    unnamed = door.acceptance.submission(body(reporter={"ref": "rider-9"}), APP, "k1", harbour(), NOW)
    other = door.acceptance.submission(body(reporter={"ref": "rider-8"}), APP, "k1", harbour(), NOW)
    assert named.fingerprint == unnamed.fingerprint != other.fingerprint
