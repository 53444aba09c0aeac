"""What somebody pressed: the form, the body of the router's command, and the key under which it happens once."""

from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from shared.case_page.next_steps import Step, step_of
from shared.kernel.ids import plain_id
from shared.kernel.vocabulary import AfterPhoto

HOW = ("repair", "agreement", "enforcement", "referral")
"""How a case is resolved, as ``resolve`` takes it."""
TEXT_MAX = 2000
FIELDS_MAX = 8
"""Fields of a form, the file included."""
FORM_MAX = 32 * 1024
"""Bytes that a form may have beside its picture."""
Asked = Literal["reason", "text", "how", "photo"]

_ASKED: dict[str, tuple[Asked, ...]] = {
    "refuse": ("reason",),
    "refuse_pause": ("reason",),
    "refuse_extension": ("reason",),
    "finish_part": ("text", "photo"),
    "inspect_not_ok": ("text",),
    "note": ("text",),
    "resolve": ("how", "text", "photo"),
}


def asked_by(step: Step, after_photo: AfterPhoto) -> tuple[Asked, ...]:
    """The fields of the step's form, in their order."""
    asked = _ASKED.get(step.name, ())
    return asked if after_photo != "none" or step.name != "resolve" else ("how", "text")


@dataclass(frozen=True, slots=True)
class Press:
    """A form that was sent. ``version``: of the case as it was shown; ``photo``: the bytes of a picture."""

    step: Step
    version: str
    given: dict[str, str] = field(default_factory=dict)
    photo: bytes | None = None


def press_of(fields: dict[str, str], files: dict[str, bytes]) -> Press | None:
    """The press in a form; None where the form names no step, as an empty one."""
    step = step_of(fields.get("do", ""))
    version = fields.get("version", "")
    if step is None or not (version.isascii() and version.isdigit() and len(version) <= 12):
        return None
    # Browsers send line ends as CRLF and count them as one.
    given: dict[str, str] = {
        name: fields[name].replace("\r\n", "\n").strip() for name in ("reason", "text", "how") if name in fields
    }
    return Press(step, version, given, files.get("photo"))


def body_of(press: Press, photos: tuple[str, ...] = ()) -> dict[str, Any]:
    """The body of the router's command. What is missing or too long, the router refuses with the field's name."""
    step = press.step
    body: dict[str, Any] = {}
    if step.part is not None:
        body["part"] = step.part
    if step.clock is not None:
        body["clock"] = step.clock
    if step.name in ("inspect_ok", "inspect_not_ok"):
        body["ok"] = step.name == "inspect_ok"
    for name in _ASKED.get(step.name, ()):
        if name != "photo":
            body[name] = press.given.get(name, "")
    if photos:
        body["photos"] = list(photos)
    return body


def photo_key_of(source: str, press: Press) -> str:
    """The key of the press's photo: one link or page, one step, one version of the case."""
    return plain_id("photo", source, press.step.key, press.version)


def key_of(source: str, press: Press, body: dict[str, Any]) -> str:
    """The key of a press: also of what it says. Pressing twice is pressing once; what was refused may be corrected."""
    return plain_id("press", source, press.step.key, press.version, msgspec.json.encode(body, order="sorted").decode())
