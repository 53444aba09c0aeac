"""What the routes of visits take."""

from datetime import datetime
from typing import Annotated

import msgspec

from services.router.command_handling.bodies import Photos, Text
from shared.kernel.vocabulary import VisitKind, VisitStateName
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.pagination import Cursor, Limit

BATCH_MAX = 200
INVITED_MAX = 20

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Invited = Annotated[list[Ident], msgspec.Meta(min_length=1, max_length=INVITED_MAX)]


class VisitBody(msgspec.Struct, forbid_unknown_fields=True):
    """``place``: a place of the gazetteer or a unit; ``unit``: who organises it, the own one when left out."""

    kind: VisitKind
    place: Ident
    at: Moment
    purpose: Text
    invited: Invited
    unit: Ident | None = None
    case: Ident | None = None


class Stop(msgspec.Struct, forbid_unknown_fields=True):
    place: Ident
    at: Moment


class CampaignBody(msgspec.Struct, forbid_unknown_fields=True):
    """A planned batch: one visit for every stop."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    purpose: Text
    invited: Invited
    visits: Annotated[list[Stop], msgspec.Meta(min_length=1, max_length=BATCH_MAX)]
    unit: Ident | None = None


class HoldBody(msgspec.Struct, forbid_unknown_fields=True):
    """``came``: which of those invited did."""

    came: Annotated[list[Ident], msgspec.Meta(max_length=INVITED_MAX)]
    result: Text
    photos: Photos = []


class VisitQuery(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    unit: Ident | None = None
    place: Ident | None = None
    kind: VisitKind | None = None
    state: VisitStateName | None = None
    case: Ident | None = None
    campaign: Ident | None = None
    from_: Moment | None = None
    to: Moment | None = None
    cursor: Cursor | None = None
    limit: Limit = 50
