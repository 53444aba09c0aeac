"""Work on a case from the acknowledgement to the repair: claim it, go there, start, note, resolve."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from services.router.domain import events as e
from services.router.domain.case import ACTIVE, OPEN, Case, State
from services.router.domain.case_parts.ruling import Ruling
from services.router.domain.clock import SlaClock
from services.router.domain.commands.call_in import still_open
from services.router.domain.commands.command import (
    DESK,
    DESK_AND_FIELD,
    Actor,
    Command,
    Decide,
    Decision,
    Rule,
    WhyNot,
    required,
)
from services.router.domain.commands.rulings.outcomes import OutcomeRequested
from services.router.domain.commands.rulings.requests import not_to_ask, ruler_of
from shared.kernel.errors import FieldError, invalid
from shared.kernel.vocabulary import GRANTED_ABOVE, How

UNDO = timedelta(seconds=10)
"""Within this time after claiming, ``release`` needs no reason."""
LOOK_AGAIN_LATEST = timedelta(days=366)
"""Of a case that is kept on the books."""
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
    """``follow_up``: when the desk is reminded to look again. ``said`` and ``review_clock``: for a ``how`` that a level
    above grants, what it reads, and until when it rules; None for the other ways. ``climbs_after``: of a case that is
    kept on the books, after how many seconds more without a decision the next level is told."""

    NAME: ClassVar[str] = "resolve"
    how: How
    text: str
    photos: tuple[str, ...] = ()
    follow_up: datetime | None = None
    said: str | None = None
    review_clock: SlaClock | None = None
    climbs_after: int = 86_400


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
        raise invalid(FieldError("/look_again", "is past"))
    if command.how in GRANTED_ABOVE and command.review_clock is not None:
        return _asked_above(case, command, actor, now, command.review_clock)
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


def _asked_above(case: Case, command: Resolve, actor: Actor, now: datetime, clock: SlaClock) -> Decision:
    """A level above grants that it ends so; until then the owner works on."""
    if command.how == "long_term" and (command.follow_up is None or command.follow_up > now + LOOK_AGAIN_LATEST):
        says = f"is required: when to look again, within {LOOK_AGAIN_LATEST.days} days"
        raise invalid(FieldError("/look_again", says))
    asked = Ruling(
        what="outcome",
        at=now,
        reason=command.how,
        text=command.text,
        asked_by=actor.person,
        unit=case.unit,
        to=ruler_of(case),
        photos=command.photos,
        follow_up=command.follow_up,
        climbs_after=command.climbs_after if command.how == "long_term" else None,
    )
    said = command.said or command.text
    return [OutcomeRequested(at=now, by=actor.person, by_unit=actor.unit, text=said, ruling=asked, clock=clock)]


def _cannot_end_so(case: Case, command: Resolve, actor: Actor) -> WhyNot | None:
    return not_to_ask(case, actor) if command.how in GRANTED_ABOVE else None


def _claimed_by_another(case: Case, actor: Actor | None) -> WhyNot | None:
    if actor is not None and actor.person != case.claimed_by and actor.role == "grid_member":
        return WhyNot("claimed_by_another", f"{case.claimed_by} has claimed it.")
    return None


RULES = (
    Rule(command=Acknowledge, decide=_acknowledge, open_in=OPEN, roles=DESK_AND_FIELD),
    Rule(
        command=Claim,
        decide=_claim,
        open_in=frozenset({_S.QUEUED, _S.ACKNOWLEDGED, _S.REOPENED}),
        roles=DESK_AND_FIELD - {"inspector"},
        other_states=WhyNot("taken", "Somebody has it already ({state})."),
    ),
    Rule(
        command=Release,
        decide=_release,
        open_in=frozenset({_S.CLAIMED}),
        roles=DESK_AND_FIELD - {"inspector"},
        blocked=_claimed_by_another,
    ),
    Rule(command=Assign, decide=_assign, open_in=ACTIVE, roles=DESK),
    Rule(
        command=OnSite,
        decide=_at_the_place(e.OnSite),
        open_in=frozenset({_S.ACKNOWLEDGED, _S.CLAIMED, _S.REOPENED}),
        roles=DESK_AND_FIELD,
    ),
    Rule(
        command=Start,
        decide=_at_the_place(e.Started),
        open_in=frozenset({_S.ACKNOWLEDGED, _S.CLAIMED, _S.ON_SITE, _S.REOPENED}),
        roles=DESK_AND_FIELD - {"inspector"},
    ),
    Rule(command=Note, decide=_note, open_in=frozenset(State), roles=DESK_AND_FIELD, open_to_guests=True),
    Rule(
        command=Resolve,
        decide=_resolve,
        open_in=frozenset({_S.CLAIMED, _S.ON_SITE, _S.IN_PROGRESS}),
        roles=DESK_AND_FIELD - {"inspector"},
        blocked=still_open,
        refused=_cannot_end_so,
        other_states=WhyNot("claim_first", "Claim it first ({state})."),
    ),
)
