"""Promises of riders' sessions: an address opens once, within five minutes, and opens one reporter's things alone."""

from datetime import timedelta

import pytest

from shared.kernel.clock import StoppedClock
from shared.runtime.identity.directory import Directory, Principal
from shared.runtime.identity.rider_sessions import LIFE, LINK_LIFE, pseudonym
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import NOW, SECRET

APP = Principal(kind="rider_app", city="harbour", app="rider-app-1")
REPORTER = pseudonym(SECRET.encode(), "harbour", "rider-app-1", "rider-77")


@pytest.fixture
async def clock() -> StoppedClock:
    return StoppedClock(NOW)


@pytest.fixture
async def directory(database: Database, clock: StoppedClock) -> Directory:
    found = Directory(database, SECRET, clock)
    await found.add_keys([("whk_app_x", APP)], NOW)
    return found


async def test_an_address_opens_one_session_of_its_reporter(directory: Directory, database: Database) -> None:
    token, until = await directory.riders.make_link("harbour", "rider-app-1", REPORTER, NOW)
    assert until == NOW + LINK_LIFE
    assert await directory.principal(token) is None, "an address is no session"
    opened = await directory.riders.open(token, NOW)
    assert opened is not None
    assert await directory.riders.open(token, NOW) is None, "it was opened before"
    who = await directory.principal(opened[0])
    assert who == Principal(kind="rider", city="harbour", app="rider-app-1", reporter=REPORTER)
    assert who is not None
    assert (who.who, who.sight, who.units) == (f"rider-app-1/{REPORTER}", None, ())
    rows = await database.collection("rider_sessions").find({}, limit=10)
    assert not any(word in str(rows) for word in ("rider-77", token, opened[0]))


async def test_an_address_that_is_over_opens_nothing(directory: Directory) -> None:
    token, until = await directory.riders.make_link("harbour", "rider-app-1", REPORTER, NOW)
    assert await directory.riders.open(token, until) is None
    assert await directory.riders.open("whk_riderlink_none", NOW) is None


async def test_who_is_forgotten_has_no_session_and_no_address_left_and_others_keep_theirs(
    directory: Directory, database: Database
) -> None:
    other = pseudonym(SECRET.encode(), "harbour", "rider-app-1", "rider-78")

    async def opened(reporter: str) -> str:
        token, _ = await directory.riders.make_link("harbour", "rider-app-1", reporter, NOW)
        found = await directory.riders.open(token, NOW)
        assert found is not None
        return found[0]

    mine, kept = [await opened(REPORTER), await opened(REPORTER)], await opened(other)
    unopened, _ = await directory.riders.make_link("harbour", "rider-app-1", REPORTER, NOW)
    assert await directory.riders.end_all(REPORTER, NOW + timedelta(minutes=1)) == 3
    fresh = Directory(database, SECRET, StoppedClock(NOW))
    assert [await fresh.principal(token) for token in mine] == [None, None]
    assert await directory.riders.open(unopened, NOW) is None
    assert await fresh.principal(kept) is not None


@pytest.mark.parametrize("how", ["over", "ended", "key"])
async def test_a_session_ends(directory: Directory, database: Database, clock: StoppedClock, how: str) -> None:
    token, _ = await directory.riders.make_link("harbour", "rider-app-1", REPORTER, NOW)
    opened = await directory.riders.open(token, NOW)
    assert opened is not None
    match how:
        case "over":
            clock.move_to(NOW + LIFE)
        case "ended":
            await directory.riders.end(opened[0], NOW + timedelta(minutes=1))
        case _:
            await directory.revoke("harbour", "rider-app-1", NOW)
    assert await Directory(database, SECRET, clock).principal(opened[0]) is None
