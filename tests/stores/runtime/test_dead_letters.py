"""A record that was delivered again and parks again is linked to its first, however often."""

from types import SimpleNamespace
from typing import Any, cast

from shared.runtime.kafka.crash_attempts import CrashAttempts
from shared.runtime.kafka.dead_letters import REPLAY_OF, DeadLetters
from shared.runtime.storage.mongo import Database
from shared.runtime.timekeeping.wall_clock import real_now


def record(offset: int, headers: dict[str, str]) -> Any:
    encoded = [(name, text.encode()) for name, text in headers.items()]
    return cast(
        Any,
        SimpleNamespace(
            topic="whistle.reports", partition=3, offset=offset, timestamp=1, key=b"k", value=b"v", headers=encoded
        ),
    )


async def test_what_parks_again_names_its_first_and_is_found_from_it(database: Database) -> None:
    dead = DeadLetters("tests", database.collection("dead_letters"), CrashAttempts(database.collection("attempts")))
    first, headers = "g:whistle.reports:3:7:1", {"ce_id": "r1.1.0"}
    for offset in (8, 9):
        await dead.park(record(offset - 1, headers), "g", "bad", real_now())
        letter = await dead.get(f"g:whistle.reports:3:{offset - 1}:1")
        assert letter is not None
        headers = dead.headers_again(letter)
        assert headers == {"ce_id": "r1.1.0", REPLAY_OF: first}
        assert await dead.replayed(letter["_id"], 3, offset, real_now())
        assert not await dead.replayed(letter["_id"], 3, offset, real_now()), "once"
        replayed = await dead.get(letter["_id"])
        assert replayed is not None
        assert await dead.parked_again(replayed) is None
        await dead.park(record(offset, headers), "g", "bad", real_now())
        assert await dead.parked_again(replayed) == f"g:whistle.reports:3:{offset}:1"
    again = await dead.get("g:whistle.reports:3:9:1")
    assert again is not None and again["first"] == first


async def test_a_parked_record_is_of_its_city_and_of_no_other(database: Database) -> None:
    dead = DeadLetters("tests", database.collection("dead_letters"), CrashAttempts(database.collection("attempts")))
    await dead.park(record(1, {"ce_city": "harbour"}), "g", "bad", real_now())
    await dead.park(record(2, {}), "g", "bad", real_now())
    whose = {None: 2, "harbour": 1, "sheyang": 0}
    assert {city: len(await dead.newest(city=city)) for city in whose} == whose
    id_ = (await dead.newest(city="harbour"))[0]["_id"]
    assert (await dead.get(id_, "sheyang"), (await dead.get(id_, "harbour") or {})["_id"]) == (None, id_)
    assert await dead.mark(id_, "dropped", real_now())
    assert [one["_id"] for one in await dead.newest(city="harbour", state="dropped")] == [id_]
