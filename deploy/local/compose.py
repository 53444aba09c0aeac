"""compose.yaml, written from the tables that `whistle up` uses: `python -m deploy.local.compose` renews it."""

import json
from pathlib import Path
from typing import Any

import yaml

from deploy.local.jars import read_lock
from deploy.local.kafka import Node, properties
from deploy.local.mongo import MONGOD_FLAGS, Member, mongo_uri, replica_set
from deploy.local.parts import SERVICES, Service, environment
from deploy.local.ports import PORT_BASE

FILE = Path(__file__).parents[2] / "compose.yaml"
HEADER = """\
# The stack from official images. Written by `python -m deploy.local.compose` from the tables of deploy/local,
# which `whistle up` uses too; do not edit. Checked against the compose schema, never run by this project's tests:
# its machines have no Docker daemon.
#
#   export WHISTLE_SECRET=$(openssl rand -hex 32) WHISTLE_PUBLIC_URL=https://whistle.example.org
#   docker compose up --build --wait
#
# One Kafka node and one MongoDB member: a machine's loss is the stack's. Three of each, with TLS and authorization,
# are for a cluster. Here neither can be reached from outside, and the services only from this machine: put a reverse
# proxy with TLS before them.
"""

BROKER = Node(1, 9092, 9093, host="kafka")
MEMBER = Member(27017, host="mongo")
OWNER = "10001:10001"
BUCKET_VARIABLES = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ALLOW_HTTP")
"""Handed on from where compose runs, if they are set there."""
Block = dict[str, Any]
"""A mapping of the compose file."""


def render() -> str:
    """The text of compose.yaml."""
    whole: Block = {
        "name": "whistle",
        "services": {"kafka": _kafka(), "mongo": _mongo(), **{s.name: _service(s) for s in SERVICES}},
        "networks": {"servers": {"internal": True}, "front": {}},
        "volumes": {"kafka": {}, "mongo": {}, "data": {}},
    }
    return HEADER + yaml.safe_dump(whole, sort_keys=False, width=110, allow_unicode=True)


def _limits(memory: str, cpus: str) -> Block:
    return {"resources": {"limits": {"memory": memory, "cpus": cpus}}}


def _health(test: list[str], interval: str) -> Block:
    often = {"start_period": "60s", "start_interval": "2s"}
    return {"test": ["CMD", *test], "interval": interval, "timeout": "10s", "retries": 3, **often}


def _everyone() -> Block:
    return {
        "restart": "unless-stopped",
        "stop_grace_period": "30s",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
    }


def _kafka() -> Block:
    settings = properties(BROKER, [BROKER], Path("/var/lib/kafka/data"))
    spelled = {"KAFKA_" + key.upper().replace(".", "_"): value for key, value in settings.items()}
    asks = ["/opt/kafka/bin/kafka-broker-api-versions.sh", "--bootstrap-server", BROKER.address]
    return {
        "image": f"apache/kafka:{read_lock().kafka}",
        "hostname": BROKER.host,
        "user": "1000:1000",  # the image's own; it writes its settings at start, so its root cannot be read-only
        "environment": {"KAFKA_HEAP_OPTS": "-Xms384m -Xmx384m", **spelled},
        "volumes": ["kafka:/var/lib/kafka/data"],
        "networks": ["servers"],
        "healthcheck": _health(asks, "30s"),
        "deploy": _limits("1g", "1.0"),
        **_everyone(),
    }


def _mongo() -> Block:
    # The health check initiates the set: nothing else runs inside the container once mongod is up.
    initiate = f"try {{ rs.status() }} catch (e) {{ rs.initiate({json.dumps(replica_set([MEMBER]))}) }}"
    asks = ["mongosh", "--quiet", "--eval", f"{initiate}; if (!db.hello().isWritablePrimary) quit(1)"]
    return {
        "image": "mongo:8.0",
        "hostname": MEMBER.host,
        "user": "999:999",
        "read_only": True,
        "tmpfs": ["/tmp"],  # noqa: S108 - of the container
        "command": ["mongod", "--bind_ip_all", "--port", str(MEMBER.port), *MONGOD_FLAGS],
        "volumes": ["mongo:/data/db"],
        "networks": ["servers"],
        "healthcheck": _health(asks, "10s"),
        "deploy": _limits("1500m", "1.0"),
        **_everyone(),
    }


def _service(service: Service) -> Block:
    port = PORT_BASE + service.offset
    told: dict[str, str | None] = dict(
        environment(
            kafka=BROKER.address,
            mongo=mongo_uri([MEMBER]),
            urls={other.name: f"http://{other.name}:{PORT_BASE + other.offset}" for other in SERVICES},
            host="0.0.0.0",  # noqa: S104 - inside its container
            port=port,
            data="/data",
            namespace="whistle",
            log="json",
        )
    )
    told["WHISTLE_SECRET"] = "${WHISTLE_SECRET:?32 random bytes, e.g. from openssl rand -hex 32}"  # noqa: S105 - none
    told["WHISTLE_PUBLIC_URL"] = "${WHISTLE_PUBLIC_URL:?the address that links in messages start with}"
    told["WHISTLE_HEARTBEAT_URL"] = "${WHISTLE_HEARTBEAT_URL:-}"
    told["OTEL_EXPORTER_OTLP_ENDPOINT"] = "${OTEL_EXPORTER_OTLP_ENDPOINT:-}"
    if service.name == "intake":
        told["WHISTLE_PHOTO_STORE"] = "${WHISTLE_PHOTO_STORE:-}"
        told |= dict.fromkeys(BUCKET_VARIABLES)
        told["WHISTLE_REPORTER_RATE"] = "${WHISTLE_REPORTER_RATE:-60}"
    asks = f"import urllib.request as u; u.urlopen('http://127.0.0.1:{port}/readyz', timeout=5)"
    return {
        "image": "whistle",
        "build": {"context": ".", "dockerfile": "deploy/images/Dockerfile"},
        "command": ["python", "-m", service.module],
        "user": OWNER,
        "read_only": True,
        "tmpfs": ["/tmp"],  # noqa: S108 - of the container
        "environment": told,
        "volumes": ["data:/data"],
        "networks": ["servers", "front"],
        "ports": [f"127.0.0.1:{port}:{port}"],
        # Reports are taken in while Kafka is away, so only MongoDB must be well first.
        "depends_on": {"mongo": {"condition": "service_healthy"}, "kafka": {"condition": "service_started"}},
        "healthcheck": _health(["python", "-c", asks], "10s"),
        "deploy": _limits("512m", "1.0"),
        **_everyone(),
    }


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
