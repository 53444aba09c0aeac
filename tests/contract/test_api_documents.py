"""The pages in ``docs/`` are what the code says: ``python -m tests.contract.documents`` writes them again."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast, get_args

import jsonschema
import msgspec
import pytest

from deploy.local.parts import SERVICES, Stack, local_environment
from services.console.app import own_routes, site_of
from services.console.operations.log_words import ACTS
from services.console.router_client import Services
from services.notifier.documents.alert import AlertState
from services.router.cases.case_answers import QueueRow
from services.router.cases.case_views import row
from services.router.cases.published_events import to_state
from services.router.stream.ring import raw
from shared.contracts.cases import TYPES, CaseEvent
from shared.contracts.catalogue import CATALOGUE, TOPICS
from shared.kernel.vocabulary import ClockKind, Priority, ReportKind, StateName, VisitKind
from shared.runtime.http_server.openapi import document
from shared.runtime.http_server.problem_types import PROBLEM_TYPES, URN
from shared.runtime.http_server.route import Answer, Call, get
from shared.runtime.settings import Settings
from tests.contract.documents import BY_HAND, DOCS, events, openapi, pages, services
from tests.kit.made_cases import T0, opened

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
    keyless = {"/v1/reports:batch", "/v1/replay", "/v1/photos:claim", "/a/{token}", "/q/{token}", "/k/{word}"}
    keyless |= {"/v1/reporters:masked", "/v1/reporters:unmask", "/v1/reports:unseal"}  # the router's reads
    keyless |= {"/v1/reporters:find", "/v1/cases:find", "/v1/cases:suggest", "/v1/reports:with-phone"}  # reads
    keyless |= {"/v1/reports:of-tickets", "/v1/cases:of-number"}  # reads
    keyless |= {"/v1/reports:bridged"}  # a batch whose reports have keys
    keyless |= {"/v1/invitations", "/v1/invitations/{token}:accept", "/v1/sessions", "/v1/sessions:confirm"}
    keyless |= {"/v1/walls", "/v1/walls:revoke", "/v1/rider-sessions", "/v1/rider-sessions/{token}:open"}
    keyless |= {"/v1/sessions:pin", "/v1/sessions:set-pin", "/v1/sessions:holders", "/v1/sessions:set-password"}
    keyless |= {"/v1/sessions:here", "/v1/sessions:people-here", "/v1/sessions:link"}
    keyless |= {"/v1/login-links", "/v1/login-links/{token}:press", "/v1/sign-in/sso", "/v1/sessions:sso"}
    for path, method, operation in operations(name):
        if method != "post" or path in keyless or path.startswith(("/v1/dead-letters/", "/v1/dev/")):
            continue
        assert "Idempotency-Key" in {p["name"] for p in operation["parameters"]}, path
        assert {"400", "401", "403", "422", "503"} <= set(operation["responses"]), path


BODILESS = {"204"}


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_says_what_it_answers(name: str) -> None:
    """Issue 13, section 5: a schema for every 2xx, and no JSON whose shape is anything."""
    untold = [
        f"{method} {path} {status}"
        for path, method, operation in operations(name)
        for status, response in operation["responses"].items()
        if status.startswith("2") and status not in BODILESS
        if not (content := response.get("content")) or not all(told.get("schema") for told in content.values())
    ]
    assert untold == []


def test_a_route_that_does_not_say_what_it_answers_is_found() -> None:
    async def nothing(_: Call) -> Answer:
        return Answer(None)

    page = document("made", "1", [get("/v1/lamps", nothing, "Lamps")])
    assert "content" not in page["paths"]["/v1/lamps"]["get"]["responses"]["200"]


@pytest.mark.parametrize("name", [*NAMES, "console"])
def test_every_json_of_a_route_is_one_struct(name: str) -> None:
    """The edge encodes that type and no other (tests/unit/runtime/test_http_server.py)."""
    routes = (
        own_routes(site_of(cast(Services, None), str, cast(Any, None), b"key"))
        if name == "console"
        else services()[name].all_routes()
    )
    for route in routes:
        assert route.answers, route.path
        for status, shape in route.answers.items():
            told = shape is not None or status in (204, 303, 304) or status >= 400 or route.shown_media
            assert told, f"{route.method} {route.path} does not say what it answers with {status}"
            if shape is not None:
                assert issubclass(shape, msgspec.Struct), route.path


def test_the_auditors_page_has_words_for_every_act_that_is_logged() -> None:
    logged = {
        f"{route.method} {route.path}" for name in NAMES for route in services()[name].all_routes() if route.logged
    }
    assert {what for what in ACTS if "/" in what} == logged


def bodies(name: str) -> Iterator[tuple[str, Document]]:
    """Media type and content of each request body."""
    for _, _, operation in operations(name):
        yield from operation.get("requestBody", {}).get("content", {}).items()


@pytest.mark.parametrize("name", NAMES)
def test_a_form_has_fields_and_json_is_no_string_of_bytes(name: str) -> None:
    """What generators need: tests/clients."""
    for media, content in bodies(name):
        if media in ("multipart/form-data", "application/x-www-form-urlencoded"):
            assert content["schema"]["type"] == "object"
        if media == "application/json":
            assert content["schema"].get("format") != "binary"


def test_a_photo_is_the_field_file_of_a_form_and_its_types_are_named() -> None:
    page: Document = json.loads(openapi("intake"))
    content = page["paths"]["/v1/photos"]["post"]["requestBody"]["content"]
    form = content["multipart/form-data"]
    assert form["schema"]["properties"]["file"]["format"] == "binary"
    assert form["schema"]["required"] == ["file"]
    assert form["encoding"]["file"]["contentType"] == "image/jpeg, image/png, image/webp, image/heic"
    assert {one for one in content if one.startswith("image/")} == set(
        form["encoding"]["file"]["contentType"].split(", ")
    )


def test_no_two_schemas_of_the_services_have_one_name() -> None:
    """Clients that are generated from all pages have one type for a name."""
    found: dict[str, Document] = {}
    for name in NAMES:
        for schema_name, schema in json.loads(openapi(name))["components"]["schemas"].items():
            assert found.setdefault(schema_name, schema) == schema, f"{schema_name} of {name} is another one's too"


@pytest.mark.parametrize("name", NAMES)
def test_an_openapi_page_has_servers_and_tags_and_internal_routes_stand_apart(name: str) -> None:
    page: Document = json.loads(openapi(name))
    assert page["servers"]
    listed = {tag["name"]: tag for tag in page["tags"]}
    for path, method, operation in operations(name):
        (tag,) = operation["tags"]
        assert tag in listed, path
        roles = set(operation.get("x-roles", ()))
        internal = path in ("/livez", "/readyz", "/metrics") or (bool(roles) and roles <= {"ops", "service"})
        assert operation.get("x-internal", False) == internal, f"{method} {path}"
        assert internal == listed[tag].get("description", "").startswith("Internal"), tag


def test_problem_types_are_those_of_the_code() -> None:
    found: dict[str, set[int]] = {}
    for folder in ("services", "shared"):
        for path in sorted((DOCS.parent / folder).rglob("*.py")):
            for kind, status in problems_in(ast.parse(path.read_text(encoding="utf-8"))):
                found.setdefault(kind, set()).add(status)
    assert {kind: tuple(sorted(statuses)) for kind, statuses in sorted(found.items())} == dict(PROBLEM_TYPES)
    for name in NAMES:
        page: Document = json.loads(openapi(name))
        assert [problem["type"] for problem in page["x-problem-types"]] == [URN + kind for kind in PROBLEM_TYPES]


def problems_in(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """(kind, status) of the refusals that are written out."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        match call.func.id, call.args:
            case "Refusal", [ast.Constant(value=int() as status), ast.Constant(value=str() as kind), *_]:
                yield kind, status
            case "conflict", [ast.Constant(value=str() as kind), *_]:
                yield kind, 409
            case "bad_request", [ast.Constant(value=str() as kind), *_]:
                yield kind, 400
            case _:
                pass


