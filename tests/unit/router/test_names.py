"""Names by id: of the caller's own city, what the pack has and nothing else."""

from typing import Any, cast

import pytest

from services.router.http.name_routes import IDS_MAX, Names, NamesAnswer, NamesQuery
from shared.city.pack import Pack
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Call
from shared.runtime.identity.directory import Principal
from shared.runtime.pack_library import PackLibrary
from tests.kit.made_reports import harbour


class OneCity:
    """A library of the harbour alone."""

    cities = {"harbour": "1"}

    def current(self, city: str) -> Pack:
        assert city == "harbour"
        return harbour()


async def asked(**query: str) -> NamesAnswer:
    who = Principal(kind="officer", city="harbour", person="qs-desk", unit="quayside")
    call = Call(cast(Any, None), who, {}, "", "", b"", query=NamesQuery(**query))
    answer = await Names(cast(PackLibrary, OneCity())).names(call)
    return cast(NamesAnswer, answer.body)


async def test_people_come_with_unit_and_role_and_without_telephone() -> None:
    found = await asked(people="qs-walk,nobody,qs-walk", units="quayside,none", reasons="none")
    assert list(found.people) == ["qs-walk"]
    walker = found.people["qs-walk"]
    assert (walker.name, walker.unit.name, walker.role) == ("Quayside walker one", "Quayside", "grid_member")
    assert set(walker.__struct_fields__) == {"name", "name_en", "unit", "role"}
    assert list(found.units) == ["quayside"]
    assert (found.units["quayside"].level, found.units["quayside"].level_en) == ("区", "District")
    assert found.reasons == {}
    assert found.timezone == "Europe/Amsterdam"


async def test_nobody_lists_a_citys_people_by_it() -> None:
    assert (await asked()).people == {}
    with pytest.raises(Refusal) as refused:
        await asked(people=",".join(f"p{n}" for n in range(IDS_MAX + 1)))
    assert refused.value.status == 422


async def test_another_city_is_not_ones_own() -> None:
    with pytest.raises(Refusal):
        await asked(people="qs-walk", city="sheyang")
