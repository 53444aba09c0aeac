"""A webhook: the type and its document in MongoDB."""

from datetime import datetime
from typing import Literal

import msgspec

from shared.runtime.storage.mongo import Document

WebhookState = Literal["active", "deleted", "revoked"]


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """A new secret replaced the one of generation ``replaces``, which signs as well until ``until``.

    ``key`` is a hash of the idempotency key of the request.
    """

    replaces: int
    until: datetime
    key: str


class WebhookOwner(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"id": "_id"}):
    """Whose webhook it is: what is read of every active webhook every two seconds."""

    id: str
    city: str
    app: str
    key: str | None = None
    """Hash of the API key that made it; documents of version 0.1.0 have none."""


class Webhook(WebhookOwner, frozen=True, kw_only=True, omit_defaults=True, rename={"id": "_id"}):
    """An app's address that hears of the app's reports: ``types`` of events, all when empty.

    It is ``active`` until the app deletes it (``deleted``) or the API key that made it is revoked (``revoked``); it
    never becomes active again.
    """

    url: str
    types: list[str] = []
    state: WebhookState
    generation: int = 1
    """Of the secret that signs: every rotation adds one."""
    rotations: list[Rotation] = []
    """The rotations whose older secret signed as well when the secret was last rotated."""
    made_at: datetime

    def older_secrets(self, now: datetime) -> list[Rotation]:
        """The rotations whose older secret still signs."""
        return [rotation for rotation in self.rotations if rotation.until > now]


OWNER_FIELDS = dict.fromkeys((field.encode_name for field in msgspec.structs.fields(WebhookOwner)), 1)


def to_doc(webhook: Webhook) -> Document:
    """The document of ``webhooks``. ``types`` and ``generation`` are always stored, because queries ask for them."""
    document: Document = msgspec.to_builtins(webhook, builtin_types=(datetime,))
    return {"types": webhook.types, "generation": webhook.generation, **document}


def from_doc(document: Document) -> Webhook:
    """The webhook that ``to_doc`` stored; fields of a newer version are ignored."""
    return msgspec.convert(document, Webhook)
