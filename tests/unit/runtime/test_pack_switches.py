"""Which pack was in force when: people who are told today are those of today's pack, also when an event comes again."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from shared.runtime.pack_library import SWITCHES_KEPT, PackLibrary, switches_of
from shared.runtime.storage.mongo import Database

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class _Rows:
    """A collection with the documents that were written."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}

    def collection(self, _: str) -> "_Rows":
        return self

    def bucket(self, _: str) -> "_Rows":
        return self

    async def find_one(self, where: dict[str, Any]) -> dict[str, Any] | None:
        return self.documents.get(where["_id"])

    async def find(self, _: dict[str, Any], *, limit: int) -> list[dict[str, Any]]:
        return list(self.documents.values())[:limit]

    async def update(self, where: dict[str, Any], change: dict[str, Any], *, upsert: bool) -> None:
        document = self.documents.setdefault(where["_id"], {"_id": where["_id"]})
        document |= change["$set"]


class _Library(PackLibrary):
    """A library whose packs need no content."""

    async def get(self, city: str, version: str) -> Any:
        return version


def library(rows: _Rows) -> PackLibrary:
    return _Library(cast(Database, rows), None)


async def switched(*versions: str) -> tuple[PackLibrary, _Rows]:
    """Switched to one version an hour."""
    rows = _Rows()
    packs = library(rows)
    for number, version in enumerate(versions):
        await packs.switch("harbour", version, T0 + number * HOUR)
    return packs, rows


@pytest.mark.parametrize(("after", "expected"), [(0, "a"), (59, "a"), (60, "b"), (119, "b"), (120, "c"), (9999, "c")])
async def test_the_version_in_force_is_that_of_the_moment(after: float, expected: str) -> None:
    packs, rows = await switched("a", "b", "c")
    again = library(rows)
    await again.open()
    for each in (packs, again):
        assert each.in_force("harbour", T0 + timedelta(minutes=after), "a", T0) == expected


async def test_what_is_older_than_what_is_remembered_keeps_the_version_that_it_names() -> None:
    packs, _ = await switched("a", "b")
    assert packs.in_force("harbour", T0 - HOUR, "z", T0 - HOUR) == "z"
    assert packs.in_force("elsewhere", T0, "z", T0) == "z"


async def test_of_a_version_from_before_the_memory_the_one_in_force_is_meant() -> None:
    packs, _ = await switched("b", "c")
    assert packs.in_force("harbour", T0 + 3 * HOUR, "a", T0 - 24 * HOUR) == "c"


async def test_the_router_switches_first_and_the_answer_stays_the_same_afterwards() -> None:
    packs, _ = await switched("a", "b")
    moment = T0 + 2 * HOUR - timedelta(seconds=2)
    assert packs.in_force("harbour", moment, "c", moment) == "c"
    await packs.switch("harbour", "c", T0 + 2 * HOUR)
    assert packs.in_force("harbour", moment, "c", moment) == "c"


async def test_the_version_before_another_is_known() -> None:
    packs, _ = await switched("a", "b", "a")
    assert [packs.before("harbour", version) for version in ("a", "b", "new")] == ["b", "a", "a"]
    assert packs.before("elsewhere", "a") is None
    assert (await switched("a"))[0].before("harbour", "a") is None


async def test_switches_are_remembered_up_to_a_bound_and_a_document_of_before_is_read() -> None:
    _, rows = await switched(*(str(number) for number in range(SWITCHES_KEPT + 20)))
    assert len(rows.documents["harbour"]["earlier"]) == SWITCHES_KEPT
    assert switches_of({"_id": "harbour", "version": "a", "since": T0}) == [(T0, "a")]
    assert switches_of({"_id": "harbour", "version": "a"}) == []
