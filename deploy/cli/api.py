"""How commands reach an installation: where it is, its ops token, JSON over HTTP, and errors that say what to do."""

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
from deploy.local.ops_token import OpsToken, find_ops_token
from deploy.local.state import holder, read_rows, read_secret
from shared.runtime.identity.tokens import ops_token

Service = Literal["intake", "router", "notifier"]
SERVICES: tuple[Service, ...] = ("intake", "router", "notifier")
LISTENING: dict[str, str] = {name: f"http://127.0.0.1:{8801 + n}" for n, name in enumerate(SERVICES)}
"""Where services listen when nothing else is said, on their own servers and in compose."""
JsonObject = dict[str, Any]


class Failed(Exception):
    """A command cannot be carried out; the message says why and what to do."""


class Refused(Failed):
    """A service answered with a problem document; ``status`` is the HTTP status, ``kind`` the last part of its type."""

    def __init__(self, asked: str, answer: httpx.Response) -> None:
        hint = "\n  WHISTLE_OPS_TOKEN or WHISTLE_SECRET is not this installation's" if answer.status_code == 401 else ""
        super().__init__(f"{asked} answered {answer.status_code}\n{_problem(answer)}".rstrip() + hint)
        self.status = answer.status_code
        self.problem = _members(answer)
        self.kind = str(self.problem.get("type", "")).rpartition(":")[2]


@dataclass(frozen=True)
class Api:
    """The services of one installation, called with one token."""

    http: httpx.Client
    urls: Mapping[str, str]
    shown: OpsToken

    @property
    def token(self) -> str:
        """The token that services are shown now."""
        return self.shown.token

    def with_token(self, token: str) -> "Api":
        """The same installation, called by somebody else."""
        return replace(self, shown=OpsToken(token))

    def send(self, method: str, service: Service, path: str, **more: Any) -> httpx.Response:
        """One request, whatever it answers; ``more`` as httpx takes it. Failed when nobody is there.

        ``path`` may be a whole address. A POST without an Idempotency-Key gets a fresh one.
        """
        headers = {"authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        if method == "POST":
            headers.setdefault("idempotency-key", uuid.uuid4().hex)
        url = path if path.startswith("http") else self.urls[service] + path
        try:
            answer = self.http.request(method, url, headers=headers, **more)
            if answer.status_code == httpx.codes.UNAUTHORIZED and self._renewed(service):
                headers["authorization"] = f"Bearer {self.token}"
                answer = self.http.request(method, url, headers=headers, **more)
            return answer
        except httpx.HTTPError as away:
            why = f"{type(away).__name__} {away}".rstrip()
            raise Failed(f"{service} does not answer at {url}: {why}\nIs the stack up? `whistle status`") from away

    def _renewed(self, service: Service) -> bool:
        """Whether another token than the refused one holds (somebody rotated it); it is shown from now on."""
        found = find_ops_token(self.http, self.urls[service], self.shown.secret) if self.shown.secret else None
        if found is not None:
            self.shown.renew(found)
        return found is not None

    def get(self, service: Service, path: str, **query: Any) -> Any:
        """The JSON of a GET; a query value of None is left out. Refused for a problem."""
        params = {name: value for name, value in query.items() if value is not None}
        return _told(f"GET {path}", self.send("GET", service, path, params=params))

    def delete(self, service: Service, path: str, **query: Any) -> None:
        """A DELETE. Refused for a problem."""
        answer = self.send("DELETE", service, path, params=query)
        if not answer.is_success:
            raise Refused(f"DELETE {path}", answer)

    def post(self, service: Service, path: str, body: JsonObject | None = None, key: str | None = None) -> Any:
        """The JSON of a POST. Refused for a problem."""
        headers = {} if key is None else {"idempotency-key": key}
        return _told(f"POST {path}", self.send("POST", service, path, json=body or {}, headers=headers))


def connect(data: Path) -> Api:
    """The installation that the environment names, else the stack on ``data``. Failed when there is neither.

    Addresses: ``WHISTLE_*_URL``, else those of the stack that runs on ``data``, else where services listen by default.
    Token: ``WHISTLE_OPS_TOKEN``, else what follows from ``WHISTLE_SECRET``, else from the secret in ``data``.
    """
    named: dict[str, str] = {name: url for name in SERVICES if (url := os.environ.get(f"WHISTLE_{name.upper()}_URL"))}
    token, secret = os.environ.get("WHISTLE_OPS_TOKEN", ""), os.environ.get("WHISTLE_SECRET", "")
    local, auth = _local(data)
    if token or secret:
        running = local if holder(data) is not None else {}  # a stack that has stopped is not what is meant
        local, auth = {**LISTENING, **running}, OpsToken(token or ops_token(secret), secret)
    urls = {**local, **named}
    if auth is None or any(name not in urls for name in SERVICES):
        raise Failed(
            f"no stack has run on {data}: start one with `whistle up --data {data}`, name another with --data,\n"
            "or set WHISTLE_SECRET (or WHISTLE_OPS_TOKEN) and, where services do not listen on this machine's\n"
            "8801 to 8803, WHISTLE_INTAKE_URL, WHISTLE_ROUTER_URL and WHISTLE_NOTIFIER_URL"
        )
    return Api(httpx.Client(timeout=30.0, trust_env=False), urls, auth)


def _local(data: Path) -> tuple[dict[str, str], OpsToken | None]:
    """Addresses and ops token of the stack on ``data``: from dev.json, else from its state and secret."""
    secret = read_secret(data) if (data / "secret").is_file() else ""
    dev = data / "dev.json"
    if dev.is_file():
        told = json.loads(dev.read_text())
        return told["urls"], OpsToken(told["ops"], secret, dev)
    urls = {row["part"]: row["url"] for row in read_rows(data)}
    return urls, OpsToken(ops_token(secret), secret) if secret else None


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


def _members(answer: httpx.Response) -> JsonObject:
    """The members of a problem document; none of what is no JSON object."""
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _problem(answer: httpx.Response) -> str:
    """A problem document (RFC 9457) for a person: its detail, then a line for each wrong field."""
    problem = _members(answer)
    if not problem:
        return f"  {answer.text[:500]}"
    errors = [f"{error.get('pointer', '')} {error.get('detail', '')}" for error in problem.get("errors", [])]
    return "\n".join(f"  {line}" for line in (str(problem.get("detail", "")), *errors) if line.strip())
