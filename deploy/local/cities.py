"""Gives a running stack its cities, and writes down the development tokens: `<data>/dev.json`."""

import asyncio
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deploy.local.ops_token import find_ops_token
from deploy.local.parts import Stack
from deploy.local.state import write_atomically

HELD_WITHIN_SECONDS = 30.0
LOOK_SECONDS = 0.05
PACK_FILES = (".yaml", ".geojson")
JsonObject = dict[str, Any]
"""A JSON object of the router's, passed on as it came."""


class CityRefused(Exception):
    """The router did not take a city pack; the message holds every error it told."""


@dataclass(frozen=True)
class Router:
    """The router's address and the ops token that opens it."""

    client: httpx.AsyncClient
    url: str
    token: str

    async def load(self, folder: Path) -> JsonObject:
        """Load the pack in `folder` as a new version: `{"city", "version"}`. CityRefused with its errors."""
        return await self._post("/v1/cities", {"files": read_pack(folder)}, about=str(folder))

    async def dev_tokens(self, city: str) -> JsonObject:
        """Development keys and people of a city; the same at every call. CityRefused if the router declines."""
        return await self._post("/v1/dev/tokens", {"city": city}, about=city)

    async def _post(self, path: str, content: JsonObject, about: str) -> JsonObject:
        body = json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": uuid.uuid4().hex,
        }
        try:
            answer = await self.client.post(self.url + path, content=body, headers=headers, timeout=60.0)
        except httpx.HTTPError as error:
            raise CityRefused(f"{about}: POST {path}: {type(error).__name__} {error}") from error
        if not answer.is_success:
            raise CityRefused(f"{about}: POST {path} answered {answer.status_code}\n{_problem_lines(answer)}")
        told: JsonObject = answer.json()
        return told


async def open_router(client: httpx.AsyncClient, url: str, secret: str) -> Router:
    """The router at `url` with the ops token that holds there. CityRefused if it accepts none of this secret."""
    with httpx.Client(timeout=10.0, trust_env=False) as asking:
        try:
            token = await asyncio.to_thread(find_ops_token, asking, url, secret)
        except httpx.HTTPError as error:
            raise CityRefused(f"the router does not answer: {type(error).__name__} {error}") from error
    if token is None:
        raise CityRefused("the router accepts no ops token of this secret: its database is another installation's")
    return Router(client, url, token)


def read_pack(folder: Path) -> dict[str, str]:
    """The text files of a city pack, by name. CityRefused if there is no `city.yaml`."""
    if not (folder / "city.yaml").is_file():
        raise CityRefused(f"{folder} is no city pack: it has no city.yaml")
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix in PACK_FILES)
    return {path.name: path.read_text(encoding="utf-8") for path in files}


def _problem_lines(answer: httpx.Response) -> str:
    """A problem document (RFC 9457) for a person: its title and detail, then a line for each error."""
    try:
        problem = answer.json()
    except ValueError:
        return f"  {answer.text[:2000]}"
    if not isinstance(problem, dict):
        return f"  {answer.text[:2000]}"
    head = ": ".join(str(problem[key]) for key in ("title", "detail") if problem.get(key))
    errors = [json.dumps(error, ensure_ascii=False) for error in problem.get("errors", [])]
    return "\n".join(f"  {line}" for line in (head, *errors) if line)


async def load_cities(router: Router, folders: Sequence[Path], stack: Stack) -> list[JsonObject]:
    """Load each pack; with development tokens on, write `dev.json`, else remove it.

    What the router told of each: city, version.
    """
    loaded = [await router.load(folder) for folder in folders]
    if stack.dev_tokens:
        tokens = {told["city"]: await router.dev_tokens(told["city"]) for told in loaded}
        write_dev_file(stack, router.token, tokens)
    else:
        (stack.data / "dev.json").unlink(missing_ok=True)
    return loaded


async def held(client: httpx.AsyncClient, stack: Stack, loaded: Sequence[JsonObject]) -> None:
    """Returns when every service works by the packs that were loaded. CityRefused if one does not in time."""
    wanted = {told["city"]: told["version"] for told in loaded}
    for service, url in stack.urls.items():
        try:
            async with asyncio.timeout(HELD_WITHIN_SECONDS):
                while not wanted.items() <= (await _cities(client, url)).items():  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError as error:
            late = f"{service} did not take the packs of {', '.join(wanted)} within {HELD_WITHIN_SECONDS:.0f} s"
            raise CityRefused(late) from error


async def _cities(client: httpx.AsyncClient, url: str) -> dict[str, str]:
    try:
        answer = await client.get(f"{url}/readyz")
    except httpx.HTTPError:
        return {}
    found: dict[str, str] = answer.json().get("cities", {})
    return found


def write_dev_file(stack: Stack, ops: str, cities: dict[str, JsonObject]) -> None:
    """`<data>/dev.json`, mode 0600: the first city's keys and people, the ops token, all addresses, all cities."""
    first = next(iter(cities.values()), {})
    servers = {"kafka": stack.kafka_address, "mongo": stack.mongo_shown}
    whole = {**first, "ops": ops, "urls": stack.urls, **servers, "cities": cities}
    write_atomically(stack.data / "dev.json", json.dumps(whole, ensure_ascii=False, indent=1) + "\n", mode=0o600)
