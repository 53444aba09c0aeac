"""Visits and campaigns as the API shows them."""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from services.router.domain.visits.visit import Visit
from shared.kernel.vocabulary import VisitKind, VisitStateName


class VisitView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A visit; what it does not have is absent. ``purpose``, ``result`` and ``photos`` of one for a confidential case
    are its handlers'. ``stayed_away``: once it was held, who was invited and did not come."""

    id: str
    version: int
    kind: VisitKind
    unit: str
    place: str | UnsetType = UNSET
    at: datetime
    purpose: str | UnsetType = UNSET
    invited: tuple[str, ...] = ()
    pack_version: str
    planned_by: str
    planned_at: datetime
    state: VisitStateName
    case: str | None = None
    campaign: str | None = None
    campaign_name: str | None = None
    came: tuple[str, ...] = ()
    result: str | None = None
    photos: tuple[str, ...] = ()
    ended_by: str | None = None
    ended_at: datetime | None = None
    remind_at: datetime | None = None
    stayed_away: list[str] | UnsetType = UNSET


class VisitPage(msgspec.Struct, frozen=True):
    items: list[VisitView]
    next: str | None


class BatchVisit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A visit of a planned batch; where another visit is at the place at that time, ``taken`` and nothing else."""

    place: str
    at: datetime
    state: VisitStateName | Literal["taken"]
    id: str | UnsetType = UNSET
    version: int | UnsetType = UNSET
    kind: VisitKind | UnsetType = UNSET
    unit: str | UnsetType = UNSET
    purpose: str | UnsetType = UNSET
    invited: tuple[str, ...] = ()
    pack_version: str | UnsetType = UNSET
    planned_by: str | UnsetType = UNSET
    planned_at: datetime | UnsetType = UNSET
    campaign: str | None = None
    campaign_name: str | None = None
    came: tuple[str, ...] = ()
    result: str | None = None
    photos: tuple[str, ...] = ()
    ended_by: str | None = None
    ended_at: datetime | None = None
    remind_at: datetime | None = None
    stayed_away: list[str] | UnsetType = UNSET


class PlannedCampaign(msgspec.Struct, frozen=True):
    id: str
    name: str
    visits: list[BatchVisit]


class CampaignView(msgspec.Struct, frozen=True, kw_only=True):
    """``planned``, ``held``, ``cancelled``: how many of its visits are."""

    id: str
    name: str | None
    planned: int
    held: int
    cancelled: int
    visits: list[VisitView]


def view(visit: Visit) -> VisitView:
    """A visit as the API shows it."""
    return VisitView(
        id=visit.id,
        version=visit.version,
        kind=visit.kind,
        unit=visit.unit,
        place=visit.place,
        at=visit.at,
        purpose=visit.purpose,
        invited=visit.invited,
        pack_version=visit.pack_version,
        planned_by=visit.planned_by,
        planned_at=visit.planned_at,
        state=visit.state,
        case=visit.case,
        campaign=visit.campaign,
        campaign_name=visit.campaign_name,
        came=visit.came,
        result=visit.result,
        photos=visit.photos,
        ended_by=visit.ended_by,
        ended_at=visit.ended_at,
        remind_at=visit.remind_at,
        stayed_away=list(visit.stayed_away) if visit.state == "held" else UNSET,
    )


def batch_view(visit: Visit) -> BatchVisit:
    """A visit of a batch that was planned just now, or before under the same key."""
    shown = view(visit)
    return msgspec.convert(msgspec.to_builtins(shown, builtin_types=(datetime,)), BatchVisit)
