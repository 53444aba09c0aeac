"""The tables that `whistle up` and compose.yaml are made from."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deploy.local import compose
from deploy.local.kafka import BROKER_SETTINGS, Node, new_cluster_id, properties
from deploy.local.mongo import MONGOD_FLAGS, Member, is_mended, mongo_uri, replica_set
from deploy.local.parts import SERVICES, Stack, local_environment


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
    told = local_environment(stack, SERVICES[1], "s" * 64)
    assert told == {
        "WHISTLE_KAFKA": "127.0.0.1:18810",
        "WHISTLE_MONGO": "mongodb://127.0.0.1:18811/?replicaSet=rs0",
        "WHISTLE_DATA": str(tmp_path),
        "WHISTLE_LOG": "json",
        "WHISTLE_NAMESPACE": "whistle",
        "WHISTLE_HOST": "127.0.0.1",
        "WHISTLE_PORT": "18802",
        **{f"WHISTLE_{s.name.upper()}_URL": stack.url(s) for s in SERVICES},
        "WHISTLE_PUBLIC_URL": "http://127.0.0.1:18803",
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
    assert set(services) == {"kafka", "mongo", *(service.name for service in SERVICES)}
    for name, block in services.items():
        assert block["cap_drop"] == ["ALL"] and block["user"].split(":")[0] != "0", name
        assert block["stop_grace_period"] == "30s" and block["healthcheck"]["test"], name
        assert set(block["deploy"]["resources"]["limits"]) == {"memory", "cpus"}, name
        assert all(port.startswith("127.0.0.1:") for port in block.get("ports", [])), name
    for service in SERVICES:
        assert services[service.name]["environment"]["WHISTLE_SECRET"].startswith("${WHISTLE_SECRET:?")
        assert services[service.name]["read_only"] is True


def test_compose_brokers_have_the_settings_of_the_table() -> None:
    environment = yaml.safe_load(compose.render())["services"]["kafka"]["environment"]
    for key, value in BROKER_SETTINGS.items():
        assert environment["KAFKA_" + key.upper().replace(".", "_")] == value


def test_packed_messages_are_switched_off_here_and_in_compose() -> None:
    at = MONGOD_FLAGS.index("--networkMessageCompressors")
    assert MONGOD_FLAGS[at + 1] == "disabled"


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
