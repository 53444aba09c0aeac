"""The pages in ``docs/`` are what the code says: ``python -m tests.contract.documents`` writes them again."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shared.contracts.catalogue import CATALOGUE, TOPICS
from shared.runtime.settings import Settings
from tests.contract.documents import DOCS, events, openapi, pages, services

NAMES = sorted(services())
Document = dict[str, Any]


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_a_page_is_what_the_code_says(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == pages()[path], "write it again: python -m tests.contract.documents"


def test_there_is_no_page_of_a_service_that_is_gone() -> None:
    assert {path.stem for path in (DOCS / "openapi").glob("*.json")} == set(NAMES)


def operations(name: str) -> Iterator[tuple[str, str, Document]]:
    for path, methods in json.loads(openapi(name))["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


@pytest.mark.parametrize("name", NAMES)
def test_an_openapi_page_is_whole(name: str) -> None:
    page: Document = json.loads(openapi(name))
    assert page["openapi"].startswith("3.1.")
    assert {"title", "version"} <= set(page["info"])
    ids = [operation["operationId"] for _, _, operation in operations(name)]
    assert len(set(ids)) == len(ids)
    for path, _, operation in operations(name):
        named = set(re.findall(r"{(\w+)}", path))
        assert {p["name"] for p in operation["parameters"] if p["in"] == "path"} == named
        assert operation["responses"]
        assert operation["summary"]
        assert all(re.fullmatch(r"[1-5]\d\d", status) for status in operation["responses"])


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_of_an_openapi_page_leads_somewhere(name: str) -> None:
    assert dangling(json.loads(openapi(name))) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_of_an_openapi_page_is_json_schema(name: str) -> None:
    for schema in json.loads(openapi(name))["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("name", NAMES)
def test_whatever_creates_or_commands_asks_for_a_key_and_says_how_it_refuses(name: str) -> None:
    keyless = {"/v1/reports:batch", "/v1/replay", "/v1/photos:claim", "/a/{token}", "/q/{token}"}
    keyless |= {"/v1/reporters:masked", "/v1/reporters:unmask", "/v1/reports:unseal"}  # the router's reads
    keyless |= {"/v1/reporters:find"}  # a read of ops
    keyless |= {"/v1/invitations", "/v1/invitations/{token}:accept", "/v1/sessions", "/v1/sessions:confirm"}
    for path, method, operation in operations(name):
        if method != "post" or path in keyless or path.startswith(("/v1/dead-letters/", "/v1/dev/")):
            continue
        assert "Idempotency-Key" in {p["name"] for p in operation["parameters"]}, path
        assert {"400", "401", "403", "422", "503"} <= set(operation["responses"]), path


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("intake", "post /v1/reports"),
        ("intake", "post /v1/reports:batch"),
        ("intake", "post /v1/photos"),
        ("intake", "get /v1/photos/{id}"),
        ("intake", "get /v1/reports/{id}"),
        ("intake", "get /v1/nearby"),
        ("intake", "post /v1/reports/{id}/rating"),
        ("intake", "post /v1/reports/{id}/additions"),
        ("intake", "post /v1/reports/{id}/withdraw"),
        ("intake", "get /v1/categories"),
        ("router", "get /v1/units/{id}"),
        ("router", "get /v1/units"),
        ("router", "get /v1/queues/{unit}/cases"),
        ("router", "get /v1/queues/{unit}/stream"),
        ("router", "get /v1/cases/{id}"),
        ("router", "get /v1/cases/{id}/history"),
        ("router", "get /v1/cases/{id}/reports"),
        ("notifier", "get /v1/alerts"),
        ("notifier", "post /v1/alerts/{id}/ack"),
        ("notifier", "get /a/{token}"),
        ("notifier", "post /a/{token}"),
        ("notifier", "post /v1/webhooks"),
        ("notifier", "get /v1/webhooks/{id}/deliveries"),
        ("notifier", "post /v1/deliveries/{id}/retry"),
        *(
            (name, f"get {path}")
            for name in NAMES
            for path in ("/livez", "/readyz", "/metrics", "/v1/trace/{id}", "/v1/me")
        ),
    ],
)
def test_the_interface_is_served(name: str, call: str) -> None:
    assert call in {f"{method} {path}" for path, method, _ in operations(name)}


def test_the_asyncapi_page_is_whole() -> None:
    page: Document = json.loads(events())
    assert page["asyncapi"] == "3.0.0"
    assert dangling(page) == []
    assert set(page["components"]["messages"]) == set(CATALOGUE)
    addresses = {channel["address"] for channel in page["channels"].values()}
    assert addresses == {f"whistle.{topic}" for topic in TOPICS}
    for schema in page["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_consumer_is_in_the_asyncapi_page_and_every_topic_is_sent_by_one() -> None:
    page: Document = json.loads(events())
    received = {name for name, operation in page["operations"].items() if operation["action"] == "receive"}
    assert {consumer.group for service in services().values() for consumer in service.consumers} <= received
    sent = [page["channels"][name]["address"] for name, o in page["operations"].items() if o["action"] == "send"]
    assert sorted(sent) == sorted(f"whistle.{topic}" for topic in TOPICS)


def test_every_setting_has_a_line_that_says_what_it_is() -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"| `{field.validation_alias or f'WHISTLE_{name.upper()}'}` |" in page
        assert field.description
        assert not field.is_required(), "every setting has a default that works locally"


def dangling(page: Document) -> list[str]:
    """References that lead nowhere."""
    found = []
    for reference in references(page):
        here: Any = page
        for part in reference.removeprefix("#/").split("/"):
            here = here.get(part.replace("~1", "/").replace("~0", "~"), None) if isinstance(here, dict) else None
        if here is None:
            found.append(reference)
    return found


def references(here: Any) -> Iterator[str]:
    if isinstance(here, dict):
        if isinstance(reference := here.get("$ref"), str):
            yield reference
        for value in here.values():
            yield from references(value)
    elif isinstance(here, list):
        for value in here:
            yield from references(value)
