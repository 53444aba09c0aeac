"""The installation's ops token, found by whoever knows the secret.

It follows from the secret and a generation (``whistle key rotate`` raises it), and only the services' database knows
which generation holds. Nobody keeps a copy of that number, because a copy is wrong after a rotation over HTTP and after
a restore: a service is shown the tokens of generation 0, 1, 2, … until it accepts one.
"""

from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.local.state import keep_ops_token
from shared.runtime.identity.tokens import ops_token

GENERATIONS_MAX = 1000
"""So many rotations are looked through before the secret counts as another installation's."""


def find_ops_token(http: httpx.Client, url: str, secret: str) -> str | None:
    """The token that the service at ``url`` accepts; None when it is of another secret. Raises ``httpx.HTTPError``."""
    for generation in range(GENERATIONS_MAX):
        token = ops_token(secret, generation)
        answer = http.get(f"{url}/v1/me", headers={"authorization": f"Bearer {token}"})
        if answer.status_code != httpx.codes.UNAUTHORIZED:
            return token
    return None


@dataclass
class OpsToken:
    """A token and where it is from. ``secret``: what it follows from, if known. ``dev``: the dev.json that holds it."""

    token: str
    secret: str = ""
    dev: Path | None = None

    def renew(self, token: str) -> None:
        """Show this one from now on."""
        self.token = token
        if self.dev is not None:
            keep_ops_token(self.dev, token)
