"""The checklist's table for a reverse proxy names every route of every service, at the service that has it."""

import re

import pytest

from tests.contract.documents import DOCS, services

NOT_BY_PATH = {"/v1/me", "/openapi.json"}
"""Every service has them: a proxy that goes by paths reaches one of them."""


def table() -> dict[str, list[str]]:
    """Service, or ``nobody``, → beginnings of paths; one that ends in ``$`` is the whole path."""
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^ *\| (intake|router|notifier|nobody)[^|]*\| (.*) \|$", text, re.MULTILINE)
    return {name: [_pattern(path) for path in re.findall(r"`([^`]+)`", paths)] for name, paths in rows}


def _pattern(path: str) -> str:
    return path.removesuffix("…") if path.endswith(("…", "/")) else path + "$"


@pytest.mark.parametrize("name", ["intake", "router", "notifier"])
def test_a_proxy_that_goes_by_the_table_reaches_every_route_and_shows_nobody_the_inner_ones(name: str) -> None:
    rows = table()
    for path in {route.path for route in services()[name].all_routes()} - NOT_BY_PATH:
        matching = {
            (len(pattern), row)
            for row, patterns in rows.items()
            for pattern in patterns
            if f"{path}$".startswith(pattern)
        }
        assert matching, f"{path} of {name} is in no row"
        row = max(matching)[1]
        assert row in (name, "nobody"), f"{path} of {name} goes to {row}"
