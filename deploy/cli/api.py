"""How commands reach a running stack: where it is, a token, JSON over HTTP, and errors that say what to do."""

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import httpx
import typer

from deploy.cli.terminal import err
from deploy.local.state import read_generation, read_rows, read_secret
from shared.runtime.identity.tokens import ops_token

Service = Literal["intake", "router", "notifier"]
SERVICES: tuple[Service, ...] = ("intake", "router", "notifier")
JsonObject = dict[str, Any]


class Failed(Exception):
    """A command cannot be carried out; the message says why and what to do."""


class Refused(Failed):
    """A service answered with a problem document; ``status`` is the HTTP status."""

    def __init__(self, asked: str, answer: httpx.Response) -> None:
        super().__init__(f"{asked} answered {answer.status_code}\n{_problem(answer)}".rstrip())
        self.status = answer.status_code


@dataclass(frozen=True)
class Api:
    """The services of one stack, called with one token."""

    http: httpx.Client
    urls: Mapping[str, str]
    token: str

    def with_token(self, token: str) -> "Api":
        """The same stack, called by somebody else."""
        return replace(self, token=token)

    def send(self, method: str, service: Service, path: str, **more: Any) -> httpx.Response:
        """One request, whatever it answers; ``more`` as httpx takes it. Failed when nobody is there.

        ``path`` may be a whole address. A POST without an Idempotency-Key gets a fresh one.
        """
        headers = {"authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        if method == "POST":
            headers.setdefault("idempotency-key", uuid.uuid4().hex)
        url = path if path.startswith("http") else self.urls[service] + path
        try:
            return self.http.request(method, url, headers=headers, **more)
        except httpx.HTTPError as away:
            why = f"{type(away).__name__} {away}".rstrip()
            raise Failed(f"{service} does not answer at {url}: {why}\nIs the stack up? `whistle status`") from away

    def get(self, service: Service, path: str, **query: Any) -> Any:
        """The JSON of a GET; a query value of None is left out. Refused for a problem."""
        params = {name: value for name, value in query.items() if value is not None}
        return _told(f"GET {path}", self.send("GET", service, path, params=params))

    def post(self, service: Service, path: str, body: JsonObject | None = None, key: str | None = None) -> Any:
        """The JSON of a POST. Refused for a problem."""
        headers = {} if key is None else {"idempotency-key": key}
        return _told(f"POST {path}", self.send("POST", service, path, json=body or {}, headers=headers))


def connect(data: Path) -> Api:
    """The stack of ``WHISTLE_*_URL`` and ``WHISTLE_OPS_TOKEN``, else the one on ``data``. Failed when there is none."""
    told: dict[str, str] = {name: url for name in SERVICES if (url := os.environ.get(f"WHISTLE_{name.upper()}_URL"))}
    token = os.environ.get("WHISTLE_OPS_TOKEN", "")
    urls, local_token = _local(data) if len(told) < len(SERVICES) or not token else ({}, "")
    urls, token = {**urls, **told}, token or local_token
    if not token or any(name not in urls for name in SERVICES):
        raise Failed(
            f"no stack has run on {data}: start one with `whistle up --data {data}`, name another with --data,\n"
            "or set WHISTLE_INTAKE_URL, WHISTLE_ROUTER_URL, WHISTLE_NOTIFIER_URL and WHISTLE_OPS_TOKEN"
        )
    return Api(httpx.Client(timeout=30.0, trust_env=False), urls, token)


def _local(data: Path) -> tuple[dict[str, str], str]:
    """Addresses and ops token of the stack on ``data``: from dev.json, else from its state and secret."""
    dev = data / "dev.json"
    if dev.is_file():
        told = json.loads(dev.read_text())
        return told["urls"], told["ops"]
    if not (data / "secret").is_file():
        return {}, ""
    return {row["part"]: row["url"] for row in read_rows(data)}, ops_token(read_secret(data), read_generation(data))


@contextmanager
def explained() -> Iterator[None]:
    """What a command cannot do is said on standard error, without a trace; the exit code is 1."""
    try:
        yield
    except Failed as problem:
        err.print(f"✗ {problem}")
        raise typer.Exit(1) from None


def _told(asked: str, answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise Refused(asked, answer)
    return answer.json()


def _problem(answer: httpx.Response) -> str:
    """A problem document (RFC 9457) for a person: its detail, then a line for each wrong field."""
    try:
        problem = answer.json()
    except ValueError:
        return f"  {answer.text[:500]}"
    if not isinstance(problem, dict):
        return f"  {answer.text[:500]}"
    errors = [f"{error.get('pointer', '')} {error.get('detail', '')}" for error in problem.get("errors", [])]
    return "\n".join(f"  {line}" for line in (str(problem.get("detail", "")), *errors) if line.strip())
