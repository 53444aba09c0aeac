"""From a link's token to its alert, its reader and the case as he sees it now, or why none of it is shown."""

from dataclasses import dataclass, replace
from typing import Literal

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.documents.alert import Alert
from services.notifier.http.one_press_links import OnePressLinks
from services.notifier.http.router_client import RouterClient
from shared.case_page.case_answer import CaseSeen
from shared.case_page.words import Words
from shared.city.pack import Pack
from shared.kernel.clock import Clock
from shared.kernel.errors import Refusal
from shared.runtime.identity.directory import Directory, Principal
from shared.runtime.pack_library import PackLibrary


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """A valid link. ``who``: its reader. ``seen``: the case as he sees it; None where the alert is about none that he
    may read, or where ``gone``: he sees it no more."""

    token: str
    alert: Alert
    words: Words
    who: Principal
    seen: CaseSeen | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class ClosedLink:
    """Why nothing is shown: not ours, over, its reader left the pack, or the router is away."""

    why: Literal["foreign", "expired", "removed", "away"]
    words: Words


class LinkOpener:
    """Opens links."""

    def __init__(
        self,
        links: OnePressLinks,
        alerts: AlertStore,
        router: RouterClient,
        packs: PackLibrary,
        directory: Directory,
        clock: Clock,
    ) -> None:
        self._links = links
        self._alerts = alerts
        self._router = router
        self._packs = packs
        self._directory = directory
        self._clock = clock

    def is_alive(self, token: str) -> bool:
        """Whether the token is ours and not over, by itself."""
        target = self._links.read(token)
        return target is not None and target.ends > self._clock.now()

    def words_for(self, token: str) -> Words:
        """The language of the link's city; Chinese where there is none."""
        target = self._links.read(token)
        known = target is not None and target.city in self._packs.cities
        return _words_of(self._packs.current(target.city)) if target is not None and known else Words("zh")

    async def open(self, token: str) -> OpenedLink | ClosedLink:
        target = self._links.read(token)
        alert = await self._alerts.get(target.city, target.alert) if target is not None else None
        if target is None or alert is None:
            return ClosedLink("foreign", Words("zh"))
        words = _words_of(self._packs.current(alert.city))
        who = await self._directory.person(alert.city, alert.recipient)
        if who is None:
            return ClosedLink("removed", words)
        if target.ends <= self._clock.now():
            return ClosedLink("expired", words)
        opened = OpenedLink(token, alert, words, who)
        if not alert.about_a_case or alert.state in ("test", "shadow"):
            return opened
        try:
            seen = await self._router.case(alert, alert.recipient)
        except Refusal:
            return ClosedLink("away", words)
        if seen is None and alert.kind == "unrouted":  # there is no case yet
            return opened
        return replace(opened, seen=seen, gone=seen is None)


def _words_of(pack: Pack) -> Words:
    return Words(pack.city.languages[0], pack.notice())
