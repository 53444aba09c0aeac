"""What every kind of channel offers to the sender, and how references in a receiver's settings become secrets."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from services.notifier.domain.rate_limit import Pace
from services.notifier.domain.retry import Outcome
from shared.city.checks.channels import REFERENCE, prefix_of
from shared.city.model.channels import Template
from shared.city.people.receivers import Receiver


@dataclass(frozen=True, slots=True)
class TemplateMessage:
    """A registered template, and its variables with their values in the order in which they stand in it."""

    template: Template
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A text whose first line is its title. ``id`` is the same when the message is sent again. ``link``: the one-press
    address that is in the text, if it is the only one; else empty. ``by_template``: what is sent instead of the text
    to receivers that have a ``gateway``."""

    id: str
    text: str
    link: str = ""
    by_template: TemplateMessage | None = None

    @property
    def title(self) -> str:
        return self.text.partition("\n")[0]


class Channel(Protocol):
    """Sends messages to the receivers of one kind. How to add a kind: ``docs/how-to/add-a-channel.md``."""

    pace: Pace
    """How many messages a receiver accepts; a pack's ``per_minute`` replaces the number."""
    seconds: float
    """The longest time that ``send`` takes."""

    def fits(self, receiver: Receiver, text: str) -> bool:
        """Whether the receiver accepts a message with this text, by its length."""

    async def send(self, receiver: Receiver, message: Message) -> Outcome:
        """One attempt; every failure is an outcome. ``receiver`` has values where the pack has references."""


class UnsetError(Exception):
    """A variable of the city is not in the notifier's environment; the message is its name."""


class References:
    """Replaces ``${NAME}`` in a receiver's settings by variables of the environment whose name has the city's prefix
    (``prefix_of``), and by no others.

    In packs that were loaded before the prefix was required, ``${NAME}`` is replaced by the variable prefix + NAME.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def resolved(self, receiver: Receiver, city: str) -> Receiver:
        """``receiver`` with values in place of references. Raises ``UnsetError``."""
        prefix = prefix_of(city)

        def value(match: re.Match[str]) -> str:
            name = match[1] if match[1].startswith(prefix) else prefix + match[1]
            found = self._environment.get(name)
            if not found:
                raise UnsetError(name)
            return found

        names = ("url", "secret", "to", "headers", "body", "key", "callback")
        return msgspec.structs.replace(receiver, **{name: _filled(getattr(receiver, name), value) for name in names})


def _filled(value: Any, of: Callable[[re.Match[str]], str]) -> Any:
    if isinstance(value, str):
        return REFERENCE.sub(of, value)
    if isinstance(value, dict):
        return {name: _filled(inner, of) for name, inner in value.items()}
    return [_filled(inner, of) for inner in value] if isinstance(value, list) else value
