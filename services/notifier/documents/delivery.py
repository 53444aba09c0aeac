"""Deliveries: what is to be sent to a channel or an app, and how far it is. The types and their documents in MongoDB.

A delivery is ``pending`` from ``next_at`` on until it is ``delivered``, ``failed`` (given up) or ``ended`` (nobody
wants it any more). One that the recipient's preferences delay, or that rings later, is ``held`` until ``release_at``;
then it becomes pending, or is ``dropped`` because its alert was settled meanwhile.
"""

from datetime import datetime
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from shared.runtime.storage.mongo import Document

DeliveryState = Literal["pending", "held", "delivered", "failed", "ended", "dropped"]


class Delivery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"id": "_id"}):
    """What deliveries of alerts and to apps have in common."""

    id: str
    city: str
    receiver: str
    """The pack's id of a channel's receiver, or the id of a webhook."""
    case: str
    state: DeliveryState
    attempts: int
    """Attempts so far that count as failures of the receiver, and the one under way."""
    next_at: datetime
    """When it is due; while it is being sent, when another process may try."""
    made_at: datetime
    last_outcome: str | None = None
    """Of the last attempt in one word, as ``Outcome.name``."""
    last_status: int | None = None
    last_at: datetime | None = None


class AlertDelivery(Delivery, frozen=True, kw_only=True, omit_defaults=True, rename={"id": "_id"}):
    """An alert on its way to one receiver. ``to``: whether the receiver is the person's own or the unit's."""

    channel: str
    to: Literal["person", "unit"]
    alert: str
    because: str
    """The event that the alert tells of. Alerts of one event to one receiver travel in one message."""
    lane: int
    """0 for danger, which goes first; else 1."""
    pack_version: str
    release_at: datetime | None = None
    """When a held delivery is looked at."""
    digest: bool = False
    """It waited because its receiver had too many messages, and is listed with all that waited."""
    paged_at: datetime | None = None
    """When it was released as a message that counts for the recipient's limit."""
    form: str = ""
    """How it is to be worded after the receiver refused its words (``channels.sender``)."""
    call: str | None = None
    """The gateway's id of the call that it became."""


class WebhookDelivery(
    Delivery, frozen=True, kw_only=True, omit_defaults=True, rename={"id": "_id", "receiver": "webhook"}
):
    """A case's event for one webhook, with the body that is signed. ``receiver`` is stored as ``webhook``."""

    receiver: str
    event: str
    type: str
    body: str


D = TypeVar("D", bound=Delivery)


class DeliveryChange(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a delivery that one step changes; fields that are left out stay as they are stored."""

    state: DeliveryState | UnsetType = UNSET
    attempts: int | UnsetType = UNSET
    next_at: datetime | UnsetType = UNSET
    release_at: datetime | UnsetType = UNSET
    digest: bool | UnsetType = UNSET
    paged_at: datetime | UnsetType = UNSET
    form: str | UnsetType = UNSET
    call: str | UnsetType = UNSET
    receiver: str | UnsetType = UNSET
    to: Literal["person", "unit"] | UnsetType = UNSET
    pack_version: str | UnsetType = UNSET
    last_outcome: str | UnsetType = UNSET
    last_status: int | UnsetType | None = UNSET
    last_at: datetime | UnsetType = UNSET


def to_doc(delivery: Delivery | DeliveryChange) -> Document:
    """The document of a delivery, or the fields of it that a change sets."""
    document: Document = msgspec.to_builtins(delivery, builtin_types=(datetime,))
    return document


def from_doc(document: Document, kind: type[D]) -> D:
    """The delivery that ``to_doc`` stored; fields of a newer version are ignored."""
    return msgspec.convert(document, kind)


def progress(delivery: Delivery) -> dict[str, Any]:
    """How far a delivery is, as the API shows it."""
    held = (delivery.release_at, delivery.digest or None) if isinstance(delivery, AlertDelivery) else (None, None)
    shown = {
        "state": delivery.state,
        "attempts": delivery.attempts,
        "made_at": delivery.made_at,
        "next_at": delivery.next_at,
        "release_at": held[0],
        "digest": held[1],
        "last_outcome": delivery.last_outcome,
        "last_status": delivery.last_status,
        "last_at": delivery.last_at,
    }
    return {name: value for name, value in shown.items() if value is not None}


class ShownProgress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a delivery is. ``release_at``, ``digest``: where preferences hold it. ``last_outcome``: in one word."""

    state: DeliveryState
    attempts: int
    made_at: datetime
    next_at: datetime
    release_at: datetime | None = None
    digest: bool = False
    last_outcome: str | None = None
    last_status: int | None = None
    last_at: datetime | None = None


class ChannelDelivery(ShownProgress, frozen=True, kw_only=True, omit_defaults=True):
    """An alert on its way to a channel's receiver, as the API shows it."""

    id: str
    channel: str
    to: Literal["person", "unit"]


class AppDelivery(ShownProgress, frozen=True, kw_only=True, omit_defaults=True):
    """A delivery to an app as the API shows it; not its body. ``webhook``: where those of several are listed."""

    id: str
    type: str
    event: str
    case: str
    webhook: str | None = None


def channel_delivery(delivery: AlertDelivery) -> ChannelDelivery:
    return ChannelDelivery(id=delivery.id, channel=delivery.channel, to=delivery.to, **progress(delivery))


def app_delivery(delivery: WebhookDelivery, webhook: str | None = None) -> AppDelivery:
    return AppDelivery(
        id=delivery.id,
        type=delivery.type,
        event=delivery.event,
        case=delivery.case,
        webhook=webhook,
        **progress(delivery),
    )
