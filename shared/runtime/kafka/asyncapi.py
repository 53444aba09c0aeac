"""Generates the AsyncAPI 3 document of all topics, consumers and messages.

Channels and consumers come from FastStream's brokers. FastStream only sees raw batches (a bad record must not fail its
batch), so messages and payloads come from the catalogue's structs, which also decode the records.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI

from shared.contracts import cases
from shared.contracts.catalogue import CATALOGUE, EMITTERS, TOPICS, topic_of_lane
from shared.contracts.envelope import Envelope, to_headers
from shared.runtime.kafka.broker import topic_name
from shared.runtime.settings import Settings

_REF = "#/components/schemas/{name}"
_OPTIONAL_HEADERS = ("traceparent",)


def document(brokers: Sequence[KafkaBroker], settings: Settings, version: str) -> dict[str, Any]:
    """The document as JSON values. ``brokers``: one per service, with its subscribers declared."""
    made: dict[str, Any] = json.loads(
        AsyncAPI(*brokers, title="Whistle", version=version, license={"name": "Apache-2.0"})
        .to_specification()
        .to_json()
    )
    shapes = [shape for _, shape in CATALOGUE.values()]
    found, schemas = msgspec.json.schema_components(shapes, ref_template=_REF)
    payloads = dict(zip(CATALOGUE, found, strict=True))
    payloads |= {type_: {"$ref": _REF.format(name=_shape_name(type_))} for type_ in cases.CARRIES}
    for name, channel in made["channels"].items():
        topic = channel["address"].removeprefix(f"{settings.namespace}.")
        channel["messages"] = _references(topic)
        channel.pop("description", None)
        of_channel = f"#/channels/{name}"
        for operation in made["operations"].values():
            if operation["channel"]["$ref"] == of_channel:
                operation["messages"] = _of_channel(name, topic)
    for topic, sender in EMITTERS.items():
        name = f"{sender}.relay.{topic}"
        made["channels"][name] = {
            "address": topic_name(settings, topic),
            "servers": [{"$ref": "#/servers/development"}],
            "messages": _references(topic),
            "bindings": {
                "kafka": {
                    "topic": topic_name(settings, topic),
                    "partitions": TOPICS[topic],
                    "bindingVersion": "0.4.0",
                }
            },
        }
        made["operations"][name] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{name}"},
            "messages": _of_channel(name, topic),
        }
    for part in ("channels", "operations"):  # FastStream keeps its subscribers in a set
        made[part] = dict(sorted(made[part].items()))
    made["components"] = {
        "messages": {type_: _message(type_, schema) for type_, schema in payloads.items()},
        "schemas": {**schemas, **_case_shapes(schemas[cases.CaseEvent.__name__]), "Headers": _headers()},
    }
    return made


def _types(topic: str) -> list[str]:
    return [type_ for type_, (of, _) in CATALOGUE.items() if of == topic_of_lane(topic)]


def _references(topic: str) -> dict[str, Any]:
    return {type_: {"$ref": f"#/components/messages/{type_}"} for type_ in _types(topic)}


def _of_channel(channel: str, topic: str) -> list[dict[str, str]]:
    return [{"$ref": f"#/channels/{channel}/messages/{type_}"} for type_ in _types(topic)]


def _shape_name(type_: str) -> str:
    """The name of the schema for a ``case.*`` or ``clock.*`` type; types that carry the same fields share a schema."""
    return "_".join([cases.CaseEvent.__name__, *(cases.CARRIES[type_] or ("common",))])


def _case_shapes(whole: dict[str, Any]) -> dict[str, Any]:
    """Schema name → ``CaseEvent`` reduced to the fields that a type may carry."""
    of = _REF.format(name=cases.CaseEvent.__name__)
    shapes = {}
    for type_, carried in cases.CARRIES.items():
        name = _shape_name(type_)
        properties = {field: {"$ref": f"{of}/properties/{field}"} for field in (*cases.COMMON_FIELDS, *carried)}
        shapes[name] = {**whole, "title": name, "properties": properties}
    return shapes


def _message(type_: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": type_,
        "title": type_,
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/Headers"},
        "payload": schema,
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.4.0"}},
    }


def _headers() -> dict[str, Any]:
    """The schema of a record's headers: CloudEvents 1.0 in binary mode, as ``to_headers`` writes them."""
    event = Envelope(
        id="",
        type="",
        topic="",
        key="",
        subject="",
        city="",
        sequence=1,
        time=datetime.fromtimestamp(0, UTC),
        trace="00",
        data="",
    )
    names = list(to_headers(event, ""))
    return {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": [name for name in names if name not in _OPTIONAL_HEADERS],
    }
