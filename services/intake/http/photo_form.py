"""The one file of a multipart/form-data body (RFC 7578), read in time that is linear in the body.

A reader that is told of every line that looks like a boundary does work for each, and a body of such lines has
millions. Here boundaries are searched for, a stretch at a time, between which others have their turn of the event loop.
"""

import asyncio
import re
from collections.abc import AsyncIterator

from shared.kernel.errors import FieldError, Refusal, bad_request, invalid

PARTS_MAX = 5
"""One file, and what programs send beside it."""
HEADERS_MAX = 8 * 1024
"""Bytes before a part's content."""
STRETCH = 1024 * 1024
_BOUNDARY = re.compile(r';\s*boundary="?([^\s";]{1,70})"?\s*(?:;|$)', re.IGNORECASE)
_FILE = re.compile(rb"^content-disposition[ \t]*:[^\r\n]*;[ \t]*filename\*?[ \t]*=", re.IGNORECASE | re.MULTILINE)


async def file_of(body: bytes, content_type: str) -> bytes:
    """The content of its first file. Raises ``Refusal``: 400 for what is no form, 422 without a file."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise _no_form("its boundary is not said")
    files: list[bytes] = []
    parts = 0
    async for part in _parts(body, b"\r\n--" + boundary[1].encode()):
        parts += 1
        end = part.find(b"\r\n\r\n", 0, HEADERS_MAX)
        if end < 0:
            raise _no_form("a part has no headers, or too many")
        if _FILE.search(part, 0, end):
            files.append(part[end + 4 :])
        if parts > PARTS_MAX or len(files) > 1:
            raise _no_form("it has too many parts, or two files")
    if not files:
        raise invalid(FieldError("/file", "is required"))
    return files[0]


def _no_form(why: str) -> Refusal:
    return bad_request("not-a-form", f"The form cannot be read: {why}.")


async def _parts(body: bytes, delimiter: bytes) -> AsyncIterator[bytes]:
    """What stands between two boundaries, without the line end after the first and before the second."""
    at = -2 if body.startswith(delimiter[2:]) else await _find(body, delimiter, 0)
    if at == -1:
        raise _no_form("its boundary is nowhere in it")
    while not body.startswith(b"--", at + len(delimiter)):
        at += len(delimiter)
        begins = body.find(b"\r\n", at, at + HEADERS_MAX)
        end = await _find(body, delimiter, begins)
        if begins < 0 or body[at:begins].strip(b" \t") or end < 0:
            raise _no_form("it does not end as it should")
        yield body[begins + 2 : end]
        at = end


async def _find(body: bytes, delimiter: bytes, at: int) -> int:
    while 0 <= at < len(body):
        found = body.find(delimiter, at, at + STRETCH + len(delimiter))
        if found >= 0:
            return found
        at += STRETCH
        await asyncio.sleep(0)
    return -1