def test_every_webhook_that_may_come_is_listed_with_its_payload() -> None:
    page: Document = json.loads(openapi("notifier"))
    assert set(page["webhooks"]) == {type_.removesuffix(".v1") for type_ in TYPES}
    for message in page["webhooks"].values():
        reference = message["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        assert reference == "#/components/schemas/WebhookPayload"


@pytest.mark.parametrize(
    ("schema", "field", "words"),
    [
        ("router CaseAnswer", "state", StateName),
        ("router QueueRow", "priority", Priority),
        ("router ClockView", "kind", ClockKind),
        ("router VisitView", "kind", VisitKind),
        ("notifier AlertView", "state", AlertState),
        ("notifier WebhookCase", "state", StateName),
        ("intake CaseProgressView", "state", StateName),
        ("intake ReportView", "kind", ReportKind),
    ],
)
def test_closed_lists_of_words_are_enumerations(schema: str, field: str, words: Any) -> None:
    name, _, shape = schema.partition(" ")
    page: Document = json.loads(openapi(name))
    assert set(page["components"]["schemas"][shape]["properties"][field]["enum"]) == set(get_args(words))


def test_the_rows_of_a_queue_and_of_its_stream_are_one_shape() -> None:
    page: Document = json.loads(openapi("router"))
    schemas = page["components"]["schemas"]
    assert schemas["QueueAnswer"]["properties"]["items"]["items"] == {"$ref": "#/components/schemas/QueueRow"}
    stream = page["paths"]["/v1/queues/{unit}/stream"]["get"]
    assert "QueueRow" in stream["summary"]
    assert list(stream["responses"]["200"]["content"]) == ["text/event-stream"]
    told = data_of(CaseEvent(case=to_state(opened())))
    assert msgspec.json.encode(msgspec.json.decode(told, type=QueueRow)) == told
    assert set(json.loads(told)) == set(json.loads(msgspec.json.encode(row(opened()))))


def data_of(event: CaseEvent) -> bytes:
    """What a stream sends of it."""
    told = raw(T0, 0, 1, [], msgspec.json.encode(event)).data("case")
    assert told is not None
    return told


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


def test_the_page_of_settings_says_what_whistle_up_sets() -> None:
    """Each variable that it always sets, and that links lead to the console where nothing else is said."""
    stack = Stack(data=Path("/data"), port_base=8800)
    told = [local_environment(stack, service, "s" * 32) for service in SERVICES]
    page = (DOCS / "settings.md").read_text(encoding="utf-8").partition(BY_HAND)[2].partition("\n## ")[0]
    for name in {name for environment in told for name in environment}:
        assert f"`{name}`" in page, name
    assert {environment["WHISTLE_PUBLIC_URL"] for environment in told} == {stack.urls["console"]}
    assert "| `WHISTLE_PUBLIC_URL` | as it is set; else the console's address |" in page


def test_links_for_reporters_start_with_the_public_address_where_no_other_is_set() -> None:
    at = "https://whistle.example.org"
    assert Settings(public_url=at).reporter_address == at
    assert Settings(public_url=at, reporter_url="https://ask.example.org").reporter_address == "https://ask.example.org"
    assert Settings().reporter_address == Settings().intake_url


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
