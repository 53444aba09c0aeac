"""A swap or a leave as it is recorded, and its event."""

from datetime import datetime
from typing import Self

import msgspec

from shared.city.people.rota import RotaChange
from shared.contracts import rota as contract
from shared.contracts.catalogue import encode
from shared.contracts.envelope import Envelope
from shared.kernel.ids import event_id
from shared.runtime.storage.mongo import Document


class Unstaffed(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A time in which nobody holds a post."""

    unit: str
    post: str
    from_: datetime
    until: datetime


class RecordedChange(msgspec.Struct, frozen=True, kw_only=True):
    """``unstaffed``: the posts that nobody holds because of it, as of the time when it was recorded."""

    id: str
    change: RotaChange
    reason: str | None
    made_by: str
    made_at: datetime
    unstaffed: tuple[Unstaffed, ...]

    def to_row(self) -> Document:
        """As it is stored in ``rota_changes``: moments as dates of MongoDB, days as texts."""
        row: Document = msgspec.to_builtins(self, builtin_types=(datetime,))
        return {"_id": row.pop("id"), **row, "unstaffed": list(row["unstaffed"])}

    @classmethod
    def from_row(cls, row: Document) -> Self:
        return msgspec.convert({"id": row["_id"], **row}, cls)


def event_of(recorded: RecordedChange, city: str, trace: str) -> Envelope:
    """``rota.shift_swapped`` or ``rota.leave_taken``: without the reason, which stays in the store."""
    id_, change = recorded.id, recorded.change
    data: msgspec.Struct
    if change.kind == "swap" and change.by is not None and change.on is not None:
        type_ = "rota.shift_swapped.v1"
        data = contract.ShiftSwapped(
            change=id_,
            person=change.person,
            by=change.by,
            on=change.on,
            in_return=change.in_return,
            since=change.since,
            made_by=recorded.made_by,
        )
    else:
        assert change.start is not None and change.until is not None  # noqa: S101 - a leave has both
        type_ = "rota.leave_taken.v1"
        data = contract.LeaveTaken(
            change=id_,
            person=change.person,
            start=change.start,
            until=change.until,
            since=change.since,
            made_by=recorded.made_by,
        )
    return Envelope(
        id=event_id(id_, 1, 0),
        type=type_,
        topic=contract.TOPIC,
        key=city,
        subject=id_,
        city=city,
        sequence=1,
        time=recorded.made_at,
        lane=0,
        trace=trace,
        data=encode(data),
    )
