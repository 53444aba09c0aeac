"""Promises about photos: attachable at once, shown only when clean, seen only by those concerned."""

import io
import uuid

import pytest
from PIL import Image

from tests.kit.cases_on_stack import desk, opened, walker
from tests.kit.photo_files import phone_photo
from tests.kit.places import QUAY
from tests.kit.refusals import pointers, problem
from tests.kit.stack import RunningStack, until


def test_a_photo_is_attached_at_once_and_shown_clean(stack: RunningStack) -> None:
    rider = stack.rider()
    sent = rider.send_photo(phone_photo())
    assert sent.status_code == 201, sent.text
    photo = sent.json()["id"]
    report = rider.report("lamp", QUAY, photos=[photo]).json()["id"]
    stack.case_of(report, rider)
    shown = until(
        lambda: next((a for a in [rider.get("intake", f"/v1/photos/{photo}")] if a.status_code == 200), None),
        what="the clean photo",
    )
    assert shown.headers["content-type"] == "image/jpeg"
    assert b"secret" not in shown.content
    assert b"SERIAL" not in shown.content
    assert Image.open(io.BytesIO(shown.content)).size == (640, 480)
    thumb = rider.get("intake", f"/v1/photos/{photo}", size="thumb")
    assert max(Image.open(io.BytesIO(thumb.content)).size) <= 320
    assert desk(stack).get("intake", f"/v1/photos/{photo}").status_code == 200
    problem(stack.rider(which="app_key_2").get("intake", f"/v1/photos/{photo}"), 404)
    problem(stack.people("millfield")[0].get("intake", f"/v1/photos/{photo}"), 404)


def test_a_photo_comes_as_a_form_too(stack: RunningStack) -> None:
    url = stack.urls["intake"] + "/v1/photos"
    headers = {"authorization": f"Bearer {stack.rider().token}", "idempotency-key": uuid.uuid4().hex}
    sent = stack.http.post(url, files={"file": ("../../x.jpg", phone_photo(), "image/jpeg")}, headers=headers)
    assert sent.status_code == 201, sent.text
    headers["idempotency-key"] = uuid.uuid4().hex
    problem(stack.http.post(url, data={"a": "b"}, files={}, headers=headers), 415)
    broken = {**headers, "content-type": "multipart/form-data; boundary=x"}
    problem(stack.http.post(url, content=b"--y\r\n", headers=broken), 400)


def test_the_same_key_is_the_same_photo(stack: RunningStack) -> None:
    rider, key = stack.rider(), uuid.uuid4().hex
    first = rider.send_photo(phone_photo(), key=key)
    again = rider.send_photo(phone_photo(), key=key)
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["idempotent-replayed"] == "true"
    problem(rider.send_photo(phone_photo("blue"), key=key), 422)


def test_a_photo_belongs_to_one_report_of_the_app_that_sent_it(stack: RunningStack) -> None:
    rider = stack.rider()
    photo = rider.send_photo(phone_photo()).json()["id"]
    assert pointers(stack.rider(which="app_key_2").report("lamp", QUAY, photos=[photo])) == {"/photos/0"}
    key = uuid.uuid4().hex
    first = rider.report("lamp", QUAY, photos=[photo], key=key)
    assert first.status_code == 202
    assert rider.report("lamp", QUAY, photos=[photo], key=key).json()["id"] == first.json()["id"]
    assert pointers(rider.report("lamp", QUAY, photos=["f-nothing", photo])) == {"/photos/0", "/photos/1"}


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"<html>", 415),
        (b"%PDF-1.7", 415),
        (b"GIF89a" + bytes(20), 415),
        (b"\xff\xd8\xff\xe0 nothing", 422),
        (b"", 415),
    ],
)
def test_what_is_no_picture_is_refused_at_once(stack: RunningStack, content: bytes, status: int) -> None:
    problem(stack.rider().send_photo(content), status)


def test_a_photo_that_proves_unreadable_is_a_step_of_the_report(stack: RunningStack) -> None:
    rider = stack.rider()
    whole = phone_photo(size=(2000, 2000))
    photo = rider.send_photo(whole[: len(whole) // 3]).json()["id"]
    report = rider.report("lamp", QUAY, photos=[photo]).json()["id"]
    until(
        lambda: [
            s for s in rider.get("intake", f"/v1/reports/{report}").json()["steps"] if s["what"] == "photo.unreadable"
        ],
        what="the step",
    )
    problem(rider.get("intake", f"/v1/photos/{photo}"), 404)


def test_an_officers_after_photo_is_seen_by_the_reporter(stack: RunningStack) -> None:
    report, case = opened(stack)
    member = walker(stack)
    member.command(case, "claim")
    photo = member.send_photo(phone_photo("green")).json()["id"]
    body = {"how": "repair", "text": "done", "photos": [photo]}
    resolved = member.command(case, "resolve", body)
    assert resolved.status_code == 200, resolved.text
    until(lambda: stack.rider().get("intake", f"/v1/photos/{photo}").status_code == 200, what="the rider's view")
    problem(stack.rider(which="app_key_2").get("intake", f"/v1/photos/{photo}"), 404)
    outcome = until(lambda: stack.rider().get("intake", f"/v1/reports/{report}").json().get("outcome"), what="outcome")
    (link,) = outcome["links"]
    shown = stack.http.get(link)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg"), "without a key"
    assert max(Image.open(io.BytesIO(shown.content)).size) <= 320
    assert "links" not in member.get("intake", f"/v1/reports/{report}").json()["outcome"], "they are the reporter's"
    _, other = opened(stack)
    member.command(other, "claim")
    assert pointers(member.command(other, "resolve", {**body, "photos": ["f-nothing"]})) == {"/photos/0"}
