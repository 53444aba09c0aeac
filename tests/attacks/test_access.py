"""Who may call what: every route with every sort of caller, compared with the one table in docs/access.md."""

import pytest

from tests.attacks.access import OUTSIDERS_FIRST, World, table
from tests.attacks.route_requests import request_for
from tests.kit.stack import RunningStack

ELSEWHERE = {("/v1/keys:rotate", "ops"), ("/v1/rider-sessions", "rider"), ("/v1/my-data:erase", "rider")}
"""The token would end: tried in tests of their own."""


@pytest.fixture(scope="module")
def world(stack: RunningStack) -> World:
    return World(stack)


@pytest.mark.timeout(400)
def test_every_route_answers_every_caller_as_the_table_says(world: World) -> None:
    """B28, B29, B97: inside, outside, called in, moved up; the wrong role; the wrong city."""
    expected, declared = table(), world.declared()
    wrong = []
    for service, method, path, query in declared:
        route = f"{service} {method} {path}"
        for caller in OUTSIDERS_FIRST:
            if (path, caller) in ELSEWHERE:
                continue
            request = request_for(world, service, method, path, caller)
            seen = world.status(service, method, request, caller, query)
            if seen not in (right := expected.get(route, {}).get(caller, set())):
                wrong.append(f"{route} as {caller}: {seen}, not {sorted(right)}")
    assert not wrong, "\n".join(wrong)
    served = {f"{service} {method} {path}" for service, method, path, _ in declared}
    assert set(expected) == served, "docs/access.md has routes that nobody serves"


def test_a_key_for_one_city_traces_nothing_of_another(world: World) -> None:
    """B28: the trace of a case holds its words and who reported."""
    for service in world.stack.services:
        url = f"{world.stack.urls[service]}/v1/trace/{world.plain.case}"
        keys = {who: {"authorization": f"Bearer {world.tokens[who]}"} for who in ("ops", "other city's ops")}
        assert world.stack.http.get(url, headers=keys["other city's ops"]).json()["items"] == []
        if service == "router":
            assert world.stack.http.get(url, headers=keys["ops"]).json()["items"]


def test_what_a_unit_is_only_offered_it_may_take_or_leave_and_is_told_so(world: World) -> None:
    """B28: the first receiver stays responsible until another accepts."""
    guest, owner = world.stack.person("mf-desk"), world.stack.person("qs-desk")
    path = f"/v1/cases/{world.guests['offered'][''].case}"
    assert set(guest.get("router", path).json()["commands"]) == {"accept", "refuse", "note", "mark_sensitive"}
    assert {"claim", "reject"} <= set(owner.get("router", path).json()["commands"])
