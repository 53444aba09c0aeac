"""The process in which Apprise runs. It gets one address with its secret for each message, and no other secret.

Apprise's plug-ins open connections themselves (requests, smtplib, …), so the check is below all of them: an audit hook
of Python refuses every connection to an address that is not allowed, at the moment when it is opened, whatever code
opens it. The process can write no file and start no program.
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
"""Ports of public addresses that may be called: TLS, and mail submission (RFC 8314, RFC 6409)."""
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


class SendRequest(msgspec.Struct):
    """What the notifier writes to the process, one JSON object a line: an Apprise address, and what to send there."""

    url: str
    title: str
    body: str


class Confinement:
    """The audit hook; ``refused`` is set when it has refused a connection."""

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
        """Raises for an address that is not allowed, and for a host name: Python would resolve that after the check."""
        if connection.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
            raise AddressRefusedError("not the internet")
        self._guard.check(str(address[0]), int(address[1]), PORTS)


def confine(allow: str) -> Confinement:
    """Sets the limits and the audit hook; this process cannot undo either."""
    confinement = Confinement(Guard(allow))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.addaudithook(confinement)
    return confinement


def send(request: SendRequest, confinement: Confinement) -> str:
    """One attempt. The outcome is ``delivered``, ``refused_address``, ``settings`` (not an address that Apprise knows)
    or ``refused``."""
    from apprise import Apprise, AppriseAsset

    confinement.refused = False
    asset = AppriseAsset(storage_mode="memory", secure_logging=True, http_redirects=False, service_timeout=0)
    service = Apprise(asset=asset)
    if not service.add(request.url):
        return "settings"
    if service.notify(title=request.title, body=request.body):
        return "delivered"
    return "refused_address" if confinement.refused else "refused"


def main() -> None:
    """Reads a request a line and writes an outcome a line. An alarm ends the process when it hangs or is idle."""
    confinement = confine(sys.argv[1])
    while True:
        signal.alarm(IDLE_SECONDS)
        line = sys.stdin.buffer.readline()
        if not line:
            return
        signal.alarm(SECONDS_MAX)
        outcome = send(msgspec.json.decode(line, type=SendRequest), confinement)
        sys.stdout.buffer.write(outcome.encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
