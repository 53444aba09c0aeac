"""The HTTP bodies of the officers' commands: their fields with their bounds (``docs/openapi/router.json``)."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from services.router.domain.case import PARTS_MAX
from shared.kernel.vocabulary import ClockKind, How, Sensitivity
from shared.runtime.http_server.field_types import Ident

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
Photos = Annotated[list[Ident], msgspec.Meta(max_length=9)]
Units = Annotated[list[Ident], msgspec.Meta(min_length=1, max_length=PARTS_MAX)]


class Place(msgspec.Struct, forbid_unknown_fields=True):
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    crs: Literal["wgs84", "gcj02", "bd09"]


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


class ReturnBody(msgspec.Struct, forbid_unknown_fields=True):
    """``reason``: a code of the pack's list; ``basis``: what it is based on; ``suggest``: the unit that should
    have it."""

    reason: Ident
    basis: Text
    suggest: Ident | None = None


class ReturnApprovalBody(msgspec.Struct, forbid_unknown_fields=True):
    """``to``: the unit that gets the case, if not the one that was suggested."""

    to: Ident | None = None
    reason: Text | None = None


class RejectBody(msgspec.Struct, forbid_unknown_fields=True):
    """``reason``: a code of the pack's list; ``text``: what the reporter reads beside it."""

    reason: Ident
    text: Text | None = None


class ThereBody(msgspec.Struct, forbid_unknown_fields=True):
    """``at``: since when, as the officer says; ``location``: where he is. Both are kept in the history, as said."""

    at: Moment | None = None
    location: Place | None = None
    text: Text | None = None
    photos: Photos = []


class NoteBody(msgspec.Struct, forbid_unknown_fields=True):
    text: Text
    photos: Photos = []


class ResolveBody(msgspec.Struct, forbid_unknown_fields=True):
    """``how``: as the case's category and kind allow; ``unfounded`` and ``long_term`` are asked for, and granted above.
    ``look_again``: when the responsible desk is reminded to look again, as after an agreement; required for
    ``long_term``. ``follow_up``: its former name."""

    how: How
    text: Text
    photos: Photos = []
    look_again: Moment | None = None
    follow_up: Moment | None = None


class CallInBody(msgspec.Struct, forbid_unknown_fields=True):
    units: Units
    reason: Text


class PartBody(msgspec.Struct, forbid_unknown_fields=True):
    part: Ident


class FinishPartBody(msgspec.Struct, forbid_unknown_fields=True):
    part: Ident
    text: Text
    photos: Photos = []


class ExcusePartBody(msgspec.Struct, forbid_unknown_fields=True):
    part: Ident
    reason: Text


class ConsultBody(msgspec.Struct, forbid_unknown_fields=True):
    parties: Units
    question: Text


class WorkBody(msgspec.Struct, forbid_unknown_fields=True):
    """``body`` is a unit of the pack."""

    body: Ident
    work: Text
    due: Moment


class PlanBody(msgspec.Struct, forbid_unknown_fields=True):
    """The parts in the order in which they are done."""

    parts: Annotated[list[WorkBody], msgspec.Meta(min_length=1, max_length=PARTS_MAX)]
    text: Text | None = None


class InspectBody(msgspec.Struct, forbid_unknown_fields=True):
    ok: bool
    text: Text | None = None
    photos: Photos = []


class CloseBody(msgspec.Struct, forbid_unknown_fields=True):
    text: Text | None = None


class RecordCallBody(msgspec.Struct, forbid_unknown_fields=True):
    """``satisfied``: as ``score`` of a rating, 3 满意, 2 基本满意, 1 不满意, or true for 3 and false for 1; for who was
    reached. ``text``: what was said, required with 1. ``last``: not reached, and not to be tried again, as with a wrong
    number, which ``text`` says."""

    reached: bool
    satisfied: Annotated[int, msgspec.Meta(ge=1, le=3)] | bool | None = None
    text: Text | None = None
    last: bool = False


class RecuseBody(msgspec.Struct, forbid_unknown_fields=True):
    """``about``: the unit that the case is about; absent: its owner."""

    reason: Text
    about: Ident | None = None


class MarkSensitiveBody(msgspec.Struct, forbid_unknown_fields=True):
    kind: Sensitivity
    text: Text | None = None


class RedirectBody(msgspec.Struct, forbid_unknown_fields=True):
    """``elsewhere``: who deals with it, an id of the city's list; absent: who was suggested."""

    elsewhere: Ident | None = None


class CategorizeBody(msgspec.Struct, forbid_unknown_fields=True):
    category: Ident
    reason: Text


class PauseBody(msgspec.Struct, forbid_unknown_fields=True):
    """``reason`` is a code of the pack's catalogue; without ``until`` the clock stands still as long as that allows.
    ``part``: whose ``report_in`` or ``finish_part`` clock it is, here and below."""

    clock: ClockKind
    reason: Ident
    until: Moment | None = None
    part: Ident | None = None


class ClockBody(msgspec.Struct, forbid_unknown_fields=True):
    clock: ClockKind
    reason: Text | None = None
    part: Ident | None = None


class ClockRefusalBody(msgspec.Struct, forbid_unknown_fields=True):
    clock: ClockKind
    reason: Text
    part: Ident | None = None


class ExtensionBody(msgspec.Struct, forbid_unknown_fields=True):
    clock: ClockKind
    until: Moment
    reason: Text
    part: Ident | None = None


class ExtensionApprovalBody(msgspec.Struct, forbid_unknown_fields=True):
    """``until``: another day than the one that was asked for."""

    clock: ClockKind
    until: Moment | None = None
    reason: Text | None = None
    part: Ident | None = None


class QuestionBody(msgspec.Struct, forbid_unknown_fields=True):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class UnmaskBody(msgspec.Struct, forbid_unknown_fields=True):
    report: Ident
    reason: Text


class UnsealBody(msgspec.Struct, forbid_unknown_fields=True):
    """``report``: one of those that hang on the case; the one that opened it when none is named."""

    report: Ident | None = None


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
