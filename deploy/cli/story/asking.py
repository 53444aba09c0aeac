"""Asking all services of an installation, of which some may not answer: what they say, and who said nothing."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from deploy.cli.api import SERVICES, Api, Failed, JsonObject, Refused, Service
from deploy.cli.screen import moment

FAULT = 500


class Asking:
    """``missing``: service → why what it knows is not told."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.missing: dict[Service, str] = {}

    def get(self, service: Service, path: str, **query: object) -> JsonObject:
        """The JSON of a GET; empty where the service does not answer, which is noted, or does not know it."""
        if service in self.missing:
            return {}
        try:
            answer: JsonObject = self.api.get(service, path, **query)
        except Refused as refused:
            if refused.status >= FAULT:
                self.missing[service] = str(refused).splitlines()[0]
            elif refused.status != 404:
                raise
            return {}
        except Failed as away:
            self.missing[service] = str(away).splitlines()[0]
            return {}
        return answer

    def events(self, id_: str) -> list[tuple[Service, JsonObject]]:
        """Stored events of all services about ``id_``."""
        return [(name, event) for name in SERVICES for event in self.get(name, f"/v1/trace/{id_}").get("items", ())]

    def zone(self, city: str | None = None) -> str:
        """The zone of ``city``, or the one that all loaded cities share; UTC where that is not known."""
        cities = self.get("router", "/v1/cities").get("items", ())
        zones = {one.get("timezone", "UTC") for one in cities if city in (None, one["city"])}
        return zones.pop() if len(zones) == 1 else "UTC"

    def shift(self) -> timedelta | None:
        """How far the stack's clock is ahead of real time; None where nobody says."""
        for name in SERVICES:
            now = self.get(name, "/v1/me").get("now")
            if now is not None:
                return moment(now) - datetime.now(UTC)
        return None


def zone_of(api: Api, city: str | None = None) -> str:
    """The zone in which a command shows times: the city's. UTC where it is not known."""
    return Asking(api).zone(city)


def local_time(at: str | datetime, zone: str) -> str:
    """A time in the zone, to the second: ``2026-11-23 08:30:00``."""
    time = moment(at) if isinstance(at, str) else at
    return f"{time.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"
