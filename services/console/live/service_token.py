"""The token by which services know each other, for a process that reads no database."""

from shared.runtime.identity.tokens import service_token

GENERATIONS_MAX = 1000


class ServiceToken:
    """Derived from the installation's secret and a generation, which is counted up when tokens are replaced. The number
    stands in a database that the console does not read: where one is refused, the next is shown."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._generation = 0

    @property
    def text(self) -> str:
        return service_token(self._secret, self._generation)

    def refused(self, text: str) -> None:
        """``text`` was answered 401."""
        if text == self.text:
            self._generation = (self._generation + 1) % GENERATIONS_MAX
