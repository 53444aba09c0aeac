"""Parses a pack's files into typed entries. A wrong entry is reported, and parsing continues with the next."""

import difflib
import re
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from shared.city import yaml_text
from shared.city.limits import MOST, MOST_IN_A_LIST, MOST_NODES, MOST_PROBLEMS, NAME_SHOWN
from shared.city.model.bridges import Bridge
from shared.city.model.city import City
from shared.city.model.entry import Entry
from shared.city.model.ground import NoLocation, Place, UnitEntry
from shared.city.model.people import Cover, Leave, Pair, Person, Swap
from shared.city.model.promises import CalendarSpec, CommitmentEntry, PauseReason, RejectionReason, ReturnReason
from shared.city.model.sorting import Category, Elsewhere, Feedback, Rule, SuspicionWords
from shared.city.place.areas import Area
from shared.city.place.geojson import read_areas
from shared.city.problems import Problem, pointer
from shared.city.texts.texts import Wording
from shared.city.yaml_text import NodeBudget

AREAS = "areas.geojson"
LISTS: dict[str, dict[str, type[Entry]]] = {
    "units.yaml": {"units": UnitEntry},
    "places.yaml": {"places": Place, "no_location": NoLocation},
    "categories.yaml": {
        "categories": Category,
        "feedback": Feedback,
        "suspicions": SuspicionWords,
        "elsewhere": Elsewhere,
    },
    "rules.yaml": {"rules": Rule},
    "commitments.yaml": {
        "commitments": CommitmentEntry,
        "pauses": PauseReason,
        "returns": ReturnReason,
        "rejections": RejectionReason,
    },
    "calendars.yaml": {"calendars": CalendarSpec},
    "posts.yaml": {
        "people": Person,
        "swaps": Swap,
        "leave": Leave,
        "cover": Cover,
        "pairs": Pair,
    },
    "texts.yaml": {"texts": Wording},
    "bridges.yaml": {"bridges": Bridge},
}
"""File → key → kind of entry. A file may also be just the first of its lists, without the key."""

KEPT = ("merit.yaml", "stations.yaml", "tasks.yaml", "services.yaml", "assessment.yaml")
"""Files that are only parsed and kept, for planned services."""

