"""What the routes answer that every service has: health, whose key it is, and for operators trace, replay and parked
messages."""

from datetime import datetime
from typing import Literal, Self

import msgspec
from msgspec import UNSET, UnsetType

from shared.contracts.envelope import Envelope
from shared.contracts.words import Withheld, readable, without_words
from shared.runtime.identity.directory import Principal
from shared.runtime.storage.mongo import Document


class AliveAnswer(msgspec.Struct, frozen=True):
    status: Literal["alive"] = "alive"


class WaitingRecords(msgspec.Struct, frozen=True):
    """``seconds`` that ``records`` take at the present pace; null while nothing is handled."""

    records: int
    seconds: float | None


class ReadyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``cities``: city → version of its pack. ``behind``: consumer group → what waits."""

    status: Literal["ready"] = "ready"
    cities: dict[str, str]
    behind: dict[str, WaitingRecords]


class UnreadyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``reasons``: check → what is wrong."""

    status: Literal["not ready"] = "not ready"
    reasons: dict[str, str]


class MeAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose key or token it is; ``now``: the installation's time. What does not apply is absent."""

    kind: str
    city: str
    app: str | None = None
    reporter: str | None = None
    person: str | None = None
    unit: str | None = None
    role: str | None = None
    post: str | None = None
    rate: int | None = None
    name: str | None = None
    on_duty_for: tuple[str, ...]
    offices: tuple[str, ...]
    session: str | None = None
    now: datetime

    @classmethod
    def of(cls, who: Principal, now: datetime) -> Self:
        return cls(**{name: getattr(who, name) for name in cls.__struct_fields__ if name != "now"}, now=now)


class TracedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A stored event; ``stored_at`` is null while it is pending. ``data``: as the AsyncAPI page has its type, with
    nothing in the fields that hold words, places and photos: who reads those of a case is on its record."""

    id: str
    type: str
    subject: str
    city: str
    sequence: int
    time: datetime
    stored_at: datetime | None
    trace: str
    data: msgspec.Raw

    @classmethod
    def of(cls, event: Envelope, stored_at: datetime | None) -> Self:
        return cls(
            id=event.id,
            type=event.type,
            subject=event.subject,
            city=event.city,
            sequence=event.sequence,
            time=event.time,
            stored_at=stored_at,
            trace=event.trace,
            data=msgspec.Raw(without_words(event.data).encode()),
        )


class TraceAnswer(msgspec.Struct, frozen=True):
    """``about``: the case that a delivery is about; null for what is no delivery."""

    service: str
    items: list[TracedEvent]
    about: str | None


class ReplayAnswer(msgspec.Struct, frozen=True):
    """``next``: go on after it; null at the end."""

    events: int
    next: str | None
    dry_run: bool


class ClockAnswer(msgspec.Struct, frozen=True):
    now: datetime
    shifted_seconds: float


Outcome = Literal["waiting", "handled", "parked"]
"""Of a replayed record: not handled yet, handled, parked again."""


class ParkedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """``first``: the message that it was before a replay. ``outcome``: of its replay; ``again``: what it was
    then parked as. ``value``: without words, as in a trace; what is ``withheld`` of it is kept, and delivered again
    whole. ``unreadable``: in the answer to a dry run, why it would park again at once."""

    first: str | UnsetType = UNSET
    id: str
    group: str
    topic: str
    reason: str
    state: Literal["parked", "replayed", "dropped"]
    parked_at: datetime
    headers: dict[str, str]
    value: str
    withheld: Withheld
    outcome: Outcome | UnsetType = UNSET
    again: str | UnsetType = UNSET
    unreadable: str | UnsetType = UNSET

    @classmethod
    def of(
        cls,
        document: Document,
        outcome: Outcome | UnsetType = UNSET,
        again: str | UnsetType = UNSET,
        unreadable: str | UnsetType = UNSET,
    ) -> Self:
        value, withheld = readable(bytes(document["value"]))
        return cls(
            first=document.get("first", UNSET),
            id=document["_id"],
            group=document["group"],
            topic=document["topic"],
            reason=document["reason"],
            state=document["state"],
            parked_at=document["parked_at"],
            headers={name: bytes(value).decode(errors="replace") for name, value in document["headers"]},
            value=value,
            withheld=withheld,
            outcome=outcome,
            again=again,
            unreadable=unreadable,
        )


class ParkedMessages(msgspec.Struct, frozen=True):
    items: list[ParkedMessage]


class RetentionItem(msgspec.Struct, frozen=True):
    """``kept``: the span of the pack; ``count``: documents older than ``before``."""

    city: str
    kind: str
    kept: str
    before: datetime
    count: int


class RetentionAnswer(msgspec.Struct, frozen=True):
    dry_run: bool
    items: list[RetentionItem]
