"""A server that speaks S3: moto's, a process of its own."""

import subprocess
import sys
import uuid
from collections.abc import Iterator

import httpx
import pytest

from tests.kit.stack import free_base, until


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Its address."""
    port = free_base()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: httpx.get(address).status_code < 500, within=60, what="the S3 server")
        yield address
    finally:
        process.terminate()
        process.wait(10)


def in_bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new bucket, with the environment that reaches it."""
    name = f"photos-{uuid.uuid4().hex[:8]}"
    assert httpx.put(f"{server}/{name}").status_code == 200
    for variable, value in (
        ("AWS_ENDPOINT_URL", server),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ):
        monkeypatch.setenv(variable, value)
    return name
