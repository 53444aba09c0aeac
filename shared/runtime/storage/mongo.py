"""The only module that uses MongoDB's client. Stores use ``Database`` and ``Collection``; a setting chooses the client.

Writes have write concern majority with journal, reads read concern majority (docs/decisions/0001). With write concern
1, a kill -9 of a single mongod lost 35 to 286 of some 7,000 acknowledged inserts (measured); with majority, none. The
exception is ``fast``: writes whose loss only causes repeated work.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Protocol

from bson import CodecOptions
from gridfs.errors import CorruptGridFile, NoFile
from pymongo import IndexModel, ReturnDocument, WriteConcern
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError
from pymongo.monitoring import (
    ServerHeartbeatFailedEvent,
    ServerHeartbeatListener,
    ServerHeartbeatStartedEvent,
    ServerHeartbeatSucceededEvent,
)
from pymongo.operations import InsertOne, UpdateMany, UpdateOne
from pymongo.read_concern import ReadConcern

from shared.runtime.timekeeping import wall_clock

Document = dict[str, Any]
Filter = Mapping[str, Any]
Update = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Sort = Sequence[tuple[str, int]]
Write = UpdateOne | UpdateMany | InsertOne[Document]

MongoError = PyMongoError
_DUPLICATE = 11000
_OPTIONS: dict[str, Any] = {
    "readPreference": "primary",
    "retryWrites": True,
    "retryReads": True,
    "timeoutMS": 8000,
    "serverSelectionTimeoutMS": 5000,
    "maxPoolSize": 100,
    "waitQueueTimeoutMS": 2000,
    "tz_aware": True,
}


@dataclass(frozen=True, slots=True)
class InsertResult:
    """The result of an unordered insert, by position in the batch: ``duplicate`` documents existed already; of
    ``failed`` ones it is unknown whether they are stored."""

    duplicate: frozenset[int]
    failed: frozenset[int]


class Collection:
    """A collection, through either client: the few operations that stores need, each bounded in time or size."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._fast = raw.with_options(write_concern=WriteConcern(w=1))

    async def insert(self, document: Document) -> bool:
        """Insert a document; False when its ``_id`` (or a unique value) exists already."""
        try:
            await self._raw.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def insert_all(self, documents: Sequence[Document]) -> InsertResult:
        """Insert unordered. Raises ``MongoError`` when the outcome of the whole batch is unknown.

        A duplicate can hide a failed write concern (decision 0003), so after a write-concern error every position
        counts as failed.
        """
        try:
            await self._raw.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            details = error.details
            if details.get("writeConcernErrors"):
                return InsertResult(frozenset(), frozenset(range(len(documents))))
            errors = details.get("writeErrors", [])
            duplicate = frozenset(e["index"] for e in errors if e["code"] == _DUPLICATE)
            return InsertResult(duplicate, frozenset(e["index"] for e in errors) - duplicate)
        return InsertResult(frozenset(), frozenset())

    async def insert_each(self, documents: Sequence[Document], what: str) -> frozenset[int]:
        """Insert unordered. Returns the positions of the documents that existed already.

        Raises ``TimeoutError`` naming ``what`` unless a majority is known to have every document.
        """
        inserted = await self.insert_all(documents)
        if inserted.failed:
            raise TimeoutError(f"{what} were not stored by a majority")
        return inserted.duplicate

    async def find_one(self, where: Filter, fields: Filter | None = None) -> Document | None:
        found: Document | None = await self._raw.find_one(where, fields)
        return found

    async def find(
        self,
        where: Filter,
        fields: Filter | None = None,
        *,
        sort: Sort | None = None,
        limit: int,
        hint: str | None = None,
    ) -> list[Document]:
        """At most ``limit`` documents. The limit is required; 0 returns none (MongoDB itself would return all)."""
        if limit <= 0:
            return []
        cursor = self._raw.find(where, fields).limit(limit)
        if sort:
            cursor = cursor.sort(list(sort))
        if hint:
            cursor = cursor.hint(hint)
        found: list[Document] = await cursor.to_list(limit)
        return found

    async def update(self, where: Filter, change: Update, *, upsert: bool = False) -> int:
        """Update one document. Returns how many matched, an upsert's insert included: 0 or 1."""
        result = await self._raw.update_one(where, change, upsert=upsert)
        return int(result.matched_count) + (1 if result.upserted_id is not None else 0)

    async def update_all(self, where: Filter, change: Update, *, fast: bool = False) -> int:
        """Update every match; returns how many matched. ``fast``: write concern 1, for work that may be repeated."""
        result = await (self._fast if fast else self._raw).update_many(where, change)
        return int(result.matched_count)

    async def update_and_get(self, where: Filter, change: Update, *, sort: Sort | None = None) -> Document | None:
        """Update one document and return it as it is afterwards; None when nothing matched."""
        found: Document | None = await self._raw.find_one_and_update(
            where, change, sort=list(sort) if sort else None, return_document=ReturnDocument.AFTER
        )
        return found

    async def write(self, operations: Sequence[Write], *, fast: bool = False) -> int:
        """An unordered bulk. Returns how many matched or were upserted; duplicate keys of upserts are no error."""
        if not operations:  # the driver raises for an empty bulk, which would look like an outage and be retried
            return 0
        try:
            result = await (self._fast if fast else self._raw).bulk_write(list(operations), ordered=False)
        except BulkWriteError as error:
            details = error.details
            errors = details.get("writeErrors", [])
            if details.get("writeConcernErrors") or any(e["code"] != _DUPLICATE for e in errors):
                raise
            return int(details.get("nMatched", 0)) + int(details.get("nUpserted", 0))
        return int(result.matched_count) + int(result.upserted_count)

    async def delete(self, where: Filter) -> int:
        """Delete every match; returns how many."""
        result = await self._raw.delete_many(where)
        return int(result.deleted_count)

    async def count(self, where: Filter, *, limit: int, hint: str | None = None) -> int:
        hinted = {} if hint is None else {"hint": hint}
        return int(await self._raw.count_documents(where, limit=limit, **hinted))

    async def grouped(
        self, where: Filter, by: Filter, *, limit: int, hint: str | None = None
    ) -> list[tuple[Document, int]]:
        """How many of the first ``limit`` matches there are of each group. ``by``: name → expression."""
        stages = [{"$match": where}, {"$limit": limit}, {"$group": {"_id": dict(by), "count": {"$sum": 1}}}]
        cursor = self._raw.aggregate(stages, **({} if hint is None else {"hint": hint}))
        if isawaitable(cursor):  # the one driver's is, the other's is not
            cursor = await cursor
        return [(group["_id"], int(group["count"])) for group in await cursor.to_list(GROUPS_MAX)]

    async def ensure_indexes(self, *indexes: IndexModel) -> None:
        await self._raw.create_indexes(list(indexes))

    async def drop_indexes(self, *names: str) -> None:
        """Drop the indexes ``names`` of an older version, where they exist."""
        for name in set(names) & set(await self._raw.index_information()):
            await self._raw.drop_index(name)


