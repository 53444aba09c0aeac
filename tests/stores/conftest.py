"""Every store test on a real mongod through both drivers, and on the simulated one: it behaves as the real one does."""

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

import gridfs.asynchronous
import pymongo
import pytest
import pytest_asyncio
from pymongo import WriteConcern

from deploy.local.part import start
from deploy.local.servers.servers import mongo_server
from shared.runtime.kafka import outbox_relay as relay_module
from shared.runtime.storage.mongo import Database, Mongo
from tests.kit.intake_door import OpenDoor, doors
from tests.kit.s3 import s3_server
from tests.kit.stack import free_base
from tests.simulation.mongo import Client, RawBucket, RawDatabase
from tests.simulation.replica_set import ReplicaSet
from tests.simulation.weather import Weather

__all__ = ["s3_server"]


@pytest_asyncio.fixture(scope="session")
async def mongo_uri(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The URI of a mongod of its own, a replica set of one."""
    part = mongo_server(tmp_path_factory.mktemp("mongod"), free_base())
    process = await start(part)
    try:
        yield part.url
    finally:
        await process.stop(grace=5)


@pytest_asyncio.fixture(scope="session", params=["pymongo", "motor", "simulated"])
async def mongo(request: pytest.FixtureRequest, mongo_uri: str) -> AsyncIterator[Mongo]:
    """A connection through each driver, and one to a simulated replica set."""
    if request.param == "simulated":
        with simulated() as connection:
            yield connection
        return
    connection = Mongo(mongo_uri, request.param, request.param)
    await connection.ping()
    yield connection
    await connection.close()


@contextmanager
def simulated() -> Iterator[Mongo]:
    """The seam on a replica set in memory, in fair weather."""
    weather = Weather(random.Random(0), lambda _: None)
    weather.calm, weather.under_way = True, 0.0
    servers, real_bucket = ReplicaSet(weather), gridfs.asynchronous.AsyncGridFSBucket

    def bucket(raw: Any, *more: Any) -> Any:
        return RawBucket(raw, *more) if isinstance(raw, RawDatabase) else real_bucket(raw, *more)

    with (
        mock.patch.object(pymongo, "AsyncMongoClient", lambda *_, **__: Client(servers)),
        mock.patch.object(gridfs.asynchronous, "AsyncGridFSBucket", bucket),
    ):
        yield Mongo("", "simulated")


@pytest_asyncio.fixture
async def database(mongo: Mongo) -> Database:
    """An empty database. Indexes and the city's pack stay from test to test: making them takes longer than the test."""
    database = mongo.database("tests")
    raw: Any = database._raw
    for name in await raw.list_collection_names():
        if not name.startswith("packs"):
            await raw[name].with_options(write_concern=WriteConcern("majority")).delete_many({})
    client: Any = mongo._client
    if isinstance(client, Client):
        for name in [name for name in client.servers.files if "packs" not in name]:
            del client.servers.files[name]
    return database


@pytest_asyncio.fixture
async def open_door(database: Database) -> AsyncIterator[OpenDoor]:
    """Opens intake's door with settings, as often as a test asks for one."""
    async with doors(database) as opens:
        yield opens


@pytest.fixture
def no_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what was handed over leaves, however slow the machine is."""
    monkeypatch.setattr(relay_module, "LEFT_BEHIND", timedelta(hours=1))


@pytest.fixture
def quick_relay(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was left behind is looked for at once, so that tests of a crash need not wait for it."""
    monkeypatch.setattr(relay_module, "LEFT_BEHIND", timedelta(0))
    monkeypatch.setattr(relay_module, "POLL_SECONDS", 0.02)
