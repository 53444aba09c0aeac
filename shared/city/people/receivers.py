"""The receivers of messages beside the inbox: the ``channels`` of units and people, merged with the city's settings."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from shared.city.model.channels import KINDS, ChannelKind, Channels, ChannelSettings
from shared.city.model.city import City
from shared.city.model.ground import Unit
from shared.city.model.people import Person
from shared.kernel.ids import plain_id

ROBOTS: frozenset[ChannelKind] = frozenset({"wecom", "dingtalk", "feishu"})
"""Without ``to`` they post in a chat group."""
OF_ONE: frozenset[ChannelKind] = frozenset({"sms", "apprise"})


class Receiver(ChannelSettings, frozen=True, kw_only=True):
    """One chat group's robot, telephone or mailbox. The ``id`` is the same as long as its address or number is."""

    id: str
    kind: ChannelKind


class Receivers:
    """The receivers of one pack."""

    def __init__(self, city: City, units: Iterable[Unit], people: Iterable[Person]) -> None:
        self._of_unit = _by_owner(city, {unit.id: unit.channels for unit in units})
        self._of_person = _by_owner(city, {person.id: person.channels for person in people})
        self._in_groups = {receiver.id for receivers in self._of_unit.values() for receiver in receivers}
        holders = Counter(receiver.id for receivers in self._of_person.values() for receiver in receivers)
        self._shared = {id_ for id_, people in holders.items() if people > 1} | self._in_groups
        self._by_id = {
            receiver.id: receiver
            for owners in (self._of_unit, self._of_person)
            for receivers in owners.values()
            for receiver in receivers
        }

    def __bool__(self) -> bool:
        """Whether the pack has any channel."""
        return bool(self._by_id)

    def of_unit(self, unit: str) -> tuple[Receiver, ...]:
        """The unit's own receivers: groups that everybody at its desk reads."""
        return self._of_unit.get(unit, ())

    def of_person(self, person: str) -> tuple[Receiver, ...]:
        """The person's own receivers."""
        return self._of_person.get(person, ())

    def in_group(self, receiver: Receiver) -> bool:
        """Whether a unit has it too, so that others read it, though it stands as a person's own."""
        return receiver.id in self._in_groups

    def personal(self, person: str) -> tuple[Receiver, ...]:
        """Those of the person's own receivers that nobody else reads: neither a unit nor another person has them, and
        they are no robot, which always speaks in a group. What opens an account goes there alone."""
        own = (receiver for receiver in self.of_person(person) if receiver.id not in self._shared)
        return tuple(
            receiver for receiver in own if receiver.kind in OF_ONE or (receiver.kind in ROBOTS and receiver.to)
        )

    @property
    def ids(self) -> tuple[str, ...]:
        """Of all of them."""
        return tuple(self._by_id)

    def get(self, id_: str) -> Receiver | None:
        return self._by_id.get(id_)


def _by_owner(city: City, named: Mapping[str, Channels]) -> dict[str, tuple[Receiver, ...]]:
    return {
        owner: tuple(_receiver(city, kind, given) for kind, given in channels.items())
        for owner, channels in named.items()
        if channels
    }


def _receiver(city: City, kind: ChannelKind, given: ChannelSettings | str) -> Receiver:
    own = merged(kind, given, city.channels.get(kind, ChannelSettings()))
    return Receiver(id=plain_id("v", city.id, kind, own.url, own.to), kind=kind, **_fields(own))


def merged(kind: ChannelKind, given: ChannelSettings | str, general: ChannelSettings) -> ChannelSettings:
    """The settings of a unit's or person's channel, with the city's (``general``) where it has none."""
    if isinstance(given, str):
        given = ChannelSettings(to=given) if KINDS[kind].short_form == "to" else ChannelSettings(url=given)
    own, nothing = _fields(given), _fields(ChannelSettings())
    return ChannelSettings(
        **{name: own[name] if own[name] != nothing[name] else value for name, value in _fields(general).items()}
    )


def _fields(channel: ChannelSettings) -> dict[str, Any]:
    return {name: getattr(channel, name) for name in ChannelSettings.__struct_fields__}
