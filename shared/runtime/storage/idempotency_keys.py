"""Idempotency keys stored with the document that they changed; they are kept as long as the document.

A change adds its key and the fingerprint of its body to the document, in the same guarded update. The newest keys are
in the document itself. Whoever reads a document with many keys first copies the oldest to a second collection and then
removes them from the document. A crash in between only repeats the copy, and every key is in one place or both.
"""

from collections.abc import Sequence

from shared.runtime.storage.mongo import Collection, Document, IndexModel, InsertOne

KEPT = 32
"""Keys that stay in the document when older ones are moved; they are moved when there are twice as many."""
INDEXES = (IndexModel([("of", 1)], name="of"),)


class IdempotencyKeys:
    """The keys in ``field`` of the documents in ``owners``; older ones are in the collection ``aside``."""

    def __init__(self, owners: Collection, aside: Collection, field: str) -> None:
        self._owners = owners
        self.aside = aside
        self._field = field
        self._moved = f"{field}_aside"

    async def find(self, document: Document, *keys: str) -> Document | None:
        """The entry of the first of ``keys`` that is known (``id`` and what was stored with it), or None.

        The answer holds for the version of ``document`` that was read; an update guarded by that version cannot apply
        a key twice.
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
        """Delete the moved keys of these documents; called when the documents are deleted."""
        await self.aside.delete({"of": {"$in": list(owners)}})


def _id(owner: str, key: str) -> str:
    return f"{owner} {key}"
