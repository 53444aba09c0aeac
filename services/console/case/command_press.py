"""What somebody pressed on a case's page: the router's command and its body."""

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from services.console.case.command_table import COMMANDS, UNGUARDED, WORKS_MAX, Command, Field
from services.console.frame.forms import Form
from shared.case_page.press import CALLS, look_again_at

_KEY = re.compile(r"([a-z_]{1,30})(?:\.([A-Za-z0-9_-]{1,64}))?(?:@([a-z_]{1,20}))?")
_VERDICTS = {"inspect_ok": True, "inspect_not_ok": False}


@dataclass(frozen=True, slots=True)
class Pressed:
    """``key``: the form's ``do``; ``said``: the step's name, whose words say what was done. ``photos``: bytes."""

    key: str
    said: str
    command: str
    version: str
    body: dict[str, Any]
    photos: tuple[bytes, ...]
    totp: str = ""

    @property
    def if_match(self) -> str | None:
        """The version that was shown, where the command judges what was shown."""
        return None if self.command in UNGUARDED else self.version


def pressed(form: Form, zone: tzinfo) -> Pressed | None:
    """The press in a form; None where it names no command. Times in it are the city's (``zone``)."""
    key, version = form.get("do"), form.get("version")
    found = _KEY.fullmatch(key)
    if found is None or not (version.isascii() and version.isdigit() and len(version) <= 12):
        return None
    said, part, clock = found.groups()
    name = "inspect" if said in _VERDICTS else said
    if name not in COMMANDS:
        return None
    body = _body(COMMANDS[name], form, zone)
    if said in _VERDICTS:
        body["ok"] = _VERDICTS[said]
    if part is not None:
        body["report" if name == "unmask" else "part"] = part
    if clock is not None:
        body["clock"] = clock
    photos = tuple(form.file_lists.get("photos", ())) if _takes_photos(COMMANDS[name]) else ()
    return Pressed(key, said, name, version, body, photos, form.get("totp"))


def _takes_photos(command: Command) -> bool:
    return any(one.kind == "photos" for one in command.fields)


def _body(command: Command, form: Form, zone: tzinfo) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for one in command.fields:
        body |= _value(one, form, zone)
    return body


def _value(one: Field, form: Form, zone: tzinfo) -> dict[str, Any]:
    """What a field gives the body; nothing where it is empty and may be. What is missing the router refuses by name."""
    given = form.get(one.name).replace("\r\n", "\n")
    match one.kind:
        case "photos" | "code":
            return {}
        case "units" | "reports":
            return {one.name: form.all(one.name)}
        case "works":
            return {one.name: _works(form, zone)}
        case "call":
            return dict(CALLS.get(given, {}))
        case "verdict":
            return {one.name: given == "yes"} if given else {}
        case "clock" | "asked_clock" | "paused_clock":
            kind, _, part = given.partition(":")
            return {**({one.name: kind} if kind else {}), **({"part": part} if part else {})}
        case "moment":
            return {one.name: moment(given, zone)} if given else {}
        case "date":
            return look_again_at(given, zone)
        case _:
            return {one.name: given} if given or (one.required and one.kind == "text") else {}


def _works(form: Form, zone: tzinfo) -> list[dict[str, Any]]:
    lines = []
    for n in range(1, WORKS_MAX + 1):
        unit, work, due = (form.get(f"{name}{n}") for name in ("body", "work", "due"))
        if unit or work:
            lines.append({"body": unit, "work": work, "due": moment(due, zone)})
    return lines


def moment(given: str, zone: tzinfo) -> str:
    """What a ``datetime-local`` field says in the city's zone, as RFC 3339; other texts as they are."""
    try:
        return datetime.fromisoformat(given).replace(tzinfo=zone).isoformat()
    except ValueError:
        return given
