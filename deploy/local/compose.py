"""compose.yaml, written from the tables that `whistle up` uses: `python -m deploy.local.compose` renews it."""

import json
from pathlib import Path
from typing import Any

import yaml

from deploy.local.parts import SERVICES, WITH_ACCOUNTS, Service, environment
from deploy.local.ports import PORT_BASE
from deploy.local.servers.jars import read_lock
from deploy.local.servers.kafka import ADMIN, Node, secured_properties
from deploy.local.servers.mongo import MONGOD_FLAGS, Member, cache_flags, mongo_uri, replica_set

FILE = Path(__file__).parents[2] / "compose.yaml"
HEADER = """\
# The stack from official images. Written by `python -m deploy.local.compose` from the tables of deploy/local,
# which `whistle up` uses too; do not edit. Checked against the compose schema, never run by this project's tests:
# its machines have no Docker daemon.
#
#   make setup && .venv/bin/python -m deploy.local.compose_secrets    # once: .env and secrets/, to be kept
#   echo WHISTLE_PUBLIC_URL=https://whistle.example.org >> .env       # and other settings, see docs/settings.md
#   docker compose up --build --wait
#   (. ./.env; export WHISTLE_SECRET; .venv/bin/whistle city load DIR)   # intake and notifier wait for a city
#
# Variables of a city's channels (CHANNEL_<CITY>_…) stand in channels.env; docs/operations.md has a checklist.
#
# Kafka is spoken to with TLS, Kafka and MongoDB with an account for each service; `accounts` gives them their rights
# and ends. Images are exact tags; this writes their digests down, to be named with `-f` beside this file:
#
#   docker compose config --lock-image-digests > compose.digests.yaml
#
# One Kafka node and one MongoDB member: a machine's loss is the stack's; three of each are for a cluster. Here neither
# can be reached from outside, and the services only from this machine. The one public address is the console's (port
# 8800), behind TLS: by a proxy of yours on this machine, or by the one here, with a certificate that all may read:
#
#   cp fullchain.pem secrets/tls.crt && cp key.pem secrets/tls.key && chmod 644 secrets/tls.*
#   docker compose --profile tls up --build --wait
"""

BROKER = Node(1, 9092, 9093, host="kafka")
INTERNAL_PORT = 9094
CA_FILE, KAFKA_PEM_FILE = "secrets/ca.pem", "secrets/kafka.pem"
TLS = {"tls_cert": "secrets/tls.crt", "tls_key": "secrets/tls.key"}
PASSWORDS = tuple(f"WHISTLE_{name.upper()}_PASSWORD" for name in (ADMIN, *(service.name for service in WITH_ACCOUNTS)))
"""Variables with the passwords of the accounts, the same on both servers."""
IMAGES = {"kafka": f"apache/kafka:{read_lock().kafka}", "mongo": "mongo:8.0.17", "tls": "caddy:2.10.0"}
MEMBER = Member(27017, host="mongo")
MONGO_MEMORY = 8 * 2**30
"""Of a server for a city, in bytes; mongod's cache follows from it."""
OWNER = "10001:10001"
KEY_FILE = "/tmp/key"  # noqa: S108 - of the container, in memory
KEYS = "/keys"
"""The master keys of reporters' data, in a volume that intake alone has."""
BUCKET_VARIABLES = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ALLOW_HTTP")
"""Handed on to intake from where compose runs, if they are set there."""
PASSED_ON = tuple(
    f"WHISTLE_{name}" for name in ("WEBHOOK_ALLOW", "KEY_RATE", "PHOTO_RATE", "STREAMS", "STREAMS_EACH", "IMPORT_DAYS")
)
"""Handed on to every service, if they are set there or in `.env`."""
ORGANISATION = tuple(
    f"WHISTLE_OIDC_{name}" for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "SCOPE", "CLAIM", "CITY")
)
"""The organisation's sign-in, for the router, if they are set there."""
COMPOSE_NETWORKS = "172.16.0.0/12"
"""From which Docker takes its networks: the console, and a proxy on the host, call from there."""
CHANNELS_FILE = "channels.env"
"""Variables that cities' packs name (`CHANNEL_<CITY>_…`), for the notifier alone."""
CADDYFILE = """\
{
	auto_https off
	admin off
}
:8080 {
	respond "alive"
}
:8443 {
	tls /run/secrets/tls_cert /run/secrets/tls_key
	request_body {
		max_size 16MB
	}
	reverse_proxy console:8800
}
"""
"""It says the client's address in X-Forwarded-For, in place of what the client itself says, and passes streams on."""
Block = dict[str, Any]
"""A mapping of the compose file."""


