"""`whistle up`, `status`, `down`, `doctor`: the stack on this machine."""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.detached import READY_WITHIN_S, up_detached
from deploy.cli.terminal import err, out
from deploy.local.ports import PORT_BASE
from deploy.local.state import holder, read_rows

CITY = Path(__file__).parents[1] / "cities" / "sheyang"
DOWN_WITHIN_S = 90.0
MARKS = {"ready": "✓", "stopped": "-"}

Data = Annotated[Path, typer.Option("--data", envvar="WHISTLE_DATA", help="Folder of servers' data, logs and tokens.")]
PortBase = Annotated[
    int, typer.Option("--port-base", help="N: intake on N+1, router N+2, notifier N+3, Kafka N+10, mongod N+11.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(up)
    app.command()(status)
    app.command()(down)
    app.command()(doctor)


def up(
    city: Annotated[list[Path] | None, typer.Option("--city", help="City pack to load; may be repeated.")] = None,
    data: Data = Path(".data"),
    port_base: PortBase = PORT_BASE,
    detach: Annotated[bool, typer.Option("--detach", help="Return when the stack is ready.")] = False,
    within: Annotated[float, typer.Option("--within", help="Seconds that --detach waits.")] = READY_WITHIN_S,
    as_json: Json = False,
    ready_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start Kafka, MongoDB and every service, and keep them running."""
    cities = city or ([CITY] if CITY.is_dir() else [])
    if detach:
        problem = up_detached(data, port_base, cities, err, within=within)
        if problem is not None:
            err.print(problem)
            raise typer.Exit(1)
        status(data, as_json)
        return
    from deploy.cli.foreground import up_here  # here: half a second of imports that only it needs

    if not up_here(data.absolute(), port_base, cities, as_json, ready_fd):
        raise typer.Exit(1)


def status(data: Data = Path(".data"), as_json: Json = False) -> None:
    """The parts of the stack, their states and where they log."""
    rows = read_rows(data)
    if as_json:
        out.print(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not rows:
        out.print(f"nothing has run on {data} yet: `whistle up`")
    for row in rows:
        pid = f"pid {row['pid']}" if row["pid"] else ""
        out.print(f"{MARKS.get(row['state'], '!')} {row['part']:<9} {row['state']:<11} {pid:<12} {row['url']}")
        if row["state"] not in MARKS and row["log"]:
            out.print(f"    log: {row['log']}")


def down(data: Data = Path(".data"), as_json: Json = False) -> None:
    """Stop the stack: services first, then MongoDB and Kafka. Data stays."""
    pid = holder(data)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        gone = waited_for(lambda: holder(data) is None, DOWN_WITHIN_S, f"stopping the stack of pid {pid}")
        if not gone:
            err.print(f"✗ pid {pid} still runs after {DOWN_WITHIN_S:.0f} s; `kill -9 {pid}` ends it and all its parts")
            raise typer.Exit(1)
    if as_json:
        out.print(json.dumps({"stopped": pid}))
    else:
        out.print(f"stopped (pid {pid})" if pid else f"nothing runs on {data}")


def waited_for(condition: Callable[[], bool], within: float, label: str) -> bool:
    """Wait for a condition, with a spinner on a terminal; whether it came about within so many seconds."""
    deadline = time.monotonic() + within
    with err.status(label):
        while not (met := condition()) and time.monotonic() < deadline:
            time.sleep(0.05)
    return met


def doctor(data: Data = Path(".data"), port_base: PortBase = PORT_BASE, as_json: Json = False) -> None:
    """Check set-up and health, a line each, with what to do."""
    from deploy.local.doctor import examine  # here: it looks into everything

    findings = list(examine(data, port_base))
    if as_json:
        out.print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            out.print(f"{'✓' if finding.ok else '✗'} {finding.check}: {finding.seen}")
            if not finding.ok:
                out.print(f"    → {finding.do}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
