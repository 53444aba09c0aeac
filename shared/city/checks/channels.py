"""Checks that every channel can be used: it has an address or a number, and secrets only as references."""

import re
from collections.abc import Iterator
from typing import Any, get_args

from shared.city.checks.findings import Findings
from shared.city.model.channels import KINDS, ChannelField, ChannelKind, Channels, ChannelSettings, KindFields
from shared.city.model.entry import Entry
from shared.city.model.ground import UnitEntry
from shared.city.model.people import Person
from shared.city.people.receivers import merged

REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


def check_channels(found: Findings) -> None:
    """Check the channels of the city, of units and of people."""
    city = found.entries.city
    prefix = prefix_of(city.id)
    for kind, general in city.channels.items():
        for field, says in _wrong(kind, general, prefix, whole=False):
            found.error_at("city.yaml", "channels", kind, field, says=says)
    of_units = [((UnitEntry, number), unit.channels) for number, unit in enumerate(found.entries.units)]
    of_people = [((Person, number), person.channels) for number, person in enumerate(found.entries.people)]
    owners: list[tuple[tuple[type[Entry], int], Channels]] = [*of_units, *of_people]
    for entry, channels in owners:
        for kind, given in channels.items():
            own = merged(kind, given, city.channels.get(kind, ChannelSettings()))
            for field, says in _wrong(kind, own, prefix, whole=True):
                below = () if isinstance(given, str) else (field,)
                found.error(entry, "channels", kind, *below, says=says)


def prefix_of(city: str) -> str:
    """The prefix of the environment variables that the pack of ``city`` may read, and no others."""
    return f"CHANNEL_{re.sub('[^a-z0-9]', '', city.lower()).upper()}_"


def _wrong(kind: ChannelKind, channel: ChannelSettings, prefix: str, *, whole: bool) -> Iterator[tuple[str, str]]:
    """(field, message) for every fault. ``whole``: the channel is complete, with the city's settings merged in."""
    for field in ("url", "secret", "to"):
        yield from ((field, says) for says in _references(getattr(channel, field), prefix))
    for field in ("headers", "body"):
        yield from ((field, says) for text in texts(getattr(channel, field)) for says in _references(text, prefix))
    own = KINDS[kind]
    for other in get_args(ChannelField):
        if getattr(channel, other) and other not in own.required and other not in own.optional:
            yield other, f"is not a field of {kind}"
    if whole:
        yield from _missing(own, channel, prefix)


def _missing(own: KindFields, channel: ChannelSettings, prefix: str) -> Iterator[tuple[str, str]]:
    """Required fields that nobody wrote, and values that are to be references."""
    for field, name in own.required.items():
        if not getattr(channel, field):
            yield field, f"{name} is missing"
        elif field in own.by_reference and not REFERENCE.search(getattr(channel, field)):
            yield field, f"{name} opens the channel to whoever has it: write ${{{prefix}NAME}} and set that variable"


def _references(text: str, prefix: str) -> Iterator[str]:
    for name in REFERENCE.findall(text):
        if not name.startswith(prefix):
            yield f"{name} is not for this city's pack to read: call it {prefix}{name}"
    if "${" in REFERENCE.sub("", text):
        yield "a reference is ${NAME}: capital letters, digits and _"


def texts(value: Any) -> Iterator[str]:
    """Every string in a JSON value, without keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)
