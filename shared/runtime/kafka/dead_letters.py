"""Dead letters: records that could not be handled, kept whole until somebody replays or drops them."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from aiokafka import ConsumerRecord
from prometheus_client import Counter, Gauge

from shared.runtime.kafka.crash_attempts import CrashAttempts
from shared.runtime.observability.log_ids import ids_in
from shared.runtime.storage.mongo import Collection, Document, IndexModel, InsertOne

log = structlog.get_logger()

_PARKED = Counter("whistle_records_parked_total", "Kafka records that were parked.", ["group"])
_WAITING = Gauge("whistle_parked_records", "Parked records that nobody has decided about yet.", ["service"])
COUNTED_MAX = 1000
REASON_MAX = 500
REPLAY_OF = "whistle-replay-of"
"""Header of a record that was delivered again: the id under which it was parked first."""
IDS = ("ce_id", "ce_subject")
INDEXES = (IndexModel([("state", 1), ("parked_at", -1)], name="state"),)


class DeadLetters:
    """The ``dead_letters`` of one service; id = group, topic, partition, offset, so parking twice parks once."""

    def __init__(self, service: str, collection: Collection, attempts: CrashAttempts) -> None:
        self.collection = collection
        self.attempts = attempts
        self._waiting = _WAITING.labels(service)

    async def park(self, record: ConsumerRecord, group: str, reason: str, now: datetime) -> None:
        """Store the record, durably when this returns. Raises ``MongoError``; then its offset must not be committed."""
        document: Document = {
            "_id": f"{group}:{record.topic}:{record.partition}:{record.offset}:{record.timestamp}",
            "group": group,
            "topic": record.topic,
            "key": record.key or b"",
            "value": (record.value or b"")[: 1024 * 1024],
            "headers": [[name, value or b""] for name, value in record.headers],
            "reason": reason[:REASON_MAX],
            "parked_at": now,
            "state": "parked",
        }
        if city := dict(record.headers).get("ce_city"):
            document["city"] = city.decode(errors="replace")
        if first := dict(record.headers).get(REPLAY_OF):
            document["first"] = first.decode(errors="replace")
        await self.collection.write([InsertOne(document)])
        _PARKED.labels(group).inc()
        about = [value.decode(errors="replace") for name, value in record.headers if name in IDS and value]
        place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
        log.error("record.parked", **place, reason=reason, **ids_in(*about))

    async def count_parked(self) -> None:
        """Set the gauge of parked records that nobody has decided about."""
        self._waiting.set(await self.collection.count({"state": "parked"}, limit=COUNTED_MAX))

    async def newest(self, limit: int = 100, city: str | None = None, state: str = "parked") -> list[Document]:
        """The newest in that state; of one city where it is named."""
        where: Document = {"state": state, **({} if city is None else {"city": city})}
        return await self.collection.find(where, sort=[("parked_at", -1)], limit=limit)

    @staticmethod
    def headers_again(document: Document) -> dict[str, str]:
        """The headers with which a record is delivered again; they name where it was parked first."""
        kept: Sequence[tuple[str, bytes]] = document["headers"]
        first = str(document.get("first", document["_id"]))
        return {**{name: bytes(value).decode(errors="replace") for name, value in kept}, REPLAY_OF: first}

    async def get(self, id_: str, city: str | None = None) -> Document | None:
        """One of them; of ``city`` alone where it is named. What older versions parked names no city."""
        return await self.collection.find_one({"_id": id_, **({} if city is None else {"city": city})})

    async def parked_again(self, replayed: Document) -> str | None:
        """The id under which the record that ``replayed`` was delivered as is parked; None when it is not."""
        place = f"{replayed['group']}:{replayed['topic']}:{replayed['replayed_as']}:"
        found = await self.collection.find({"_id": {"$gt": place, "$lt": f"{place};"}}, {"_id": 1}, limit=1)
        return str(found[0]["_id"]) if found else None

    async def replayed(self, id_: str, partition: int, offset: int, now: datetime) -> bool:
        """It was delivered again as this record; False when it was not parked any more."""
        change = {"state": "replayed", "at": now, "replayed_as": f"{partition}:{offset}"}
        return bool(await self.collection.update({"_id": id_, "state": "parked"}, {"$set": change}))

    async def mark(self, id_: str, state: str, now: datetime) -> bool:
        """Set the state to ``replayed`` or ``dropped``; False when it was not parked. The document stays."""
        return bool(
            await self.collection.update({"_id": id_, "state": "parked"}, {"$set": {"state": state, "at": now}})
        )
