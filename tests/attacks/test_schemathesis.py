"""Requests made up from the OpenAPI pages: no 5xx, every status documented, every answer as described."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.runtime.identity.tokens import service_token
from tests.kit.photo_files import phone_photo
from tests.kit.places import QUAY
from tests.kit.stack import HARBOUR, ROOT, RunningStack, running_stack, until

LONGER = os.environ.get("WHISTLE_SCHEMATHESIS_SECONDS")
"""Set: so many seconds, and a new seed each time (the runner prints it). Otherwise the same requests always."""
SECONDS = int(LONGER or "12")
"""For each service, all at once."""
FAULTS = ("http.failed", "record.failed", "task.failed", "task.ended", "consumer.stalled")
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance"
)
LEFT_OUT = "stream$|/dev/|/replay$|/keys:rotate$"
"""What never ends, moves the clock, publishes everything again, and ends the token that is shown."""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RunningStack]:
    """A stack of its own: thousands of odd reports would fill the others' queues."""
    with running_stack(tmp_path, [HARBOUR]) as running:
        yield running


def world(stack: RunningStack) -> str:
    """Tokens by role, and ids that exist, for the hooks."""
    rider, officer = stack.rider(), stack.person("qs-walk")
    reports = [rider.report(f"lamp {n}", QUAY).json()["id"] for n in range(6)]
    cases = [stack.case_of(report, rider)["case"]["id"] for report in reports]
    hook = rider.post_to("notifier", "/v1/webhooks", {"url": "http://127.0.0.1:9/"}).json()["id"]
    alerts = until(lambda: officer.get("notifier", "/v1/alerts", limit=200).json()["items"], what="alerts")
    tokens = {
        "rider_app": rider.token,
        "officer": officer.token,
        "ops": stack.ops.token,
        "service": service_token((stack.data / "secret").read_text().strip()),
    }
    ids = {
        "/v1/reports/": reports,
        "/v1/cases/": cases,
        "/v1/trace/": reports,
        "/v1/photos/": [rider.send_photo(phone_photo(), key=uuid.uuid4().hex).json()["id"]],
        "/v1/queues/": ["quayside"],
        "/v1/units/": ["quayside"],
        "/v1/alerts/": [alert["id"] for alert in alerts],
        "/v1/webhooks/": [hook],
    }
    return json.dumps({"tokens": tokens, "ids": ids})


def test_no_request_that_the_pages_allow_or_forbid_meets_a_fault_or_an_undocumented_answer(own: RunningStack) -> None:
    environment = {
        **os.environ,
        "WHISTLE_TEST_WORLD": world(own),
        "SCHEMATHESIS_HOOKS": "tests.attacks.schemathesis_hooks",
        "PYTHONPATH": str(ROOT),
    }
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", "--max-time", str(SECONDS), "--checks", CHECKS,
        "--phases", "coverage,fuzzing,stateful", "--exclude-path-regex", LEFT_OUT, "--request-timeout", "10",
        "--no-shrink", "--continue-on-failure", "--no-color",
        *(("--generation-database", "none") if LONGER else ("--generation-deterministic",)),
    ]  # fmt: skip
    running = {
        service: subprocess.Popen(
            [*command, f"{url}/openapi.json"],
            cwd=own.data,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for service, url in own.services.items()
    }
    said = {service: process.communicate(timeout=SECONDS + 60)[0] for service, process in running.items()}
    for service, process in running.items():
        assert process.returncode == 0, f"{service}: {said[service][-6000:]}"
        assert "generated" in said[service], said[service][-2000:]
    faults = [
        line
        for service in own.services
        for line in (own.data / "logs" / f"{service}.log").read_text().splitlines()
        if any(f'"event": "{fault}"' in line for fault in FAULTS)
    ]
    assert not faults, "\n".join(faults[:5])
    parked = [item for service in own.services for item in own.ops.get(service, "/v1/dead-letters").json()["items"]]
    assert not parked, "what was accepted could not be handled"
