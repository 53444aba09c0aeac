"""What every kind of channel offers, and the settings of a receiver with its secrets in them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from services.notifier.domain.rate_limit import Pace
from services.notifier.domain.retry import Outcome
from shared.city.checks.channels import REFERENCE, prefix_of
from shared.city.people.receivers import Receiver


@dataclass(frozen=True, slots=True)
class Message:
    """One text, its first line the title. ``id`` stays when it is sent again. ``link``: where there is only one."""

    id: str
    text: str
    link: str = ""

    @property
    def title(self) -> str:
        return self.text.partition("\n")[0]


class Channel(Protocol):
    """A kind of channel."""

    pace: Pace
    """What a receiver takes unless the pack says otherwise."""
    seconds: float
    """The longest that a message takes."""

    def fits(self, receiver: Receiver, text: str) -> bool:
        """Whether a message may be that long."""

    async def send(self, receiver: Receiver, message: Message) -> Outcome:
        """One attempt; ``receiver`` has its secrets in it."""


class UnsetError(Exception):
    """A variable of the city is not in the notifier's environment; the message is its name."""


class References:
    """``${NAME}`` in a pack's channels, answered from the city's own variables (``prefix_of``) and from no others.

    A pack that was loaded before they had to have the prefix is answered from the variable with it.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def resolved(self, receiver: Receiver, city: str) -> Receiver:
        """``receiver`` with values for references. Raises ``UnsetError``."""
        prefix = prefix_of(city)

        def value(match: re.Match[str]) -> str:
            name = match[1] if match[1].startswith(prefix) else prefix + match[1]
            found = self._environment.get(name)
            if not found:
                raise UnsetError(name)
            return found

        names = ("url", "secret", "to", "headers", "body")
        return msgspec.structs.replace(receiver, **{name: _filled(getattr(receiver, name), value) for name in names})


def _filled(value: Any, of: Callable[[re.Match[str]], str]) -> Any:
    if isinstance(value, str):
        return REFERENCE.sub(of, value)
    if isinstance(value, dict):
        return {name: _filled(inner, of) for name, inner in value.items()}
    return [_filled(inner, of) for inner in value] if isinstance(value, list) else value
