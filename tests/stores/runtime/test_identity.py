"""Promises of keys: every one has a name and can be withdrawn, and what was withdrawn opens nothing after five
seconds, in no service."""

import httpx
import pytest

from shared.kernel.clock import StoppedClock
from shared.runtime.http_client import client as http_client
from shared.runtime.http_client.client import ServiceAuth
from shared.runtime.identity import directory as directory_module
from shared.runtime.identity import installation as installation_module
from shared.runtime.identity.development_keys import DevelopmentKeys
from shared.runtime.identity.directory import Directory, PersonRights, Principal, key_id
from shared.runtime.identity.tokens import ops_token, service_token, token_hash
from shared.runtime.storage.mongo import Database, Document
from tests.kit.made_reports import NOW, SECRET

OPS = Principal(kind="ops", city="harbour", name="night-ops")
APP = Principal(kind="rider_app", city="harbour", app="rider-app-1")
DESK = Principal(kind="officer", city="harbour", person="qs-desk")
RIGHTS = [PersonRights(id="qs-desk", unit="quayside", role="duty_officer", post="A")]


class Seconds:
    """A monotonic clock that a test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        for module in (directory_module, installation_module):
            monkeypatch.setattr(module.time, "monotonic", lambda: self.now)


@pytest.fixture
async def directory(database: Database) -> Directory:
    found = Directory(database, SECRET, StoppedClock(NOW))
    await found.put_people("harbour", RIGHTS, "v1")
    await found.add_keys([("whk_ops_x", OPS), ("whk_app_x", APP), ("whk_officer_x", DESK)], NOW, "night-ops")
    return found


@pytest.mark.parametrize(
    ("token", "name", "role"),
    [
        ("whk_ops_x", "night-ops", "ops"),
        ("whk_app_x", "rider-app-1", "rider_app"),
        ("whk_officer_x", "qs-desk", "officer"),
    ],
)
async def test_a_key_of_every_role_is_revoked_by_its_name(
    database: Database, directory: Directory, token: str, name: str, role: str
) -> None:
    """B66: keys of ops had no name, and revoking one answered 0."""
    assert await directory.principal(token) is not None
    assert await directory.revoke("elsewhere", name, NOW) == 0
    assert await directory.revoke("harbour", name, NOW, role="importer") == 0
    assert await directory.revoke("harbour", name, NOW, role=role) == 1
    assert await Directory(database, SECRET, StoppedClock(NOW)).principal(token) is None
    assert await directory.holders({token_hash(token)}) == {}


async def test_a_key_without_a_name_of_an_older_version_is_revoked_by_its_id(directory: Directory) -> None:
    nameless: Document = {"kind": "ops", "city": "harbour", "app": None, "person": None, "revoked_at": None}
    await directory._keys.insert({"_id": token_hash("whk_ops_old"), "created_at": NOW, **nameless})
    assert await directory.principal("whk_ops_old") == Principal(kind="ops", city="harbour")
    id_ = key_id({"_id": token_hash("whk_ops_old")})
    assert await directory.revoke_one("elsewhere", id_, NOW) == 0
    assert await directory.revoke_one("harbour", id_, NOW) == 1
    assert await directory.holders({token_hash("whk_ops_old")}) == {}


async def test_keys_are_listed_with_who_made_them_and_never_with_what_opens_anything(directory: Directory) -> None:
    found = await directory.keys({"city": "harbour"}, 10)
    assert {(key["name"], key["kind"], key["made_by"]) for key in found} == {
        ("night-ops", "ops", "night-ops"),
        ("rider-app-1", "rider_app", "night-ops"),
        ("qs-desk", "officer", "night-ops"),
    }
    assert "whk_" not in str(found)


async def test_an_app_has_a_key_until_its_last_is_revoked(directory: Directory) -> None:
    assert await directory.has_key("harbour", "rider-app-1")
    await directory.revoke("harbour", "rider-app-1", NOW)
    assert not await directory.has_key("harbour", "rider-app-1")
    assert await directory.had_key("harbour", "rider-app-1")
    assert not await directory.had_key("harbour", "meitaun")
    assert not await directory.had_key("elsewhere", "rider-app-1")


async def test_what_is_withdrawn_opens_nothing_after_five_seconds(
    database: Database, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B63: the answer is as old as its question, not as its arrival."""
    seconds = Seconds(monkeypatch)
    tokens = ("whk_ops_x", "whk_app_x", "whk_officer_x", ops_token(SECRET), service_token(SECRET))
    for token in tokens:
        assert await directory.principal(token) is not None
    another = Directory(database, SECRET, StoppedClock(NOW))
    await another.revoke("harbour", "night-ops", NOW)
    await another.revoke("harbour", "rider-app-1", NOW)
    await another.put_people("harbour", [], "v2")
    await another.installation.raised("k1")
    seconds.now += 4.9
    for token in tokens:
        assert await directory.principal(token) is None, token


