"""The secret words of the addresses to which gateways post keys that were pressed in calls: one a city, ``callback`` of
its channel ``voice``."""

import hmac

from services.notifier.channels.channel import References, UnsetError
from shared.city.people.receivers import Receiver
from shared.runtime.pack_library import PackLibrary

WORD_MIN = 16
"""Characters; a shorter word could be guessed and opens nothing."""


class CallbackWords:
    """Which city a word is of, by the packs that hold now and the environment."""

    def __init__(self, packs: PackLibrary, references: References) -> None:
        self._packs = packs
        self._references = references

    def city_of(self, word: str) -> str | None:
        """None for a word that is nobody's."""
        return next((city for city in self._packs.cities if self._is_of(city, word)), None)

    def _is_of(self, city: str, word: str) -> bool:
        voice = self._packs.current(city).city.channels.get("voice")
        if voice is None or not voice.callback:
            return False
        try:
            named = Receiver(id="callback", kind="voice", callback=voice.callback)
            own = self._references.resolved(named, city).callback
        except UnsetError:
            return False
        return len(own) >= WORD_MIN and hmac.compare_digest(own.encode(), word.encode())
