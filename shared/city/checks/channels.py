"""Checks that every channel can be used: it has an address or a number, and secrets only as references."""

import re
from collections.abc import Iterator
from typing import Any

from shared.city.checks.findings import Findings
from shared.city.model.channels import Channel, ChannelKind, Channels
from shared.city.model.entry import Entry
from shared.city.model.ground import UnitEntry
from shared.city.model.people import Person
from shared.city.people.receivers import merged

REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
GATEWAY_ONLY = ("to", "headers", "body", "success", "length")
SIGNED = frozenset({"dingtalk", "feishu"})


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
            own = merged(kind, given, city.channels.get(kind, Channel()))
            for field, says in _wrong(kind, own, prefix, whole=True):
                below = () if isinstance(given, str) else (field,)
                found.error(entry, "channels", kind, *below, says=says)


def prefix_of(city: str) -> str:
    """The prefix of the environment variables that the pack of ``city`` may read, and no others."""
    return f"CHANNEL_{re.sub('[^a-z0-9]', '', city.lower()).upper()}_"


def _wrong(kind: ChannelKind, channel: Channel, prefix: str, *, whole: bool) -> Iterator[tuple[str, str]]:
    """(field, message) for every fault. ``whole``: the channel is complete, with the city's settings merged in."""
    for field in ("url", "secret", "to"):
        yield from ((field, says) for says in _references(getattr(channel, field), prefix))
    for field in ("headers", "body"):
        yield from ((field, says) for text in texts(getattr(channel, field)) for says in _references(text, prefix))
    if kind != "sms":
        yield from ((field, f"is for sms, not for {kind}") for field in GATEWAY_ONLY if getattr(channel, field))
    if channel.secret and kind not in SIGNED:
        yield "secret", f"{kind} signs nothing"
    if not whole:
        return
    if not channel.url:
        yield "url", "the address is missing"
    elif kind != "sms" and not REFERENCE.search(channel.url):
        yield (
            "url",
            f"the address opens the channel to whoever has it: write ${{{prefix}NAME}} and set that variable",
        )
    if kind == "sms" and not channel.to:
        yield "to", "the number is missing"


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
