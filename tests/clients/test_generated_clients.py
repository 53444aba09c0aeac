"""Promises to those who generate clients from docs/openapi: nothing is left out, and what comes has the types."""

import base64
from pathlib import Path

import pytest

from tests.kit.cases_on_stack import walker
from tests.kit.generated_clients import PythonClients, TypeScriptClients
from tests.kit.photo_files import phone_photo
from tests.kit.places import QUAY
from tests.kit.stack import RunningStack, until

pytestmark = pytest.mark.timeout(600)  # generators and compilers beside a running stack
Clients = PythonClients | TypeScriptClients

WRONG = {
    PythonClients: (
        "wrong.py",
        "from whistle_clients.intake.models import ReportBody\nReportBody('a lamp', 'dark')\n",
        'Argument 1 to "ReportBody" has incompatible type "str"; expected "ReportBodyKind"',
    ),
    TypeScriptClients: (
        "wrong.ts",
        'import type { components } from "./intake.ts";\n'
        'export const body: components["schemas"]["ReportBody"] = { kind: "lamp", description: "dark" };\n',
        """Type '"lamp"' is not assignable to type '"clue" | "hazard" | "need" | "opinion"'""",
    ),
}


@pytest.fixture(scope="module", params=["python", "typescript"])
def clients(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Clients:
    folder: Path = tmp_path_factory.mktemp("clients")
    return PythonClients(folder) if request.param == "python" else TypeScriptClients(folder)


def test_a_generator_reads_every_document_and_leaves_nothing_out(clients: Clients) -> None:
    assert [ran.text for ran in clients.generated if ran.code != 0 or "WARNING" in ran.text] == []


def test_what_is_generated_and_its_use_are_strictly_typed_and_a_wrong_word_is_found(clients: Clients) -> None:
    name, program, complaint = WRONG[type(clients)]
    (clients.folder / name).write_text(program)
    said = clients.types_of(clients.use, clients.folder / name)
    assert [line for line in said.text.splitlines() if ": error" in line and not line.startswith(name)] == []
    assert complaint in said.text
    assert said.code != 0


def test_a_generated_client_reports_with_a_photo_reads_it_back_and_claims(
    clients: Clients, stack: RunningStack
) -> None:
    rider, officer = stack.rider(), walker(stack)
    picture = base64.b64encode(phone_photo()).decode()
    told = {
        "url": stack.urls["intake"],
        "token": rider.token,
        "picture": picture,
        "lon": QUAY["lon"],
        "lat": QUAY["lat"],
    }
    sent = clients.run("report", told)
    assert sent["photos"] == [sent["photo"]]
    assert sent["description"] == "the lamp is dark"
    assert sent["status_text"]
    case = stack.case_of(sent["report"], rider)["case"]["id"]
    until(lambda: officer.get("intake", f"/v1/photos/{sent['photo']}").status_code == 200, what="the clean photo")

    asked = {"intake": stack.urls["intake"], "url": stack.urls["router"], "token": officer.token}
    seen = clients.run("claim", {**asked, "unit": "quayside", "case": case, "photo": sent["photo"]})
    assert seen["state"] == "claimed"
    assert officer.get("router", f"/v1/cases/{case}").json()["state"] == "claimed"
    assert seen["picture"] > 0
    assert seen["queued"]["id"] == seen["streamed"]["id"] == case
    assert seen["streamed"].keys() == seen["queued"].keys(), "one shape for the queue's row and the stream's"
    assert seen["streamed"]["state"] == "claimed"
    assert seen["streamed"]["assignee"] == officer.id
    assert seen.get("untold", []) == []
