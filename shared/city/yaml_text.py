"""A YAML parser for packs: the 1.2 core schema, so that ``08:30``, ``2026-01-01`` and ``no`` are strings.

It is built on libyaml's event stream. Unlike PyYAML's own loader it refuses duplicate keys, keeps dates and times as
strings, and limits how far aliases can expand. Errors: ``BadYaml`` with the line.
"""

import contextlib
import math
import re
from collections.abc import Collection, Iterator
from typing import Any

import yaml

from shared.city.limits import MOST_NODES, NAME_SHOWN

DEEPEST = 60

_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}  # type: ignore[dict-item]
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BadYaml(ValueError):
    """Text that is not one YAML document of plain values. ``line`` counts from 1; 0 where unknown."""

    def __init__(self, message: str, line: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.line, self.hint = line, hint


class NodeBudget:
    """``left``: how many values may still be parsed, of one or several files; ``side_by_side``: most of one list."""

    def __init__(self, left: int = MOST_NODES, side_by_side: int = MOST_NODES) -> None:
        self.left = left
        self.side_by_side = side_by_side


def parse(text: str, nodes: NodeBudget | None = None) -> Any:
    """The one document in ``text`` as dicts, lists, strings, numbers, booleans and None."""
    return _Builder(text, nodes or NodeBudget()).document()


def lines(text: str, wanted: Collection[str]) -> dict[str, int]:
    """JSON pointer → line (from 1), for those of ``wanted`` that occur before the first syntax error.

    Parsing ends with the last of them.
    """
    builder = _Builder(text, NodeBudget(), frozenset(wanted))
    with contextlib.suppress(BadYaml, _AllFound):
        builder.document()
    return builder.lines


class _AllFound(Exception):
    """All wanted lines were found; stop parsing."""


class _Builder:
    def __init__(self, text: str, nodes: NodeBudget, wanted: frozenset[str] = frozenset()) -> None:
        self._text = text
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = nodes
        self._wanted = wanted
        self.lines: dict[str, int] = {}

    def document(self) -> Any:
        try:
            return self._document(iter(yaml.parse(self._text, Loader=_LOADER)))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise BadYaml(error.problem or "not YAML", mark.line + 1 if mark else 0) from None
        except yaml.YAMLError as error:
            raise BadYaml(f"not YAML: {error}") from None

    def _document(self, events: Iterator[Any]) -> Any:
        value: Any = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise BadYaml("more than one document in the file", _line(event))
            elif isinstance(event, yaml.NodeEvent):
                value = self._value(event, events, "", 0)
        return value

    def _value(self, event: Any, events: Iterator[Any], at: str, depth: int) -> Any:
        if at in self._wanted:
            self.lines[at] = _line(event)
            if len(self.lines) == len(self._wanted):
                raise _AllFound
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        before = self._nodes.left
        self._count(1, event)
        if depth > DEEPEST:
            raise BadYaml(f"nested deeper than {DEEPEST}", _line(event))
        if isinstance(event, yaml.ScalarEvent):
            value = _scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(events, at, depth)
        else:
            value = self._mapping(events, at, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, before - self._nodes.left)
        return value

    def _sequence(self, events: Iterator[Any], at: str, depth: int) -> list[Any]:
        values: list[Any] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            self._count_side_by_side(len(values), event)
            values.append(self._value(event, events, f"{at}/{len(values)}" if self._wanted else "", depth + 1))
        return values

    def _mapping(self, events: Iterator[Any], at: str, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            line = _line(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise BadYaml("a key must be plain text", line)
            key = event.value
            if key == "<<" and event.implicit[0]:
                raise BadYaml("merge keys (<<) are not used in packs", line, "write the fields out")
            if key in values:
                raise BadYaml(f"the key {key[:NAME_SHOWN]!r} is given twice", line, "keep one of the two")
            self._count_side_by_side(len(values), event)
            values[key] = None
            below = f"{at}/{key.replace('~', '~0').replace('/', '~1')}" if self._wanted else ""
            values[key] = self._value(next(events), events, below, depth + 1)
        return values

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise BadYaml(f"*{event.anchor[:NAME_SHOWN]} names no finished anchor", _line(event))
        value, size = self._anchors[event.anchor]
        self._count(size, event)
        return value

    def _count(self, nodes: int, event: Any) -> None:
        self._nodes.left -= nodes
        if self._nodes.left < 0:
            raise BadYaml(f"more than {MOST_NODES} values in the pack", _line(event))

    def _count_side_by_side(self, before: int, event: Any) -> None:
        if before >= self._nodes.side_by_side:
            raise BadYaml(f"more than {self._nodes.side_by_side} values in one list or map", _line(event))


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _scalar(event: Any) -> Any:
    text: str = event.value
    if not event.implicit[0]:  # quoted, or with a tag of its own: text
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        # An official code may have leading zeros; a number has none.
        return int(text) if len(text) < 19 and str(int(text)) == text.lstrip("+") else text
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text
