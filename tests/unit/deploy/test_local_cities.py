"""Loading city packs into a router, and the development file."""

import json
from pathlib import Path

import httpx
import pytest

from deploy.local.cities import CityRefused, Router, load_cities, read_pack
from deploy.local.parts import Stack

OPS = "whk_ops_test"


def router(answer: httpx.MockTransport) -> Router:
    return Router(httpx.AsyncClient(transport=answer), "http://router", OPS)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "town"
    (folder / "inner").mkdir(parents=True)
    (folder / "city.yaml").write_text("id: town\nname: 射阳\n", encoding="utf-8")
    (folder / "areas.geojson").write_text("{}")
    (folder / "README.md").write_text("not part of it")
    (folder / "inner" / "units.yaml").write_text("[]")
    return folder


def test_a_pack_is_the_top_level_yaml_and_geojson(pack: Path) -> None:
    assert read_pack(pack) == {"areas.geojson": "{}", "city.yaml": "id: town\nname: 射阳\n"}


def test_a_folder_without_city_yaml_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(CityRefused, match=r"has no city\.yaml"):
        read_pack(tmp_path)


async def test_cities_are_loaded_and_the_development_file_written(pack: Path, tmp_path: Path) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.path == "/v1/cities":
            return httpx.Response(201, json={"city": "town", "version": "v1"})
        return httpx.Response(200, json={"city": "town", "app_key": "a", "people": [{"id": "p"}]})

    stack = Stack(tmp_path, 18800)
    assert await load_cities(router(httpx.MockTransport(answer)), [pack], stack) == [{"city": "town", "version": "v1"}]
    assert [request.url.path for request in asked] == ["/v1/cities", "/v1/dev/tokens"]
    for request in asked:
        assert request.headers["Authorization"] == f"Bearer {OPS}"
    keys = {request.headers["Idempotency-Key"] for request in asked}
    assert len(keys) == 2, "a pack that held before holds again: its key is not that of its first loading"
    assert json.loads(asked[0].content)["files"]["city.yaml"] == "id: town\nname: 射阳\n"

    written = json.loads((tmp_path / "dev.json").read_text())
    assert (tmp_path / "dev.json").stat().st_mode & 0o777 == 0o600
    assert written["app_key"] == "a" and written["ops"] == OPS and written["people"] == [{"id": "p"}]
    assert written["urls"]["router"] == "http://127.0.0.1:18802"
    assert (written["kafka"], written["cities"]["town"]["city"]) == ("127.0.0.1:18810", "town")


async def test_without_dev_tokens_no_file_is_written_and_an_old_one_removed(pack: Path, tmp_path: Path) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(201, json={"city": "town", "version": "v1"}))
    (tmp_path / "dev.json").write_text("{}")
    await load_cities(router(transport), [pack], Stack(tmp_path, dev_tokens=False))
    assert not (tmp_path / "dev.json").exists()


async def test_every_error_of_a_refused_pack_is_told(pack: Path) -> None:
    problem = {
        "title": "The pack has errors",
        "detail": "2 errors",
        "errors": [{"pointer": "/units/0", "detail": "no parent"}, {"pointer": "/areas/1", "detail": "not closed"}],
    }
    transport = httpx.MockTransport(lambda _: httpx.Response(422, json=problem))
    with pytest.raises(CityRefused) as refused:
        await router(transport).load(pack)
    said = str(refused.value)
    assert "POST /v1/cities answered 422" in said
    assert "The pack has errors: 2 errors" in said
    assert "no parent" in said and "not closed" in said


async def test_an_answer_that_is_no_problem_document_is_shown_as_it_is(pack: Path) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(502, text="bad gateway"))
    with pytest.raises(CityRefused, match="502\n  bad gateway"):
        await router(transport).load(pack)
