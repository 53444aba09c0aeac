"""`whistle up --detach`: the stack in a session of its own; we wait until it says that it is ready."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from deploy.local.process import TETHER, tail
from deploy.local.state import Row, holder, make_private, read_rows

READY_WITHIN_S = 53.0
END_WITHIN_S = 3.0


def up_detached(
    data: Path,
    port_base: int,
    cities: Sequence[Path],
    console: Console,
    within: float = READY_WITHIN_S,
    tied: bool = False,
) -> str | None:
    """Start the stack and wait for it, `within` seconds at most: None when ready, else what is missing.

    A stack that is not ready in time is ended; what it fetched and stored stays for the next try. One that is `tied`
    ends with the calling thread, however that ends.
    """
    running = holder(data)
    if running is not None:
        return f"✗ a stack runs on {data} already (pid {running}): `whistle status`, `whistle down`"
    make_private(data)
    log = data / "logs" / "up.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    began = log.stat().st_size if log.exists() else 0
    hear, tell = os.pipe()
    packs = [argument for city in cities for argument in ("--city", str(city))]
    where = ("--data", str(data), "--port-base", str(port_base), "--ready-fd", str(tell))
    tether = (sys.executable, "-I", "-S", str(TETHER), str(os.getpid())) if tied else ()
    with log.open("ab") as output:
        child = subprocess.Popen(
            [*tether, sys.executable, "-m", "deploy.main", "up", *where, *packs],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(tell,),
            start_new_session=True,
        )
    os.close(tell)
    deadline = time.monotonic() + within
    with console.status("starting Kafka, MongoDB and the services"):
        heard, _, _ = select.select([hear], [], [], within)
        ready = bool(heard) and os.read(hear, 16) == b"ready"  # the pipe ends empty if the child does
        os.close(hear)
        # It said so when each part had been ready once; one may have stumbled since.
        waiting = unready(data, deadline) if ready else []
    if ready and not waiting:
        return None
    rows = read_rows(data)
    _end(child)
    if heard and not ready:
        return _since(log, began)
    waiting = waiting or [row for row in rows if row["state"] != "ready"]
    named = "\n".join(f"  {row['part']}: {row['state']} (log: {row['log']})" for row in waiting)
    # Without a row it was still fetching; with all ready, the router had not taken the cities.
    missing = named or ("  the cities" if rows else "  Kafka's jars (those that came are kept: try again)")
    limit = "a minute" if within <= READY_WITHIN_S else f"{within:.0f} s"
    return f"✗ not ready within {limit}; missing:\n{missing}\nlast lines of {log}:\n{tail(log)}"


def unready(data: Path, deadline: float) -> list[Row]:
    """Waits until every part is ready at once; the parts that are not at ``deadline``, or once the stack has ended."""
    while waiting := [row for row in read_rows(data) if row["state"] != "ready"]:
        if time.monotonic() >= deadline or holder(data) is None:
            return waiting
        time.sleep(0.1)
    return []


def _since(log: Path, began: int) -> str:
    """What the stack said in this try."""
    with log.open("rb") as file:
        file.seek(began)
        return file.read().decode(errors="replace").strip()


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End the supervisor; with SIGKILL its parts go with it, by their tether."""
    child.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + END_WITHIN_S
    while child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    if child.poll() is None:
        child.kill()
        child.wait()