GROUPS_MAX = 10_000
"""Of ``Collection.grouped``."""
PIECE = 2 * 1024 * 1024
"""Bytes of one GridFS chunk: a phone's photo takes one or two."""
_PIECES = WriteConcern(w=1)


class Bucket(Protocol):
    """Files by name, read and written as a whole: photos and packs, whose size is limited elsewhere."""

    async def put(self, name: str, content: bytes) -> None: ...
    async def get(self, name: str) -> bytes | None: ...
    async def delete(self, name: str) -> None: ...


class _GridBucket:
    """GridFS. Chunks are written with write concern 1: callers name the file afterwards in a majority write, which is
    only acknowledged when everything before it in the oplog is replicated as well."""

    def __init__(self, raw: Any, pieces: Any) -> None:
        self._raw = raw
        self._pieces = pieces

    async def put(self, name: str, content: bytes) -> None:
        """Store a file under its name as id; an existing one is replaced."""
        with contextlib.suppress(NoFile):
            await self._pieces.delete(name)
        await self._pieces.upload_from_stream_with_id(name, name, content)

    async def get(self, name: str) -> bytes | None:
        try:
            stream = await self._raw.open_download_stream(name)
            content: bytes = await stream.read()
        except (NoFile, CorruptGridFile):  # CorruptGridFile: it is being deleted
            return None
        return content

    async def delete(self, name: str) -> None:
        with contextlib.suppress(NoFile):
            await self._raw.delete(name)


class Database:
    """One database: a service's own, or ``identity``."""

    def __init__(self, raw: Any, driver: str) -> None:
        self._raw = raw
        self._driver = driver

    def collection(self, name: str) -> Collection:
        return Collection(self._raw[name])

    def bucket(self, name: str) -> Bucket:
        if self._driver == "motor":
            from motor.motor_asyncio import AsyncIOMotorGridFSBucket

            motor = AsyncIOMotorGridFSBucket
            return _GridBucket(motor(self._raw, name), motor(self._raw, name, PIECE, _PIECES))
        from gridfs.asynchronous import AsyncGridFSBucket

        return _GridBucket(AsyncGridFSBucket(self._raw, name), AsyncGridFSBucket(self._raw, name, PIECE, _PIECES))


class _MembersTime(ServerHeartbeatListener):
    """Passes the time in the heartbeats of MongoDB's members to ``wall_clock``."""

    def succeeded(self, event: ServerHeartbeatSucceededEvent) -> None:
        says = event.reply.document.get("localTime")
        if says is not None:
            wall_clock.observe("{}:{}".format(*event.connection_id), says)

    def started(self, event: ServerHeartbeatStartedEvent) -> None:
        """Says nothing of the time."""

    def failed(self, event: ServerHeartbeatFailedEvent) -> None:
        """Says nothing of the time."""


class Mongo:
    """A MongoDB client; it connects at first use and is bound to the event loop that first uses it."""

    def __init__(self, uri: str, namespace: str, driver: str = "pymongo") -> None:
        self._namespace = namespace
        self._driver = driver
        if driver == "motor":
            from motor.motor_asyncio import AsyncIOMotorClient

            self._client: Any = AsyncIOMotorClient(uri, event_listeners=[_MembersTime()], **_OPTIONS)
        else:
            from pymongo import AsyncMongoClient

            self._client = AsyncMongoClient(uri, event_listeners=[_MembersTime()], **_OPTIONS)

    def database(self, name: str) -> Database:
        raw = self._client.get_database(
            f"{self._namespace}_{name}",
            codec_options=CodecOptions(tz_aware=True),
            write_concern=WriteConcern(w="majority", j=True),
            read_concern=ReadConcern("majority"),
        )
        return Database(raw, self._driver)

    async def ping(self) -> None:
        """Raises ``MongoError`` when no primary answers."""
        await self._client.admin.command("ping")

    async def drop(self, name: str) -> None:
        """Drop a database; for tests only."""
        await self._client.drop_database(f"{self._namespace}_{name}")

    async def close(self) -> None:
        closing = self._client.close()
        if closing is not None:
            await closing


__all__ = [
    "Bucket",
    "Collection",
    "Database",
    "Document",
    "IndexModel",
    "InsertOne",
    "InsertResult",
    "Mongo",
    "MongoError",
    "UpdateMany",
    "UpdateOne",
    "Write",
]