def render() -> str:
    """The text of compose.yaml."""
    whole: Block = {
        "name": "whistle",
        "services": {
            "kafka": _kafka(),
            "mongo": _mongo(),
            "accounts": _accounts(),
            **{s.name: _service(s) for s in SERVICES},
            "tls": _tls(),
        },
        "networks": {"servers": {"internal": True}, "front": {}},
        "volumes": {"kafka": {}, "mongo": {}, "data": {}, "keys": {}},
        "secrets": {"ca": {"file": CA_FILE}, "kafka": {"file": KAFKA_PEM_FILE}, **_files(TLS)},
        "configs": {"tls": {"content": CADDYFILE}},
    }
    return HEADER + yaml.safe_dump(whole, sort_keys=False, width=110, allow_unicode=True)


def _files(named: dict[str, str]) -> Block:
    return {name: {"file": file} for name, file in named.items()}


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
    accounts = {account: _password(account) for account in (ADMIN, *(service.name for service in WITH_ACCOUNTS))}
    settings = secured_properties(
        BROKER, Path("/var/lib/kafka/data"), "/run/secrets/kafka", accounts, internal_port=INTERNAL_PORT
    )
    spelled = {"KAFKA_" + key.upper().replace(".", "_"): value for key, value in settings.items()}
    asks = ["/opt/kafka/bin/kafka-broker-api-versions.sh", "--bootstrap-server", f"127.0.0.1:{INTERNAL_PORT}"]
    return {
        "image": IMAGES["kafka"],
        "hostname": BROKER.host,
        "user": "1000:1000",  # the image's own; it writes its settings at start, so its root cannot be read-only
        "environment": {"KAFKA_HEAP_OPTS": "-Xms384m -Xmx384m", **spelled},
        "secrets": ["kafka"],
        "volumes": ["kafka:/var/lib/kafka/data"],
        "networks": ["servers"],
        "healthcheck": _health(asks, "30s"),
        "deploy": _limits("1g", "1.0"),
        **_everyone(),
    }


def _mongo() -> Block:
    # The health check initiates the set and makes the administrator, which mongod lets loopback do once: nothing else
    # runs inside the container. The entry point is passed over, which would start mongod without the set first.
    initiate = f"try {{ rs.initiate({json.dumps(replica_set([MEMBER]))}) }} catch (e) {{ }}"
    wait = "if (!db.hello().isWritablePrimary) quit(1)"
    user = f"{{user: '{ADMIN}', pwd: process.env.ADMIN_PASSWORD, roles: ['root']}}"
    admin = f"try {{ a.createUser({user}) }} catch (e) {{ }}"
    proof = f"if (!a.auth('{ADMIN}', process.env.ADMIN_PASSWORD)) quit(1)"
    asks = ["mongosh", "--quiet", "--eval", f"a = db.getSiblingDB('admin'); {initiate}; {wait}; {admin}; {proof}"]
    where = ["mongod", "--bind_ip_all", "--port", str(MEMBER.port), "--keyFile", KEY_FILE]
    mongod = " ".join([*where, *cache_flags(MONGO_MEMORY), *MONGOD_FLAGS])
    return {
        "image": IMAGES["mongo"],
        "hostname": MEMBER.host,
        "user": "999:999",
        "read_only": True,
        "tmpfs": ["/tmp"],  # noqa: S108 - of the container
        "environment": {"MONGO_KEY": _required("MONGO_KEY"), "ADMIN_PASSWORD": _password(ADMIN)},
        "entrypoint": ["/bin/sh", "-c"],
        "command": [f'umask 077; printf %s "$$MONGO_KEY" > {KEY_FILE}; exec {mongod}'],
        "volumes": ["mongo:/data/db"],
        "networks": ["servers"],
        "healthcheck": _health(asks, "10s"),
        "deploy": _limits("1500m", "1.0"),
        **_everyone(),
    }


def _required(variable: str) -> str:
    return f"${{{variable}:?run python -m deploy.local.compose_secrets}}"


def _password(account: str) -> str:
    return _required(f"WHISTLE_{account.upper()}_PASSWORD")


def _account(account: str) -> Block:
    """What a container is told of its account on both servers."""
    return {
        "WHISTLE_KAFKA": BROKER.address,
        "WHISTLE_KAFKA_SECURITY": "SASL_SSL",
        "WHISTLE_KAFKA_MECHANISM": "PLAIN",
        "WHISTLE_KAFKA_USER": account,
        "WHISTLE_KAFKA_PASSWORD": _password(account),
        "WHISTLE_KAFKA_CA": "/run/secrets/ca",
        "WHISTLE_MONGO": mongo_uri([MEMBER], account=f"{account}:{_password(account)}"),
    }