async def test_development_tokens_open_nothing_where_development_is_off(database: Database) -> None:
    """Data that was tried out with them kept them valid for ever."""
    directory = Directory(database, SECRET, StoppedClock(NOW))
    await directory.put_people("harbour", RIGHTS, "v1")
    development = DevelopmentKeys(database, directory, SECRET)
    apps, people = await development.make("harbour", ["qs-desk"], NOW)
    real = [("whk_rider_app_x", Principal(kind="rider_app", city="harbour", app="rider-app")), ("whk_officer_y", DESK)]
    await directory.add_keys(real, NOW)
    tokens = [*apps.values(), *people.values()]

    async def holding() -> set[str]:
        fresh = Directory(database, SECRET, StoppedClock(NOW))
        return {token for token in (*tokens, *(token for token, _ in real)) if await fresh.principal(token) is not None}

    assert await holding() == {*tokens, *(token for token, _ in real)}
    assert await development.revoke(NOW) == len(tokens) == 4
    assert await holding() == {token for token, _ in real}
    assert await development.revoke(NOW) == 0
    assert await development.make("harbour", ["qs-desk"], NOW) == (apps, people), "development is on again"
    await directory.revoke("harbour", "importer", NOW)
    await development.make("harbour", ["qs-desk"], NOW)
    assert await holding() == {*tokens, *(token for token, _ in real)} - {apps["importer_key"]}, "revoked stays revoked"


async def test_the_installations_tokens_have_generations(database: Database, directory: Directory) -> None:
    """B66: who rotates again under the same key rotates once; the first generation is that of 0.1.0."""
    assert await directory.principal(ops_token(SECRET)) == Principal(kind="ops", city="*")
    assert await directory.installation.raised("k1") == 1
    assert await directory.installation.raised("k1") == 1
    assert await directory.installation.raised("k2") == 2
    assert await directory.principal(ops_token(SECRET)) is None
    assert await directory.principal(service_token(SECRET, 1)) is None
    assert await directory.principal(service_token(SECRET, 2)) == Principal(kind="service", city="*")
    assert await directory.holders({token_hash(ops_token(SECRET, 2)), token_hash(ops_token(SECRET))}) == {
        token_hash(ops_token(SECRET, 2)): Principal(kind="ops", city="*")
    }


async def test_services_find_each_other_whoever_hears_of_a_new_generation_first(database: Database) -> None:
    """B66: nobody is refused in the seconds in which it goes round."""
    asked, answering = Directory(database, SECRET, StoppedClock(NOW)), Directory(database, SECRET, StoppedClock(NOW))
    await asked.installation.tokens()
    await answering.installation.tokens()
    served: list[str] = []

    async def serve(request: httpx.Request) -> httpx.Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        served.append(token)
        return httpx.Response(
            200 if await answering.principal(token) is not None else 401, text=request.content.decode()
        )

    auth = ServiceAuth(asked.installation.service_token)
    client = http_client.client("http://other", transport=httpx.MockTransport(serve), auth=auth)
    assert (await client.post("/v1/replay", json={"a": 1})).text == '{"a":1}'
    await answering.installation.raised("k1")
    assert (await client.post("/v1/replay", json={"a": 1})).text == '{"a":1}'
    assert served == [service_token(SECRET), service_token(SECRET), service_token(SECRET, 1)]
    await asked.installation.raised("k2")
    assert (await client.post("/v1/replay")).status_code == 200
    await http_client.close_all()
