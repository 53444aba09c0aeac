"""What the one public address passes on, held against the services' own OpenAPI documents."""

import re

from services.console.service_paths import service_of
from tests.contract.documents import services

NOT_PUBLIC = re.compile(r"/livez|/readyz|/metrics|/openapi\.json|/v1/(trace|replay|retention|dead-letters|dev)\b.*")
"""What every service has for operations, at its own address: the same path at several services names none."""
SHARED = {"/v1/me"}
"""Answered alike by all."""


def concrete(path: str) -> str:
    return re.sub(r"{\w+(?::\w+)?}", "x1", path)


def operations() -> list[tuple[str, str, set[str]]]:
    """Service, path, and the roles of all its methods; none: everybody."""
    found = []
    for name, service in services().items():
        for path, methods in service.openapi()["paths"].items():
            roles = {role for operation in methods.values() for role in operation.get("x-roles", ["anybody"])}
            found.append((name, path, roles))
    return found


def test_every_path_for_people_and_apps_leads_to_its_service() -> None:
    wrong = [
        (name, path, service_of(concrete(path)))
        for name, path, roles in operations()
        if not NOT_PUBLIC.fullmatch(path) and path not in SHARED
        if roles - {"service", "ops"}
        if service_of(concrete(path)) != name
    ]
    assert wrong == []


def test_what_only_services_call_is_not_at_the_public_address() -> None:
    inside = [(name, path) for name, path, roles in operations() if roles == {"service"}]
    assert inside
    assert [path for _, path in inside if service_of(concrete(path)) is not None] == []


def test_what_a_service_has_for_operations_is_not_at_the_public_address() -> None:
    operated = [path for _, path, _ in operations() if NOT_PUBLIC.fullmatch(path)]
    assert operated
    assert [path for path in operated if service_of(concrete(path)) is not None] == []


LINKS = ("/s/Ab3dEf6hIj9l", "/k/a-secret-word", "/a/token", "/q/token", "/p/token")


def test_links_of_text_messages_and_keys_of_calls_come_in_at_the_public_address() -> None:
    assert {path: service_of(path) for path in LINKS} == {
        "/s/Ab3dEf6hIj9l": "notifier",
        "/k/a-secret-word": "notifier",
        "/a/token": "notifier",
        "/q/token": "intake",
        "/p/token": "intake",
    }
    assert service_of("/s/") is service_of("/s/a/b") is service_of("/k/") is None
