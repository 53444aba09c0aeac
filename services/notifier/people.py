"""From a notice to people: who is on duty at the event's time, as the event's pack has it."""

from datetime import datetime

from services.notifier.domain.recipients import Notice
from shared.city.model import Person
from shared.city.pack import Pack


def found(notice: Notice, pack: Pack, at: datetime) -> tuple[Person, ...]:
    """The people whom a notice means, as of the event's time.

    Nobody on the post: everybody placed at the unit; nobody there either: the desk of the nearest unit above.
    """
    if notice.person is not None:
        person = pack.people.get(notice.person)
        return (person,) if person is not None else found(Notice(notice.kind, notice.person, "A"), pack, at)
    unit = pack.units.get(notice.unit)
    if unit is None:
        return ()
    if notice.post == "B":
        return pack.on_duty(unit.id, at, "B") or _ground(pack, unit.id, at)
    for above in reversed(unit.path):
        if people := pack.on_duty(above, at, "A") or pack.on_duty(above, at):
            return people
    return ()


def _ground(pack: Pack, unit: str, at: datetime) -> tuple[Person, ...]:
    """On the ground without a post B: the people placed there; a queue's own desk is told as post A already."""
    people = pack.on_duty(unit, at)
    return tuple(person for person in people if person.post != "A")
