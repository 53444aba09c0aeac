"""The tables that `whistle up` and compose.yaml are made from."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from pydantic import ValidationError

from deploy.local import compose, compose_secrets
from deploy.local.parts import SERVICES, WITH_ACCOUNTS, Stack, local_environment
from deploy.local.security.certificates import certificates
from deploy.local.servers.kafka import BROKER_SETTINGS, Node, new_cluster_id, properties
from deploy.local.servers.mongo import MONGOD_FLAGS, Member, cache_flags, is_mended, mongo_uri, replica_set
from shared.runtime.settings import Settings


def test_a_broker_makes_no_topic_by_itself_and_loses_no_acknowledged_record_on_purpose() -> None:
    settings = properties(Node(1, 9092, 9093), [Node(1, 9092, 9093)], Path("/d"))
    assert settings["auto.create.topics.enable"] == "false"
    assert settings["unclean.leader.election.enable"] == "false"
    assert settings["message.max.bytes"] == "262144"
    assert settings["log.retention.ms"] == str(7 * 86_400_000)
    assert settings["offsets.retention.minutes"] == str(30 * 1440)
    assert settings["group.initial.rebalance.delay.ms"] == "0"


def test_a_broker_listens_on_its_own_address_only() -> None:
    settings = properties(Node(1, 18810, 18812), [Node(1, 18810, 18812)], Path("/d"))
    assert settings["listeners"] == "PLAINTEXT://127.0.0.1:18810,CONTROLLER://127.0.0.1:18812"


def test_three_nodes_vote_together() -> None:
    nodes = [Node(n, 9000 + n, 9100 + n) for n in (1, 2, 3)]
    settings = properties(nodes[1], nodes, Path("/d"))
    assert settings["node.id"] == "2"
    assert settings["controller.quorum.voters"] == "1@127.0.0.1:9101,2@127.0.0.1:9102,3@127.0.0.1:9103"
    assert (settings["offsets.topic.replication.factor"], settings["min.insync.replicas"]) == ("3", "2")


def test_one_node_keeps_one_copy() -> None:
    settings = properties(Node(1, 9001, 9101), [Node(1, 9001, 9101)], Path("/d"))
    assert (settings["offsets.topic.replication.factor"], settings["min.insync.replicas"]) == ("1", "1")


def test_cluster_ids_are_22_characters_and_differ() -> None:
    one, other = new_cluster_id(), new_cluster_id()
    assert len(one) == len(other) == 22
    assert one != other


def test_three_members_make_one_set() -> None:
    members = [Member(27000 + n, id=n) for n in range(3)]
    assert mongo_uri(members) == "mongodb://127.0.0.1:27000,127.0.0.1:27001,127.0.0.1:27002/?replicaSet=rs0"
    assert [row["_id"] for row in replica_set(members)["members"]] == [0, 1, 2]


def test_a_local_service_is_told_everything(tmp_path: Path) -> None:
    stack = Stack(tmp_path, 18800)
    told = local_environment(stack, next(s for s in SERVICES if s.name == "router"), "s" * 64)
    assert told == {
        "WHISTLE_KAFKA": "127.0.0.1:18810",
        "WHISTLE_MONGO": "mongodb://127.0.0.1:18811/?replicaSet=rs0",
        "WHISTLE_DATA": str(tmp_path),
        "WHISTLE_LOG": "json",
        "WHISTLE_NAMESPACE": "whistle",
        "WHISTLE_HOST": "127.0.0.1",
        "WHISTLE_PORT": "18802",
        **{f"WHISTLE_{s.name.upper()}_URL": stack.url(s) for s in SERVICES},
        "WHISTLE_PUBLIC_URL": "http://127.0.0.1:18800",
        "WHISTLE_TRUSTED_PROXIES": "127.0.0.1",
        "WHISTLE_SECRET": "s" * 64,
        "WHISTLE_DEV_TOKENS": "1",
        "WHISTLE_WEBHOOK_ALLOW": "127.0.0.0/8,::1/128",
    }


def test_without_dev_tokens_no_internal_network_may_be_called(tmp_path: Path) -> None:
    told = local_environment(Stack(tmp_path, dev_tokens=False), SERVICES[0], "s" * 64)
    assert (told["WHISTLE_DEV_TOKENS"], told["WHISTLE_WEBHOOK_ALLOW"]) == ("0", "")


def test_running_servers_are_used_where_they_are(tmp_path: Path) -> None:
    stack = Stack(tmp_path, kafka="k1:9092,k2:9092", mongo="mongodb://m/?replicaSet=x")
    assert (stack.kafka_address, stack.mongo_address) == ("k1:9092,k2:9092", "mongodb://m/?replicaSet=x")


def test_compose_file_is_the_one_the_tables_make() -> None:
    assert compose.FILE.read_text(encoding="utf-8") == compose.render(), "run python -m deploy.local.compose"


def test_compose_file_follows_the_compose_schema() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    arguments = [str(checker), "--builtin-schema", "vendor.compose-spec", str(compose.FILE)]
    checked = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_compose_runs_every_service_bounded_unprivileged_and_without_a_default_secret() -> None:
    services = yaml.safe_load(compose.render())["services"]
    assert set(services) == {"kafka", "mongo", "accounts", "tls", *(service.name for service in SERVICES)}
    for name, block in services.items():
        assert block["cap_drop"] == ["ALL"] and block["user"].split(":")[0] != "0", name
        assert block["stop_grace_period"] == "30s", name
        assert name == "accounts" or block["healthcheck"]["test"], name
        assert block["image"] == "whistle" or re.fullmatch(r"[\w/]+:\d+\.\d+\.\d+", block["image"]), "an exact tag"
        assert set(block["deploy"]["resources"]["limits"]) == {"memory", "cpus"}, name
        assert name == "tls" or all(port.startswith("127.0.0.1:") for port in block.get("ports", [])), name
    for service in SERVICES:
        environment = services[service.name]["environment"]
        assert environment["WHISTLE_SECRET"].startswith("${WHISTLE_SECRET:?"), service.name
        assert ("WHISTLE_MONGO" in environment) == service.has_accounts, service.name
        assert services[service.name]["read_only"] is True


def test_compose_has_a_proxy_with_tls_that_starts_only_when_asked_for() -> None:
    whole = yaml.safe_load(compose.render())
    proxy, asked = whole["services"]["tls"], whole["configs"]["tls"]["content"]
    assert (proxy["profiles"], proxy["ports"], proxy["networks"]) == (["tls"], ["443:8443"], ["front"])
    assert "reverse_proxy console:8800" in asked
    for name, file in {"tls_cert": "secrets/tls.crt", "tls_key": "secrets/tls.key"}.items():
        assert f"/run/secrets/{name}" in asked
        assert whole["secrets"][name] == {"file": file}
        assert name in proxy["secrets"]
    assert "environment" not in proxy, "no account and no secret of ours"


def test_compose_gives_each_service_an_account_of_its_own_and_writes_no_password_down() -> None:
    services = yaml.safe_load(compose.render())["services"]
    for service in WITH_ACCOUNTS:
        told = services[service.name]["environment"]
        assert told["WHISTLE_KAFKA_SECURITY"] == "SASL_SSL" and told["WHISTLE_KAFKA_USER"] == service.name
        password = f"${{WHISTLE_{service.name.upper()}_PASSWORD:?"
        assert told["WHISTLE_KAFKA_PASSWORD"].startswith(password)
        assert f"//{service.name}:{password}" in told["WHISTLE_MONGO"]
        assert services[service.name]["depends_on"] == {"accounts": {"condition": "service_completed_successfully"}}
    assert services["console"]["networks"] == ["front"], "it reaches neither Kafka nor MongoDB"
    assert "WHISTLE_KAFKA_USER" not in services["console"]["environment"]
    assert "--keyFile" in services["mongo"]["command"][0]
    assert services["kafka"]["environment"]["KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND"] == "false"


def test_compose_hands_on_every_setting_that_an_operator_may_want() -> None:
    services = yaml.safe_load(compose.render())["services"]
    fixed = {"WHISTLE_CITY", "WHISTLE_DEV_TOKENS", "WHISTLE_TEST_AT", "WHISTLE_MONGO_DRIVER", "WHISTLE_REPLICATION"}
    fixed |= {"WHISTLE_TLS_CERT", "WHISTLE_TLS_KEY"}  # TLS is the proxy's there
    known = {field.validation_alias or f"WHISTLE_{name.upper()}" for name, field in Settings.model_fields.items()}
    given = {name: services[name]["environment"] for name in ("console", "intake", "router", "notifier")}
    assert known - {variable for told in given.values() for variable in told} == fixed
    for name, told in given.items():
        assert told["WHISTLE_REPORTER_URL"] == "${WHISTLE_REPORTER_URL:-${WHISTLE_PUBLIC_URL}}", name
        assert {variable for variable in compose.PASSED_ON if told[variable] is None} == set(compose.PASSED_ON), name
    assert services["notifier"]["env_file"] == [{"path": "channels.env", "required": False}], "CHANNEL_<CITY>_…"


def test_compose_is_up_before_a_city_is_loaded() -> None:
    services = yaml.safe_load(compose.render())["services"]
    for service in SERVICES:
        assert "/livez" in " ".join(services[service.name]["healthcheck"]["test"]), "/readyz waits for a city"


def test_compose_keeps_the_master_keys_where_intake_alone_can_read_them() -> None:
    whole = yaml.safe_load(compose.render())
    blocks = whole["services"]
    folder = blocks["intake"]["environment"]["WHISTLE_KEYS"]
    mine = next(volume for volume in blocks["intake"]["volumes"] if volume.endswith(f":{folder}"))
    name = mine.split(":")[0]
    assert name in whole["volumes"] and not Path(folder).is_relative_to("/data")
    users = {who for who, block in blocks.items() if any(v.split(":")[0] == name for v in block.get("volumes", []))}
    assert users == {"intake"}
    assert "WHISTLE_KEYS" not in blocks["router"]["environment"] | blocks["notifier"]["environment"]
    assert f" {folder}" in (Path(compose.__file__).parents[1] / "images" / "Dockerfile").read_text(), "owned by whistle"


def test_what_compose_needs_is_made_once_and_never_written_over(tmp_path: Path) -> None:
    made = compose_secrets.make(tmp_path, datetime(2026, 3, 4, tzinfo=UTC))
    assert [path.relative_to(tmp_path).as_posix() for path in made] == [".env", "secrets/ca.pem", "secrets/kafka.pem"]
    wanted = set(re.findall(r"\$\{(\w+):\?run", compose.render()))
    given = dict(line.split("=") for line in (tmp_path / ".env").read_text().splitlines())
    assert set(given) == wanted and all(len(value) == 64 for value in given.values())
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert compose_secrets.make(tmp_path, datetime(2026, 3, 5, tzinfo=UTC)) == []


def test_a_certificate_is_taken_for_its_names_and_by_its_authority(tmp_path: Path) -> None:
    made = certificates(["kafka", "127.0.0.1"], datetime(2026, 3, 4, tzinfo=UTC))
    server = x509.load_pem_x509_certificate(made.server.encode())
    server.verify_directly_issued_by(x509.load_pem_x509_certificate(made.ca.encode()))
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["kafka"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kafka_security": "SASL_SSL"},
        {"kafka_security": "SASL_SSL", "kafka_user": "intake"},
        {"kafka_security": "SASL_PLAINTEXT", "kafka_mechanism": "PLAIN", "kafka_user": "u", "kafka_password": "p"},
    ],
)
def test_half_an_account_or_a_password_in_the_clear_is_refused_at_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="WHISTLE_KAFKA"):
        Settings.model_validate(wrong)


def test_compose_brokers_have_the_settings_of_the_table() -> None:
    environment = yaml.safe_load(compose.render())["services"]["kafka"]["environment"]
    for key, value in BROKER_SETTINGS.items():
        assert environment["KAFKA_" + key.upper().replace(".", "_")] == value


def test_packed_messages_are_switched_off_here_and_in_compose() -> None:
    at = MONGOD_FLAGS.index("--networkMessageCompressors")
    assert MONGOD_FLAGS[at + 1] == "disabled"


@pytest.mark.parametrize(("gib", "cache"), [(1, "0.5"), (4, "1.0"), (8, "2.0"), (64, "2.0")])
def test_mongod_keeps_a_quarter_of_a_small_machine_and_two_gigabytes_at_most(gib: int, cache: str) -> None:
    assert cache_flags(gib * 2**30) == ("--wiredTigerCacheSizeGB", cache)


@pytest.mark.parametrize(
    ("version", "mended"),
    [
        ((6, 0, 5), False),
        ((6, 0, 27), True),
        ((7, 0, 28), True),
        ((8, 0, 16), False),
        ((8, 2, 3), True),
        ((8, 3, 0), True),
    ],
)
def test_doctor_knows_which_mongod_has_the_fix(version: tuple[int, ...], mended: bool) -> None:
    assert is_mended(version) is mended
