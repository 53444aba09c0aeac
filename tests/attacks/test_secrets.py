"""Secrets stay where they belong: in no file but their own, on no command line, in no answer to somebody else."""

import os
import re
import stat
import uuid
from pathlib import Path
from urllib.parse import quote

import pytest

from shared.runtime.identity.tokens import ops_token, service_token
from tests.kit.cases_on_stack import alert_of, opened
from tests.kit.data_folder import SECRET_FILES, readable_files
from tests.kit.places import QUAY
from tests.kit.stack import RunningStack, until

TOKEN = re.compile(rb"whk_[a-z_]+_[0-9a-f]{16}")


def secrets_of(stack: RunningStack) -> dict[str, str]:
    """Name → secret, of everything that opens something."""
    installation = (stack.data / "secret").read_text().strip()
    found = {"installation": installation, "ops": ops_token(installation), "service": service_token(installation)}
    for city, told in stack.dev["cities"].items():
        found |= {f"{city} {name}": told[name] for name in ("app_key", "app_key_2", "importer_key")}
        found |= {f"{city} {person['id']}": person["token"] for person in told["people"]}
    return found


def busy(stack: RunningStack) -> dict[str, str]:
    """Everything that handles secrets happens, also where they do not belong; answers those that were made by it."""
    rider, officer = stack.rider(), stack.person("qs-walk")
    _, case = opened(stack)
    link = str(alert_of(stack, officer, case)["link"])
    assert stack.http.post(link).status_code == 200
    key = stack.ops.post_to("router", "/v1/keys", {"name": "kept", "role": "rider_app", "city": "harbour"}).json()[
        "key"
    ]
    hook = rider.post_to("notifier", "/v1/webhooks", {"url": "http://127.0.0.1:9/hook"}).json()["secret"]
    stack.case_of(rider.report("lamp", QUAY).json()["id"], rider)
    for service, url in stack.services.items():
        for token in (rider.token, officer.token, stack.ops.token):
            stack.http.get(f"{url}/v1/me", headers={"authorization": f"Bearer {token}x"})
            stack.http.get(f"{url}/v1/me?token={token}", headers={"authorization": f"Basic {token}"})
            stack.http.get(f"{url}/{quote(token)}", headers={"traceparent": token, "user-agent": token})
            stack.http.post(f"{url}/v1/replay", content=token, headers={"authorization": f"Bearer {token}"})
        assert stack.ops.get(service, "/v1/dead-letters").status_code == 200
    rider.post_to("intake", "/v1/reports", {"kind": rider.token, "description": 7})
    rider.post_to("intake", f"/v1/reports/{rider.token}/rating", {"score": 3}, key=uuid.uuid4().hex)
    until(stack.ready, what="the stack ready")
    return {"link": link.rsplit("/", 1)[1], "made key": key, "webhook": hook}


def test_no_secret_is_in_any_file_but_its_own(stack: RunningStack) -> None:
    """Tokens are looked for by their form, so that those of nobody here are found too."""
    known = secrets_of(stack)
    assert all(token.startswith("whk_") for name, token in known.items() if name != "installation")
    assert TOKEN.search((stack.data / "dev.json").read_bytes()), "the form is right"
    others = {"installation": known["installation"], **busy(stack)}
    looked_at, leaks = 0, []
    for path in readable_files(stack.data):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue  # a server removed it meanwhile
        looked_at += 1
        names = [name for name, secret in others.items() if secret.encode() in content]
        leaks += [f"{name} in {path.relative_to(stack.data)}" for name in names]
        leaks += [f"a token in {path.relative_to(stack.data)}" for _ in TOKEN.finditer(content)]
    assert not leaks
    assert looked_at > 50, "logs, state, MongoDB and Kafka"


def test_no_secret_is_on_a_command_line(stack: RunningStack) -> None:
    """Command lines are for everybody on the machine to read; environments are their owner's."""
    secrets = secrets_of(stack)
    pids = [stack.pid(row["part"]) for row in stack.status()]
    for pid in filter(None, pids):
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
        assert line
        assert not [name for name, secret in secrets.items() if secret.encode() in line]
        assert not Path(f"/proc/{pid}/environ").stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


@pytest.mark.parametrize("name", sorted(SECRET_FILES))
def test_files_that_hold_secrets_are_their_owners_alone(stack: RunningStack, name: str) -> None:
    seen = (stack.data / name).stat()
    assert stat.S_IMODE(seen.st_mode) == 0o600
    assert seen.st_uid == os.getuid()


def test_answers_never_repeat_a_secret(stack: RunningStack) -> None:
    """Traces, dead letters, packs and metrics are read by people who have not got that secret."""
    secrets = secrets_of(stack)
    report, case = opened(stack)
    for service in stack.services:
        for path in (f"/v1/trace/{report}", f"/v1/trace/{case}", "/v1/dead-letters", "/metrics", "/openapi.json"):
            text = stack.ops.get(service, path).text
            assert not [name for name, secret in secrets.items() if secret in text], f"{service} {path}"