def _accounts() -> Block:
    """Gives each service's account its rights, and ends; as often as the stack is started."""
    well = {"condition": "service_healthy"}
    return {
        **_image(),
        "command": ["python", "-m", "deploy.local.security.accounts"],
        "environment": {**_account(ADMIN), **{name: _required(name) for name in PASSWORDS[1:]}},
        "networks": ["servers"],
        "depends_on": {"mongo": well, "kafka": well},
        "deploy": _limits("256m", "1.0"),
        **_everyone(),
        "restart": "on-failure:10",
    }


def _image() -> Block:
    """What all containers of Whistle's own image have."""
    return {
        "image": "whistle",
        "build": {"context": ".", "dockerfile": "deploy/images/Dockerfile"},
        "user": OWNER,
        "read_only": True,
        "tmpfs": ["/tmp"],  # noqa: S108 - of the container
        "secrets": ["ca"],
    }


def _tls() -> Block:
    """The proxy before the console, for machines that have none: only with ``--profile tls``."""
    return {
        "image": IMAGES["tls"],
        "profiles": ["tls"],
        "user": "1000:1000",
        "read_only": True,
        "tmpfs": ["/config", "/data"],
        "configs": [{"source": "tls", "target": "/etc/caddy/Caddyfile"}],
        "secrets": list(TLS),
        "networks": ["front"],
        "ports": ["443:8443"],
        "depends_on": {"console": {"condition": "service_started"}},
        "healthcheck": _health(["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/"], "10s"),
        "deploy": _limits("128m", "0.5"),
        **_everyone(),
        "cap_add": ["NET_BIND_SERVICE"],  # the program's file names it, and would not start without
    }


def _before(service: Service) -> Block:
    """What is started before it: the accounts, or for the console the services behind it."""
    if service.has_accounts:
        return {"accounts": {"condition": "service_completed_successfully"}}
    return {other.name: {"condition": "service_started"} for other in WITH_ACCOUNTS}


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
    told["WHISTLE_SECRET"] = _required("WHISTLE_SECRET")
    if service.has_accounts:
        told |= _account(service.name)
    else:  # nor does it know where the servers are
        del told["WHISTLE_KAFKA"], told["WHISTLE_MONGO"]
        told["WHISTLE_RIDER_KEY"] = "${WHISTLE_RIDER_KEY:-}"
        told["WHISTLE_PDF_FONT"] = "${WHISTLE_PDF_FONT:-}"
        told["WHISTLE_IDLE_MINUTES"] = "${WHISTLE_IDLE_MINUTES:-30}"
    told["WHISTLE_PUBLIC_URL"] = "${WHISTLE_PUBLIC_URL:?the address that links in messages start with}"
    told["WHISTLE_REPORTER_URL"] = "${WHISTLE_REPORTER_URL:-${WHISTLE_PUBLIC_URL}}"
    told |= dict.fromkeys(PASSED_ON)
    told["WHISTLE_TRUSTED_PROXIES"] = f"${{WHISTLE_TRUSTED_PROXIES:-{COMPOSE_NETWORKS}}}"
    told["WHISTLE_HEARTBEAT_URL"] = "${WHISTLE_HEARTBEAT_URL:-}"
    told["OTEL_EXPORTER_OTLP_ENDPOINT"] = "${OTEL_EXPORTER_OTLP_ENDPOINT:-}"
    volumes = ["data:/data"]
    if service.name == "intake":
        told["WHISTLE_KEYS"] = KEYS
        volumes.append(f"keys:{KEYS}")
        told["WHISTLE_PHOTO_STORE"] = "${WHISTLE_PHOTO_STORE:-}"
        told |= dict.fromkeys(BUCKET_VARIABLES)
        told["WHISTLE_REPORTER_RATE"] = "${WHISTLE_REPORTER_RATE:-60}"
    if service.name == "router":
        told |= dict.fromkeys(ORGANISATION)
    # Not /readyz: intake and notifier are not ready before a city is loaded, and `up --wait` would never end.
    asks = f"import urllib.request as u; u.urlopen('http://127.0.0.1:{port}/livez', timeout=5)"
    channels = {"env_file": [{"path": CHANNELS_FILE, "required": False}]} if service.name == "notifier" else {}
    return {
        **_image(),
        "command": ["python", "-m", service.module],
        "environment": told,
        **channels,
        "volumes": volumes,
        "networks": ["servers", "front"] if service.has_accounts else ["front"],
        "ports": [f"127.0.0.1:{port}:{port}"],
        "depends_on": _before(service),
        "healthcheck": _health(["python", "-c", asks], "10s"),
        "deploy": _limits("512m", "1.0"),
        **_everyone(),
    }


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
