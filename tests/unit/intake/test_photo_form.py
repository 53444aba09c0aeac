"""A photo's form: as programs write it, and as nobody does."""

import asyncio
from collections.abc import Awaitable
from itertools import count

import httpx
import pytest

from services.intake.http.photo_form import file_of
from shared.kernel.errors import Refusal
from shared.runtime.http_server.multipart_form import STRETCH

PICTURE = b"\xff\xd8\r\n--x\r\n\r\n" + bytes(range(256)) * 20
SIZE = 16_000_000
FILE = b'--a\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'


async def test_what_a_program_sends_is_read_whatever_stands_beside_the_file() -> None:
    sent = httpx.Request("POST", "http://x", files={"file": ("a.jpg", PICTURE)}, data={"a": "b", "c": "d"})
    assert await file_of(sent.read(), sent.headers["content-type"]) == PICTURE


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=b", 'Multipart/Form-Data;Boundary="b"; x=y'])
async def test_a_preamble_and_an_epilogue_are_nobodys(content_type: str) -> None:
    part = b"content-DISPOSITION: form-data; filename*=UTF-8''x; name=a\r\ncontent-type: image/jpeg\r\n\r\n" + PICTURE
    body = b"hello\r\n--b \t\r\n" + part + b"\r\n--b--\r\nbye\r\n--b\r\n"
    assert await file_of(body, content_type) == PICTURE
    assert await file_of(b"\r\n--b\r\n" + part + b"\r\n--b--", content_type) == PICTURE


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"--y\r\n", 400),
        (b"--a--\r\n", 422),
        (FILE + b"x", 400),
        (FILE + b"x\r\n--a", 400),
        (FILE + b"x\r\n" + FILE + b"y\r\n--a--", 400),
        (b"--a\r\nx: y\r\n\r\nz\r\n" * 6 + b"--a--", 400),
        (b"--a\r\n\r\nz\r\n--a--", 400),
        (b'--a\r\nContent-Disposition: form-data; name="filename="\r\n\r\nz\r\n--a--', 422),
        (b"--a\r\nx: " + b"y" * 9000 + b"\r\n\r\nz\r\n--a--", 400),
        (b"--a" + b" " * 9000 + b"\r\n", 400),
    ],
)
async def test_what_is_no_form_with_one_file_is_refused(body: bytes, status: int) -> None:
    with pytest.raises(Refusal) as refusal:
        await file_of(body, "multipart/form-data; boundary=a")
    assert refusal.value.status == status
    for media in ("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "a" * 71):
        with pytest.raises(Refusal):
            await file_of(body, media)


@pytest.mark.parametrize(
    "filling",
    [b"\r", b"\r\n", b"\r\n--b", b"\r\n--", b"a: b\r\n", b"-"],
    ids=["cr", "lines", "near", "dashes", "head", "-"],
)
async def test_others_have_their_turn_while_a_form_that_is_a_trap_is_read(filling: bytes) -> None:
    """B85: a boundary of one letter, and millions of lines that begin like it."""
    body = FILE + filling * (SIZE // len(filling)) + b"\r\n--a--"
    assert len(await turns(file_of(body, "multipart/form-data; boundary=a"))) > SIZE // STRETCH // 2
    assert len(await file_of(body, "multipart/form-data; boundary=a")) == SIZE // len(filling) * len(filling)


async def turns(reading: Awaitable[bytes]) -> list[int]:
    """One for each turn of the event loop that somebody else had meanwhile."""
    task = asyncio.ensure_future(reading)
    had: list[int] = []
    for turn in count():
        if task.done():
            return had
        had.append(turn)
        await asyncio.sleep(0)
    raise AssertionError
