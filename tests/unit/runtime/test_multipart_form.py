"""A form's fields and files, as browsers send them, with and without a file."""

import httpx
import pytest

from shared.kernel.errors import Refusal
from shared.runtime.http_server.multipart_form import FIELD_MAX, URLENCODED_MAX, Form, form_of

MOST = 8


async def read(sent: httpx.Request, parts_max: int = MOST) -> Form:
    return await form_of(sent.read(), sent.headers.get("content-type", ""), parts_max)


async def test_a_form_with_a_file_has_its_fields_and_its_file() -> None:
    sent = httpx.Request("POST", "http://x", data={"do": "resolve", "text": "换好了\r\n"}, files={"photo": b"\xff\xd8"})
    form = await read(sent)
    assert (form.fields, form.files) == ({"do": "resolve", "text": "换好了\r\n"}, {"photo": b"\xff\xd8"})
    assert form.file_lists == {"photo": [b"\xff\xd8"]}


async def test_a_form_without_one_is_read_alike() -> None:
    form = await read(httpx.Request("POST", "http://x", data={"do": "claim", "text": "a b&c"}))
    assert (form.fields, form.files) == ({"do": "claim", "text": "a b&c"}, {})
    assert await read(httpx.Request("POST", "http://x")) == Form()


async def test_a_file_that_was_not_chosen_is_none() -> None:
    body = b'--a\r\nContent-Disposition: form-data; name="photo"; filename=""\r\n\r\n\r\n--a--'
    assert await form_of(body, "multipart/form-data; boundary=a", MOST) == Form()


async def test_of_fields_with_one_name_the_first_counts() -> None:
    assert (await form_of(b"do=claim&do=close", "", MOST)).fields == {"do": "claim"}


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"\xff=\xfe", ""),
        (b"&".join(b"a%d=1" % n for n in range(MOST + 1)), "application/x-www-form-urlencoded"),
        (b"a=" + b"%41" * (URLENCODED_MAX // 3), ""),
        (b"--a--", "multipart/form-data"),
        (b'--a\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + b"y" * (FIELD_MAX + 1) + b"\r\n--a--", "M"),
        (b'--a\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n' * (MOST + 1) + b"--a--", "M"),
    ],
    ids=["no text", "too many", "all too long", "no boundary", "too long", "too many parts"],
)
async def test_what_is_no_form_is_refused(body: bytes, media: str) -> None:
    with pytest.raises(Refusal) as refusal:
        await form_of(body, "multipart/form-data; boundary=a" if media == "M" else media, MOST)
    assert (refusal.value.status, refusal.value.kind) == (400, "not-a-form")
