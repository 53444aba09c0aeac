"""The token of an invitation's address (``/i/{token}``), or of a login link's (``/l/{token}``).

It is made where it is asked for, and where it is sent.
"""

from datetime import datetime
from typing import NamedTuple

from shared.runtime.http_server.signed_links import SignedLinks

INVITATIONS, LOGIN_LINKS = "invitations", "login links"


class InvitationToken(NamedTuple):
    """What a token says, which only this installation could have signed. The caller checks ``ends``."""

    city: str
    person: str
    invitation: str
    ends: datetime


class InvitationLinks:
    """Makes and reads them; ``secret``: the installation's. ``purpose``: one made for another opens nothing."""

    def __init__(self, secret: str, purpose: str = INVITATIONS) -> None:
        self._links = SignedLinks(secret, purpose)

    def token(self, city: str, person: str, invitation: str, ends: datetime) -> str:
        return self._links.token(f"{city}/{person}/{invitation}", ends)

    def read(self, token: str) -> InvitationToken | None:
        """None for a wrong signature."""
        found = self._links.read(token)
        if found is None:
            return None
        city, person, invitation = found[0].split("/")
        return InvitationToken(city, person, invitation, found[1])
