"""Work on a case from the acknowledgement to the repair: claim it, go there, start, note, resolve."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from services.router.domain import events as e
from services.router.domain.case import ACTIVE, OPEN, Case, State
from services.router.domain.commands.call_in import still_open
from services.router.domain.commands.command import (
    DESK,
    GROUND,
    Actor,
    Command,
    Decide,
    Decision,
    Rule,
    WhyNot,
    required,
)
from shared.kernel.errors import FieldError, invalid

UNDO = timedelta(seconds=10)
"""Within this time after claiming, ``release`` needs no reason."""
_S = State


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge(Command):
    NAME: ClassVar[str] = "acknowledge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Command):
    NAME: ClassVar[str] = "claim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Command):
    """Gives a claimed case back to the queue."""

    NAME: ClassVar[str] = "release"
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign(Command):
    """``to``: a person or unit."""

    NAME: ClassVar[str] = "assign"
    to: str
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _AtThePlace(Command):
    """``said_at``: since when, as the officer says; ``where``: where he is, longitude and latitude, WGS-84."""

    text: str | None = None
    photos: tuple[str, ...] = ()
    said_at: datetime | None = None
    where: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSite(_AtThePlace):
    NAME: ClassVar[str] = "on_site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start(_AtThePlace):
    NAME: ClassVar[str] = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Command):
    NAME: ClassVar[str] = "note"
    text: str
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve(Command):
    """``how``: repair, agreement, enforcement or referral. ``follow_up``: when the desk is reminded to look again."""

    NAME: ClassVar[str] = "resolve"
    how: str
    text: str
    photos: tuple[str, ...] = ()
    follow_up: datetime | None = None


def _acknowledge(case: Case, command: Acknowledge, actor: Actor, now: datetime) -> Decision:
    if case.state not in (State.QUEUED, State.REOPENED):
        return []
    return [e.Acknowledged(at=now, by=actor.person, by_unit=actor.unit)]


def _claim(case: Case, command: Claim, actor: Actor, now: datetime) -> Decision:
    return [e.Claimed(at=now, by=actor.person, by_unit=actor.unit)]


def _release(case: Case, command: Release, actor: Actor, now: datetime) -> Decision:
    at_once = case.claimed_at is not None and now - case.claimed_at <= UNDO and actor.person == case.claimed_by
    if not at_once:
        required(command.reason, "/reason", "is required more than 10 seconds after the claim")
    return [e.Released(at=now, by=actor.person, by_unit=actor.unit, text=command.reason)]


def _assign(case: Case, command: Assign, actor: Actor, now: datetime) -> Decision:
    return [e.Assigned(at=now, by=actor.person, by_unit=actor.unit, to=command.to, text=command.text)]


def _at_the_place(event: type[e.OnSite] | type[e.Started]) -> Decide[_AtThePlace]:
    """The clock is met at ``now``; what the officer says about the time is only recorded."""

    def decide(case: Case, command: _AtThePlace, actor: Actor, now: datetime) -> Decision:
        return [
            event(
                at=now,
                by=actor.person,
                by_unit=actor.unit,
                text=command.text,
                photos=command.photos,
                said_at=command.said_at,
                where=command.where,
            )
        ]

    return decide


def _note(case: Case, command: Note, actor: Actor, now: datetime) -> Decision:
    text = required(command.text, "/text", "is required")
    return [e.Noted(at=now, by=actor.person, by_unit=actor.unit, text=text, photos=command.photos)]


def _resolve(case: Case, command: Resolve, actor: Actor, now: datetime) -> Decision:
    text = required(command.text, "/text", "says what was done")
    if command.follow_up is not None and command.follow_up <= now:
        raise invalid(FieldError("/follow_up", "is past"))
    return [
        e.Resolved(
            at=now,
            by=actor.person,
            by_unit=actor.unit,
            how=command.how,
            text=text,
            photos=command.photos,
            follow_up=command.follow_up,
        )
    ]


def _claimed_by_another(case: Case, actor: Actor | None) -> WhyNot | None:
    if actor is not None and actor.person != case.claimed_by and actor.role == "grid_member":
        return WhyNot("claimed_by_another", f"{case.claimed_by} has claimed it.")
    return None


RULES = (
    Rule(command=Acknowledge, decide=_acknowledge, open_in=OPEN, roles=GROUND),
    Rule(
        command=Claim,
        decide=_claim,
        open_in=frozenset({_S.QUEUED, _S.ACKNOWLEDGED, _S.REOPENED}),
        roles=GROUND - {"inspector"},
        other_states=WhyNot("taken", "Somebody has it already ({state})."),
    ),
    Rule(
        command=Release,
        decide=_release,
        open_in=frozenset({_S.CLAIMED}),
        roles=GROUND - {"inspector"},
        blocked=_claimed_by_another,
    ),
    Rule(command=Assign, decide=_assign, open_in=ACTIVE, roles=DESK),
    Rule(
        command=OnSite,
        decide=_at_the_place(e.OnSite),
        open_in=frozenset({_S.ACKNOWLEDGED, _S.CLAIMED, _S.REOPENED}),
        roles=GROUND,
    ),
    Rule(
        command=Start,
        decide=_at_the_place(e.Started),
        open_in=frozenset({_S.ACKNOWLEDGED, _S.CLAIMED, _S.ON_SITE, _S.REOPENED}),
        roles=GROUND - {"inspector"},
    ),
    Rule(command=Note, decide=_note, open_in=frozenset(State), roles=GROUND, open_to_guests=True),
    Rule(
        command=Resolve,
        decide=_resolve,
        open_in=frozenset({_S.CLAIMED, _S.ON_SITE, _S.IN_PROGRESS}),
        roles=GROUND - {"inspector"},
        blocked=still_open,
        other_states=WhyNot("claim_first", "Claim it first ({state})."),
    ),
)
