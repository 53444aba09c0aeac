"""One-press links in messages: signed addresses, each of one alert and so of one person. They expire after a day."""

from datetime import datetime, timedelta
from typing import NamedTuple

from services.notifier.documents.alert import Alert
from shared.runtime.http_server.signed_links import SignedLinks

LIFE = timedelta(days=1)


class LinkTarget(NamedTuple):
    """What a link names, and when it ends."""

    city: str
    alert: str
    ends: datetime


class OnePressLinks:
    """Makes and reads links; ``link_pages`` serves what they lead to."""

    def __init__(self, secret: str, public_url: str) -> None:
        self._links = SignedLinks(secret, "one-press links")
        self._public_url = public_url.rstrip("/")

    def make(self, alert: Alert) -> str:
        """The address for an alert's recipient."""
        token = self._links.token(f"{alert.city}/{alert.id}", alert.at + LIFE)
        return f"{self._public_url}/a/{token}"

    def read(self, token: str) -> LinkTarget | None:
        """None for a token that is not ours. The caller checks the time."""
        found = self._links.read(token)
        if found is None:
            return None
        what, ends = found
        city, _, alert = what.partition("/")
        return LinkTarget(city, alert, ends)
