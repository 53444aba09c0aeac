"""What the duty page says of changes, mutes and test alerts."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from services.console.duty.answers import Change, Silence, TestAlert
from services.console.frame.channel_names import CHANNELS, DELIVERY_STATES
from services.console.frame.visit import Visit
from services.console.router_client import NameOf, PersonName

EVENING = 18
PENDING = timedelta(seconds=30)
"""How long a page looks again for what came of a test alert."""


def evening(local: datetime) -> str:
    """Six o'clock, or two hours from now where that is past: what the form for a mute proposes."""
    six = local.replace(hour=EVENING, minute=0)
    proposed = six if local < six - timedelta(minutes=30) else local + timedelta(hours=2)
    return f"{proposed:%Y-%m-%dT%H:%M}"


def gaps(visit: Visit, made: Change) -> list[str]:
    """Says each time in which nobody holds a post because of the change."""
    return [
        visit._(
            "Nobody is on post %(post)s from %(start)s to %(end)s.", post=one.post, **_span(visit, one.from_, one.until)
        )
        for one in made.unstaffed[:3]
    ]


def _span(visit: Visit, start: datetime, end: datetime) -> dict[str, str]:
    return {"start": visit.moment(start), "end": visit.moment(end)}


def people_named(changes: list[Change], silences: list[Silence]) -> list[str]:
    named = [id_ for one in changes for id_ in (one.person, one.by, one.made_by) if id_ is not None]
    return [id_ for id_ in (*named, *(one.by for one in silences)) if id_]


def _named(visit: Visit, people: dict[str, PersonName], id_: str | None) -> str:
    found = people.get(id_ or "")
    return visit.named(found) if found is not None else visit._("Somebody else")


def change_words(visit: Visit, one: Change, people: dict[str, PersonName]) -> str:
    """12月1日：张三的班由李四值，张三在12月4日换回。"""
    person = _named(visit, people, one.person)
    if one.kind == "leave" and one.start is not None and one.until is not None:
        return visit._(
            "%(person)s is on leave from %(start)s to %(end)s", person=person, **_span(visit, one.start, one.until)
        )
    by = _named(visit, people, one.by)
    text = visit._("%(day)s: %(by)s takes the turn of %(person)s", day=one.on, by=by, person=person)
    back = visit._("; %(person)s takes that of %(day)s", person=person, day=one.in_return) if one.in_return else ""
    return text + back


def mute_words(
    visit: Visit, one: Silence, people: dict[str, PersonName], units: Mapping[str, NameOf]
) -> tuple[str, str, str, str]:
    """Id, what is muted, until when, and why and by whom."""
    unit = units.get(one.unit)
    ground = visit.named(unit) if unit is not None else one.unit
    place = (
        visit._("%(place)s and %(n)s m around", place=one.around.place, n=one.around.metres) if one.around else ground
    )
    why = visit._("%(reason)s · by %(person)s", reason=one.reason, person=_named(visit, people, one.by))
    return one.id, place, visit._("until %(at)s", at=visit.moment(one.until)), why


def tested_words(visit: Visit, tested: TestAlert | None) -> dict[str, object] | None:
    """When the last test was sent, and how far it came over each channel; ``waits``: more is to come."""
    if tested is None:
        return None
    kinds = [one for one in tested.channels if one.channel in CHANNELS]
    return {
        "at": visit.moment(tested.at),
        "channels": [
            (
                visit._(CHANNELS[one.channel]),
                visit._(DELIVERY_STATES.get(one.state, DELIVERY_STATES["pending"])),
                one.state,
            )
            for one in kinds
        ],
        "waits": any(one.state == "pending" for one in kinds) and visit.now - tested.at < PENDING,
    }
