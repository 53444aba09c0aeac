"""What officers write on a confidential case: encrypted ("sealed") before it enters the case, shown to handlers only.

Both directions use lists of fields that hold codes. In a command every text is sealed, except fields whose pattern
admits only a code; in an answer, others than handlers get only the texts in fields that hold ids and codes. A field on
no list counts as free text.

How is said in ``shared.runtime.sealed_texts``: a sealed text can be opened wherever it was copied, in a visit, a second
case, a stored answer, and a question at intake, for the reporter who is asked.
"""

import hmac
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from services.router.domain.case import Case
from services.router.domain.commands.command import Actor
from shared.runtime.sealed_texts import SealedTexts

CODES = frozenset({"^[A-Za-z0-9_.:-]{1,120}$"})
"""Patterns of fields that hold an id or a code, which is looked up before it is stored: no free text."""
# fmt: off
SHOWN = frozenset((
    "id", "version", "state", "priority", "category", "kind", "unit", "within", "offered_to", "assignee",
    "supervised_by", "path", "crs", "by", "flags", "pack_version", "category_by", "rule", "commitment",
    "commands", "claimed_by", "resolved_by", "resolved_how", "inspected_by", "merged_into", "linked_to", "what",
    "by_unit", "clock", "act", "part", "target", "calendar", "caller", "called_by", "reported_in_by",
    "ended_by", "parties", "concluded_by", "asked_by", "approved_by", "approver", "longest", "invited", "came",
    "stayed_away", "planned_by", "ruler", "suggests", "granted_by", "outcomes", "recused", "suspected", "sensitive",
    "channel", "sample",
))
# fmt: on
"""Names under which an answer about a case holds ids and codes."""

Body = TypeVar("Body", bound=msgspec.Struct)
View = TypeVar("View", bound=msgspec.Struct)
Seal = Callable[[str], str]


class SealedWords(SealedTexts):
    """Seals and opens the texts of cases; an owner is a case."""

    def digest(self, fingerprint: str) -> str:
        """A fingerprint as it is stored: keyed, so that without the secret texts cannot be guessed from it."""
        return hmac.digest(self._master, fingerprint.encode(), "sha256").hex()

    def body(self, case: Case | None, body: Body) -> Body:
        """A command's body; if the case is confidential, with every free text sealed."""
        if case is None or not case.confidential:
            return body
        id_ = case.id
        sealed: Body = _sealed(body, shape_of(type(body)), lambda text: self.seal(id_, text))
        return sealed

    def shown(self, case: Case, actor: Actor | None, view: View) -> View:
        """An answer about ``case``: decrypted for its handlers, without free text for others."""
        if not case.confidential:
            return view
        plain = _plain(view)
        told = self._opened(plain) if actor is not None and actor.trusted else without_words(plain)
        return msgspec.convert(told, type(view))

    def _opened(self, view: Any) -> Any:
        if isinstance(view, str):
            return self.opened(view)
        if isinstance(view, dict):
            return {name: self._opened(value) for name, value in view.items()}
        return [self._opened(value) for value in view] if isinstance(view, list | tuple) else view


@lru_cache(maxsize=256)
def shape_of(body: type[msgspec.Struct]) -> inspect.Type:
    """msgspec's type information of a body."""
    return inspect.type_info(body)


def _sealed(value: Any, shape: inspect.Type, seal: Seal) -> Any:
    """``value`` with its free texts sealed. Raises ``TypeError`` for a type that could contain free text unnoticed."""
    match shape:
        case inspect.StrType(pattern=pattern):
            return value if pattern in CODES or not value.strip() else seal(value)
        case inspect.StructType(fields=fields):
            inner = {f.name: _sealed(getattr(value, f.name), f.type, seal) for f in fields}
            return msgspec.structs.replace(value, **inner)
        case inspect.ListType(item_type=item):
            return [_sealed(one, item, seal) for one in value]
        case inspect.UnionType(types=types):
            return _sealed(value, _meant(value, types), seal)
        case (
            inspect.NoneType()
            | inspect.BoolType()
            | inspect.IntType()
            | inspect.FloatType()
            | inspect.DateTimeType()
            | inspect.LiteralType()
        ):
            return value
    raise TypeError(f"say where the words are in {shape}")


_KINDS: dict[type[inspect.Type], type | tuple[type, ...]] = {
    inspect.NoneType: type(None),
    inspect.StrType: str,
    inspect.LiteralType: str,
    inspect.ListType: list,
    inspect.BoolType: bool,
    inspect.IntType: int,
    inspect.FloatType: float,
}


def _meant(value: Any, types: tuple[inspect.Type, ...]) -> inspect.Type:
    """The type of a union that ``value`` has; a text that could be two types counts as free text."""
    for shape in sorted(types, key=lambda one: not isinstance(one, inspect.StrType)):
        kind = shape.cls if isinstance(shape, inspect.StructType) else _KINDS.get(type(shape))
        if isinstance(value, kind) if kind is not None else isinstance(shape, inspect.DateTimeType):
            return shape
    raise TypeError(f"{type(value).__name__} is none of {types}")


def bare(view: View) -> View:
    """``view`` for somebody who is no handler."""
    return msgspec.convert(without_words(_plain(view)), type(view))


def _plain(view: msgspec.Struct) -> Any:
    return msgspec.to_builtins(view, builtin_types=(datetime,))


def without_words(view: Any) -> Any:
    """``view`` for somebody who is no handler: times, numbers, and texts in the fields of ``SHOWN``."""
    if isinstance(view, dict):
        kept = {name: without_words(value) for name, value in view.items() if not _is_text(value) or name in SHOWN}
        return {name: value if name in SHOWN else _bare(value) for name, value in kept.items()}
    return [without_words(one) for one in view] if isinstance(view, list | tuple) else view


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _bare(value: Any) -> Any:
    """A list without its texts."""
    return [one for one in value if not _is_text(one)] if isinstance(value, list) else value
