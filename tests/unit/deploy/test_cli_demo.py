"""What the demo plays in a pack, what it sends, and what its receiver takes."""

import io
import json
from datetime import UTC, datetime

import pytest
from PIL import Image
from standardwebhooks import Webhook

from deploy.demo.expect import Expectations, Unmet
from deploy.demo.photo import jpeg, tells_where
from deploy.demo.receiver import Receiver
from deploy.demo.scenes import scenes
from shared.city.place.datum import to_wgs84
from shared.city.reading import read_folder, read_pack
from tests.kit.stack import HARBOUR, SHEYANG

NIGHT = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)


def test_sheyang_plays_the_published_case() -> None:
    pack = read_pack(read_folder(SHEYANG))
    first, second = scenes(pack, NIGHT)
    assert first.words == "建华园2号楼这边水管爆了"
    assert (first.unit, first.category.code, first.given) == ("jiaotonglu", "water_pipe", False)
    assert second.unit == first.unit
    sent = first.report["location"]
    assert sent["crs"] == "gcj02"
    assert first.spot.point is not None
    assert to_wgs84(sent["lon"], sent["lat"], "gcj02") == pytest.approx(first.spot.point, abs=2e-6)


def test_another_pack_plays_what_shows_most() -> None:
    pack = read_pack(read_folder(HARBOUR))
    first, second = scenes(pack, NIGHT)
    assert first.unit == second.unit == "quayside"
    assert any(step.move_to for step in second.commitment.ladder)
    assert second.spot != first.spot
    assert first.report["location"]["crs"] == "wgs84"


@pytest.mark.parametrize("without", [("places.yaml",), ("places.yaml", "areas.geojson", "rules.yaml", "posts.yaml")])
def test_a_pack_without_places_or_people_still_has_scenes(without: tuple[str, ...]) -> None:
    files = {name: text for name, text in read_folder(HARBOUR).items() if name not in without}
    first, second = scenes(read_pack(files), NIGHT)
    assert first.unit == second.unit == "quayside"
    assert first.report["location"] == {"unit": "quayside"}


def test_the_photo_is_a_jpeg_that_says_where_it_was_taken() -> None:
    picture = jpeg((90, 90, 90), (120, 170, 220))
    assert Image.open(io.BytesIO(picture)).format == "JPEG"
    assert tells_where(picture)
    clean = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").save(clean, "JPEG")
    assert not tells_where(clean.getvalue())


def test_the_receiver_takes_only_what_is_signed_with_its_secret() -> None:
    secret, other = "whsec_" + "A" * 43 + "=", "whsec_" + "B" * 43 + "="
    receiver = Receiver("http://here", secret)
    data = {"case": {"id": "c1"}, "version": 3}
    body = json.dumps({"type": "case.claimed", "data": data})

    def headers(key: str) -> dict[str, str]:
        at = datetime.now(UTC)
        signed = Webhook(key).sign("d1", at, body)
        return {"webhook-id": "d1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signed}

    assert receiver.take(body.encode(), headers(other)) == 401
    assert receiver.take(body.replace("3", "4").encode(), headers(secret)) == 401
    assert receiver.take(body.encode(), {}) == 401
    assert receiver.take(body.encode(), headers(secret)) == 204
    assert [(r.id, r.type, r.case, r.version) for r in receiver.received] == [("d1", "case.claimed", "c1", 3)]
    assert receiver.forged == 3


def test_what_does_not_come_ends_the_demo_with_what_came_instead() -> None:
    said: list[str] = []
    notes = Expectations(said.append)
    notes.expect(True, "it rains")
    with pytest.raises(Unmet, match="expected: it shines\n  came: it rains"):
        notes.expect(False, "it shines", "it rains")
    with pytest.raises(Unmet, match="expected: the sun, within 0 s"):
        notes.until(lambda: None, "the sun", within=0.0)
    assert (notes.met, said) == (1, ["✓ it rains"])
