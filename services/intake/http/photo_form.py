"""The one file of a multipart/form-data body."""

from shared.kernel.errors import FieldError, invalid
from shared.runtime.http_server.multipart_form import no_form, parts_of

PARTS_MAX = 5
"""One file, and what programs send beside it."""


async def file_of(body: bytes, content_type: str) -> bytes:
    """The content of its first file. Raises ``Refusal``: 400 for what is no form, 422 without a file."""
    files: list[bytes] = []
    async for part in parts_of(body, content_type, PARTS_MAX):
        if part.is_file:
            files.append(part.content)
        if len(files) > 1:
            raise no_form("it has two files")
    if not files:
        raise invalid(FieldError("/file", "is required"))
    return files[0]
