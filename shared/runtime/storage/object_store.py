"""An S3-compatible bucket in place of GridFS, through obstore; imported only where a setting names a bucket.

Endpoint, region and keys come from the usual ``AWS_*`` variables, which obstore reads.
"""

import os
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

import structlog
from obstore.exceptions import BaseError
from obstore.store import S3Store

from shared.kernel.errors import Refusal, unavailable
from shared.runtime.storage.mongo import Bucket

log = structlog.get_logger()
T = TypeVar("T")

CONNECT = timedelta(seconds=2)
ANSWER = timedelta(seconds=8)
"""Time limit of one request; a photo has ten megabytes at most."""
RETRIES = 2
ATTEMPTS_WITHIN = timedelta(seconds=10)


class S3Bucket:
    """Files below one prefix. Each method raises ``Refusal`` 503 when the store does not answer or denies access."""

    def __init__(self, address: str, name: str) -> None:
        """``address``: ``s3://bucket`` or ``s3://bucket/prefix``."""
        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        self._store = S3Store(
            bucket,
            prefix="/".join(part for part in (prefix.strip("/"), name) if part),
            # Options that are given replace all of the environment's.
            client_options={"timeout": ANSWER, "connect_timeout": CONNECT, "allow_http": _plain_http()},
            retry_config={"max_retries": RETRIES, "retry_timeout": ATTEMPTS_WITHIN},
        )

    async def put(self, name: str, content: bytes) -> None:
        """Store a file; an existing one is replaced atomically."""
        await _answered(self._store.put_async(name, content, use_multipart=False))

    async def get(self, name: str) -> bytes | None:
        try:
            found = await _answered(self._store.get_async(name))
            return bytes(await _answered(found.bytes_async()))
        except FileNotFoundError:
            return None

    async def delete(self, name: str) -> None:
        try:
            await _answered(self._store.delete_async(name))
        except FileNotFoundError:
            return


class MovedBucket:
    """Writes to ``new`` and reads from ``new``, then ``old``, so that the photo store can be changed at any time."""

    def __init__(self, new: Bucket, old: Bucket) -> None:
        self._new = new
        self._old = old

    async def put(self, name: str, content: bytes) -> None:
        await self._new.put(name, content)

    async def get(self, name: str) -> bytes | None:
        found = await self._new.get(name)
        return found if found is not None else await self._old.get(name)

    async def delete(self, name: str) -> None:
        await self._new.delete(name)
        await self._old.delete(name)


async def _answered(asked: Awaitable[T]) -> T:
    """The result of a store call. ``FileNotFoundError`` is passed on, unless the bucket itself is missing; any other
    error of the store becomes ``Refusal`` 503."""
    try:
        return await asked
    except (BaseError, FileNotFoundError) as error:
        if isinstance(error, FileNotFoundError) and "NoSuchBucket" not in str(error):
            raise
        log.warning("object_store.away", kind=type(error).__name__)
        raise _away() from error


def _plain_http() -> bool:
    """Whether ``AWS_ALLOW_HTTP`` allows connections without TLS."""
    return os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true")


def _away() -> Refusal:
    return unavailable("The photo store does not answer. Repeat with the same key.")
