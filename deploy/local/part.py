"""What a part of the stack is: a program, how to prepare it, and how to ask it whether it is well."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.process import Process, spawn, tail

LOOK_EVERY_S = 0.2
"""How often a part that is starting is asked; asking costs CPU that the part needs."""

Probe = Callable[[], Coroutine[None, None, str | None]]
"""Asks a running part: None when all is well, else the reason why not. It does not raise."""

Work = Callable[[], Coroutine[None, None, None]]
"""Something to do for a part."""


class PartFailed(Exception):
    """A part could not be started; the message names part, reason, log and its last lines."""

    def __init__(self, name: str, reason: str, log: Path) -> None:
        last = "".join(f"\n    {line}" for line in tail(log).splitlines())
        super().__init__(f"{name}: {reason}\n  log: {log}{last}")
        self.part = name


async def program(part: "Part") -> Process:
    """The usual way: the part's command, as a child of this process."""
    return await spawn(part.command(), part.log, part.env)


async def nothing() -> None:
    """A part that needs no preparation, or has nothing to do once it is ready."""


@dataclass(frozen=True)
class Part:
    """One program of the stack. `command` is called after `prepare`, at each start; `begin` starts it."""

    name: str
    url: str
    log: Path
    ports: tuple[int, ...]
    command: Callable[[], tuple[str, ...]]
    alive: Probe
    ready: Probe
    env: Mapping[str, str] = field(default_factory=dict)
    prepare: Work = nothing
    afterwards: Work = nothing
    grace: float = 30.0
    begin: Callable[["Part"], Awaitable[Process]] = program


async def start(part: Part, within: float = 60.0) -> Process:
    """Start a part and wait until it is alive. PartFailed if it ends first or `within` seconds pass."""
    await part.prepare()
    process = await part.begin(part)
    try:
        await until(part, process, part.alive, within)
    except BaseException:
        await process.stop(grace=0)
        raise
    return process


async def until(part: Part, process: Process, probe: Probe, within: float) -> None:
    """Wait until `probe` answers None. PartFailed if the process ends first or `within` seconds pass."""
    reason: str | None = "not asked yet"
    try:
        async with asyncio.timeout(within):
            while (reason := await probe()) is not None:
                if not process.running:
                    raise PartFailed(part.name, f"ended with code {process.child.returncode}", part.log)
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError:
        raise PartFailed(part.name, f"not ready within {within:.0f} s: {reason}", part.log) from None
