"""Promises of sight in the store: who stands in sees through the queries' own filter while his duty lasts, rights
follow the appointment, and a new pack's units see what was opened under the old one."""

from datetime import datetime, timedelta
from typing import Any, cast

import msgspec
import pytest

from services.router.cases import visibility_refresh as renewing_module
from services.router.cases.visibility_refresh import VisibilityRefresh
from services.router.command_handling.actors import actor_of
from services.router.queues.queue_pages import QueueQuery, Queues
from services.router.rota.stand_ins import StandIns
from shared.city.people.on_duty import NO_CHANGES
from shared.city.people.rota import RotaChange, RotaChanges
from shared.kernel.clock import StoppedClock
from shared.runtime.identity.directory import Directory, PersonRights, Principal
from shared.runtime.identity.tokens import token_hash
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import NOW, SECRET, harbour
from tests.kit.made_services import Routing, case_access, routed, routing

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


class Decided:
    """A rota in which the millfield's desk takes the duty of the quayside's."""

    changes = NO_CHANGES

    async def decided(self, *_: Any) -> RotaChanges:
        return self.changes


@pytest.fixture
async def router(database: Database) -> Routing:
    return await routing(database)


async def opened(router: Routing, key: str = "k1", **fields: Any) -> str:
    case, first, seeing = routed(key, **fields)
    await router.store.insert_opened([(case, first, seeing)])
    return case.id


async def test_a_stand_in_sees_the_units_cases_from_his_minute_to_the_end_of_his_duty(
    database: Database, router: Routing
) -> None:
    pack, clock, rota = harbour(), StoppedClock(NOW), Decided()
    day = NOW.astimezone(pack.posts.zone).date()
    rota.changes = RotaChanges([RotaChange(kind="swap", person="qs-night", by="mf-desk", on=day, since=NOW - DAY)])
    (turn,) = [t for t in pack.posts.turns(pack.people["mf-desk"], day, day, rota.changes) if t.instead_of]
    directory = Directory(database, SECRET, clock)
    desk = PersonRights(id="mf-desk", unit="millfield", role="duty_officer", post="A")
    await directory.put_people("harbour", [desk], pack.version)
    await directory.add_keys([("whk_t", Principal(kind="officer", city="harbour", person="mf-desk"))], NOW)
    loop = StandIns(cast(Any, rota), router.packs, directory, clock)
    id_ = await opened(router)
    case, _ = cast(Any, await router.store.load(id_))

    async def reads() -> bool:
        who = await directory.principal("whk_t")
        assert who is not None
        assert (await directory.holders({token_hash("whk_t")}))[token_hash("whk_t")] == who
        found = await router.store.get("harbour", id_, who.sight)
        assert actor_of(who, case, pack).guest is (found is None)
        listed, _ = await Queues(router.store).page("harbour", case.unit, QueueQuery(), who)
        assert bool(listed) is (found is not None)
        return found is not None

    clock.move_to(turn.start - MINUTE)
    await loop.write_due()
    assert not await reads()
    clock.move_to(turn.start)
    assert await reads()
    clock.move_to(turn.end - MINUTE)
    await loop.write_due()
    assert await reads()
    await router.store.cases.update({"_id": id_}, {"$set": {"confidential": True}})
    assert await router.store.get("harbour", id_, (await directory.person("harbour", "mf-desk")).sight) is None  # type: ignore[union-attr]
    await router.store.cases.update({"_id": id_}, {"$set": {"confidential": False}})
    clock.move_to(turn.end)
    assert not await reads()
    await loop.write_due()
    await loop.write_due()
    assert await directory.stand_ins("harbour") == {}


async def test_a_token_opens_nothing_outside_of_the_appointment(database: Database) -> None:
    clock = StoppedClock(NOW)
    directory = Directory(database, SECRET, clock)
    rights = PersonRights(id="sub", unit="quayside", role="duty_officer", post="A", since=NOW, until=NOW + DAY)
    await directory.put_people("harbour", [rights], "v1")
    await directory.add_keys([("whk_s", Principal(kind="officer", city="harbour", person="sub"))], NOW)
    for at, holds in ((NOW - MINUTE, False), (NOW, True), (NOW + DAY - MINUTE, True), (NOW + DAY, False)):
        clock.move_to(at)
        assert (await directory.principal("whk_s") is not None) is holds
        assert bool(await directory.holders({token_hash("whk_s")})) is holds
        assert (await directory.person("harbour", "sub") is not None) is holds


