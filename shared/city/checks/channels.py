"""Checks that every channel can be used: it has an address or a number, and secrets only as references."""

import re
from collections.abc import Container, Iterator
from typing import Any, get_args

from shared.city.checks.findings import Findings
from shared.city.model.channels import (
    KINDS,
    ChannelField,
    ChannelKind,
    Channels,
    ChannelSettings,
    KindFields,
    fields_of,
)
from shared.city.model.entry import Entry
from shared.city.model.ground import UnitEntry
from shared.city.model.people import Person
from shared.city.people.receivers import merged
from shared.kernel.durations import DurationError, parse_duration

REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


def check_channels(found: Findings) -> None:
    """Check the channels of the city, of units and of people."""
    city = found.entries.city
    prefix = prefix_of(city.id)
    for kind, general in city.channels.items():
        for field, says in (*_foreign(kind, general, KINDS[kind].every_field), *_values(general, prefix)):
            found.error_at("city.yaml", "channels", kind, field, says=says)
    of_units = [((UnitEntry, number), unit.channels) for number, unit in enumerate(found.entries.units)]
    of_people = [((Person, number), person.channels) for number, person in enumerate(found.entries.people)]
    owners: list[tuple[tuple[type[Entry], int], Channels]] = [*of_units, *of_people]
    for entry, channels in owners:
        for kind, given in channels.items():
            own = merged(kind, given, city.channels.get(kind, ChannelSettings()))
            for field, says in _wrong(kind, given, own, prefix, of_unit=entry[0] is UnitEntry):
                below = () if isinstance(given, str) else (field,)
                found.error(entry, "channels", kind, *below, says=says)


def prefix_of(city: str) -> str:
    """The prefix of the environment variables that the pack of ``city`` may read, and no others."""
    return f"CHANNEL_{re.sub('[^a-z0-9]', '', city.lower()).upper()}_"


def _wrong(
    kind: ChannelKind, given: ChannelSettings | str, whole: ChannelSettings, prefix: str, *, of_unit: bool
) -> Iterator[tuple[str, str]]:
    """(field, message) for every fault of an entry. ``whole``: ``given`` with the city's settings merged in."""
    own = fields_of(kind, whole)
    if of_unit and not own.for_units:
        yield "to", f"{kind} in this form reaches one person: name it in posts.yaml"
        return
    yield from _values(whole, prefix)
    if not isinstance(given, str):
        yield from _foreign(kind, given, frozenset((*own.required, *own.optional)))
        if given.callback:
            yield "callback", "stands in city.yaml: one address for the whole city"
    yield from _missing(own, whole, prefix)


def _foreign(kind: ChannelKind, channel: ChannelSettings, own: Container[str]) -> Iterator[tuple[str, str]]:
    """Fields that the kind does not have."""
    for field in get_args(ChannelField):
        if getattr(channel, field) and field not in own:
            yield field, f"is not a field of {kind}"


def _values(channel: ChannelSettings, prefix: str) -> Iterator[tuple[str, str]]:
    """Values that cannot be, whoever gives them."""
    for field in ("url", "secret", "to", "key", "callback"):
        yield from ((field, says) for says in _references(getattr(channel, field), prefix))
    for field in ("headers", "body"):
        yield from ((field, says) for text in texts(getattr(channel, field)) for says in _references(text, prefix))
    if channel.after is not None:
        try:
            parse_duration(channel.after)
        except DurationError as wrong:
            yield "after", str(wrong)


def _missing(own: KindFields, channel: ChannelSettings, prefix: str) -> Iterator[tuple[str, str]]:
    """Required fields that nobody wrote, and values that are to be references."""
    for field, name in own.required.items():
        if not getattr(channel, field):
            yield field, f"{name} is missing"
        elif field in own.by_reference and not REFERENCE.search(getattr(channel, field)):
            yield field, f"{name} opens the channel to whoever has it: write ${{{prefix}NAME}} and set that variable"
    if own.templates and channel.templates:
        lacking = [name for name in own.templates if name not in channel.templates]
        if lacking:
            yield "templates", f"without a number: {', '.join(lacking)}"
    if channel.gateway == "tencent" and own.templates and not channel.app:
        yield "app", "Tencent's SdkAppId is missing"


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