REQUIRED = ("city.yaml", "units.yaml", "categories.yaml", "commitments.yaml")
NAMES = ("city.yaml", *LISTS, AREAS, *KEPT)
_AT = re.compile(r" - at `\$(.*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
E_ = TypeVar("E_", bound=Entry)


class Entries(msgspec.Struct, frozen=True, kw_only=True):
    """A pack's entries, each valid by itself; ``checks`` tells whether they fit together."""

    city: City
    units: tuple[UnitEntry, ...] = ()
    areas: tuple[Area, ...] = ()
    places: tuple[Place, ...] = ()
    no_location: tuple[NoLocation, ...] = ()
    categories: tuple[Category, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    suspicions: tuple[SuspicionWords, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    rules: tuple[Rule, ...] = ()
    commitments: tuple[CommitmentEntry, ...] = ()
    pauses: tuple[PauseReason, ...] = ()
    returns: tuple[ReturnReason, ...] = ()
    rejections: tuple[RejectionReason, ...] = ()
    calendars: tuple[CalendarSpec, ...] = ()
    people: tuple[Person, ...] = ()
    swaps: tuple[Swap, ...] = ()
    leave: tuple[Leave, ...] = ()
    covers: tuple[Cover, ...] = ()
    pairs: tuple[Pair, ...] = ()
    texts: tuple[Wording, ...] = ()
    bridges: tuple[Bridge, ...] = ()
    rest: dict[str, Any] = {}


class PackParser:
    """Parses files into entries and collects problems.

    ``content``: each file as plain values. ``places``: kind → the file and pointer of each valid entry. ``named``: kind
    → the ids of all entries, also of invalid ones, so that references to them are not reported as well. ``fits``: no
    list is longer than allowed (checked if ``bounded``) and parsing did not stop at ``MOST_PROBLEMS``.
    """

    def __init__(self, files: Mapping[str, str], *, bounded: bool = True) -> None:
        self._files = files
        self._bounded = bounded
        self._nodes = NodeBudget(MOST_NODES, MOST_IN_A_LIST)
        self.fits = True
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.content: dict[str, Any] = {}
        self.places: dict[type[Entry], list[list[Any]]] = {}
        self.named: dict[type[Entry], set[str]] = {}

    def entries(self) -> Entries | None:
        """The valid entries; None when ``city.yaml`` is invalid or the files hold more values than allowed."""
        self._check_names()
        for name in sorted(set(self._files) & set(NAMES) - {AREAS}):
            self._parse(name)
            if self._nodes.left < 0:
                return None
        lists: dict[str, tuple[Any, ...]] = {}
        for name, kinds in LISTS.items():
            for key, values in self._lists(name, kinds).items():
                place = [name, key] if isinstance(self.content.get(name), dict) else [name]
                lists[key] = self._convert_all(values, kinds[key], place) if self._fits(name, key, values) else ()
        areas = self._areas()
        city = self._convert(self.content.get("city.yaml"), City, ["city.yaml"])
        if city is None:
            return None
        lists["covers"] = lists.pop("cover")
        rest = {name: self.content[name] for name in KEPT if name in self.content}
        return Entries(city=city, areas=areas, rest=rest, **lists)

    def _check_names(self) -> None:
        for name in sorted(set(self._files) - set(NAMES)):
            near = difflib.get_close_matches(name, NAMES, 1) if len(name) <= NAME_SHOWN else []
            hint = f"did you mean {near[0]}?" if near else f"a pack holds {', '.join(NAMES)}"
            self.problems.append(Problem(name, "", "not a file of a city pack", hint))
        for name in REQUIRED:
            if name not in self._files:
                self.problems.append(Problem(name, "", "the file is missing"))

    def _fits(self, file: str, key: str, values: list[Any]) -> bool:
        most = MOST["covers" if key == "cover" else key]
        if not self._bounded or len(values) <= most:
            return True
        hint = "docs/city-pack.md tells how much a pack may hold"
        self.problems.append(Problem(file, "", f"{len(values)} {key}, more than {most}", hint))
        self.fits = False
        return False

    def _is_full(self) -> bool:
        """Whether ``MOST_PROBLEMS`` were found; then parsing stops."""
        full = len(self.problems) >= MOST_PROBLEMS
        self.fits = self.fits and not full
        return full

    def _parse(self, name: str) -> None:
        try:
            self.content[name] = yaml_text.parse(self._files[name], self._nodes if self._bounded else None)
        except yaml_text.BadYaml as error:
            place = f"(line {error.line})" if error.line else ""
            self.problems.append(Problem(name, place, str(error), error.hint))

    def _lists(self, name: str, kinds: Mapping[str, type[Entry]]) -> dict[str, list[Any]]:
        lists: dict[str, list[Any]] = {key: [] for key in kinds}
        content = self.content.get(name)
        first = next(iter(kinds))
        if isinstance(content, list):
            return lists | {first: content}
        if content is None:
            return lists
        if not isinstance(content, dict):
            self.problems.append(Problem(name, "", f"expected `{first}:` and a list"))
            return lists
        for key, values in content.items():
            if self._is_full():
                break
            if key not in kinds:
                self.problems.append(
                    Problem(name, pointer(key), f"unknown key {key[:NAME_SHOWN]!r}", _meant(key, list(kinds)))
                )
            elif isinstance(values, list):
                lists[key] = values
            elif values is not None:
                self.problems.append(Problem(name, pointer(key), "expected a list"))
        return lists

    def _convert_all(self, values: list[Any], kind: type[E_], place: list[str]) -> tuple[E_, ...]:
        converted = []
        places = self.places.setdefault(kind, [])
        names = self.named.setdefault(kind, set())
        for number, value in enumerate(values):
            if self._is_full():
                break
            name = (value.get("id") or value.get("code")) if isinstance(value, dict) else None
            if isinstance(name, str):
                names.add(name)
            entry = self._convert(value, kind, [*place, number])
            if entry is not None:
                places.append([*place, number])
                converted.append(entry)
        return tuple(converted)

    def _convert(self, value: Any, kind: type[E_], place: list[Any]) -> E_ | None:
        if value is None and place == ["city.yaml"]:
            if "city.yaml" in self.content:
                self.problems.append(Problem("city.yaml", "", "the file is empty"))
            return None
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            self.problems += _every_fault(value, kind, place, error)
            return None

    def _areas(self) -> tuple[Area, ...]:
        if AREAS not in self._files:
            return ()
        read = read_areas(self._files[AREAS])
        self.content[AREAS] = read.content
        self.problems += [Problem(AREAS, place, message, hint) for place, message, hint in read.problems]
        self.warnings += [Problem(AREAS, place, message, hint) for place, message, hint in read.warnings]
        return read.areas


def _every_fault(value: Any, kind: type[Entry], place: list[Any], error: msgspec.ValidationError) -> list[Problem]:
    """All faults of one entry, found field by field, since msgspec stops at the first."""
    if not isinstance(value, dict):
        return [_fault(error, place)]
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    unknown = islice((key for key in value if key not in fields), MOST_PROBLEMS)
    found = [
        _problem([*place, key], f"unknown field {key[:NAME_SHOWN]!r}", _meant(key, list(fields))) for key in unknown
    ]
    for name, field in fields.items():
        if name not in value:
            if field.required:
                found.append(_problem(place, f"the field `{name}` is missing"))
            continue
        fault = _caught(lambda field=field, name=name: msgspec.convert(value[name], field.type))  # type: ignore[misc]
        if fault is not None:
            found.append(_fault(fault, [*place, name], _choices(field.type)))
    return found or [_fault(error, place)]


def _caught(act: Callable[[], Any]) -> msgspec.ValidationError | None:
    try:
        act()
    except msgspec.ValidationError as error:
        return error
    return None


def _choices(shape: Any) -> list[str]:
    """The allowed values of a ``Literal`` field; empty for others."""
    if get_origin(shape) is Literal:
        return list(get_args(shape))
    return [word for part in get_args(shape) if not isinstance(part, str) for word in _choices(part)]


def _fault(error: msgspec.ValidationError, place: list[Any], choices: list[str] | None = None) -> Problem:
    message = str(error)
    match = _AT.search(message)
    steps = [name or number for name, number in _STEP.findall(match[1])] if match else []
    hint = f"one of {', '.join(choices)}" if choices else ""
    return _problem([*place, *(step for step in steps if step != "...")], _AT.sub("", message), hint)


def _problem(place: list[Any], message: str, hint: str = "") -> Problem:
    return Problem(place[0], pointer(*place[1:]), message, hint)


def _meant(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, 1) if len(key) <= NAME_SHOWN else []
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
