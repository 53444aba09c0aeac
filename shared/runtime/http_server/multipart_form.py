"""The parts of a multipart/form-data body (RFC 7578), read in time that is linear in the body.

A reader that is told of every line that looks like a boundary does work for each, and a body of such lines has
millions. Here boundaries are searched for, a stretch at a time, between which others have their turn of the event loop.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from shared.kernel.errors import Refusal, bad_request

HEADERS_MAX = 8 * 1024
"""Bytes before a part's content."""
STRETCH = 1024 * 1024
URLENCODED_MAX = 64 * 1024
"""Bytes of a form without a file: they are read at once, on the event loop."""
FIELD_MAX = 16 * 1024
"""Bytes of a field that is no file."""
MULTIPART = "multipart/form-data"
_BOUNDARY = re.compile(r';\s*boundary="?([^\s";]{1,70})"?\s*(?:;|$)', re.IGNORECASE)
_FILE = re.compile(rb"^content-disposition[ \t]*:[^\r\n]*;[ \t]*filename\*?[ \t]*=", re.IGNORECASE | re.MULTILINE)
_NAME = re.compile(rb'^content-disposition[ \t]*:[^\r\n]*;[ \t]*name="([^"\r\n]{1,64})"', re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its name, whether it is a file, and its content."""

    name: str
    is_file: bool
    content: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """A form as a browser sends it. A file input that was left empty is no file. ``lists``, ``file_lists``: every value
    of a name; ``fields``, ``files``: the first."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    file_lists: dict[str, list[bytes]] = field(default_factory=dict)

    def add_text(self, name: str, value: str) -> None:
        self.fields.setdefault(name, value)
        self.lists.setdefault(name, []).append(value)

    def add_file(self, name: str, content: bytes) -> None:
        self.files.setdefault(name, content)
        self.file_lists.setdefault(name, []).append(content)


async def form_of(body: bytes, content_type: str, parts_max: int) -> Form:
    """The form in ``body``: multipart or urlencoded, with all fields of one name. Raises ``Refusal`` 400."""
    form = Form()
    if content_type.partition(";")[0].strip().lower() != MULTIPART:
        if len(body) > URLENCODED_MAX:
            raise no_form("it is too long")
        try:
            given = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=parts_max)
        except ValueError as wrong:
            raise no_form("its fields are no text, or too many") from wrong
        for name, value in given:
            form.add_text(name, value)
        return form
    async for part in parts_of(body, content_type, parts_max):
        if part.is_file:
            if part.content:
                form.add_file(part.name, part.content)
        elif len(part.content) > FIELD_MAX:
            raise no_form("a field is too long")
        else:
            form.add_text(part.name, part.content.decode(errors="replace"))
    return form


async def parts_of(body: bytes, content_type: str, parts_max: int) -> AsyncIterator[Part]:
    """The parts, at most ``parts_max``. Raises ``Refusal`` 400 for what is no form."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise no_form("its boundary is not said")
    count = 0
    async for part in _parts(body, b"\r\n--" + boundary[1].encode()):
        count += 1
        end = part.find(b"\r\n\r\n", 0, HEADERS_MAX)
        if end < 0:
            raise no_form("a part has no headers, or too many")
        if count > parts_max:
            raise no_form("it has too many parts")
        name = _NAME.search(part, 0, end)
        is_file = _FILE.search(part, 0, end) is not None
        yield Part(name[1].decode(errors="replace") if name is not None else "", is_file, part[end + 4 :])


def no_form(why: str) -> Refusal:
    return bad_request("not-a-form", f"The form cannot be read: {why}.")


async def _parts(body: bytes, delimiter: bytes) -> AsyncIterator[bytes]:
    """What stands between two boundaries, without the line end after the first and before the second."""
    at = -2 if body.startswith(delimiter[2:]) else await _find(body, delimiter, 0)
    if at == -1:
        raise no_form("its boundary is nowhere in it")
    while not body.startswith(b"--", at + len(delimiter)):
        at += len(delimiter)
        begins = body.find(b"\r\n", at, at + HEADERS_MAX)
        end = await _find(body, delimiter, begins)
        if begins < 0 or body[at:begins].strip(b" \t") or end < 0:
            raise no_form("it does not end as it should")
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
