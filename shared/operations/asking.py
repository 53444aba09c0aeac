"""Asking all services of an installation, of which some may not answer: what they say, and who said nothing."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from shared.kernel.errors import Refusal
from shared.operations.answers import SERVICES, Cities, FoundReports, Now, ServiceName, StoredEvent, Trace

T = TypeVar("T")
FAULT = 500


class Installation(Protocol):
    """How the services are reached, and in whose name. Both raise ``Refusal``; 503 where nobody answers."""

    async def get(self, service: ServiceName, path: str, shape: type[T], query: Mapping[str, str]) -> T: ...

    async def with_telephone(self, last_four: str) -> FoundReports: ...


class Asking:
    """``missing``: service → why what it knows is not told."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.missing: dict[ServiceName, str] = {}

    async def get(self, service: ServiceName, path: str, shape: type[T], **query: str) -> T | None:
        """The answer to a GET; None where the service does not answer, which is noted, or does not know it. Raises
        ``Refusal`` for everything else, as 403 for who may not ask."""
        if service in self.missing:
            return None
        try:
            return await self.installation.get(service, path, shape, query)
        except Refusal as refusal:
            if refusal.status >= FAULT:
                self.missing[service] = refusal.detail
            elif refusal.status != 404:
                raise
            return None

    async def events(self, *ids: str) -> list[tuple[ServiceName, StoredEvent]]:
        """Stored events of all services about these ids."""
        asked = [(name, id_) for id_ in ids for name in SERVICES]
        told = await asyncio.gather(*(self.get(name, f"/v1/trace/{id_}", Trace) for name, id_ in asked))
        return [(name, event) for (name, _), one in zip(asked, told, strict=True) if one for event in one.items]

    async def zone(self, city: str | None = None) -> str:
        """The zone of ``city``, or the one that all loaded cities share; UTC where that is not known."""
        cities = await self.get("router", "/v1/cities", Cities) or Cities()
        zones = {one.timezone for one in cities.items if city in (None, one.city)}
        return zones.pop() if len(zones) == 1 else "UTC"

    async def shift(self, real_now: datetime) -> timedelta | None:
        """How far the installation's clock is ahead of real time; None where nobody says."""
        for name in SERVICES:
            told = await self.get(name, "/v1/me", Now)
            if told is not None and told.now is not None:
                return told.now - real_now
        return None
