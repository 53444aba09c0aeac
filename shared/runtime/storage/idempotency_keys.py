"""Idempotency keys under which a document was changed: none is forgotten while the document lives.

A change adds its key, and the fingerprint of what came under it, to the document in the same guarded update. The newest
lie in the document; who reads one that holds many writes the oldest down beside it, and takes them out after that. A
crash in between repeats it, and a key is always found in one place or the other.
"""

from collections.abc import Sequence

from shared.runtime.storage.mongo import Collection, Document, IndexModel, InsertOne

KEPT = 32
"""Keys that stay in a document when older ones are moved; twice as many are moved from."""
INDEXES = (IndexModel([("of", 1)], name="of"),)


class IdempotencyKeys:
    """The keys in ``field`` of the documents of ``owners``; the older ones in ``aside``."""

    def __init__(self, owners: Collection, aside: Collection, field: str) -> None:
        self._owners = owners
        self.aside = aside
        self._field = field
        self._moved = f"{field}_aside"

    async def find(self, document: Document, *keys: str) -> Document | None:
        """What is remembered under the first of ``keys`` that is known: ``id``, and what ``entry`` was given beside it.

        It holds for the version of ``document`` that was read: a change guarded by that version cannot come twice.
        """
        near = {entry["id"]: entry for entry in document.get(self._field, ())}
        for key in keys:
            if key in near:
                return dict(near[key])
        if document.get(self._moved):
            ids = [_id(document["_id"], key) for key in keys]
            for found in await self.aside.find({"_id": {"$in": ids}}, limit=len(ids)):
                return dict(found["entry"])
        await self._make_room(document)
        return None

    async def _make_room(self, document: Document) -> None:
        entries: Sequence[Document] = document.get(self._field, ())
        if len(entries) < 2 * KEPT:
            return
        of, oldest = document["_id"], entries[:-KEPT]
        await self.aside.write([InsertOne({"_id": _id(of, entry["id"]), "of": of, "entry": entry}) for entry in oldest])
        out = {"id": {"$in": [entry["id"] for entry in oldest]}}
        await self._owners.update({"_id": of}, {"$pull": {self._field: out}, "$set": {self._moved: True}})

    async def forget(self, owners: Sequence[str]) -> None:
        """With their documents."""
        await self.aside.delete({"of": {"$in": list(owners)}})


def _id(owner: str, key: str) -> str:
    return f"{owner} {key}"
