"""The part of MongoDB's query language that the stores speak, on plain documents. Anything else raises ``Unspoken``.

Stored documents are never changed in place: an update answers a new document that shares what it left alone.
Semantics as in the server's manual (query and update operators); ``tests/stores/runtime/test_mongo_seam.py`` and
``test_mongo_language.py`` run on this and on a real mongod.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

Document = dict[str, Any]
_ABSENT: Any = object()


class Unspoken(Exception):
    """An operator that the stores did not use when this was written: add it, with its contract test."""


class Unfit(Exception):
    """What the server refuses: the update does not fit the document, or contradicts itself."""


def matches(document: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    """Whether a find with ``where`` would answer ``document``."""
    for name, wanted in where.items():
        if name == "$or":
            if not any(matches(document, one) for one in wanted):
                return False
        elif name == "$and":
            if not all(matches(document, one) for one in wanted):
                return False
        elif name.startswith("$"):
            raise Unspoken(name)
        elif not _holds(_reached(document, name), wanted):
            return False
    return True


def _reached(document: Mapping[str, Any], path: str) -> list[Any]:
    """The values at a dotted path; through an array there is one for each element."""
    if "." not in path:
        return [document[path]] if path in document else []
    found: list[Any] = [document]
    for segment in path.split("."):
        if segment.isdigit() and any(isinstance(value, list) for value in found):
            raise Unspoken(f"position {path}")
        deeper: list[Any] = []
        for value in found:
            for inner in value if isinstance(value, list) else (value,):
                if isinstance(inner, Mapping) and segment in inner:
                    deeper.append(inner[segment])
        found = deeper
    return found


def _holds(values: list[Any], wanted: Any) -> bool:
    if not _is_operators(wanted):
        return _equals(values, wanted)
    for operator, operand in wanted.items():
        if operator == "$not":
            if _holds(values, operand):
                return False
            continue
        if operator in ("$regex", "$options"):
            if not _reads(values, wanted):
                return False
            continue
        rule = _RULES.get(operator)
        if rule is None:
            raise Unspoken(operator)
        if not rule(values, operand):
            return False
    return True


def _reads(values: list[Any], wanted: Mapping[str, Any]) -> bool:
    """The stores look for escaped words only, which PCRE and Python read alike."""
    if wanted.get("$options", "") not in ("", "i"):
        raise Unspoken(f"$options {wanted['$options']}")
    pattern = re.compile(wanted["$regex"], re.IGNORECASE if wanted.get("$options") else 0)
    return any(isinstance(value, str) and pattern.search(value) for value in _each(values))


def _is_operators(wanted: Any) -> bool:
    return isinstance(wanted, Mapping) and bool(wanted) and next(iter(wanted)).startswith("$")


def _each(values: list[Any]) -> Iterable[Any]:
    """An array stands for itself and for each of its elements."""
    for value in values:
        yield value
        if isinstance(value, list):
            yield from value


def _equals(values: list[Any], wanted: Any) -> bool:
    if wanted is None and not values:
        return True
    return any(_same(value, wanted) for value in _each(values))


def _same(value: Any, wanted: Any) -> bool:
    """Equal, and true is not 1."""
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def _compares(compare: Callable[[Any, Any], bool]) -> Callable[[list[Any], Any], bool]:
    def holds(values: list[Any], operand: Any) -> bool:
        rank = _rank(operand)
        return any(_rank(value) == rank and compare(value, operand) for value in _each(values))

    return holds


def _rank(value: Any) -> int:
    """The order of types (BSON comparison order); only values of one type are compared by size."""
    match value:
        case None:
            return 1
        case bool():
            return 8
        case int() | float():
            return 2
        case str():
            return 3
        case Mapping():
            return 4
        case list():
            return 5
        case bytes():
            return 6
        case datetime():
            return 9
    raise Unspoken(f"a {type(value).__name__} as a value")


_RULES: dict[str, Callable[[list[Any], Any], bool]] = {
    "$gt": _compares(lambda a, b: a > b),
    "$gte": _compares(lambda a, b: a >= b),
    "$lt": _compares(lambda a, b: a < b),
    "$lte": _compares(lambda a, b: a <= b),
    "$ne": lambda values, operand: not _equals(values, operand),
    "$in": lambda values, operand: any(_equals(values, one) for one in operand),
    "$nin": lambda values, operand: not any(_equals(values, one) for one in operand),
    "$exists": lambda values, operand: bool(values) == bool(operand),
    "$size": lambda values, operand: any(isinstance(value, list) and len(value) == operand for value in values),
}


def projected(document: Document, fields: Mapping[str, Any] | None) -> Document:
    """``document`` with only ``fields`` and its id."""
    if not fields:
        return document
    if not all(fields.values()):
        raise Unspoken(f"the projection {dict(fields)}")
    return _kept(document, [path.split(".") for path in ("_id", *fields)])


def _kept(document: Document, paths: list[list[str]]) -> Document:
    kept: Document = {}
    for name, value in document.items():
        below = [path[1:] for path in paths if path[0] == name]
        if any(not rest for rest in below):
            kept[name] = value
        elif below and isinstance(value, list):
            raise Unspoken(f"a projection into the array {name}")
        elif below and isinstance(value, dict):
            kept[name] = _kept(value, below)
    return kept


def ordered(documents: list[Document], sort: Sequence[tuple[str, int]]) -> list[Document]:
    """In the order of ``sort``; what lacks a field comes first."""
    for name, direction in reversed(sort):
        documents = sorted(documents, key=lambda d: _sort_key(d, name), reverse=direction < 0)
    return documents


def _sort_key(document: Document, name: str) -> tuple[int, Any]:
    values = _reached(document, name)
    if not values or values[0] is None:
        return (1, 0)
    if isinstance(values[0], (list, Mapping)):
        raise Unspoken(f"sorting by {name}")
    return _rank(values[0]), values[0]


def updated(document: Document, change: Any, *, inserting: bool = False) -> Document:
    """``document`` as ``change`` leaves it. ``inserting``: it is new, by an upsert."""
    _consistent(change)
    after = dict(document)
    for operator, fields in change.items():
        act = _ACTS.get(operator)
        if operator == "$setOnInsert":
            act = _ACTS["$set"] if inserting else _left_alone
        if act is None:
            raise Unspoken(operator)
        for path, operand in fields.items():
            _at(after, path, operand, act)
    return after


def seeded(where: Mapping[str, Any]) -> Document:
    """What an upsert starts from: the filter's equalities."""
    equal = {name: wanted for name, wanted in where.items() if not _is_operators(wanted)}
    if any(name.startswith("$") or "." in name for name in equal):
        raise Unspoken(f"an upsert by {dict(where)}")
    return equal


