"""Keys of screens on a real database, through the HTTP edge: a supervisor has those of his own units, and no others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from services.router.http.wall_keys import LIVING_MAX, WallKeyRoutes
from services.router.rota.rights import rights
from shared.kernel.clock import StoppedClock
from shared.runtime.http_server.rate_limits import Quotas
from shared.runtime.http_server.server import Edge
from shared.runtime.identity.directory import Directory, PersonRights, Principal
from shared.runtime.identity.security_log import SecurityLog
from shared.runtime.identity.tokens import ops_token, token_hash
from shared.runtime.settings import Settings
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import NOW, SECRET, harbour
from tests.kit.made_services import library

OPS = ops_token(SECRET)
CHIEF = PersonRights(id="qs-chief", unit="quayside", role="supervisor", post=None)
SETTER = PersonRights(id="mf-both", unit="millfield", role="supervisor", post=None, offices=("setup",))
PEOPLE = ("qs-chief", "mf-both", "oh-chief", "qs-desk", "oh-desk")


@asynccontextmanager
async def _no_lifespan(_: Any) -> AsyncIterator[None]:
    yield


@dataclass
class Screens:
    """The calls about keys of screens; officers have the tokens ``whk_<id>``."""

    client: httpx.AsyncClient
    directory: Directory
    clock: StoppedClock

    async def call(self, method: str, path: str, who: str, body: Any = None, **headers: str) -> httpx.Response:
        token = who if who.startswith("whk_") else f"whk_{who}"
        return await self.client.request(
            method, path, json=body, headers={"authorization": f"Bearer {token}", **headers}
        )

    async def make(self, who: str, unit: str, name: str = "hall", **more: str) -> httpx.Response:
        self.clock.move_to(self.clock.now() + timedelta(seconds=1))
        return await self.call("POST", "/v1/walls", who, {"unit": unit, "name": name, **more})

    async def listed(self, who: str, **headers: str) -> list[tuple[str, str]]:
        """Name and unit of each key, newest first."""
        answer = await self.call("GET", "/v1/walls", who, **headers)
        assert answer.status_code == 200, answer.text
        return [(one["name"], one["unit"]) for one in answer.json()["items"]]

    async def works(self, key: str) -> bool:
        self.directory._seen.clear()  # as if five seconds had passed
        return await self.directory.principal(key) is not None

    async def stopped(self) -> list[str]:
        """Names of keys of which the list says that they stopped."""
        items = (await self.call("GET", "/v1/walls", OPS)).json()["items"]
        return [str(one["name"]) for one in items if one["stopped"]]

    async def load(self, *people: PersonRights) -> None:
        """A pack with these people is loaded, a minute later."""
        self.clock.move_to(self.clock.now() + timedelta(minutes=1))
        await self.directory.put_people("harbour", people, f"{self.clock.now()}")

    async def id_of(self, name: str) -> str:
        items = (await self.call("GET", "/v1/walls", OPS)).json()["items"]
        return next(str(one["id"]) for one in items if one["name"] == name)

    async def revoke(self, who: str, id_: str) -> httpx.Response:
        return await self.call("POST", "/v1/walls:revoke", who, {"id": id_})


@pytest.fixture
async def screens(database: Database) -> AsyncIterator[Screens]:
    clock, ids = StoppedClock(NOW), iter(f"{n:016x}" for n in range(10_000))
    directory, packs = Directory(database, SECRET, clock), await library(database)
    await directory.put_people("harbour", [*rights(harbour()), CHIEF, SETTER], "1")
    officers = [(f"whk_{id_}", Principal(kind="officer", city="harbour", person=id_)) for id_ in PEOPLE]
    await directory.add_keys(officers, NOW)
    log = SecurityLog(database, clock, lambda _: next(ids))
    edge = Edge("router", directory, Quotas(Settings()), lambda _: next(ids), security_log=log)
    app = edge.application(WallKeyRoutes(directory, packs, clock).routes(), _no_lifespan)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        yield Screens(client, directory, clock)


async def test_a_supervisor_makes_and_revokes_keys_of_his_own_unit_and_those_below_alone(screens: Screens) -> None:
    made = await screens.make("qs-chief", "quayside", "quay")
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    who = await screens.directory.principal(made.json()["key"])
    assert who == Principal(
        kind="wall", city="harbour", unit="quayside", name="quay", sees_as="quayside", maker="qs-chief"
    )
    for beside in ("oosterhaven", "millfield", "nowhere"):
        refused = await screens.make("qs-chief", beside)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/unit"), beside
    below = await screens.make("oh-chief", "quayside", "by-town")
    assert below.status_code == 201, "below his own"
    screen = await screens.directory.principal(below.json()["key"])
    assert screen is not None and screen.sees_as == "oosterhaven", "it shows what the town sees of it"
    assert (await screens.make("oh-chief", "oosterhaven", "town")).status_code == 201
    assert await screens.listed("qs-chief") == [("by-town", "quayside"), ("quay", "quayside")]
    assert [name for name, _ in await screens.listed("oh-chief")] == ["town", "by-town", "quay"]
    revoked = await screens.revoke("qs-chief", await screens.id_of("by-town"))
    assert (revoked.status_code, revoked.json()) == (200, {"revoked": 1}), "whoever made it"
    again = await screens.revoke("qs-chief", await screens.id_of("by-town"))
    assert again.json() == {"revoked": 0}


async def test_of_a_key_of_another_unit_a_supervisor_learns_nothing_and_it_goes_on(screens: Screens) -> None:
    town = (await screens.make(OPS, "oosterhaven", "town")).json()["key"]
    mill = (await screens.make(OPS, "millfield", "mill")).json()["key"]
    assert await screens.listed("qs-chief") == []
    for name in ("town", "mill"):
        refused = await screens.revoke("qs-chief", await screens.id_of(name))
        assert refused.status_code == 404, name
        unknown = (await screens.revoke("qs-chief", "0" * 16)).json()
        assert (refused.json()["type"], refused.json()["detail"]) == (unknown["type"], unknown["detail"])
    assert len(await screens.directory.live_keys([token_hash(key) for key in (town, mill)])) == 2


async def test_no_other_key_is_revoked_by_it(screens: Screens) -> None:
    for who in (OPS, "oh-chief"):
        answer = await screens.revoke(who, token_hash("whk_qs-desk")[:16])
        assert answer.status_code == 404, "an officer's, which is no screen's"
    assert await screens.directory.principal("whk_qs-desk") is not None


@pytest.mark.parametrize("who", ["qs-desk", "oh-desk"])
async def test_officers_of_other_roles_have_no_keys_of_screens(screens: Screens, who: str) -> None:
    answers = [
        await screens.make(who, "quayside"),
        await screens.call("GET", "/v1/walls", who),
        await screens.revoke(who, "0" * 16),
    ]
    assert [(one.status_code, one.json().get("reason")) for one in answers] == [(403, "role")] * 3


async def test_who_has_the_office_too_asks_in_it_for_all_screens_of_the_city(screens: Screens) -> None:
    await screens.make(OPS, "quayside", "quay")
    await screens.make(OPS, "millfield", "mill")
    assert await screens.listed("mf-both") == [("mill", "millfield")]
    in_office = await screens.listed("mf-both", **{"whistle-office": "setup"})
    assert in_office == [("mill", "millfield"), ("quay", "quayside")]


async def test_a_session_by_pin_makes_no_key_of_a_screen(screens: Screens) -> None:
    """B138: a PIN opens a shift at one computer; a key of a screen outlives it, and is read anywhere."""
    sessions = screens.directory.sessions
    pin, _ = await sessions.open("harbour", "qs-chief", "browser", NOW, by="pin")
    refused = await screens.make(pin, "quayside")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:whistle:problem:pin-session")
    assert await screens.listed(pin) == []
    full, _ = await sessions.open("harbour", "qs-chief", "browser", NOW)
    assert (await screens.make(full, "quayside")).status_code == 201
    assert (await screens.revoke(pin, await screens.id_of("hall"))).status_code == 200, "what he ends harms nobody"


@pytest.mark.parametrize(
    "now",
    [
        pytest.param((), id="left"),
        pytest.param((msgspec.structs.replace(CHIEF, role="duty_officer"),), id="another role"),
        pytest.param((msgspec.structs.replace(CHIEF, unit="millfield"),), id="another unit"),
        pytest.param((msgspec.structs.replace(CHIEF, until=NOW),), id="appointment over"),
    ],
)
async def test_the_key_of_a_screen_stops_with_the_right_of_who_made_it(
    screens: Screens, now: tuple[PersonRights, ...]
) -> None:
    """B139."""
    key = (await screens.make("qs-chief", "quayside", "quay")).json()["key"]
    others = (await screens.make(OPS, "quayside", "of-ops")).json()["key"]
    await screens.load(*rights(harbour()), CHIEF)
    assert (await screens.works(key), await screens.stopped()) == (True, [])
    await screens.load(*(one for one in rights(harbour()) if one.id != CHIEF.id), *now)
    assert (await screens.works(key), await screens.stopped()) == (False, ["quay"])
    assert await screens.directory.holders([token_hash(key), token_hash(others)]) == {
        token_hash(others): Principal(kind="wall", city="harbour", unit="quayside", name="of-ops")
    }
    assert await screens.works(others), "nobody of the pack made it"
    revoked = await screens.revoke(OPS, await screens.id_of("quay"))
    assert (revoked.json(), await screens.stopped()) == ({"revoked": 1}, [])


async def test_a_key_that_an_office_made_stops_with_the_office(screens: Screens) -> None:
    session, _ = await screens.directory.sessions.open("harbour", SETTER.id, "browser", NOW, confirmed=True)
    body = {"unit": "quayside", "name": "hall"}
    key = (await screens.call("POST", "/v1/walls", session, body, **{"whistle-office": "setup"})).json()["key"]
    moved = msgspec.structs.replace(SETTER, unit="oosterhaven", role="duty_officer")
    await screens.load(moved)
    assert await screens.works(key), "he has the office still"
    await screens.load(msgspec.structs.replace(SETTER, offices=("auditor",)))
    assert (await screens.works(key), await screens.stopped()) == (False, ["hall"])


async def test_a_key_does_not_come_back_with_who_made_it(screens: Screens) -> None:
    key = (await screens.make("qs-chief", "quayside")).json()["key"]
    await screens.load()
    await screens.load(*rights(harbour()), CHIEF)
    assert (await screens.works(key), await screens.stopped()) == (False, ["hall"])


async def test_a_unit_has_twenty_keys_at_most_and_the_next_one_is_told_which_to_revoke(screens: Screens) -> None:
    """B141."""
    await screens.make("oh-chief", "quayside", "by-town")
    for number in range(LIVING_MAX - 1):
        assert (await screens.make("qs-chief", "quayside", f"hall-{number}")).status_code == 201
    assert (await screens.make("oh-chief", "oosterhaven")).status_code == 201, "of another unit"
    await screens.load(*(one for one in rights(harbour()) if one.id != "oh-chief"), CHIEF)
    refused = await screens.make("qs-chief", "quayside", "hall-20")
    told = refused.json()
    assert (refused.status_code, told["type"]) == (409, "urn:whistle:problem:too-many")
    assert [one["name"] for one in told["revoke"]] == ["by-town", *(f"hall-{n}" for n in range(LIVING_MAX - 1))]
    assert "by-town" in told["detail"], "it stopped, so that it goes first; then the oldest"
    assert (await screens.revoke("qs-chief", told["revoke"][0]["id"])).status_code == 200
    assert (await screens.make("qs-chief", "quayside", "hall-20")).status_code == 201


async def test_of_many_who_make_keys_at_once_no_more_have_one_than_may(screens: Screens) -> None:
    for number in range(LIVING_MAX - 1):
        assert (await screens.make(OPS, "quayside", f"hall-{number}")).status_code == 201
    answers = await asyncio.gather(*(screens.make(OPS, "quayside", f"late-{n}") for n in range(5)))
    assert {one.status_code for one in answers} <= {201, 409}
    living = await screens.call("GET", "/v1/walls?living=true&limit=200", OPS)
    assert len(living.json()["items"]) <= LIVING_MAX
    assert (await screens.call("GET", "/v1/walls?living=true&limit=200", "qs-chief")).json() == living.json()


async def test_living_keys_are_listed_apart_from_those_that_were_revoked(screens: Screens) -> None:
    for name in ("old", "hall"):
        assert (await screens.make(OPS, "quayside", name)).status_code == 201
    await screens.revoke(OPS, await screens.id_of("old"))
    listed = {
        asked: [one["name"] for one in (await screens.call("GET", f"/v1/walls{asked}", OPS)).json()["items"]]
        for asked in ("", "?living=true", "?living=false")
    }
    assert listed == {"": ["hall", "old"], "?living=true": ["hall"], "?living=false": ["old"]}
