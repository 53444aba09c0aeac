"""The links of the frame: each page says its own, and only those of pages that are there are shown."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.console.router_client import Me


@dataclass(frozen=True, slots=True)
class NavLink:
    """``label``: a message marked by ``N_``. ``place``: the smallest comes first. ``offices``, ``roles``: shown only to
    who holds one of them; both empty: to everybody. The services decide what may be seen, not the link."""

    path: str
    label: str
    place: int
    offices: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()

    def is_for(self, me: Me) -> bool:
        for_all = not self.offices and not self.roles
        return for_all or me.role in self.roles or not self.offices.isdisjoint(me.offices)

    def leads_to(self, path: str) -> bool:
        """Whether ``path`` is this page or one below it."""
        return path == self.path or path.startswith(f"{self.path}/")


def shown(links: Iterable[NavLink], me: Me) -> list[NavLink]:
    return sorted((link for link in links if link.is_for(me)), key=lambda link: link.place)
