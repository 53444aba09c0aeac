"""The plain duty: sign for a case, take it, go there, work, mend it."""

from datetime import datetime, timedelta

from services.router.domain import events as e
from services.router.domain.case import ACTIVE, OPEN, Case, State
from services.router.domain.commands.call_in import still_open
from services.router.domain.commands.command import DESK, GROUND, Actor, Command, Decide, Decision, Rule, required
from shared.kernel.errors import FieldError, invalid

UNDO = timedelta(seconds=10)
"""A claim may be taken back without a reason for this long."""
_S = State


def _acknowledge(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    if case.state not in (State.QUEUED, State.REOPENED):
        return []
    return [e.Acknowledged(at=now, by=actor.person, by_unit=actor.unit)]


def _claim(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    return [e.Claimed(at=now, by=actor.person, by_unit=actor.unit)]


def _release(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    at_once = case.claimed_at is not None and now - case.claimed_at <= UNDO and actor.person == case.claimed_by
    if not at_once:
        required(command.text, "/reason", "is required more than 10 seconds after the claim")
    return [e.Released(at=now, by=actor.person, by_unit=actor.unit, text=command.text)]


def _assign(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    to = required(command.to, "/to", "names a person or unit")
    return [e.Assigned(at=now, by=actor.person, by_unit=actor.unit, to=to, text=command.text)]


def _at_work(event: type[e.OnSite] | type[e.Started]) -> Decide:
    """The press meets the clock; since when somebody says that he is there, or at work, stands beside it."""

    def decide(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
        return [
            event(
                at=now,
                by=actor.person,
                by_unit=actor.unit,
                text=command.text,
                photos=command.photos,
                said_at=command.at,
                where=command.where,
            )
        ]

    return decide


def _note(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    text = required(command.text, "/text", "is required")
    return [e.Noted(at=now, by=actor.person, by_unit=actor.unit, text=text, photos=command.photos)]


def _resolve(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    how = required(command.how, "/how", "is one of repair, agreement, enforcement, referral")
    text = required(command.text, "/text", "says what was done")
    if command.follow_up is not None and command.follow_up <= now:
        raise invalid(FieldError("/follow_up", "is past"))
    return [
        e.Resolved(
            at=now,
            by=actor.person,
            by_unit=actor.unit,
            how=how,
            text=text,
            photos=command.photos,
            follow_up=command.follow_up,
        )
    ]


def _release_blocked(case: Case, actor: Actor | None) -> str | None:
    if actor is not None and actor.person != case.claimed_by and actor.role == "grid_member":
        return f"{case.claimed_by} has claimed it."
    return None


RULES = {
    "acknowledge": Rule(decide=_acknowledge, open_in=OPEN, may=GROUND),
    "claim": Rule(
        decide=_claim,
        open_in=frozenset({_S.QUEUED, _S.ACKNOWLEDGED, _S.REOPENED}),
        may=GROUND - {"inspector"},
        otherwise="Somebody has it already ({state}).",
    ),
    "release": Rule(
        decide=_release, open_in=frozenset({_S.CLAIMED}), may=GROUND - {"inspector"}, blocked=_release_blocked
    ),
    "assign": Rule(decide=_assign, open_in=ACTIVE, may=DESK),
    "on_site": Rule(
        decide=_at_work(e.OnSite), open_in=frozenset({_S.ACKNOWLEDGED, _S.CLAIMED, _S.REOPENED}), may=GROUND
    ),
    "start": Rule(
        decide=_at_work(e.Started),
        open_in=frozenset({_S.ACKNOWLEDGED, _S.CLAIMED, _S.ON_SITE, _S.REOPENED}),
        may=GROUND - {"inspector"},
    ),
    "note": Rule(decide=_note, open_in=frozenset(State), may=GROUND, guests=True),
    "resolve": Rule(
        decide=_resolve,
        open_in=frozenset({_S.CLAIMED, _S.ON_SITE, _S.IN_PROGRESS}),
        may=GROUND - {"inspector"},
        blocked=still_open,
        otherwise="Claim it first ({state}).",
    ),
}
