"""What every kind of channel offers, and the settings of a receiver with its secrets in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from services.notifier.domain.attempts import Outcome
from services.notifier.domain.pacing import Pace
from shared.city.check_channels import OWN_SETTINGS, REFERENCE
from shared.city.receivers import Receiver


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
    """A variable that the pack names is not in the notifier's environment; the message is its name."""


class References:
    """``${NAME}`` in a pack's channels, answered from the environment. The installation's own settings are not."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def resolved(self, receiver: Receiver) -> Receiver:
        """``receiver`` with values for references. Raises ``UnsetError``."""
        return msgspec.structs.replace(
            receiver,
            **{name: self._filled(getattr(receiver, name)) for name in ("url", "secret", "to", "headers", "body")},
        )

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return REFERENCE.sub(self._value, value)
        if isinstance(value, dict):
            return {name: self._filled(inner) for name, inner in value.items()}
        return [self._filled(inner) for inner in value] if isinstance(value, list) else value

    def _value(self, match: re.Match[str]) -> str:
        name = match[1]
        if name.startswith(OWN_SETTINGS) or not self._environment.get(name):
            raise UnsetError(name)
        return self._environment[name]
