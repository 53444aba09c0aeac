"""The bodies of the officers' commands, as the interface names their fields."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from services.router.domain.commands import Command

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
Ident = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_.:-]{1,120}$")]
Photos = Annotated[list[Ident], msgspec.Meta(max_length=9)]


class Place(msgspec.Struct, forbid_unknown_fields=True):
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    crs: Literal["wgs84", "gcj02", "bd09"]


class NoBody(msgspec.Struct, forbid_unknown_fields=True):
    """Nothing to say."""


class OptionalReason(msgspec.Struct, forbid_unknown_fields=True):
    reason: Text | None = None


class Reason(msgspec.Struct, forbid_unknown_fields=True):
    reason: Text


class AssignBody(msgspec.Struct, forbid_unknown_fields=True):
    to: Ident
    text: Text | None = None


class TransferBody(msgspec.Struct, forbid_unknown_fields=True):
    to: Ident
    reason: Text


class ThereBody(msgspec.Struct, forbid_unknown_fields=True):
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    location: Place | None = None
    text: Text | None = None
    photos: Photos = []


class NoteBody(msgspec.Struct, forbid_unknown_fields=True):
    text: Text
    photos: Photos = []


class ResolveBody(msgspec.Struct, forbid_unknown_fields=True):
    how: Literal["repair", "agreement", "enforcement", "referral"]
    text: Text
    photos: Photos = []


class InspectBody(msgspec.Struct, forbid_unknown_fields=True):
    ok: bool
    text: Text | None = None
    photos: Photos = []


class CloseBody(msgspec.Struct, forbid_unknown_fields=True):
    text: Text | None = None


class MergeBody(msgspec.Struct, forbid_unknown_fields=True):
    """``into``: the older case."""

    into: Ident
    reason: Text | None = None


class Matter(msgspec.Struct, forbid_unknown_fields=True):
    """The second matter of a report, in the officer's words."""

    description: Text
    category: Ident | None = None


class SplitBody(msgspec.Struct, forbid_unknown_fields=True):
    """``reports`` get a case of their own, or the one back that they had. With ``matter`` the one report stays, and a
    second case is made of it."""

    reports: Annotated[list[Ident], msgspec.Meta(min_length=1, max_length=100)]
    reason: Text | None = None
    matter: Matter | None = None


BODIES: dict[str, type[msgspec.Struct]] = {
    "acknowledge": NoBody,
    "claim": NoBody,
    "release": OptionalReason,
    "assign": AssignBody,
    "transfer": TransferBody,
    "return": Reason,
    "accept": NoBody,
    "refuse": Reason,
    "on_site": ThereBody,
    "start": ThereBody,
    "note": NoteBody,
    "escalate": Reason,
    "resolve": ResolveBody,
    "inspect": InspectBody,
    "close": CloseBody,
    "reopen": Reason,
    "reject": Reason,
    "merge": MergeBody,
    "split": SplitBody,
}


def to_command(name: str, body: object) -> Command:
    """The domain's command."""
    reason = getattr(body, "reason", None)
    text = getattr(body, "text", None)
    return Command(
        name=name,
        text=reason if reason is not None else text,
        photos=tuple(getattr(body, "photos", ())),
        to=getattr(body, "to", None),
        at=getattr(body, "at", None),
        how=getattr(body, "how", None),
        ok=getattr(body, "ok", True),
        into=getattr(body, "into", None),
        reports=tuple(dict.fromkeys(getattr(body, "reports", ()))),
        matter=body.matter.description if isinstance(body, SplitBody) and body.matter is not None else None,
    )
