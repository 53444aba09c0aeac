"""Events as they were once published must parse for ever: samples are added, never edited."""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.contracts.catalogue import CATALOGUE, EMITTERS, TOPICS, decode, encode, topic_of_lane
from shared.contracts.envelope import Envelope, Malformed, from_record
from tests.contract.documents import services

SAMPLES = Path(__file__).parent / "samples"
EVERY = sorted(SAMPLES.glob("*/*.json"))


def parsed(path: Path, **more: Any) -> Envelope:
    """The sample as a consumer receives it; ``more`` are fields that a later producer adds to the data."""
    sample = json.loads(path.read_text())
    return from_record(
        sample["topic"],
        sample["key"].encode(),
        json.dumps({**sample["data"], **more}).encode(),
        [(name, value.encode()) for name, value in sample["headers"].items()],
    )


@pytest.mark.parametrize("path", EVERY, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_sample_parses_to_what_it_says(path: Path) -> None:
    event = parsed(path)
    topic, shape = CATALOGUE[path.parent.name]
    assert (event.type, event.topic) == (path.parent.name, topic)
    data = decode(event, shape)
    again = msgspec.json.decode(encode(data), type=shape)
    assert again == data
    sent = json.loads(path.read_text())["data"]
    assert set(json.loads(encode(data))) == set(sent)


@pytest.mark.parametrize("path", EVERY, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_fields_that_a_later_version_adds_do_no_harm(path: Path) -> None:
    event = parsed(path, colour="red", later={"deep": [1, {"x": None}]})
    _, shape = CATALOGUE[path.parent.name]
    assert decode(event, shape) == decode(parsed(path), shape)
    assert "colour" in event.data, "the text of the event is kept as it came"


def test_every_type_of_the_catalogue_has_a_sample_and_every_sample_a_type() -> None:
    assert {path.parent.name for path in EVERY} == set(CATALOGUE)


def test_no_sample_was_edited_or_taken_away() -> None:
    sums = dict(line.split(maxsplit=1)[::-1] for line in (SAMPLES / "SHA256SUMS").read_text().splitlines())
    found = {f"./{p.relative_to(SAMPLES)}": hashlib.sha256(p.read_bytes()).hexdigest() for p in EVERY}
    assert found == sums


@pytest.mark.parametrize("path", EVERY, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_sample_without_a_required_field_is_malformed(path: Path) -> None:
    _, shape = CATALOGUE[path.parent.name]
    sample = json.loads(path.read_text())
    for field in msgspec.structs.fields(shape):
        if field.required:
            data = {name: value for name, value in sample["data"].items() if name != field.encode_name}
            event = msgspec.structs.replace(parsed(path), data=json.dumps(data))
            with pytest.raises(Malformed, match=field.encode_name):
                decode(event, shape)


def test_every_topic_has_one_sender_and_partitions() -> None:
    assert set(EMITTERS) == set(TOPICS)
    assert {topic_of_lane(topic) for topic in TOPICS} == {topic for topic, _ in CATALOGUE.values()}
    assert set(EMITTERS.values()) <= set(services())


def test_a_type_carries_its_version() -> None:
    assert all(type_.rsplit(".", 1)[1].removeprefix("v").isdigit() for type_ in CATALOGUE)


def test_no_sample_holds_personal_data() -> None:
    for path in EVERY:
        text = path.read_text()
        assert "phone" not in text
        assert '"name"' not in text
