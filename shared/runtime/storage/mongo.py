"""The one seam to MongoDB. Stores use ``Database`` and ``Collection``; which client does the work is a setting.

Every write is majority and journalled and every read majority (docs/decisions/0001): a kill -9 of a single mongod at
write concern 1 lost 35 to 286 of some 7,000 acknowledged inserts when measured, majority with journal none. The one
exception is ``fast``: writes whose loss only repeats work.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    """What became of an unordered insert: ``duplicate`` positions existed already, ``failed`` are unknown."""

    duplicate: frozenset[int]
    failed: frozenset[int]


class Collection:
    """A collection through either client. Methods are the few that the stores need, each bounded."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._fast = raw.with_options(write_concern=WriteConcern(w=1))

    async def insert(self, document: Document) -> bool:
        """Insert; False when the ``_id`` (or a unique value) is there already."""
        try:
            await self._raw.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def insert_all(self, documents: Sequence[Document]) -> InsertResult:
        """Insert unordered. Raises ``MongoError`` when nothing is known of the batch.

        A duplicate may hide a failed write concern (seen: decision 0003), so a batch with a
        write-concern error counts every position as failed.
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
        """Insert unordered; the positions that existed already.

        Raises ``TimeoutError`` naming ``what`` when it is not known of every document that a majority has it.
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
        """At most ``limit`` documents; the limit is not optional, and 0 is none (to the server it would be all)."""
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
        """Update one; how many matched (an upsert's insert counts)."""
        result = await self._raw.update_one(where, change, upsert=upsert)
        return int(result.matched_count) + (1 if result.upserted_id is not None else 0)

    async def update_all(self, where: Filter, change: Update, *, fast: bool = False) -> int:
        """Update every match; how many matched. ``fast``: write concern 1, for what may be repeated."""
        result = await (self._fast if fast else self._raw).update_many(where, change)
        return int(result.matched_count)

    async def update_and_get(self, where: Filter, change: Update, *, sort: Sort | None = None) -> Document | None:
        """Update one and answer it as it is afterwards; None when nothing matched."""
        found: Document | None = await self._raw.find_one_and_update(
            where, change, sort=list(sort) if sort else None, return_document=ReturnDocument.AFTER
        )
        return found

    async def write(self, operations: Sequence[Write], *, fast: bool = False) -> int:
        """An unordered bulk; how many matched or were upserted. Duplicate keys of upserts are "already there"."""
        if not operations:  # to the driver an error, which would look like an outage and be tried again
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
        """Delete every match; how many."""
        result = await self._raw.delete_many(where)
        return int(result.deleted_count)

    async def count(self, where: Filter, *, limit: int) -> int:
        return int(await self._raw.count_documents(where, limit=limit))

    async def ensure_indexes(self, *indexes: IndexModel) -> None:
        await self._raw.create_indexes(list(indexes))

    async def drop_indexes(self, *names: str) -> None:
        """Those of an older version, as far as they are there."""
        for name in set(names) & set(await self._raw.index_information()):
            await self._raw.drop_index(name)


PIECE = 2 * 1024 * 1024
"""Bytes of one document of a bucket: a photo of a telephone in one or two."""
_PIECES = WriteConcern(w=1)


class Bucket(Protocol):
    """Files (GridFS), whole: photos and packs are bounded by their limits."""

    async def put(self, name: str, content: bytes) -> None: ...
    async def get(self, name: str) -> bytes | None: ...
    async def delete(self, name: str) -> None: ...


class _GridBucket:
    """Pieces are put without waiting for the journal: whoever puts something names it afterwards in a majority write,
    and that one is not acknowledged before everything that came ahead of it in the oplog is as safe."""

    def __init__(self, raw: Any, pieces: Any) -> None:
        self._raw = raw
        self._pieces = pieces

    async def put(self, name: str, content: bytes) -> None:
        """Store under an id that is its name; storing again replaces."""
        with contextlib.suppress(NoFile):
            await self._pieces.delete(name)
        await self._pieces.upload_from_stream_with_id(name, name, content)

    async def get(self, name: str) -> bytes | None:
        try:
            stream = await self._raw.open_download_stream(name)
            content: bytes = await stream.read()
        except (NoFile, CorruptGridFile):  # the latter is met while somebody deletes it
            return None
        return content

    async def delete(self, name: str) -> None:
        with contextlib.suppress(NoFile):
            await self._raw.delete(name)


class Database:
    """A service's own database."""

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
    """Hears what time it is at MongoDB's members."""

    def succeeded(self, event: ServerHeartbeatSucceededEvent) -> None:
        says = event.reply.document.get("localTime")
        if says is not None:
            wall_clock.observe("{}:{}".format(*event.connection_id), says)

    def started(self, event: ServerHeartbeatStartedEvent) -> None:
        """Says nothing of the time."""

    def failed(self, event: ServerHeartbeatFailedEvent) -> None:
        """Says nothing of the time."""


class Mongo:
    """A connection; opened in ``app.build``'s start and closed at its stop. Bound to the loop that first uses it."""

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
        """Tests only: forget a database."""
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
