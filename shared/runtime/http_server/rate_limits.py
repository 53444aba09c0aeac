"""Rate limits per key and per reporter. Each process counts for itself, so n processes allow n times as much."""

import math
import time

from shared.kernel.errors import too_many
from shared.kernel.quota import Quota
from shared.runtime.identity.directory import Principal
from shared.runtime.settings import Settings

KEY_BURST_SECONDS = 2
REPORTER_BURST_SECONDS = 30
PHOTO_BURST_MINUTES = 2
PHOTO_BURST_MIN = 16 * 1024 * 1024
"""Bytes: the largest photo fits, however small the rate."""


class Quotas:
    """Charged before anything is written. Each method raises ``Refusal`` 429 with the seconds to wait."""

    def __init__(self, settings: Settings) -> None:
        self._key_rate = settings.key_rate
        self._reporter_rate = settings.reporter_rate / 60
        self._keys = Quota()
        self._reporters = Quota()
        self._photo_rate = settings.photo_rate * 1024 * 1024 / 60
        self._photos = Quota()

    def charge_key(self, who: Principal) -> None:
        """Charge one request, or one report of a batch. Requests between services are not counted."""
        rate = who.rate or self._key_rate
        if rate and who.kind != "service":
            name = f"{who.city}/{who.kind}/{who.who}"
            _granted(self._keys.take(name, time.monotonic(), rate, KEY_BURST_SECONDS * rate), "key")

    def charge_reporter(self, who: Principal, ref: str) -> None:
        """Charge one report to a reporter of an app. Importers send old reports of many people and are not counted."""
        rate = self._reporter_rate
        if rate and who.kind != "importer":
            name, burst = f"{who.city}/{who.who}/{ref}", max(1, int(rate * REPORTER_BURST_SECONDS))
            _granted(self._reporters.take(name, time.monotonic(), rate, burst), "reporter")

    def charge_photo(self, who: Principal, size: int) -> None:
        """Charge a photo of ``size`` bytes."""
        rate = self._photo_rate
        if rate:
            name, burst = f"{who.city}/{who.kind}/{who.who}", max(PHOTO_BURST_MIN, rate * 60 * PHOTO_BURST_MINUTES)
            _granted(self._photos.take(name, time.monotonic(), rate, burst, size), "key")


def _granted(wait: float, whose: str) -> None:
    if wait:
        raise too_many(f"This {whose} asks for too much at once; nothing was done.", math.ceil(wait))
