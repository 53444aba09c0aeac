"""What compose.yaml needs and nobody else may know: `python -m deploy.local.compose_secrets` makes it once.

`.env` beside compose.yaml holds the installation's secret and every account's password; `secrets/` the authority and
Kafka's key. Nothing that is there is written over: an installation's secret must not change.
"""

import secrets
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.compose import BROKER, CA_FILE, FILE, KAFKA_PEM_FILE, PASSWORDS
from deploy.local.security.certificates import certificates
from deploy.local.state import write_atomically


def make(folder: Path, now: datetime) -> list[Path]:
    """Write into ``folder`` what is missing there; what was written."""
    made: list[Path] = []
    env = folder / ".env"
    if not env.exists():
        names = ("WHISTLE_SECRET", "MONGO_KEY", *PASSWORDS)
        write_atomically(env, "".join(f"{name}={secrets.token_hex(32)}\n" for name in names))
        made.append(env)
    ca, server = folder / CA_FILE, folder / KAFKA_PEM_FILE
    if not server.exists():
        ca.parent.mkdir(mode=0o700, exist_ok=True)
        for path, text in zip((ca, server), certificates([BROKER.host], now), strict=True):
            # Containers of other users read them through a mount; on the host nobody enters the folder.
            write_atomically(path, text, mode=0o644)
            made.append(path)
    return made


if __name__ == "__main__":
    for path in make(FILE.parent, datetime.now(UTC)):
        print(path)  # noqa: T201
