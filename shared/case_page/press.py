"""What somebody pressed: the form, the body of the router's command, and the key under which it happens once."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo
from typing import Any, Literal

import msgspec

from shared.case_page.next_steps import Step, step_of
from shared.kernel.ids import plain_id
from shared.kernel.vocabulary import AfterPhoto

DAY_BEGINS = time(8)
"""When on a day to look again somebody is reminded, in the city's zone."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
TEXT_MAX = 2000
FIELDS_MAX = 8
"""Fields of a form, the file included."""
FORM_MAX = 32 * 1024
"""Bytes that a form may have beside its picture."""
Asked = Literal["reason", "text", "how", "kind", "to", "day", "photo", "call", "words"]
CALLS: dict[str, dict[str, Any]] = {
    "satisfied": {"reached": True, "satisfied": 3},
    "mostly_satisfied": {"reached": True, "satisfied": 2},
    "dissatisfied": {"reached": True, "satisfied": 1},
    "not_reached": {"reached": False},
    "never_reached": {"reached": False, "last": True},
}
"""What came of a call (回访), as ``record_call`` takes it."""

_ASKED: dict[str, tuple[Asked, ...]] = {
    "refuse": ("reason",),
    "refuse_pause": ("reason",),
    "refuse_extension": ("reason",),
    "approve_return": ("to",),
    "refuse_return": ("reason",),
    "refuse_reject": ("reason",),
    "refuse_objection": ("reason",),
    "refuse_outcome": ("reason",),
    "mark_sensitive": ("kind",),
    "unmark_sensitive": ("reason",),
    "recuse": ("reason",),
    "lift_recusal": ("reason",),
    "unmask": ("reason",),
    "record_call": ("call", "words"),
    "finish_part": ("text", "photo"),
    "inspect_not_ok": ("text",),
    "note": ("text",),
    "resolve": ("how", "text", "day", "photo"),
    "reopen": ("reason",),
}


_TEXTS: tuple[Asked, ...] = ("reason", "text", "how", "kind", "to", "day", "call", "words")


def asked_by(step: Step, after_photo: AfterPhoto) -> tuple[Asked, ...]:
    """The fields of the step's form, in their order."""
    asked = _ASKED.get(step.name, ())
    return asked if after_photo != "none" or step.name != "resolve" else ("how", "text", "day")


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
    given: dict[str, str] = {name: fields[name].replace("\r\n", "\n").strip() for name in _TEXTS if name in fields}
    return Press(step, version, given, files.get("photo"))


def look_again_at(day: str, zone: tzinfo) -> dict[str, str]:
    """``look_again`` of a body: the morning of ``day`` in the city's zone, as RFC 3339. A day that no month has goes as
    it is, for the router to refuse; what is no day at all is left out."""
    if not _DAY.fullmatch(day):
        return {}
    try:
        return {"look_again": datetime.combine(date.fromisoformat(day), DAY_BEGINS, zone).isoformat()}
    except ValueError:
        return {"look_again": day}


def body_of(press: Press, zone: tzinfo, photos: tuple[str, ...] = ()) -> dict[str, Any]:
    """The body of the router's command; ``zone``: the city's. What is missing or too long, the router refuses with the
    field's name."""
    step = press.step
    body: dict[str, Any] = {}
    if step.part is not None:
        body["report" if step.name == "unmask" else "part"] = step.part
    if step.clock is not None:
        body["clock"] = step.clock
    if step.name in ("inspect_ok", "inspect_not_ok"):
        body["ok"] = step.name == "inspect_ok"
    for name in _ASKED.get(step.name, ()):
        match name, press.given.get(name, ""):
            case (("photo" | "to" | "day"), _):
                pass
            case "call", call:
                body |= CALLS.get(call, {})
            case "words", words:
                body |= {"text": words} if words else {}
            case _, given:
                body[name] = given
    if to := press.given.get("to"):
        body["to"] = to
    body |= look_again_at(press.given.get("day", ""), zone)
    if photos:
        body["photos"] = list(photos)
    return body


def photo_key_of(source: str, press: Press) -> str:
    """The key of the press's photo: one link or page, one step, one version of the case."""
    return plain_id("photo", source, press.step.key, press.version)


def key_of(source: str, press: Press, body: dict[str, Any]) -> str:
    """The key of a press: also of what it says. Pressing twice is pressing once; what was refused may be corrected."""
    return plain_id("press", source, press.step.key, press.version, msgspec.json.encode(body, order="sorted").decode())