async def test_bounds_that_an_older_version_did_not_write_are_written_without_another_pack(database: Database) -> None:
    directory = Directory(database, SECRET, StoppedClock(NOW))
    rights = PersonRights(id="sub", unit="quayside", role="duty_officer", post="A")
    await directory.put_people("harbour", [rights], "v1")
    await directory._people.update({"_id": "harbour/sub"}, {"$unset": {"since": 1, "until": 1, "home": 1}})
    over = msgspec.structs.replace(rights, until=NOW)
    await directory.renew_people("harbour", [over], "another")
    assert await directory.person("harbour", "sub") is not None
    await directory.renew_people("harbour", [over], "v1")
    assert await directory.person("harbour", "sub") is None


async def test_who_sees_open_cases_is_renewed_after_a_pack_wherever_the_pass_was_cut_off(
    database: Database, router: Routing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewing_module, "PAGE", 2)
    ids = sorted([await opened(router, f"k{n}") for n in range(5)])
    right = (await router.store.cases.find_one({"_id": ids[0]}) or {})["seen_by"]
    for id_ in ids:
        await router.store.cases.update({"_id": id_}, {"$set": {"seen_by": ["elsewhere"]}})
    await router.store.cases.update({"_id": ids[2]}, {"$set": {"open": False}})
    before = await router.store.cases.find_one({"_id": ids[0]}) or {}
    assert await VisibilityRefresh(database, router.store, router.packs).step()
    again = VisibilityRefresh(database, router.store, router.packs)
    while await again.step():
        pass
    rows = await router.store.cases.find({}, sort=[("_id", 1)], limit=10)
    assert [row["seen_by"] == right for row in rows] == [True, True, False, True, True]
    assert rows[0] == {**before, "seen_by": right}
    await router.store.cases.update({"_id": ids[0]}, {"$set": {"seen_by": ["elsewhere"]}})
    assert not await again.step()
    assert not await VisibilityRefresh(database, router.store, router.packs).step()


async def test_what_he_was_told_of_in_his_duty_a_stand_in_sees_until_somebody_has_it(
    database: Database, router: Routing
) -> None:
    pack, id_ = harbour(), await opened(router)
    case, _ = cast(Any, await router.store.load(id_))
    (desk,) = pack.on_duty("quayside", case.opened_at, "A")
    day = case.opened_at.astimezone(pack.posts.zone).date()
    swap = RotaChange(kind="swap", person=desk.id, by="mf-desk", on=day, since=NOW - 2 * DAY)
    row = {"city": "harbour", "from_at": NOW - 2 * DAY, "till_at": NOW + 2 * DAY}
    who = Principal(kind="officer", city="harbour", person="mf-desk", unit="millfield", role="duty_officer")
    assert await case_access(router).load(who, "harbour", id_) is None
    change = msgspec.to_builtins(swap, builtin_types=(datetime,))
    await database.collection("rota_changes").insert({"_id": "g1", "change": change, **row})
    (as_he_sees_it, _, _) = cast(Any, await case_access(router).load(who, "harbour", id_))
    assert as_he_sees_it.on_duty_for == ("quayside",)
    assert not actor_of(as_he_sees_it, case, pack).guest
    assert await case_access(router).load(who, "elsewhere", id_) is None
    others = msgspec.structs.replace(who, person="ht-desk", unit="dockers")
    assert await case_access(router).load(others, "harbour", id_) is None
    for fields in ({"assignee": "qs-night"}, {"state": "closed"}, {"confidential": True}):
        before = await router.store.cases.find_one({"_id": id_}, dict.fromkeys(fields, 1)) or {}
        await router.store.cases.update({"_id": id_}, {"$set": fields})
        assert await case_access(router).load(who, "harbour", id_) is None, fields
        await router.store.cases.update({"_id": id_}, {"$set": {name: before.get(name) for name in fields}})
    assert await case_access(router).load(who, "harbour", id_) is not None
