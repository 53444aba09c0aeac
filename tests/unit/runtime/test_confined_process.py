"""What strangers sent is worked on in a process of its own; nothing that happens there reaches us but words."""

import asyncio
import os
import resource
import select
import time
from collections.abc import AsyncIterator

import pytest

from services.router.http.city_routes import LoadBody
from shared.kernel.errors import Refusal
from shared.runtime.confined_process import MEMORY_MAX, ConfinedProcess, ProcessEndedError
from shared.runtime.http_server.decoding import Body, read_in_process
from shared.runtime.pack_library import FILES_MAX


@pytest.fixture
async def process() -> AsyncIterator[ConfinedProcess]:
    made = ConfinedProcess(20.0)
    yield made
    made.close()


def failing() -> None:
    raise ValueError("words")


def greedy() -> int:
    return len(bytearray(2 * MEMORY_MAX))


async def test_it_answers_raises_and_is_confined(process: ConfinedProcess) -> None:
    pid = await process.run(os.getpid)
    assert [pid] == process.pids() and pid != os.getpid()
    assert resource.prlimit(pid, resource.RLIMIT_AS) == (MEMORY_MAX, MEMORY_MAX)
    assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)
    with pytest.raises(ValueError, match="words"):
        await process.run(failing)
    assert process.pids() == [pid]


async def test_who_crashes_or_takes_all_memory_is_replaced(process: ConfinedProcess) -> None:
    with pytest.raises(ProcessEndedError):
        await process.run(os._exit, 1)
    with pytest.raises(ProcessEndedError):
        await process.run(greedy)
    assert await process.run(abs, -1) == 1


async def test_who_takes_too_long_is_ended_and_the_next_is_served() -> None:
    process = ConfinedProcess(20.0)
    pid = await process.run(os.getpid)
    ended = os.pidfd_open(pid)  # readable once it has ended, also before its parent has collected it
    process._seconds = 0.2
    with pytest.raises(ProcessEndedError):
        await process.run(time.sleep, 60)
    process._seconds = 20.0
    again = await process.run(os.getpid)
    assert again != pid
    assert select.select([ended], [], [], 10) == ([ended], [], [])
    os.close(ended)
    process.close()


async def test_it_ends_when_there_is_nothing_to_do() -> None:
    process = ConfinedProcess(20.0, idle_seconds=0.05)
    ended = asyncio.Event()
    close = process.close

    def noted() -> None:
        close()
        ended.set()

    process.close = noted  # type: ignore[method-assign]
    await process.run(os.getpid)
    async with asyncio.timeout(10):
        await ended.wait()
    assert process.pids() == []


BODIES = {
    "a pack": b'{"files":{"city.yaml":"\\u5c04\\u9633"}}',
    "a list": b'{"files":[' + b'"a",' * 100_000 + b"1]}",
    "no JSON": b'{"files":{"a":"' + b"a" * 100_000,
    "a name twice": b'{"files":{"a":"b","a":"c"}}',
    "unknown": b'{"files":{},"x":[' + b"1," * 100_000 + b"1]}",
    "many files": b'{"files":{' + b",".join(b'"%d":""' % n for n in range(100_000)) + b"}}",
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_read_apart_is_read_or_refused_in_the_same_words(name: str) -> None:
    raw = BODIES[name]
    assert len(raw) < FILES_MAX
    decoded, refused = read_in_process(LoadBody, raw)
    if refused is None:
        assert decoded == Body(LoadBody).read(raw)
        return
    with pytest.raises(Refusal) as refusal:
        Body(LoadBody).read(raw)
    here = refusal.value
    assert (here.status, here.kind, here.detail, here.errors) == refused
