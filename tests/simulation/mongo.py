"""pymongo's names in front of a ``ReplicaSet``: what ``shared/runtime/storage/mongo.py`` calls, and nothing else.

Documents go through BSON, as on the wire. Faults strike at every call.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import bson
from bson import CodecOptions
from gridfs import NoFile
from pymongo import IndexModel, WriteConcern
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    DuplicateKeyError,
    NetworkTimeout,
    OperationFailure,
    WriteError,
    WTimeoutError,
)
from pymongo.operations import InsertOne, UpdateMany, UpdateOne
from pymongo.read_concern import ReadConcern
from pymongo.results import BulkWriteResult, DeleteResult, InsertManyResult, InsertOneResult, UpdateResult

from tests.simulation import documents
from tests.simulation.documents import Document, Unfit
from tests.simulation.processes import running_in
from tests.simulation.replica_set import ReplicaSet, Shelf

T = TypeVar("T")
_AWARE: CodecOptions[Document] = CodecOptions(tz_aware=True)
_UNFIT = 2
_DUPLICATE = 11000


def as_stored(document: Mapping[str, Any]) -> Document:
    """A copy with BSON's types: whole milliseconds, lists."""
    return bson.decode(bson.encode(document), _AWARE)


def copied(value: Any) -> Any:
    """A copy that its reader may change."""
    if isinstance(value, dict):
        return {name: copied(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [copied(inner) for inner in value]
    return value


class Client:
    """``AsyncMongoClient``."""

    def __init__(self, servers: ReplicaSet) -> None:
        self.servers = servers
        self.process = running_in.get()
        self.admin = self

    async def command(self, _: str) -> None:
        await self.servers.reached(self.process)

    def get_database(
        self, name: str, *, codec_options: Any, write_concern: WriteConcern, read_concern: ReadConcern
    ) -> "RawDatabase":
        assert codec_options.tz_aware
        return RawDatabase(self, name, write_concern, read_concern)

    async def drop_database(self, name: str) -> None:
        for shelf in list(self.servers.shelves):
            if shelf.startswith(f"{name}."):
                del self.servers.shelves[shelf]

    async def close(self) -> None:
        """Nothing is open."""


class RawDatabase:
    """``AsyncDatabase``."""

    def __init__(self, client: Client, name: str, write_concern: WriteConcern, read_concern: ReadConcern) -> None:
        self.client = client
        self.name = name
        self._concerns = write_concern, read_concern

    def __getitem__(self, name: str) -> "RawCollection":
        shelf = self.client.servers.shelf(f"{self.name}.{name}")
        return RawCollection(self.client, shelf, *self._concerns)

    async def list_collection_names(self) -> list[str]:
        return [
            name.removeprefix(f"{self.name}.")
            for name in self.client.servers.shelves
            if name.startswith(f"{self.name}.")
        ]


class RawBucket:
    """``AsyncGridFSBucket``: whole files."""

    def __init__(self, database: RawDatabase, name: str, *_: object) -> None:
        self._client = database.client
        self._prefix = f"{database.name}.{name}/"

    async def upload_from_stream_with_id(self, id_: str, _: str, content: bytes) -> None:
        await self._client.servers.reached(self._client.process)
        self._client.servers.files[self._prefix + id_] = content

    async def open_download_stream(self, id_: str) -> "RawFile":
        await self._client.servers.reached(self._client.process)
        content = self._client.servers.files.get(self._prefix + id_)
        if content is None:
            raise NoFile(id_)
        return RawFile(content)

    async def delete(self, id_: str) -> None:
        await self._client.servers.reached(self._client.process)
        if self._client.servers.files.pop(self._prefix + id_, None) is None:
            raise NoFile(id_)


class RawFile:
    """What ``open_download_stream`` answers."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def read(self) -> bytes:
        return self._content


class Cursor:
    """``AsyncCursor``, read whole."""

    def __init__(self, collection: "RawCollection", where: Mapping[str, Any], fields: Mapping[str, Any] | None) -> None:
        self._collection, self._where, self._fields = collection, where, fields
        self._sort: list[tuple[str, int]] = []
        self._hint: str | None = None
        self._limit = 0

    def limit(self, count: int) -> "Cursor":
        self._limit = count
        return self

    def sort(self, sort: list[tuple[str, int]]) -> "Cursor":
        self._sort = sort
        return self

    def hint(self, name: str) -> "Cursor":
        self._hint = name
        return self

    async def to_list(self, length: int) -> list[Document]:
        found = await self._collection.read(self._where, self._sort, self._hint)
        return [copied(documents.projected(d, self._fields)) for d in found[: min(self._limit or length, length)]]


class RawCollection:
    """``AsyncCollection``."""

    def __init__(
        self, client: Client, shelf: Shelf, write_concern: WriteConcern, read_concern: ReadConcern | None
    ) -> None:
        self._client = client
        self._servers = client.servers
        self.shelf = shelf
        self.write_concern = write_concern
        self.read_concern = read_concern
        self._majority = write_concern.document.get("w") == "majority"
        self._reads_latest = read_concern is None or read_concern.level != "majority"

    def with_options(self, *, write_concern: WriteConcern) -> "RawCollection":
        return RawCollection(self._client, self.shelf, write_concern, self.read_concern)

    # reading

    async def read(
        self, where: Mapping[str, Any], sort: Sequence[tuple[str, int]] = (), hint: str | None = None
    ) -> list[Document]:
        """What the read concern sees, in order."""
        await self._servers.reached(self._client.process)
        if self._servers.weather.strikes("store.read"):
            raise AutoReconnect("simulated: connection lost")
        if hint is not None and hint not in self.shelf.indexes:
            raise OperationFailure(f"hint {hint} is no index", _UNFIT)
        found = self.shelf.found(where, latest=self._reads_latest)
        if hint is not None and self.shelf.indexes[hint].get("sparse"):
            keys = [{name: {"$exists": True}} for name in self.shelf.indexes[hint]["key"]]
            found = [document for document in found if documents.matches(document, {"$or": keys})]
        return documents.ordered(found, sort) if sort else found

    def find(self, where: Mapping[str, Any], fields: Mapping[str, Any] | None = None) -> Cursor:
        return Cursor(self, where, fields)

    async def find_one(self, where: Mapping[str, Any], fields: Mapping[str, Any] | None = None) -> Document | None:
        found = await self.read(where)
        return copied(documents.projected(found[0], fields)) if found else None

    async def count_documents(self, where: Mapping[str, Any], *, limit: int, hint: str | None = None) -> int:
        return min(limit, len(await self.read(where)))

    async def create_indexes(self, indexes: list[IndexModel]) -> None:
        await self._servers.reached(self._client.process)
        for index in indexes:
            self.shelf.indexes[index.document["name"]] = index.document

    async def index_information(self) -> dict[str, Any]:
        await self._servers.reached(self._client.process)
        return dict(self.shelf.indexes)

    async def drop_index(self, name: str) -> None:
        await self._servers.reached(self._client.process)
        self.shelf.indexes.pop(name, None)

    # writing

    async def insert_one(self, document: Document) -> InsertOneResult:
        stored = as_stored(document)
        if await self._written(lambda: self._insert(stored), hides=_DUPLICATE) == _DUPLICATE:
            raise DuplicateKeyError("simulated: duplicate key", _DUPLICATE)
        return InsertOneResult(stored["_id"], True)

    async def insert_many(self, inserted: Sequence[Document], *, ordered: bool) -> InsertManyResult:
        assert not ordered
        await self.bulk_write([InsertOne(document) for document in inserted], ordered=False)
        return InsertManyResult([document["_id"] for document in inserted], True)

    async def update_one(self, where: Mapping[str, Any], change: Any, *, upsert: bool = False) -> UpdateResult:
        change, where = as_stored(change), as_stored(where)
        matched, upserted = await self._written(lambda: self._update(where, change, upsert=upsert, many=False))
        return UpdateResult({"n": matched + len(upserted), "upserted": upserted[0] if upserted else None}, True)

    async def update_many(self, where: Mapping[str, Any], change: Any) -> UpdateResult:
        change, where = as_stored(change), as_stored(where)
        matched, _ = await self._written(lambda: self._update(where, change, upsert=False, many=True))
        return UpdateResult({"n": matched}, True)

    async def find_one_and_update(
        self, where: Mapping[str, Any], change: Any, *, sort: list[tuple[str, int]] | None, return_document: bool
    ) -> Document | None:
        assert return_document
        change, where = as_stored(change), as_stored(where)

        def act() -> Document | None:
            found = documents.ordered(self.shelf.found(where, latest=True), sort or ())
            return self._replace(found[0], change) if found else None

        left = await self._written(act)
        return dict(copied(left)) if left is not None else None

    async def delete_many(self, where: Mapping[str, Any]) -> DeleteResult:
        def act() -> int:
            found = self.shelf.found(where, latest=True)
            for document in found:
                self._servers.put(self.shelf, document["_id"], None)
            return len(found)

        return DeleteResult({"n": await self._written(act)}, True)

    async def bulk_write(
        self, operations: Sequence[UpdateOne | UpdateMany | InsertOne[Document]], *, ordered: bool
    ) -> BulkWriteResult:
        assert not ordered
        acts = [self._act(operation) for operation in operations]
        details: Document = {"nInserted": 0, "nMatched": 0, "nUpserted": 0, "writeErrors": [], "writeConcernErrors": []}

        def act() -> None:
            for index in self._servers.weather.shuffled(list(range(len(acts)))):
                try:
                    code, matched, upserted = acts[index]()
                except DuplicateKeyError:
                    code, matched, upserted = _DUPLICATE, 0, 0
                except Unfit:
                    code, matched, upserted = _UNFIT, 0, 0
                details["nMatched"] += matched
                details["nUpserted"] += upserted
                if code:
                    details["writeErrors"].append({"index": index, "code": code})

        try:
            await self._written(act)
        except WTimeoutError:
            details["writeConcernErrors"].append({"code": 64})
        if details["writeErrors"] or details["writeConcernErrors"]:
            raise BulkWriteError(details)
        return BulkWriteResult(details, True)

    def _act(self, operation: Any) -> Callable[[], tuple[int, int, int]]:
        """(error code, matched, upserted) of one operation of a bulk, when it is done."""
        if isinstance(operation, InsertOne):
            inserted = as_stored(operation._doc)
            return lambda: (self._insert(inserted), 0, 0)
        where, change = as_stored(operation._filter), as_stored(operation._doc)
        many = isinstance(operation, UpdateMany)

        def update() -> tuple[int, int, int]:
            matched, upserted = self._update(where, change, upsert=bool(operation._upsert), many=many)
            return 0, matched, len(upserted)

        return update

    def _insert(self, document: Document) -> int:
        if isinstance(document["_id"], list):
            return _UNFIT
        if document["_id"] in self.shelf.latest or self.shelf.taken(document):
            return _DUPLICATE
        self._servers.put(self.shelf, document["_id"], document)
        return 0

    def _update(self, where: Document, change: Any, *, upsert: bool, many: bool) -> tuple[int, list[Any]]:
        found = self.shelf.found(where, latest=True)
        for document in found if many else found[:1]:
            self._replace(document, change)
        if found or not upsert:
            return len(found) if many else len(found[:1]), []
        document = documents.updated(documents.seeded(where), change, inserting=True)
        if self._insert(document) == _DUPLICATE:
            raise DuplicateKeyError("simulated: duplicate key", _DUPLICATE)
        return 0, [document["_id"]]

    def _replace(self, document: Document, change: Any) -> Document:
        after = documents.updated(document, change)
        if after != document:
            self._servers.put(self.shelf, document["_id"], after)
        return after

    async def _written(self, act: Callable[[], T], *, hides: object = None) -> T:
        """``act`` on the primary, and its acknowledgement as the write concern asks; or a fault.

        What changed nothing waits too, for all that was written before. An outcome that ``hides`` may come without:
        a plain insert's duplicate key hides that no majority has the other document (seen: decision 0003).
        """
        servers, process = self._servers, self._client.process
        await servers.reached(process)
        fault = servers.weather.strikes("store.write")
        if fault == "refused":
            raise AutoReconnect("simulated: connection lost")
        if fault == "late":
            servers.later(act)
            await asyncio.sleep(servers.weather.delay())
            raise NetworkTimeout("simulated: given up")
        try:
            outcome = act()
        except Unfit as unfit:
            raise WriteError(str(unfit), _UNFIT) from unfit
        if fault == "lost":
            await asyncio.sleep(servers.weather.delay())
            raise NetworkTimeout("simulated: answer lost")
        if fault == "unconfirmed" and self._majority:
            raise WTimeoutError("simulated: waiting for replication timed out", 64, {})
        if self._majority and not (hides is not None and outcome == hides and servers.weather.coin()):
            await servers.majority(servers.written)
            if process is not None:
                process.breathes()
        return outcome
