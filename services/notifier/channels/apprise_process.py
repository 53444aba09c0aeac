"""The process in which Apprise runs: it sees no secret but the one that it is given, and connects only where it may.

Apprise's plug-ins connect by themselves (requests, smtplib, …), so the check stands below them all: an audit hook
refuses every connection to an address that is not allowed, whoever asks for it, at the moment at which it is made.
No file is written and no program started.
"""

import resource
import signal
import socket
import sys
from typing import Any

import msgspec

from shared.runtime.http_client.ssrf_guard import AddressRefusedError, Guard

SECONDS_MAX = 20
IDLE_SECONDS = 60
MEMORY_MAX = 1024**3
PORTS = frozenset({443, 465, 587})
"""Where public addresses may be reached: TLS, and mail submission (RFC 8314, RFC 6409)."""
CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
FORBIDDEN = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.system",
        "pty.spawn",
        "subprocess.Popen",
        "syslog.openlog",
        "syslog.syslog",
    }
)


class Asked(msgspec.Struct):
    """A line in: an Apprise address and what to send there."""

    url: str
    title: str
    body: str


class Confinement:
    """The audit hook, and whether it refused a connection."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self.refused = False

    def __call__(self, event: str, details: tuple[Any, ...]) -> None:
        if event in FORBIDDEN:
            raise PermissionError(event)
        if event in CONNECTS:
            try:
                self._connects(details[0], details[-1])
            except AddressRefusedError as refused:
                self.refused = True
                raise PermissionError(str(refused)) from None

    def _connects(self, connection: socket.socket, address: Any) -> None:
        """A name is refused too: Python would resolve it after the check."""
        if connection.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
            raise AddressRefusedError("not the internet")
        self._guard.check(str(address[0]), int(address[1]), PORTS)


def confine(allow: str) -> Confinement:
    """Limits that this process cannot take back."""
    confinement = Confinement(Guard(allow))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.addaudithook(confinement)
    return confinement


def send(asked: Asked, confinement: Confinement) -> str:
    """``delivered``, ``refused_address``, ``settings`` (no address of Apprise) or ``refused``."""
    from apprise import Apprise, AppriseAsset

    confinement.refused = False
    asset = AppriseAsset(storage_mode="memory", secure_logging=True, http_redirects=False, service_timeout=0)
    service = Apprise(asset=asset)
    if not service.add(asked.url):
        return "settings"
    if service.notify(title=asked.title, body=asked.body):
        return "delivered"
    return "refused_address" if confinement.refused else "refused"


def main() -> None:
    """A request a line in, an outcome a line out. The alarm ends the process: when it hangs, and when it is idle."""
    confinement = confine(sys.argv[1])
    while True:
        signal.alarm(IDLE_SECONDS)
        line = sys.stdin.buffer.readline()
        if not line:
            return
        signal.alarm(SECONDS_MAX)
        outcome = send(msgspec.json.decode(line, type=Asked), confinement)
        sys.stdout.buffer.write(outcome.encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
