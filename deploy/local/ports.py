"""Whether the ports of the stack are free, and who has them if not."""

import socket
from collections.abc import Iterable

import psutil

from deploy.local.part import Part

PORT_BASE = 8800
"""Where ports are counted from when nobody says otherwise."""


class PortsTaken(Exception):
    """Ports of the stack are in use; the message names port, part, holder and what to do."""


def taken(port: int, host: str = "127.0.0.1") -> bool:
    """Whether another process listens on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free for a server
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def holder_of(port: int) -> str:
    """Who listens on the port, as far as we may know: `name (pid n)`."""
    try:
        listening = [c for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port and c.pid]
        for connection in listening:
            if connection.status == psutil.CONN_LISTEN and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return "another process"


def refuse_taken_ports(parts: Iterable[Part]) -> None:
    """PortsTaken if a part's port is in use."""
    lines = [
        f"  {port} (for {part.name}) is used by {holder_of(port)}"
        for part in parts
        for port in part.ports
        if taken(port)
    ]
    if lines:
        advice = "Stop what uses them (`whistle down` if it is a stack of yours), or choose other ports: --port-base N."
        raise PortsTaken("ports are in use:\n" + "\n".join(lines) + f"\n{advice}")