def _consistent(change: Any) -> None:
    if isinstance(change, list) or not all(name.startswith("$") for name in change):
        raise Unspoken("a pipeline or a replacement as an update")
    paths = sorted(path for fields in change.values() for path in fields)
    for one, other in pairwise(paths):
        if one == other or other.startswith(f"{one}."):
            raise Unfit(f"updating {other} would conflict with {one}")


def _at(after: Document, path: str, operand: Any, act: Callable[[Document, str, Any], None]) -> None:
    """Act on the last segment of ``path``, on copies of what lies on the way; what is missing there is made."""
    *way, last = path.split(".")
    place = after
    for segment in way:
        inner = place.get(segment, _ABSENT)
        if inner is _ABSENT:
            if act in (_unset, _pull):
                return
            inner = {}
        if not isinstance(inner, Mapping):
            raise Unfit(f"cannot go through {segment} of {path}")
        place[segment] = dict(inner)
        place = place[segment]
    act(place, last, operand)


def _left_alone(_: Document, __: str, ___: Any) -> None:
    """What only an insert does."""


def _set(place: Document, name: str, operand: Any) -> None:
    place[name] = operand


def _unset(place: Document, name: str, _: Any) -> None:
    place.pop(name, None)


def _inc(place: Document, name: str, operand: Any) -> None:
    value = place.get(name, 0)
    if _rank(value) != 2:
        raise Unfit(f"{name} is no number")
    place[name] = value + operand


def _min(place: Document, name: str, operand: Any) -> None:
    if name not in place or (_rank(operand), operand) < (_rank(place[name]), place[name]):
        place[name] = operand


def _push(place: Document, name: str, operand: Any) -> None:
    value = place.get(name, [])
    if not isinstance(value, list):
        raise Unfit(f"{name} is no array")
    if not (isinstance(operand, Mapping) and "$each" in operand):
        place[name] = [*value, operand]
        return
    if set(operand) - {"$each", "$slice"}:
        raise Unspoken(f"$push with {sorted(operand)}")
    longer, kept = [*value, *operand["$each"]], operand.get("$slice")
    if kept is not None and kept >= 0:
        raise Unspoken(f"$slice {kept}")
    place[name] = longer if kept is None else longer[kept:]


def _pull(place: Document, name: str, operand: Any) -> None:
    if name in place:
        place[name] = [element for element in place[name] if not _pulled(element, operand)]


def _pulled(element: Any, operand: Any) -> bool:
    if isinstance(operand, Mapping) and not _is_operators(operand):
        return isinstance(element, Mapping) and matches(element, operand)
    return _holds([element], operand)


_ACTS: dict[str, Callable[[Document, str, Any], None]] = {
    "$set": _set,
    "$unset": _unset,
    "$inc": _inc,
    "$min": _min,
    "$push": _push,
    "$pull": _pull,
}
