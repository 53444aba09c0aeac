"""What the security log keeps of sign-ins that nobody's token stands for yet."""

from shared.runtime.http_server.route import Call
from shared.runtime.identity.security_log import SecurityLog


class SignInRecord:
    """Writes to the security log in the name of whoever tries to sign in."""

    def __init__(self, security_log: SecurityLog) -> None:
        self._security_log = security_log

    async def write(
        self, call: Call, city: str, person: str, what: str, outcome: str, session: str = "", on: str = ""
    ) -> None:
        """``outcome``: the status of the answer. ``on``: how an organisation's sign-in knows somebody who is nobody
        here. Raises ``MongoError``."""
        await self._security_log.write(
            city=city,
            kind="sign_in",
            what=what,
            who=person,
            role="officer",
            on=on,
            outcome=outcome,
            session=session,
            address=call.address,
            trace=call.trace,
        )
