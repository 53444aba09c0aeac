"""The names of a city: asked for once while its pack holds."""

from random import Random

import httpx
import pytest

from services.console.frame.city_names import CityNames
from services.console.live.feed import Feed
from services.console.router_client import NAMES_MAX, Services
from tests.kit.live_changes import wake


@pytest.fixture
def feed() -> Feed:
    return Feed(lambda n: Random(7).randbytes(n).hex())


@pytest.fixture
def asked() -> list[httpx.URL]:
    return []


@pytest.fixture
def names(feed: Feed, asked: list[httpx.URL]) -> CityNames:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        if request.url.path == "/v1/categories":
            return httpx.Response(200, json={"items": [{"code": "pipe", "name": "水管"}]})
        units = [one for one in request.url.params["units"].split(",") if one and one != "gone"]
        told = {"timezone": "Asia/Shanghai", "units": {one: {"name": f"{one}!"} for one in units}}
        return httpx.Response(200, json=told)

    client = httpx.AsyncClient(base_url="http://r", transport=httpx.MockTransport(answer))
    return CityNames(Services(client, client, client), feed)


async def test_a_name_is_asked_for_once_while_the_pack_holds_also_one_that_it_has_not(
    feed: Feed, names: CityNames, asked: list[httpx.URL]
) -> None:
    wake(feed, harbour="v1")
    for _ in range(3):
        told = await names.told("t", "harbour", units=["quay", "gone"])
        assert {id_: one.name for id_, one in told.units.items()} == {"quay": "quay!"}
        assert [one.name for one in (await names.categories("t", "harbour")).items] == ["水管"]
    assert len(asked) == 2
    await names.told("t", "elsewhere", units=["quay"])
    assert len(asked) == 3, "another city has other names"
    wake(feed, harbour="v2", elsewhere="v1")
    await names.told("t", "harbour", units=["quay"])
    assert len(asked) == 4


async def test_many_are_asked_for_sixty_at_a_time(feed: Feed, names: CityNames, asked: list[httpx.URL]) -> None:
    wake(feed)
    units = [f"u{n}" for n in range(NAMES_MAX + 1)]
    assert set((await names.told("t", "harbour", units=units)).units) == set(units)
    assert len(asked) == 2


async def test_a_page_that_names_more_than_sixty_names_all_of_them(asked: list[httpx.URL]) -> None:
    """Those beyond were 他人 in a long history."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        ids = [one for one in request.url.params["people"].split(",") if one]
        assert len(ids) <= NAMES_MAX
        return httpx.Response(200, json={"timezone": "Asia/Shanghai", "people": {one: {"name": one} for one in ids}})

    client = httpx.AsyncClient(base_url="http://r", transport=httpx.MockTransport(answer))
    people = [f"p{n}" for n in range(2 * NAMES_MAX + 10)]
    told = await Services(client, client, client).names("t", people=people, units=["quay"])
    assert list(told.people) == people
    assert (told.timezone, len(asked)) == ("Asia/Shanghai", 3)


async def test_without_the_routers_stream_nothing_is_kept(names: CityNames, asked: list[httpx.URL]) -> None:
    for _ in range(2):
        assert (await names.told("t", "harbour")).timezone == "Asia/Shanghai"
    assert len(asked) == 2
